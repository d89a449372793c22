// The SQL of inspection checks.
import type { Tx } from '../db/tx.ts';

export interface CheckRow {
  readonly id: string;
  readonly community: string;
  readonly item: string;
  readonly device: string | null;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly outcome: 'pass' | 'fail' | 'not-applicable';
  readonly value: number | null;
  readonly unit: string | null;
  readonly range_low: number | null;
  readonly range_high: number | null;
  readonly note: string;
  readonly photos: readonly string[];
  readonly at: Date;
  readonly by: string;
  readonly by_name: string;
  readonly waiver: string | null;
}

export type NewCheck = Omit<CheckRow, 'id' | 'at'> & {
  /** ms wall */
  readonly at: number;
  readonly storedAt: number;
};

const COLUMNS = `id, community, item, device, building, floor, place, outcome, value, unit, range_low, range_high, note,
  photos, at, by, by_name, waiver`;

/** Stores a check; undefined when the same person has entered this very check for this moment before. */
export const insertCheck = (tx: Tx, n: NewCheck): Promise<CheckRow | undefined> =>
  tx.maybe<CheckRow>(
    `insert into inspections.check (community, item, device, building, floor, place, outcome, value, unit, range_low,
       range_high, note, photos, at, stored_at, by, by_name, waiver)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, to_timestamp($14::float8 / 1000),
       to_timestamp($15::float8 / 1000), $16, $17, $18)
     on conflict do nothing returning ${COLUMNS}`,
    [
      n.community,
      n.item,
      n.device,
      n.building,
      n.floor,
      n.place,
      n.outcome,
      n.value,
      n.unit,
      n.range_low,
      n.range_high,
      n.note,
      n.photos,
      n.at,
      n.storedAt,
      n.by,
      n.by_name,
      n.waiver,
    ],
  );

/** The check that `insertCheck` found to be there already. */
export const sameCheck = (tx: Tx, n: NewCheck): Promise<CheckRow> =>
  tx.one<CheckRow>(
    `select ${COLUMNS} from inspections.check
     where community = $1 and by = $2 and item = $3 and device is not distinct from $4
       and building is not distinct from $5 and floor is not distinct from $6 and place is not distinct from $7
       and at = to_timestamp($8::float8 / 1000)`,
    [n.community, n.by, n.item, n.device, n.building, n.floor, n.place, n.at],
  );

export interface CheckFilter {
  readonly device?: string | undefined;
  readonly outcome?: string | undefined;
  readonly after?: { readonly micros: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Newest first. `micros` is the time with the precision that the cursor needs. */
export const listChecks = (tx: Tx, community: string, f: CheckFilter): Promise<(CheckRow & { micros: string })[]> =>
  tx.query(
    `select ${COLUMNS}, (extract(epoch from at) * 1000000)::bigint as micros from inspections.check
     where community = $1 and ($2::text is null or device = $2) and ($3::text is null or outcome = $3)
       and ($4::float8 is null or (at, id) < (to_timestamp($4::float8 / 1000000), $5))
     order by at desc, id desc limit $6`,
    [community, f.device ?? null, f.outcome ?? null, f.after?.micros ?? null, f.after?.id ?? null, f.limit],
  );
