// The SQL of publicity.
import type { Tx } from '../db/tx.ts';
import type { NewPublicity, PUBLICITY_KINDS } from './contract.ts';
import type { After } from './training-store.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface PublicityRow {
  readonly id: string;
  readonly n: string;
  readonly number: string;
  readonly kind: (typeof PUBLICITY_KINDS)[number];
  readonly activity: string;
  readonly material: string;
  readonly place: string;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly copies: number | null;
  readonly files: readonly string[];
  readonly photos: readonly string[];
  readonly at: Date;
  readonly by_name: string;
  readonly withdrawn_at: Date | null;
  readonly withdrawn_by_name: string | null;
  readonly reason: string;
}

export async function insertPublicity(
  tx: Tx,
  p: NewPublicity & {
    readonly community: string;
    readonly number: string;
    readonly by: { readonly id: string; readonly name: string };
    readonly now: number;
  },
): Promise<PublicityRow> {
  return tx.one<PublicityRow>(
    `insert into fire_safety.publicity (community, number, kind, activity, material, place, from_at, until_at, copies, files,
       photos, at, by, by_name)
     values ($1, $2, $3, $4, $5, $6, ${at(7)}, ${at(8)}, $9, $10, $11, ${at(12)}, $13, $14) returning *`,
    [
      p.community,
      p.number,
      p.kind,
      p.activity.trim(),
      p.material?.trim() ?? '',
      p.place.trim(),
      Date.parse(p.from),
      Date.parse(p.until),
      p.copies ?? null,
      p.files ?? [],
      p.photos,
      p.now,
      p.by.id,
      p.by.name,
    ],
  );
}

export const lockPublicity = (tx: Tx, community: string, id: string): Promise<PublicityRow | undefined> =>
  tx.maybe<PublicityRow>('select * from fire_safety.publicity where id = $1 and community = $2 for update', [
    id,
    community,
  ]);

export const withdrawPublicityRow = (
  tx: Tx,
  id: string,
  w: { readonly reason: string; readonly by: string; readonly now: number },
): Promise<PublicityRow> =>
  tx.one<PublicityRow>(
    `update fire_safety.publicity set withdrawn_at = ${at(2)}, withdrawn_by_name = $3, reason = $4 where id = $1 returning *`,
    [id, w.now, w.by, w.reason],
  );

export const listPublicity = (
  tx: Tx,
  community: string,
  after: After | undefined,
  limit: number,
): Promise<PublicityRow[]> =>
  tx.query<PublicityRow>(
    `select * from fire_safety.publicity where community = $1
       and ($2::float8 is null or (from_at, n) < (${at(2)}, $3::bigint))
     order by from_at desc, n desc limit $4`,
    [community, after?.at ?? null, after?.n ?? null, limit],
  );
