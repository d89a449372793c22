// The SQL of who is really on duty, of roll calls, and of hand-overs with their signatures.
import type { Tx } from '../db/tx.ts';
import type { HandoverList } from './contract.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface Attendance {
  readonly id: string;
  readonly community: string;
  readonly person: string;
  readonly name: string;
  readonly shift: string;
  /** ms wall */
  readonly plannedEnd: number;
  readonly takenAt: number;
  readonly endedAt: number | undefined;
}

interface AttendanceRow {
  readonly id: string;
  readonly community: string;
  readonly person: string;
  readonly person_name: string;
  readonly shift: string;
  readonly planned_end: Date;
  readonly taken_at: Date;
  readonly ended_at: Date | null;
}
const attendanceOf = (r: AttendanceRow): Attendance => ({
  id: r.id,
  community: r.community,
  person: r.person,
  name: r.person_name,
  shift: r.shift,
  plannedEnd: r.planned_end.getTime(),
  takenAt: r.taken_at.getTime(),
  endedAt: r.ended_at?.getTime(),
});
const ATTENDANCE = `select id, community, person, person_name, shift, planned_end, taken_at, ended_at
  from duty.attendance`;

/** Serialises what changes who is on duty in a community until the end of the transaction. */
export async function lockDuty(tx: Tx, community: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 7365140))`, [community]);
}

export async function insertAttendance(tx: Tx, a: Omit<Attendance, 'id' | 'endedAt'>): Promise<Attendance> {
  const { id } = await tx.one<{ id: string }>(
    `insert into duty.attendance (community, person, person_name, shift, planned_end, taken_at)
     values ($1, $2, $3, $4, ${at(5)}, ${at(6)}) returning id`,
    [a.community, a.person, a.name, a.shift, a.plannedEnd, a.takenAt],
  );
  return { ...a, id, endedAt: undefined };
}

export async function endAttendance(
  tx: Tx,
  ids: readonly string[],
  end: { readonly at: number; readonly by: string; readonly reason: 'handed-over' | 'relieved' },
): Promise<void> {
  await tx.run(
    `update duty.attendance set ended_at = ${at(2)}, ended_by = $3, end_reason = $4
     where id = any ($1::text[]) and ended_at is null`,
    [ids, end.at, end.by, end.reason],
  );
}

/** Who is on duty, longest first. */
export async function presentIn(tx: Tx, community: string): Promise<Attendance[]> {
  const rows = await tx.query<AttendanceRow>(
    `${ATTENDANCE} where community = $1 and ended_at is null order by taken_at, id`,
    [community],
  );
  return rows.map(attendanceOf);
}

export async function findAttendance(tx: Tx, community: string, id: string): Promise<Attendance | undefined> {
  const row = await tx.maybe<AttendanceRow>(`${ATTENDANCE} where id = $1 and community = $2`, [id, community]);
  return row && attendanceOf(row);
}

/** Has anyone taken over for this shift? */
export async function isAttended(tx: Tx, shift: string): Promise<boolean> {
  return (await tx.query(`select 1 from duty.attendance where shift = $1 limit 1`, [shift])).length > 0;
}

/** End of a person's last time on duty on any other shift than these, ms wall. */
export async function lastEndOf(tx: Tx, person: string, but: readonly string[]): Promise<number | undefined> {
  const { last } = await tx.one<{ last: Date | null }>(
    `select max(ended_at) as last from duty.attendance
     where person = $1 and shift <> all ($2::text[])`,
    [person, but],
  );
  return last?.getTime();
}

export interface RollCall {
  readonly id: string;
  readonly community: string;
  readonly source: 'supervisor' | 'random' | 'authority';
  readonly askedAt: number;
  readonly askedBy: string | undefined;
  readonly askedByName: string | undefined;
  readonly answerMs: number;
  readonly answeredAt: number | undefined;
  readonly missedAt: number | undefined;
}
interface RollCallRow {
  readonly id: string;
  readonly community: string;
  readonly source: RollCall['source'];
  readonly asked_at: Date;
  readonly asked_by: string | null;
  readonly asked_by_name: string | null;
  readonly answer_ms: number;
  readonly answered_at: Date | null;
  readonly missed_at: Date | null;
}
const rollCallOf = (r: RollCallRow): RollCall => ({
  id: r.id,
  community: r.community,
  source: r.source,
  askedAt: r.asked_at.getTime(),
  askedBy: r.asked_by ?? undefined,
  askedByName: r.asked_by_name ?? undefined,
  answerMs: r.answer_ms,
  answeredAt: r.answered_at?.getTime(),
  missedAt: r.missed_at?.getTime(),
});
const ROLL_CALL = `select id, community, source, asked_at, asked_by, asked_by_name, answer_ms, answered_at, missed_at
  from duty.roll_call`;

export async function insertRollCall(
  tx: Tx,
  r: Pick<RollCall, 'community' | 'source' | 'askedAt' | 'askedBy' | 'askedByName' | 'answerMs'>,
): Promise<RollCall> {
  const { id } = await tx.one<{ id: string }>(
    `insert into duty.roll_call (community, source, asked_at, asked_by, asked_by_name, answer_ms)
     values ($1, $2, ${at(3)}, $4, $5, $6) returning id`,
    [r.community, r.source, r.askedAt, r.askedBy ?? null, r.askedByName ?? null, r.answerMs],
  );
  return { ...r, id, answeredAt: undefined, missedAt: undefined };
}

export async function openRollCall(tx: Tx, community: string): Promise<RollCall | undefined> {
  const row = await tx.maybe<RollCallRow>(
    `${ROLL_CALL} where community = $1 and answered_at is null and missed_at is null`,
    [community],
  );
  return row && rollCallOf(row);
}

/** Locked until the end of the transaction. */
export async function lockRollCall(tx: Tx, community: string, id: string): Promise<RollCall | undefined> {
  const row = await tx.maybe<RollCallRow>(`${ROLL_CALL} where id = $1 and community = $2 for update`, [id, community]);
  return row && rollCallOf(row);
}

export async function answerRollCall(
  tx: Tx,
  id: string,
  by: { readonly id: string; readonly name: string; readonly at: number },
): Promise<void> {
  await tx.run(
    `update duty.roll_call set answered_at = ${at(4)}, answered_by = $2, answered_by_name = $3 where id = $1`,
    [id, by.id, by.name, by.at],
  );
}

export async function missRollCall(tx: Tx, id: string, now: number): Promise<void> {
  await tx.run(`update duty.roll_call set missed_at = ${at(2)} where id = $1`, [id, now]);
}

export interface Handover {
  readonly id: string;
  readonly community: string;
  readonly state: 'open' | 'done' | 'withdrawn';
  readonly preparedAt: number;
  readonly preparedBy: string;
  readonly preparedByName: string;
  readonly leaving: readonly string[];
  readonly note: string;
  readonly list: HandoverList;
  readonly sha256: string;
  readonly doneAt: number | undefined;
  readonly signatures: readonly { readonly person: string; readonly name: string; readonly at: string }[];
}
interface HandoverRow {
  readonly id: string;
  readonly community: string;
  readonly state: Handover['state'];
  readonly prepared_at: Date;
  readonly prepared_by: string;
  readonly prepared_by_name: string;
  readonly leaving: readonly string[];
  readonly note: string;
  readonly list: HandoverList;
  readonly sha256: string;
  readonly done_at: Date | null;
  readonly signatures: Handover['signatures'];
}
const handoverOf = (r: HandoverRow): Handover => ({
  id: r.id,
  community: r.community,
  state: r.state,
  preparedAt: r.prepared_at.getTime(),
  preparedBy: r.prepared_by,
  preparedByName: r.prepared_by_name,
  leaving: r.leaving,
  note: r.note,
  list: r.list,
  sha256: r.sha256,
  doneAt: r.done_at?.getTime(),
  signatures: r.signatures.map((s) => ({ ...s, at: new Date(s.at).toISOString() })),
});
const HANDOVER = `select h.id, h.community, h.state, h.prepared_at, h.prepared_by, h.prepared_by_name, h.leaving, h.note,
    h.list, h.sha256, h.done_at,
    coalesce((select json_agg(json_build_object('person', person, 'name', person_name, 'at', at) order by at, person)
      from duty.handover_signature where handover = h.id), '[]') as signatures
  from duty.handover h`;

export async function insertHandover(
  tx: Tx,
  h: Omit<Handover, 'id' | 'state' | 'doneAt' | 'signatures'>,
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into duty.handover (community, state, prepared_at, prepared_by, prepared_by_name, leaving, note, list, sha256)
     values ($1, 'open', ${at(2)}, $3, $4, $5, $6, $7, $8) returning id`,
    [h.community, h.preparedAt, h.preparedBy, h.preparedByName, h.leaving, h.note, JSON.stringify(h.list), h.sha256],
  );
  return id;
}

