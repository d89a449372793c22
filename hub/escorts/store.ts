// The SQL of escorts and of reserved lifts.
import type { Tx } from '../db/tx.ts';
import type { EscortState, NewEscort, NewReservation, ReservationState, ReservationView } from './contract.ts';
import { ESCORT_LIMITS } from './limits.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;
interface By {
  readonly id: string;
  readonly name: string;
}

export interface Escort {
  readonly id: string;
  readonly community: string;
  readonly service: string;
  readonly number: string;
  readonly reason: string;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string;
  readonly state: EscortState;
  readonly called_at: Date;
  readonly called_by: string;
  readonly called_by_name: string;
  readonly gate_ms: number;
  readonly arrive_ms: number;
  readonly gate_late_at: Date | null;
  readonly arrive_late_at: Date | null;
  readonly ended_at: Date | null;
  readonly lift: string | null;
  readonly lift_asked_at: Date | null;
  readonly lift_held_at: Date | null;
  readonly lift_held_by_name: string | null;
  readonly lift_released_at: Date | null;
}
const ESCORT = `select id, community, service, number, reason, building, floor, place, state, called_at, called_by,
    called_by_name, gate_ms, arrive_ms, gate_late_at, arrive_late_at, ended_at, lift, lift_asked_at, lift_held_at,
    lift_held_by_name, lift_released_at
  from escorts.escort`;

export async function insertEscort(
  tx: Tx,
  e: Omit<NewEscort, 'lift'> & {
    readonly community: string;
    readonly number: string;
    readonly by: By;
    readonly now: number;
    readonly gateMs: number;
    readonly arriveMs: number;
    readonly version: string;
  },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into escorts.escort (community, service, number, reason, building, floor, place, state, called_at,
       called_by, called_by_name, gate_ms, arrive_ms, rule_version)
     values ($1, $2, $3, $4, $5, $6, $7, 'called', ${at(8)}, $9, $10, $11, $12, $13) returning id`,
    [
      e.community,
      e.service,
      e.number,
      e.reason,
      e.building ?? null,
      e.floor ?? null,
      e.place ?? '',
      e.now,
      e.by.id,
      e.by.name,
      e.gateMs,
      e.arriveMs,
      e.version,
    ],
  );
  return id;
}

/** Locked until the end of the transaction. */
export const lockEscort = (tx: Tx, community: string, id: string): Promise<Escort | undefined> =>
  tx.maybe<Escort>(`${ESCORT} where community = $1 and id = $2 for update`, [community, id]);

export const findEscort = (tx: Tx, community: string, id: string): Promise<Escort | undefined> =>
  tx.maybe<Escort>(`${ESCORT} where community = $1 and id = $2`, [community, id]);

export const listEscorts = (tx: Tx, community: string): Promise<Escort[]> =>
  tx.query<Escort>(`${ESCORT} where community = $1 order by (ended_at is null) desc, called_at desc limit $2`, [
    community,
    ESCORT_LIMITS.listMax,
  ]);

/** Under way, or with a lift that nobody has given back. */
export const openEscorts = (tx: Tx, community: string): Promise<Escort[]> =>
  tx.query<Escort>(
    `${ESCORT} where community = $1 and (ended_at is null or (lift is not null and lift_released_at is null))
     order by called_at limit $2`,
    [community, ESCORT_LIMITS.openMax],
  );

export async function saveEscort(tx: Tx, e: Escort): Promise<void> {
  await tx.run(
    `update escorts.escort set state = $2, gate_late_at = $3, arrive_late_at = $4, ended_at = $5, lift = $6,
       lift_asked_at = $7, lift_held_at = $8, lift_held_by_name = $9, lift_released_at = $10 where id = $1`,
    [
      e.id,
      e.state,
      e.gate_late_at,
      e.arrive_late_at,
      e.ended_at,
      e.lift,
      e.lift_asked_at,
      e.lift_held_at,
      e.lift_held_by_name,
      e.lift_released_at,
    ],
  );
}

export async function insertAct(
  tx: Tx,
  escort: string,
  a: {
    readonly act: string;
    readonly by: By;
    readonly now: number;
    readonly escortedBy: string;
    readonly note: string;
  },
): Promise<void> {
  await tx.run(
    `insert into escorts.act (escort, at, act, by, by_name, escorted_by, note) values ($1, ${at(2)}, $3, $4, $5, $6, $7)`,
    [escort, a.now, a.act, a.by.id, a.by.name, a.escortedBy, a.note],
  );
}

export interface ActRow {
  readonly escort: string;
  readonly at: Date;
  readonly act: string;
  readonly name: string;
  readonly escortedBy: string;
  readonly note: string;
}
export const actsOf = (tx: Tx, escorts: readonly string[]): Promise<ActRow[]> =>
  tx.query<ActRow>(
    `select escort, at, act, by_name as name, escorted_by as "escortedBy", note from escorts.act
     where escort = any ($1::text[]) order by id limit $2`,
    [escorts, ESCORT_LIMITS.actsMax * Math.max(1, escorts.length)],
  );

export interface Reservation {
  readonly id: string;
  readonly community: string;
  readonly device: string;
  readonly purpose: ReservationView['purpose'];
  readonly building: string | null;
  readonly unit: string;
  readonly contact: string;
  readonly phone: string;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly state: ReservationState;
  readonly note: string;
  readonly made_at: Date;
  readonly made_by_name: string;
  readonly posted_at: Date | null;
  readonly posted_by_name: string | null;
  readonly ended_at: Date | null;
  readonly ended_by_name: string | null;
}
const RESERVATION = `select id, community, device, purpose, building, unit, contact, phone, from_at, until_at, state,
    note, made_at, made_by_name, posted_at, posted_by_name, ended_at, ended_by_name
  from escorts.reservation`;

/** Two wishes for one lift must not both find it free. */
export const lockLifts = async (tx: Tx, community: string): Promise<void> => {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 7365142))`, [community]);
};

