// SQL of the schema `equipment`.
import type { Text } from '../../device-profiles/contract/point.ts';
import type { Tx } from '../db/tx.ts';

/** Point by which a lift tells its floor, as the canonical lift profile calls it. */
export const LIFT_POSITION = 'floor';

export interface DeviceRow {
  readonly id: string;
  readonly community: string;
  readonly gateway: string;
  readonly kind: string;
  readonly name: Text;
  readonly profile: string;
  readonly vendor: string;
  readonly model: string;
  readonly evidence: string;
  readonly link: string;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
}

export interface PointRow {
  readonly num: number;
  readonly device: string;
  readonly id: string;
  readonly name: Text;
  readonly type: string;
  readonly lane: string;
  readonly unit: string;
  readonly range: readonly [number, number] | null;
  readonly band: readonly [number, number] | null;
  readonly enum: Readonly<Record<string, Text>> | null;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly proved_at: Date | null;
  readonly proved_by: string | null;
  readonly proved_note: string | null;
}
export type NewPoint = Omit<PointRow, 'num' | 'proved_at' | 'proved_by' | 'proved_note'>;

const DEVICE_COLUMNS = 'community, gateway, kind, name, profile, vendor, model, evidence, link, building, floor, place';
const POINT_COLUMNS = 'name, type, lane, unit, range, band, enum, building, floor, place';

const excluded = (columns: string): string =>
  columns
    .split(', ')
    .map((c) => `excluded.${c}`)
    .join(', ');
const of = (alias: string, columns: string): string =>
  columns
    .split(', ')
    .map((c) => `${alias}.${c}`)
    .join(', ');

/** Enters devices; known ones take over what a live birth says of them. Unchanged rows are not written. */
export async function putDevices(tx: Tx, devices: readonly DeviceRow[], live: boolean, now: number): Promise<void> {
  const conflict = live
    ? `do update set (${DEVICE_COLUMNS}, removed_at) = row (${excluded(DEVICE_COLUMNS)}, null)
       where (${of('d', DEVICE_COLUMNS)}, d.removed_at) is distinct from (${excluded(DEVICE_COLUMNS)}, null)`
    : 'do nothing';
  await tx.run(
    `insert into equipment.device as d (id, ${DEVICE_COLUMNS}, first_at, removed_at)
     select u.id, ${of('u', DEVICE_COLUMNS)}, to_timestamp($2::float8 / 1000),
       case when $3 then null else to_timestamp($2::float8 / 1000) end
     from jsonb_populate_recordset(null::equipment.device, $1::jsonb) as u order by u.id
     on conflict (id) ${conflict}`,
    [JSON.stringify(devices), now, live],
  );
}

/** Enters points; numbers are given once and for ever. Unchanged rows are not written. */
export async function putPoints(tx: Tx, points: readonly NewPoint[], live: boolean, now: number): Promise<void> {
  const conflict = live
    ? `do update set (${POINT_COLUMNS}, removed_at) = row (${excluded(POINT_COLUMNS)}, null)
       where (${of('p', POINT_COLUMNS)}, p.removed_at) is distinct from (${excluded(POINT_COLUMNS)}, null)`
    : 'do nothing';
  await tx.run(
    `insert into equipment.point as p (device, id, ${POINT_COLUMNS}, removed_at)
     select u.device, u.id, ${of('u', POINT_COLUMNS)}, case when $3 then null else to_timestamp($2::float8 / 1000) end
     from jsonb_populate_recordset(null::equipment.point, $1::jsonb) as u order by u.device, u.id
     on conflict (device, id) ${conflict}`,
    [JSON.stringify(points), now, live],
  );
}

export async function numbersOf(
  tx: Tx,
  devices: readonly string[],
): Promise<{ device: string; id: string; num: number }[]> {
  return tx.query('select device, id, num from equipment.point where device = any ($1::text[])', [devices]);
}

/** Marks what a gateway's live birth no longer has. */
export async function markGone(
  tx: Tx,
  gone: { readonly gateway: string; readonly devices: readonly string[]; readonly nums: readonly number[] },
  now: number,
): Promise<void> {
  const at = 'to_timestamp($3::float8 / 1000)';
  await tx.run(
    `update equipment.device set removed_at = ${at}
     where gateway = $1 and removed_at is null and id <> all ($2::text[])`,
    [gone.gateway, gone.devices, now],
  );
  await tx.run(
    `update equipment.point p set removed_at = ${at} from equipment.device d
     where d.id = p.device and d.gateway = $1 and p.removed_at is null and p.num <> all ($2::int[])`,
    [gone.gateway, gone.nums, now],
  );
}

