// The SQL of floor plans.
import type { Tx } from '../db/tx.ts';

export interface Floor {
  readonly building: string;
  readonly floor: number;
}
export interface Change {
  readonly by: string;
  readonly byName: string;
  readonly at: number;
}
export interface FloorRow extends Floor {
  readonly revision: number;
  readonly changed_at: Date;
  readonly changed_by: string;
  readonly changed_by_name: string;
}
export interface DrawingRow {
  readonly version: number;
  readonly sha256: string;
  readonly media_type: string;
  readonly note: string;
  readonly added_at: Date;
  readonly added_by: string;
  readonly added_by_name: string;
}
/** `point` is empty for the device itself. */
export interface PositionRow extends Floor {
  readonly device: string;
  readonly point: string;
  readonly x: number;
  readonly y: number;
}

const DRAWING = 'version, sha256, media_type, note, added_at, added_by, added_by_name';

/** Counts the floor's revision up and answers the new one; the row is locked until the transaction ends. */
export async function touchFloor(
  tx: Tx,
  community: string,
  { building, floor }: Floor,
  change: Change,
): Promise<number> {
  const { revision } = await tx.one<{ revision: number }>(
    `insert into floor_plans.floor as f
       (community, building, floor, revision, changed_at, changed_by, changed_by_name)
     values ($1, $2, $3, 1, to_timestamp($6::float8 / 1000), $4, $5)
     on conflict (community, building, floor) do update set revision = f.revision + 1,
       changed_at = excluded.changed_at, changed_by = excluded.changed_by, changed_by_name = excluded.changed_by_name
     returning revision`,
    [community, building, floor, change.by, change.byName, change.at],
  );
  return revision;
}

export async function findFloor(tx: Tx, community: string, { building, floor }: Floor): Promise<FloorRow | undefined> {
  return tx.maybe<FloorRow>(
    `select building, floor, revision, changed_at, changed_by, changed_by_name from floor_plans.floor
     where community = $1 and building = $2 and floor = $3`,
    [community, building, floor],
  );
}

export async function listFloors(
  tx: Tx,
  community: string,
): Promise<{ building: string; floor: number; revision: number; version: number | null; positions: number }[]> {
  return tx.query(
    `select f.building, f.floor, f.revision,
       (select max(d.version) from floor_plans.drawing d
        where (d.community, d.building, d.floor) = (f.community, f.building, f.floor)) as version,
       (select count(*)::int from floor_plans.position p
        where (p.community, p.building, p.floor) = (f.community, f.building, f.floor)) as positions
     from floor_plans.floor f where f.community = $1 order by f.building, f.floor`,
    [community],
  );
}

/** Newest first. */
export async function drawingsOf(
  tx: Tx,
  community: string,
  { building, floor }: Floor,
  limit: number,
): Promise<DrawingRow[]> {
  return tx.query<DrawingRow>(
    `select ${DRAWING} from floor_plans.drawing where community = $1 and building = $2 and floor = $3
     order by version desc limit $4`,
    [community, building, floor, limit],
  );
}

export async function insertDrawing(
  tx: Tx,
  community: string,
  { building, floor }: Floor,
  drawing: { readonly version: number; readonly sha256: string; readonly type: string; readonly note: string },
  change: Change,
): Promise<void> {
  await tx.run(
    `insert into floor_plans.drawing (community, building, floor, ${DRAWING})
     values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($10::float8 / 1000), $8, $9)`,
    [
      community,
      building,
      floor,
      drawing.version,
      drawing.sha256,
      drawing.type,
      drawing.note,
      change.by,
      change.byName,
      change.at,
    ],
  );
}

/** Of one floor, or of all. */
export async function positionsOf(tx: Tx, community: string, at: Floor | null): Promise<PositionRow[]> {
  return tx.query<PositionRow>(
    `select building, floor, device, point, x, y from floor_plans.position
     where community = $1 and ($2::text is null or (building = $2 and floor = $3::int))
     order by building, floor, device, point`,
    [community, at?.building ?? null, at?.floor ?? null],
  );
}

export async function putPositions(tx: Tx, community: string, rows: readonly PositionRow[]): Promise<void> {
  await tx.run(
    `insert into floor_plans.position (community, building, floor, device, point, x, y)
     select $1, u.building, u.floor, u.device, u.point, u.x, u.y
     from jsonb_to_recordset($2::jsonb) as u
       (building text, floor int, device text, point text, x double precision, y double precision)
     on conflict (community, building, floor, device, point) do update set x = excluded.x, y = excluded.y`,
    [community, JSON.stringify(rows)],
  );
}

export async function removePositions(tx: Tx, community: string, rows: readonly PositionRow[]): Promise<void> {
  await tx.run(
    `delete from floor_plans.position p using jsonb_to_recordset($2::jsonb) as u
       (building text, floor int, device text, point text)
     where p.community = $1 and (p.building, p.floor, p.device, p.point) = (u.building, u.floor, u.device, u.point)`,
    [community, JSON.stringify(rows)],
  );
}

/** Of these pairs, those that the register does not have; `point` is empty for the device itself. */
export async function unknownThings(
  tx: Tx,
  community: string,
  pairs: readonly { readonly device: string; readonly point: string }[],
): Promise<{ device: string; point: string }[]> {
  return tx.query(
    `select u.device, u.point from jsonb_to_recordset($2::jsonb) as u (device text, point text)
     where not exists (
       select 1 from equipment.device d left join equipment.point p on p.device = d.id and p.id = u.point
       where d.community = $1 and d.id = u.device and (u.point = '' or p.id is not null))`,
    [community, JSON.stringify(pairs)],
  );
}
