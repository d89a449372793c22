// The SQL of places.
import type { Tx } from '../db/tx.ts';
import type { Words } from './names.ts';

export interface CommunityRow {
  readonly id: string;
  readonly name: Words;
  readonly timeZone: string;
}

export interface BuildingRow {
  readonly id: string;
  readonly name: Words;
  readonly order: number;
  readonly commissioned: boolean;
}

export interface FloorRow {
  readonly building: string;
  readonly floor: number;
  readonly name: Words;
}

export interface PlaceRow {
  readonly building?: string | undefined;
  readonly floor?: number | undefined;
  readonly id: string;
  readonly name: Words;
}

/** False when the id is taken. */
export async function insertCommunity(tx: Tx, row: CommunityRow, now: number): Promise<boolean> {
  const inserted = await tx.run(
    `INSERT INTO property.community (id, name, time_zone, created_at)
     VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000)) ON CONFLICT DO NOTHING`,
    [row.id, JSON.stringify(row.name), row.timeZone, now],
  );
  return inserted === 1;
}

export async function findCommunity(tx: Tx, id: string): Promise<CommunityRow | undefined> {
  return tx.maybe<CommunityRow>('SELECT id, name, time_zone AS "timeZone" FROM property.community WHERE id = $1', [id]);
}

export async function allCommunityIds(tx: Tx): Promise<string[]> {
  return (await tx.query<{ id: string }>('SELECT id FROM property.community ORDER BY id')).map((row) => row.id);
}

export async function anyCommunity(tx: Tx): Promise<boolean> {
  return (await tx.query('SELECT 1 FROM property.community LIMIT 1')).length > 0;
}

export async function updateCommunity(tx: Tx, row: CommunityRow): Promise<void> {
  await tx.run('UPDATE property.community SET name = $2, time_zone = $3 WHERE id = $1', [
    row.id,
    JSON.stringify(row.name),
    row.timeZone,
  ]);
}

export async function buildingsOf(tx: Tx, community: string): Promise<BuildingRow[]> {
  return tx.query<BuildingRow>(
    `SELECT id, name, ord AS "order", commissioned FROM property.building WHERE community = $1 ORDER BY ord, id`,
    [community],
  );
}

export const buildingName = async (tx: Tx, community: string, id: string): Promise<Words | undefined> =>
  (
    await tx.maybe<{ name: Words }>('SELECT name FROM property.building WHERE community = $1 AND id = $2', [
      community,
      id,
    ])
  )?.name;

export async function floorsOf(tx: Tx, community: string): Promise<FloorRow[]> {
  return tx.query<FloorRow>(
    'SELECT building, floor, name FROM property.floor WHERE community = $1 ORDER BY building, floor',
    [community],
  );
}

export interface KnownPlaceRow {
  readonly building: string;
  readonly floor: number;
  readonly id: string;
  readonly name: Words;
  readonly commissioned: boolean;
}

/** Places on a floor of a building. */
export async function placesOf(tx: Tx, community: string): Promise<KnownPlaceRow[]> {
  return tx.query<KnownPlaceRow>(
    `SELECT building, floor, id, name, commissioned FROM property.place
     WHERE community = $1 AND building IS NOT NULL AND floor IS NOT NULL ORDER BY building, floor, id`,
    [community],
  );
}

/** Adds buildings; ones that are there are changed when `confirm`, else left alone. */
export async function putBuildings(
  tx: Tx,
  community: string,
  rows: readonly Omit<BuildingRow, 'commissioned'>[],
  confirm: boolean,
): Promise<void> {
  const change = confirm ? 'UPDATE SET name = excluded.name, ord = excluded.ord, commissioned = true' : 'NOTHING';
  await tx.run(
    `INSERT INTO property.building (community, id, name, ord, commissioned)
     SELECT $1, u.id, u.name::jsonb, u.ord, $5
     FROM unnest($2::text[], $3::text[], $4::int[]) AS u (id, name, ord)
     ON CONFLICT (community, id) DO ${change}`,
    [community, rows.map((r) => r.id), rows.map((r) => JSON.stringify(r.name)), rows.map((r) => r.order), confirm],
  );
}

export async function putFloors(tx: Tx, community: string, rows: readonly FloorRow[], confirm: boolean): Promise<void> {
  const change = confirm ? 'UPDATE SET name = excluded.name, commissioned = true' : 'NOTHING';
  await tx.run(
    `INSERT INTO property.floor (community, building, floor, name, commissioned)
     SELECT $1, u.building, u.floor, u.name::jsonb, $5
     FROM unnest($2::text[], $3::int[], $4::text[]) AS u (building, floor, name)
     ON CONFLICT (community, building, floor) DO ${change}`,
    [
      community,
      rows.map((r) => r.building),
      rows.map((r) => r.floor),
      rows.map((r) => JSON.stringify(r.name)),
      confirm,
    ],
  );
}

export async function putPlaces(tx: Tx, community: string, rows: readonly PlaceRow[], confirm: boolean): Promise<void> {
  const change = confirm ? 'UPDATE SET name = excluded.name, commissioned = true' : 'NOTHING';
  await tx.run(
    `INSERT INTO property.place (community, building, floor, id, name, commissioned)
     SELECT $1, u.building, u.floor, u.id, u.name::jsonb, $6
     FROM unnest($2::text[], $3::int[], $4::text[], $5::text[]) AS u (building, floor, id, name)
     ON CONFLICT (community, building, floor, id) DO ${change}`,
    [
      community,
      rows.map((r) => r.building ?? null),
      rows.map((r) => r.floor ?? null),
      rows.map((r) => r.id),
      rows.map((r) => JSON.stringify(r.name)),
      confirm,
    ],
  );
}
