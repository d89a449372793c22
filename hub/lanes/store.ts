// The SQL of blocked lanes and of the register of vehicles.
import type { Tx } from '../db/tx.ts';
import type { Contact, ContactBody, LaneState, NewBlockage, VehicleView } from './contract.ts';
import { LANE_LIMITS } from './limits.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface Blockage {
  readonly id: string;
  readonly community: string;
  readonly building: string | null;
  readonly place: string;
  readonly plate: string | null;
  readonly note: string;
  readonly photo: string | null;
  readonly state: LaneState;
  readonly reported_at: Date;
  readonly reported_by: string;
  readonly reported_by_name: string;
  readonly reporter_name: string;
  readonly reporter_phone: string;
  readonly clear_ms: number;
  readonly breached_at: Date | null;
  readonly ended_at: Date | null;
  readonly ended_by_name: string | null;
  readonly ended_photo: string | null;
  readonly ended_note: string;
  readonly plate_before: number;
  readonly place_before: number;
  readonly patrol_order: string | null;
  readonly thanked_at: Date | null;
}
const BLOCKAGE = `select id, community, building, place, plate, note, photo, state, reported_at, reported_by,
    reported_by_name, reporter_name, reporter_phone, clear_ms, breached_at, ended_at, ended_by_name, ended_photo,
    ended_note, plate_before, place_before, patrol_order, thanked_at
  from lanes.blockage`;

/** Two reports at once must not both count themselves as the first. */
export const lockLanes = async (tx: Tx, community: string): Promise<void> => {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 7365141))`, [community]);
};

/** An open one at the same place or of the same car. */
export const openTwin = (
  tx: Tx,
  community: string,
  of: { readonly building: string | undefined; readonly place: string; readonly plate: string | undefined },
): Promise<Blockage | undefined> =>
  tx.maybe<Blockage>(
    `${BLOCKAGE} where community = $1 and ended_at is null and (plate = $4
       or (plate is not distinct from $4 and place = $3 and building is not distinct from $2)) limit 1`,
    [community, of.building ?? null, of.place, of.plate ?? null],
  );

/** How often the plate and the place were blocked since a moment (ms wall); void ones don't count. */
export async function countBefore(
  tx: Tx,
  community: string,
  of: { readonly building: string | undefined; readonly place: string; readonly plate: string | undefined },
  since: number,
  but = '',
): Promise<{ readonly plate: number; readonly place: number }> {
  return tx.one(
    `select count(*) filter (where plate = $4)::int as plate,
       count(*) filter (where place = $3 and building is not distinct from $2)::int as place
     from lanes.blockage where community = $1 and state <> 'void' and reported_at >= ${at(5)} and id <> $6`,
    [community, of.building ?? null, of.place, of.plate ?? null, since, but],
  );
}

export interface Report extends NewBlockage {
  readonly community: string;
  readonly by: { readonly id: string; readonly name: string };
  readonly now: number;
  readonly clearMs: number;
  readonly version: string;
  readonly before: { readonly plate: number; readonly place: number };
}

export async function insertBlockage(tx: Tx, r: Report): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into lanes.blockage (community, building, place, plate, note, photo, state, reported_at, reported_by,
       reported_by_name, reporter_name, reporter_phone, clear_ms, rule_version, plate_before, place_before)
     values ($1, $2, $3, $4, $5, $6, 'open', ${at(7)}, $8, $9, $10, $11, $12, $13, $14, $15) returning id`,
    [
      r.community,
      r.building ?? null,
      r.place,
      r.plate ?? null,
      r.note ?? '',
      r.photo ?? null,
      r.now,
      r.by.id,
      r.by.name,
      r.reporterName ?? '',
      r.reporterPhone ?? '',
      r.clearMs,
      r.version,
      r.before.plate,
      r.before.place,
    ],
  );
  return id;
}

export const findBlockage = (tx: Tx, community: string, id: string): Promise<Blockage | undefined> =>
  tx.maybe<Blockage>(`${BLOCKAGE} where community = $1 and id = $2`, [community, id]);

/** Locked until the end of the transaction. */
export const lockBlockage = (tx: Tx, community: string, id: string): Promise<Blockage | undefined> =>
  tx.maybe<Blockage>(`${BLOCKAGE} where community = $1 and id = $2 for update`, [community, id]);

/** Open ones first, the oldest first; then what is over, the newest first. */
export const listBlockages = (tx: Tx, community: string): Promise<Blockage[]> =>
  tx.query<Blockage>(
    `${BLOCKAGE} where community = $1
     order by (ended_at is null) desc, case when ended_at is null then reported_at end, reported_at desc limit $2`,
    [community, LANE_LIMITS.listMax],
  );

export const openBlockagesOf = (tx: Tx, community: string): Promise<Blockage[]> =>
  tx.query<Blockage>(`${BLOCKAGE} where community = $1 and ended_at is null order by reported_at limit $2`, [
    community,
    LANE_LIMITS.openMax,
  ]);

export async function savePlate(
  tx: Tx,
  id: string,
  plate: string,
  before: { readonly plate: number; readonly place: number },
): Promise<void> {
  await tx.run(`update lanes.blockage set plate = $2, plate_before = $3 where id = $1`, [id, plate, before.plate]);
}