export async function provedNumbers(tx: Tx): Promise<number[]> {
  const rows = await tx.query<{ num: number }>('select num from equipment.point where proved_at is not null');
  return rows.map((r) => r.num);
}

/** Devices in force of a community by id, after `cursor`. */
export async function listDevices(
  tx: Tx,
  of: { readonly community: string; readonly kind: string | null; readonly building: string | null },
  page: { readonly after: string; readonly limit: number },
): Promise<DeviceRow[]> {
  return tx.query<DeviceRow>(
    `select id, ${DEVICE_COLUMNS} from equipment.device
     where community = $1 and removed_at is null and ($2::text is null or kind = $2)
       and ($3::text is null or building = $3) and id > $4 order by id limit $5`,
    [of.community, of.kind, of.building, page.after, page.limit],
  );
}

export async function findDevice(tx: Tx, community: string, id: string): Promise<DeviceRow | undefined> {
  return tx.maybe<DeviceRow>(`select id, ${DEVICE_COLUMNS} from equipment.device where id = $1 and community = $2`, [
    id,
    community,
  ]);
}

/**
 * Ids of the lifts that a building has now; without a building, those that stand in none. A lift may have a drive beside
 * its terminal: what knows the floor is the lift. Where nothing does, each device of the kind counts as one.
 */
export async function liftsOf(tx: Tx, community: string, building: string | undefined): Promise<string[]> {
  const rows = await tx.query<{ id: string; knows: boolean }>(
    `select d.id, exists (select 1 from equipment.point p where p.device = d.id and p.id = $3
       and p.removed_at is null) as knows
     from equipment.device d where d.community = $1 and d.kind = 'elevator'
       and d.building is not distinct from $2 and d.removed_at is null order by d.id`,
    [community, building ?? null, LIFT_POSITION],
  );
  const known = rows.filter((row) => row.knows);
  return (known.length > 0 ? known : rows).map((row) => row.id);
}

export async function pointsOf(tx: Tx, device: string): Promise<PointRow[]> {
  return tx.query<PointRow>(
    `select num, device, id, ${POINT_COLUMNS}, proved_at, proved_by, proved_note from equipment.point
     where device = $1 and removed_at is null order by num`,
    [device],
  );
}

export async function findPoint(tx: Tx, device: string, id: string): Promise<PointRow | undefined> {
  return tx.maybe<PointRow>(
    `select num, device, id, ${POINT_COLUMNS}, proved_at, proved_by, proved_note from equipment.point where device = $1 and id = $2`,
    [device, id],
  );
}

/** Sets or takes away the commissioning mark; `points` null means all of the device. Answers the numbers changed. */
export async function setProved(
  tx: Tx,
  device: string,
  points: readonly string[] | null,
  mark: { readonly proved: boolean; readonly by: string; readonly note: string; readonly at: number },
): Promise<{ num: number; id: string }[]> {
  return tx.query(
    `update equipment.point set
       proved_at = case when $3 then to_timestamp($6::float8 / 1000) end, proved_by = $4, proved_note = $5
     where device = $1 and removed_at is null and ($2::text[] is null or id = any ($2::text[]))
       and (proved_at is not null) <> $3 returning num, id`,
    [device, points, mark.proved, mark.by, mark.note, mark.at],
  );
}

/** Points in force of a community that nobody has proved on site. */
export async function countUnproved(tx: Tx, community: string): Promise<number> {
  const { count } = await tx.one<{ count: string }>(
    `select count(*) as count from equipment.point p join equipment.device d on d.id = p.device
     where d.community = $1 and d.removed_at is null and p.removed_at is null and p.proved_at is null`,
    [community],
  );
  return Number(count);
}

/** Names and whereabouts of devices, for orders and notices. */
export async function devicesByIds(tx: Tx, ids: readonly string[]): Promise<DeviceRow[]> {
  return tx.query<DeviceRow>(`select id, ${DEVICE_COLUMNS} from equipment.device where id = any ($1::text[])`, [ids]);
}

export interface PointCount {
  readonly device: string;
  readonly all: number;
  readonly unproved: number;
}

export async function countPoints(tx: Tx, devices: readonly string[]): Promise<Map<string, PointCount>> {
  const rows = await tx.query<{ device: string; all: string; unproved: string }>(
    `select device, count(*) as all, count(*) filter (where proved_at is null) as unproved from equipment.point
     where device = any ($1::text[]) and removed_at is null group by device`,
    [devices],
  );
  return new Map(rows.map((r) => [r.device, { device: r.device, all: Number(r.all), unproved: Number(r.unproved) }]));
}
