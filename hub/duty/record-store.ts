// The SQL of the duty log: rows are added and read, never changed.
import type { Tx } from '../db/tx.ts';
import type { RecordKind } from './contract.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface NewRecord {
  readonly community: string;
  /** ms wall */
  readonly at: number;
  readonly kind: RecordKind;
  readonly by: string | undefined;
  readonly byName: string | undefined;
  readonly shift: string | undefined;
  readonly people: readonly string[];
  readonly corrects: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly sha256: string;
}
export interface StoredRecord extends NewRecord {
  readonly id: string;
  /** The latest following row that corrects this one. */
  readonly correctedBy: string | undefined;
}

interface Row {
  readonly id: string;
  readonly community: string;
  readonly at: Date;
  readonly kind: RecordKind;
  readonly by: string | null;
  readonly by_name: string | null;
  readonly shift: string | null;
  readonly people: readonly string[];
  readonly corrects: string | null;
  readonly body: Readonly<Record<string, unknown>>;
  readonly sha256: string;
  readonly corrected_by: string | null;
}
const recordOf = (r: Row): StoredRecord => ({
  id: r.id,
  community: r.community,
  at: r.at.getTime(),
  kind: r.kind,
  by: r.by ?? undefined,
  byName: r.by_name ?? undefined,
  shift: r.shift ?? undefined,
  people: r.people,
  corrects: r.corrects ?? undefined,
  body: r.body,
  sha256: r.sha256,
  correctedBy: r.corrected_by ?? undefined,
});
const RECORD = `select r.id, r.community, r.at, r.kind, r.by, r.by_name, r.shift, r.people, r.corrects, r.body, r.sha256,
    (select max(f.id)::text from duty.record f where f.corrects = r.id) as corrected_by
  from duty.record r`;

export async function insertRecord(tx: Tx, r: NewRecord): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into duty.record (community, at, kind, by, by_name, shift, people, corrects, body, sha256)
     values ($1, ${at(2)}, $3, $4, $5, $6, $7, $8, $9, $10) returning id`,
    [
      r.community,
      r.at,
      r.kind,
      r.by ?? null,
      r.byName ?? null,
      r.shift ?? null,
      r.people,
      r.corrects ?? null,
      JSON.stringify(r.body),
      r.sha256,
    ],
  );
  return id;
}

const ID = /^\d{1,18}$/;

export async function findRecord(tx: Tx, community: string, id: string): Promise<StoredRecord | undefined> {
  if (!ID.test(id)) return undefined;
  const row = await tx.maybe<Row>(`${RECORD} where r.id = $1 and r.community = $2`, [id, community]);
  return row && recordOf(row);
}

export interface RecordFilter {
  readonly community: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly person: string | undefined;
  readonly shift: string | undefined;
  readonly kinds: readonly RecordKind[] | undefined;
}
const CURSOR = /^(\d{1,16})~(\d{1,18})$/;

/** Newest first. @returns undefined when the cursor is not one of ours */
export async function listRecords(
  tx: Tx,
  f: RecordFilter,
  cursor: string | undefined,
  limit: number,
): Promise<{ items: StoredRecord[]; next: string | null } | undefined> {
  const after = cursor === undefined ? null : CURSOR.exec(cursor);
  if (cursor !== undefined && after === null) return undefined;
  const rows = await tx.query<Row & { readonly micros: string }>(
    `select v.*, (extract(epoch from v.at) * 1000000)::bigint as micros from (
       ${RECORD} where r.community = $1 and ($2::float8 is null or r.at >= ${at(2)})
         and ($3::float8 is null or r.at < ${at(3)}) and ($4::text is null or r.people @> array[$4::text])
         and ($5::text is null or r.shift = $5) and ($6::text[] is null or r.kind = any ($6))
         and ($7::float8 is null or (r.at, r.id) < (to_timestamp($7::float8 / 1000000), $8::bigint))
       order by r.at desc, r.id desc limit $9) v
     order by v.at desc, v.id desc`,
    [
      f.community,
      f.from ?? null,
      f.to ?? null,
      f.person ?? null,
      f.shift ?? null,
      f.kinds ?? null,
      after?.[1] ?? null,
      after?.[2] ?? null,
      limit + 1,
    ],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(recordOf), next: rows.length > limit && last ? `${last.micros}~${last.id}` : null };
}

/** The last row of a kind, or undefined. */
export async function lastRecord(tx: Tx, community: string, kind: RecordKind): Promise<StoredRecord | undefined> {
  const row = await tx.maybe<Row>(
    `${RECORD} where r.community = $1 and r.kind = $2 order by r.at desc, r.id desc limit 1`,
    [community, kind],
  );
  return row && recordOf(row);
}

/** How many rows of a kind there are since a moment, ms wall. */
export async function countRecords(tx: Tx, community: string, kind: RecordKind, since: number): Promise<number> {
  const { n } = await tx.one<{ n: string }>(
    `select count(*) as n from duty.record where community = $1 and kind = $2 and at > ${at(3)}`,
    [community, kind, since],
  );
  return Number(n);
}