export async function insertReservation(
  tx: Tx,
  r: NewReservation & {
    readonly community: string;
    readonly building: string | undefined;
    readonly by: By;
    readonly now: number;
  },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into escorts.reservation (community, device, purpose, building, unit, contact, phone, from_at, until_at,
       state, note, made_at, made_by, made_by_name)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'reserved', $10, ${at(11)}, $12, $13) returning id`,
    [
      r.community,
      r.device,
      r.purpose,
      r.building ?? null,
      r.unit,
      r.contact ?? '',
      r.phone ?? '',
      r.from,
      r.until,
      r.note ?? '',
      r.now,
      r.by.id,
      r.by.name,
    ],
  );
  return id;
}

/** Locked until the end of the transaction. */
export const lockReservation = (tx: Tx, community: string, id: string): Promise<Reservation | undefined> =>
  tx.maybe<Reservation>(`${RESERVATION} where community = $1 and id = $2 for update`, [community, id]);

/** Those that are not over. */
export const openReservations = (tx: Tx, community: string): Promise<Reservation[]> =>
  tx.query<Reservation>(
    `${RESERVATION} where community = $1 and state in ('reserved', 'active') order by from_at limit $2`,
    [community, ESCORT_LIMITS.reservationsMax],
  );

export const listReservations = (tx: Tx, community: string): Promise<Reservation[]> =>
  tx.query<Reservation>(
    `${RESERVATION} where community = $1
     order by (state in ('reserved', 'active')) desc, case when state in ('reserved', 'active') then from_at end,
       from_at desc limit $2`,
    [community, ESCORT_LIMITS.listMax],
  );

export async function saveReservation(tx: Tx, r: Reservation): Promise<void> {
  await tx.run(
    `update escorts.reservation set state = $2, posted_at = $3, posted_by_name = $4, ended_at = $5, ended_by_name = $6,
       note = $7 where id = $1`,
    [r.id, r.state, r.posted_at, r.posted_by_name, r.ended_at, r.ended_by_name, r.note],
  );
}
