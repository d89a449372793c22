// Taking over the control room, being relieved, and what happens when nobody comes or someone stays too long.
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import { certified, certifiedUntil } from '../staff/api.ts';
import type { DueTimer } from '../timers-store.ts';
import {
  endAttendance,
  findAttendance,
  insertAttendance,
  lastEndOf,
  lockDuty,
  openHandover,
  presentIn,
  type Attendance,
} from './attendance-store.ts';
import type { TAKE_OVER } from './contract.ts';
import { startEntries, stopEntries } from './entries.ts';
import { CONTROL_ROOM_CERTIFICATE, DUTY_RULE, WATCH_RULE } from './norms.ts';
import { isForsaken, withdraw } from './open-handover.ts';
import { keep } from './record.ts';
import { expiryTimer } from './shift-timers.ts';
import { findShift, openShiftsOf } from './store.ts';
import { mayTakeOver, type TakeOver } from './watch.ts';

/** Timer kind: someone has been on duty as long as the rule allows, or should have been relieved. */
export const OVERTIME_TIMER = 'duty.overtime';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const hoursKey = (attendance: string): string => `${OVERTIME_TIMER}:${attendance}:hours`;
const reliefKey = (attendance: string): string => `${OVERTIME_TIMER}:${attendance}:relief`;

export interface Who {
  readonly id: string;
  readonly name: string;
  readonly community: string;
}

/** The person of a command. */
export function whoOf(c: CommandContext): Who {
  if (c.actor.kind !== 'user') throw new Error('duty is done by a person');
  return c.actor;
}

/** Whether this person may take over at that moment (ms wall), and for which shift. */
export async function takeOverOf(c: Pick<CommandContext, 'tx'>, who: Who, now: number): Promise<TakeOver> {
  const { value: times } = await ruleInForce(c.tx, who.community, WATCH_RULE);
  const early = times.takeOverEarlyMinutes * MINUTE;
  const shifts = await openShiftsOf(c.tx, who.id, now, now + early);
  return mayTakeOver(
    {
      now,
      shifts,
      certifiedUntil: await certifiedUntil(c.tx, who.id, CONTROL_ROOM_CERTIFICATE),
      present: (await presentIn(c.tx, who.community)).some((p) => p.person === who.id),
      lastEnd: await lastEndOf(
        c.tx,
        who.id,
        shifts.map((s) => s.id),
      ),
    },
    times,
  );
}

/** The same as screens are told, with a list that waits to be signed. */
export async function takeOverState(
  c: Pick<CommandContext, 'tx'>,
  who: Who,
  now: number,
): Promise<(typeof TAKE_OVER)[number]> {
  const may = await takeOverOf(c, who, now);
  if (!may.ok) return may.code;
  const waiting = await openHandover(c.tx, who.community);
  return waiting === undefined || (await isForsaken(c, waiting, now)) ? 'ok' : 'handover-open';
}

/**
 * [F1] The person of the command takes over. Refuses `no-certificate`, `not-rostered`, `too-little-rest`,
 * `already-done`, and `handover-open` while a list waits to be signed; one that nobody can sign or renew is withdrawn.
 */
export async function takeOver(c: CommandContext): Promise<Result<Attendance>> {
  const who = whoOf(c);
  await lockDuty(c.tx, who.community);
  const waiting = await openHandover(c.tx, who.community);
  if (waiting !== undefined) {
    const may = await takeOverOf(c, who, c.now);
    if (!may.ok) return refuse(may.code);
    if (!(await isForsaken(c, waiting, c.now))) return refuse('handover-open');
    await withdraw(c, waiting, may.shift.id);
  }
  return beginDuty(c, who, {});
}

/** Begins someone's duty. The community's duty must be locked. */
export async function beginDuty(
  c: CommandContext,
  who: Who,
  body: Readonly<Record<string, unknown>>,
): Promise<Result<Attendance>> {
  const may = await takeOverOf(c, who, c.now);
  if (!may.ok) return refuse(may.code);
  const { shift } = may;
  const first = (await presentIn(c.tx, who.community)).length === 0;
  const attendance = await insertAttendance(c.tx, {
    community: who.community,
    person: who.id,
    name: who.name,
    shift: shift.id,
    plannedEnd: shift.to,
    takenAt: c.now,
  });
  await setOvertime(c, attendance);
  const until = await certifiedUntil(c.tx, who.id, CONTROL_ROOM_CERTIFICATE);
  if (until !== undefined) c.emit(expiryTimer(who.community, shift.id, who.id, until));
  await keep(c, { community: who.community, kind: 'taken-over', shift: shift.id, body });
  if (first) await startEntries(c, who.community);
  return ok(attendance);
}