export const saveState = (tx: Tx, id: string, state: LaneState): Promise<number> =>
  tx.run(`update lanes.blockage set state = $2 where id = $1`, [id, state]);

export const saveBreach = (tx: Tx, id: string, now: number): Promise<number> =>
  tx.run(`update lanes.blockage set breached_at = coalesce(breached_at, ${at(2)}) where id = $1`, [id, now]);

export const savePatrol = (tx: Tx, id: string, order: string): Promise<number> =>
  tx.run(`update lanes.blockage set patrol_order = $2 where id = $1`, [id, order]);

export const saveThanks = (tx: Tx, id: string, now: number): Promise<number> =>
  tx.run(`update lanes.blockage set thanked_at = ${at(2)} where id = $1`, [id, now]);

export async function saveEnd(
  tx: Tx,
  id: string,
  end: {
    readonly state: LaneState;
    readonly now: number;
    readonly by: { readonly id: string; readonly name: string };
    readonly photo: string | undefined;
    readonly note: string;
  },
): Promise<void> {
  await tx.run(
    `update lanes.blockage set state = $2, ended_at = ${at(3)}, ended_by = $4, ended_by_name = $5, ended_photo = $6,
       ended_note = $7 where id = $1`,
    [id, end.state, end.now, end.by.id, end.by.name, end.photo ?? null, end.note],
  );
}

export async function insertContact(
  tx: Tx,
  blockage: string,
  said: ContactBody & { readonly by: { readonly id: string; readonly name: string }; readonly now: number },
): Promise<void> {
  await tx.run(
    `insert into lanes.contact (blockage, at, by, by_name, how, result, whom, note, photo)
     values ($1, ${at(2)}, $3, $4, $5, $6, $7, $8, $9)`,
    [
      blockage,
      said.now,
      said.by.id,
      said.by.name,
      said.how,
      said.result,
      said.whom ?? '',
      said.note ?? '',
      said.photo ?? null,
    ],
  );
}

interface ContactRow extends Omit<Contact, 'at' | 'photo'> {
  readonly blockage: string;
  readonly at: Date;
  readonly photo: string | null;
}
/** What was done about each, the first first. */
export async function contactsOf(tx: Tx, blockages: readonly string[]): Promise<ReadonlyMap<string, Contact[]>> {
  const rows = await tx.query<ContactRow>(
    `select blockage, at, by_name as name, how, result, whom, note, photo from lanes.contact
     where blockage = any ($1::text[]) order by id limit $2`,
    [blockages, LANE_LIMITS.contactsMax * Math.max(1, blockages.length)],
  );
  const found = new Map<string, Contact[]>();
  for (const { blockage, photo, at: when, ...rest } of rows) {
    const contact = { ...rest, at: when.toISOString(), ...(photo === null ? {} : { photo }) };
    found.set(blockage, [...(found.get(blockage) ?? []), contact]);
  }
  return found;
}

interface VehicleRow extends Omit<VehicleView, 'building'> {
  readonly building: string | null;
}
const VEHICLE = `select plate, building, unit, owner, phone, note from lanes.vehicle`;
const vehicleOf = ({ building, ...r }: VehicleRow): VehicleView => ({
  ...r,
  ...(building === null ? {} : { building }),
});

export async function vehiclesByPlates(tx: Tx, community: string, plates: readonly string[]): Promise<VehicleView[]> {
  const rows = await tx.query<VehicleRow>(`${VEHICLE} where community = $1 and plate = any ($2::text[])`, [
    community,
    plates,
  ]);
  return rows.map(vehicleOf);
}

/** Vehicles whose plate holds these characters. */
export async function searchVehicles(tx: Tx, community: string, text: string): Promise<VehicleView[]> {
  const rows = await tx.query<VehicleRow>(
    `${VEHICLE} where community = $1 and position($2 in plate) > 0 order by plate limit $3`,
    [community, text, LANE_LIMITS.foundMax],
  );
  return rows.map(vehicleOf);
}

export const countVehicles = async (tx: Tx, community: string): Promise<number> =>
  (await tx.one<{ n: number }>(`select count(*)::int as n from lanes.vehicle where community = $1`, [community])).n;

export async function putVehicles(tx: Tx, community: string, rows: readonly VehicleView[], now: number): Promise<void> {
  await tx.run(
    `insert into lanes.vehicle (community, plate, building, unit, owner, phone, note, changed_at)
     select $1, u.plate, u.building, u.unit, u.owner, u.phone, u.note, ${at(8)}
     from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
       as u (plate, building, unit, owner, phone, note)
     on conflict (community, plate) do update set building = excluded.building, unit = excluded.unit,
       owner = excluded.owner, phone = excluded.phone, note = excluded.note, changed_at = excluded.changed_at`,
    [
      community,
      rows.map((r) => r.plate),
      rows.map((r) => r.building ?? null),
      rows.map((r) => r.unit),
      rows.map((r) => r.owner),
      rows.map((r) => r.phone),
      rows.map((r) => r.note),
      now,
    ],
  );
}