export async function findHandover(tx: Tx, community: string, id: string): Promise<Handover | undefined> {
  const row = await tx.maybe<HandoverRow>(`${HANDOVER} where h.id = $1 and h.community = $2`, [id, community]);
  return row && handoverOf(row);
}

export async function openHandover(tx: Tx, community: string): Promise<Handover | undefined> {
  const row = await tx.maybe<HandoverRow>(`${HANDOVER} where h.community = $1 and h.state = 'open'`, [community]);
  return row && handoverOf(row);
}

export async function endHandover(tx: Tx, id: string, state: 'done' | 'withdrawn', now: number): Promise<void> {
  await tx.run(`update duty.handover set state = $2, done_at = ${at(3)} where id = $1 and state = 'open'`, [
    id,
    state,
    now,
  ]);
}

export async function insertSignature(
  tx: Tx,
  s: {
    readonly handover: string;
    readonly person: string;
    readonly name: string;
    readonly at: number;
    readonly sha256: string;
  },
): Promise<void> {
  await tx.run(
    `insert into duty.handover_signature (handover, person, person_name, at, sha256) values ($1, $2, $3, ${at(4)}, $5)`,
    [s.handover, s.person, s.name, s.at, s.sha256],
  );
}

/** What the transaction reads from here on is of one moment. Must be its first statement. */
export async function ofOneMoment(tx: Tx): Promise<void> {
  await tx.run('set transaction isolation level repeatable read');
}