async function setOvertime(c: CommandContext, a: Attendance): Promise<void> {
  const { shiftHoursMax } = (await ruleInForce(c.tx, a.community, DUTY_RULE)).value;
  const { takeOverGraceMinutes } = (await ruleInForce(c.tx, a.community, WATCH_RULE)).value;
  const timer = { effect: 'timer', kind: OVERTIME_TIMER, community: a.community } as const;
  const payload = { attendance: a.id };
  c.emit({
    ...timer,
    key: hoursKey(a.id),
    dueAt: a.takenAt + shiftHoursMax * HOUR,
    basis: 'duration',
    payload: { ...payload, reason: 'over-hours' },
  });
  c.emit({
    ...timer,
    key: reliefKey(a.id),
    dueAt: a.plannedEnd + takeOverGraceMinutes * MINUTE,
    basis: 'calendar',
    payload: { ...payload, reason: 'not-relieved' },
  });
}

/** Ends the duty of these people; says so when too few are left, or nobody. The community's duty must be locked. */
export async function endDuty(
  c: CommandContext,
  community: string,
  leaving: readonly Attendance[],
  end: { readonly kind: 'released' | 'relieved'; readonly body: Readonly<Record<string, unknown>> },
): Promise<void> {
  const by = whoOf(c).id;
  const reason = end.kind === 'released' ? 'handed-over' : 'relieved';
  await endAttendance(
    c.tx,
    leaving.map((a) => a.id),
    { at: c.now, by, reason },
  );
  for (const a of leaving) {
    for (const key of [hoursKey(a.id), reliefKey(a.id)]) c.emit({ effect: 'cancel-timer', key });
    const body = { ...end.body, name: a.name, since: new Date(a.takenAt).toISOString() };
    await keep(c, { community, kind: end.kind, shift: a.shift, people: [a.person], body });
  }
  if ((await presentIn(c.tx, community)).length > 0) return;
  stopEntries(c, community);
  await tellUnstaffed(c, community, { shift: leaving[0]?.shift, missing: [] });
}

/**
 * A supervisor ends someone's duty without a hand-over, as when they fell ill; the reason stays on record.
 * Refuses `not-found`, `already-done`.
 */
export async function relieve(
  c: CommandContext,
  community: string,
  id: string,
  reason: string,
): Promise<Result<{ id: string }>> {
  await lockDuty(c.tx, community);
  const attendance = await findAttendance(c.tx, community, id);
  if (!attendance) return refuse('not-found', id);
  if (attendance.endedAt !== undefined) return refuse('already-done');
  await endDuty(c, community, [attendance], { kind: 'relieved', body: { reason } });
  return ok({ id });
}

/** [F1] Eight hours are over, or the shift ended and nobody has relieved them: the shift goes on, and it is told. */
export async function overtimeTimer(c: CommandContext, timer: DueTimer): Promise<void> {
  const { community } = timer;
  const { attendance: id, reason } = timer.payload as {
    readonly attendance: string;
    readonly reason: 'over-hours' | 'not-relieved';
  };
  const a = await findAttendance(c.tx, community, id);
  if (!a || a.endedAt !== undefined) return;
  // Rostered on at once: the next shift is theirs, and the eight hours are told by themselves.
  if (reason === 'not-relieved' && (await openShiftsOf(c.tx, a.person, c.now, c.now)).some((s) => s.id !== a.shift))
    return;
  const since = new Date(a.takenAt).toISOString();
  await keep(c, { community, kind: reason, shift: a.shift, people: [a.person], body: { name: a.name, since } });
  const payload = { person: a.person, name: a.name, since: a.takenAt, reason };
  c.emit({ effect: 'event', event: { type: 'duty.overtime', community, subject: a.id, payload } });
}

/** [F1] A shift began some time ago: tells who has not come, when too few have. */
export async function lookForAbsent(c: CommandContext, community: string, id: string): Promise<void> {
  const shift = await findShift(c.tx, community, id);
  if (!shift || shift.to <= c.now) return;
  const present = (await presentIn(c.tx, community)).map((a) => a.person);
  const { minimum } = (await ruleInForce(c.tx, community, DUTY_RULE)).value;
  let fit = 0;
  for (const p of present) if (await certified(c.tx, p, CONTROL_ROOM_CERTIFICATE, c.now)) fit++;
  if (fit >= minimum) return;
  await tellUnstaffed(c, community, { shift: id, missing: shift.people.filter((p) => !present.includes(p)) });
}

async function tellUnstaffed(
  c: CommandContext,
  community: string,
  of: { readonly shift: string | undefined; readonly missing: readonly string[] },
): Promise<void> {
  const present = (await presentIn(c.tx, community)).length;
  const { minimum } = (await ruleInForce(c.tx, community, DUTY_RULE)).value;
  const body = { present, minimum };
  await keep(c, { community, kind: 'unstaffed', shift: of.shift, people: of.missing, body });
  const payload = { present, minimum, at: c.now };
  c.emit({ effect: 'event', event: { type: 'duty.unstaffed', community, subject: of.shift ?? community, payload } });
}
