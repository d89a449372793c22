// The roster: planning, changing and taking back shifts, and what happens to them by themselves: a certificate that runs
// out, too few people, people who do not come.
import type { CommandContext, Effect } from '../events/api.ts';
import { ok, refuse, type Refusal, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import { certified, certifiedUntil, findUser } from '../staff/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { lookForAbsent } from './attendance.ts';
import { isAttended, lockDuty, presentIn } from './attendance-store.ts';
import type { ShiftKind } from './contract.ts';
import { CONTROL_ROOM_CERTIFICATE, DUTY_LIMITS, DUTY_RULE, WATCH_RULE } from './norms.ts';
import { drawRandomCalls } from './roll-calls.ts';
import {
  deleteShift,
  findShift,
  insertShift,
  isInControlRoom,
  shiftsAt,
  shiftsBetween,
  updateShift,
  type Shift,
} from './store.ts';
import { absentKey, expiryKey, expiryTimer, startKey, timerOf } from './shift-timers.ts';
import { isRested } from './watch.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface ShiftPlan {
  readonly community: string;
  readonly kind: ShiftKind;
  /** ms wall */
  readonly from: number;
  readonly to: number;
  readonly people: readonly string[];
}

/** @param id the shift that is changed; undefined for a new one */
async function refusalOf(c: CommandContext, plan: ShiftPlan, id?: string): Promise<Refusal | undefined> {
  const rule = (await ruleInForce(c.tx, plan.community, DUTY_RULE)).value;
  if (!(plan.to > plan.from)) return refuse('bad-request', 'to: must be after from');
  if (plan.to - plan.from > rule.shiftHoursMax * HOUR)
    return refuse('bad-request', `to: a shift lasts at most ${rule.shiftHoursMax} h`);
  if (plan.from > c.now + DUTY_LIMITS.planAheadMs) return refuse('bad-request', 'from: too far ahead');
  // Nobody makes himself qualified for what was acknowledged before.
  if (c.actor.kind === 'user' && plan.from < c.now - DUTY_LIMITS.planBackMs)
    return refuse('bad-request', 'from: is past');
  for (const person of plan.people) {
    const user = await findUser(c.tx, person);
    if (!user || !user.active || user.community !== plan.community) return refuse('not-found', `people: ${person}`);
    const needs = plan.kind === 'control-room';
    if (needs && !(await certified(c.tx, person, CONTROL_ROOM_CERTIFICATE, Math.max(plan.from, c.now))))
      return refuse('not-qualified', `people: ${user.name}`);
  }
  return clashOf(c, plan, id);
}

/** Nobody is on two shifts at once, nor on two with too little rest between. */
async function clashOf(c: CommandContext, plan: ShiftPlan, id: string | undefined): Promise<Refusal | undefined> {
  const { restHoursMin } = (await ruleInForce(c.tx, plan.community, WATCH_RULE)).value;
  const around = restHoursMin * HOUR;
  const near = await shiftsBetween(c.tx, plan.community, plan.from - around, plan.to + around, DUTY_LIMITS.listMax);
  const others = near.filter((s) => s.id !== id);
  const twice = plan.people.find((p) =>
    others.some((s) => s.people.includes(p) && s.to > plan.from && s.from < plan.to),
  );
  if (twice !== undefined) return refuse('conflict', `people: ${twice} is on another shift`);
  if (plan.kind !== 'control-room') return undefined;
  const tired = plan.people.find((p) => {
    const own = others.filter((s) => s.kind === 'control-room' && s.people.includes(p));
    return !isRested(plan, own, restHoursMin);
  });
  return tired === undefined ? undefined : refuse('too-little-rest', `people: ${tired}`);
}

/**
 * Plans a shift. Refuses `bad-request` (times, length over the rule's), `not-found` (a person), `not-qualified` (no
 * certificate for control-room duty), `conflict` (a person is on another shift then) and `too-little-rest`.
 */
export async function planShift(c: CommandContext, plan: ShiftPlan): Promise<Result<Shift>> {
  // Two plans at once must see each other: the same person would be on two shifts.
  await lockDuty(c.tx, plan.community);
  const refusal = await refusalOf(c, plan);
  if (refusal) return refusal;
  const by = c.actor.kind === 'user' ? c.actor.id : 'system';
  const shift = await insertShift(c.tx, { ...plan, by, now: c.now });
  for (const effect of await timersOf(c, shift)) c.emit(effect);
  tell(c, 'shift.plan', shift.id, { community: plan.community, after: said(shift) });
  return ok(shift);
}

/** Changes a shift that has not begun. Refuses what planning refuses, `not-found`, and `wrong-state` once it has begun. */
export async function changeShift(c: CommandContext, plan: ShiftPlan, id: string): Promise<Result<Shift>> {
  await lockDuty(c.tx, plan.community);
  const before = await findShift(c.tx, plan.community, id);
  if (!before) return refuse('not-found', id);
  if (before.from <= c.now || (await isAttended(c.tx, id))) return refuse('wrong-state', 'the shift has begun');
  const refusal = await refusalOf(c, plan, id);
  if (refusal) return refusal;
  cancelTimers(c, before);
  const shift: Shift = { ...plan, id };
  await updateShift(c.tx, shift);
  for (const effect of await timersOf(c, shift)) c.emit(effect);
  tell(c, 'shift.change', id, { community: plan.community, before: said(before), after: said(shift) });
  return ok(shift);
}

/** Takes a shift back. Refuses `not-found`, and `wrong-state` once it has begun: what was is history. */
export async function dropShift(c: CommandContext, community: string, id: string): Promise<Result<{ id: string }>> {
  await lockDuty(c.tx, community);
  const shift = await findShift(c.tx, community, id);
  if (!shift) return refuse('not-found', id);
  if (shift.from <= c.now || (await isAttended(c.tx, id))) return refuse('wrong-state', 'the shift has begun');
  await deleteShift(c.tx, id);
  cancelTimers(c, shift);
  tell(c, 'shift.drop', id, { community, before: said(shift) });
  return ok({ id });
}

const iso = (ms: number): string => new Date(ms).toISOString();
const said = ({ kind, from, to, people }: Shift) => ({ kind, from: iso(from), to: iso(to), people });

function tell(
  c: CommandContext,
  action: string,
  id: string,
  what: { readonly community: string; readonly before?: object; readonly after?: object },
): void {
  const { community } = what;
  c.emit({ effect: 'audit', action, entity: 'shift', entityId: id, ...what });
  c.emit({ effect: 'event', event: { type: 'duty.changed', community, subject: id, payload: { what: 'roster' } } });
}

function cancelTimers(c: CommandContext, shift: Shift): void {
  for (const key of [startKey(shift.id), absentKey(shift.id), ...shift.people.map((p) => expiryKey(shift.id, p))])
    c.emit({ effect: 'cancel-timer', key });
}

async function timersOf(c: CommandContext, shift: Shift): Promise<Effect[]> {
  if (shift.kind !== 'control-room') return [];
  const { community, id } = shift;
  const { takeOverGraceMinutes } = (await ruleInForce(c.tx, community, WATCH_RULE)).value;
  const absentAt = shift.from + takeOverGraceMinutes * MINUTE;
  const effects: Effect[] = [];
  if (shift.from > c.now) {
    effects.push(timerOf(community, startKey(id), shift.from, { shift: id }));
    effects.push(timerOf(community, absentKey(id), absentAt, { shift: id, absent: true }));
  }
  for (const person of shift.people) {
    const until = await certifiedUntil(c.tx, person, CONTROL_ROOM_CERTIFICATE);
    if (until !== undefined && until > shift.from && until < shift.to)
      effects.push(expiryTimer(community, id, person, until));
  }
  return effects;
}

/** How many certified people are in the control room at that moment: on duty, or rostered and not gone. */
export async function qualifiedCount(
  c: Pick<CommandContext, 'tx'>,
  community: string,
  moment: number,
): Promise<number> {
  const shifts = await shiftsAt(c.tx, community, moment, DUTY_LIMITS.listMax);
  const people = new Set(shifts.flatMap((s) => (s.kind === 'control-room' ? s.people : [])));
  for (const a of await presentIn(c.tx, community)) people.add(a.person);
  let count = 0;
  for (const p of people) {
    if (!(await isInControlRoom(c.tx, p, moment))) continue;
    if (await certified(c.tx, p, CONTROL_ROOM_CERTIFICATE, moment)) count++;
  }
  return count;
}

/** A shift starts, should have been taken over, or a certificate runs out: says who is missing or not qualified any more. */
export async function shiftTimer(c: CommandContext, timer: DueTimer): Promise<void> {
  const {
    shift: id,
    person,
    absent,
  } = timer.payload as {
    readonly shift: string;
    readonly person?: string;
    readonly absent?: boolean;
  };
  const { community } = timer;
  if (absent) return lookForAbsent(c, community, id);
  const shift = await findShift(c.tx, community, id);
  if (!shift) return;
  // Whoever stays because nobody came is looked at beyond the end of the shift too.
  const stays = person !== undefined && (await presentIn(c.tx, community)).some((a) => a.person === person);
  if (shift.to <= c.now && !stays) return;
  if (person !== undefined && !(await lost(c, shift, person, 'expired'))) return; // renewed meanwhile
  if (person === undefined) await drawRandomCalls(c, shift);
  await countQualified(c, shift);
}

/** A certificate was taken back: says so if it leaves someone in the control room without one, and too few with one. */
export async function certificateRevoked(c: CommandContext, community: string, person: string): Promise<void> {
  const shifts = await shiftsAt(c.tx, community, c.now, DUTY_LIMITS.listMax);
  const theirs = shifts.filter((s) => s.kind === 'control-room' && s.people.includes(person));
  const present = (await presentIn(c.tx, community)).find((a) => a.person === person);
  const stayed = present && (await findShift(c.tx, community, present.shift));
  if (stayed && !theirs.some((s) => s.id === stayed.id)) theirs.push(stayed);
  for (const shift of theirs) if (await lost(c, shift, person, 'revoked')) await countQualified(c, shift);
}

/** Tells of someone on a shift who is not qualified any more; false when he is. */
async function lost(
  c: CommandContext,
  { id, community }: Shift,
  person: string,
  reason: 'expired' | 'revoked',
): Promise<boolean> {
  if (await certified(c.tx, person, CONTROL_ROOM_CERTIFICATE, c.now)) return false;
  const payload = { person, shift: id, at: c.now, reason };
  c.emit({ effect: 'event', event: { type: 'duty.unqualified', community, subject: person, payload } });
  return true;
}

async function countQualified(c: CommandContext, { id, community }: Shift): Promise<void> {
  const { minimum } = (await ruleInForce(c.tx, community, DUTY_RULE)).value;
  const qualified = await qualifiedCount(c, community, c.now);
  if (qualified >= minimum) return;
  c.emit({
    effect: 'event',
    event: { type: 'duty.understaffed', community, subject: id, payload: { qualified, minimum, at: c.now } },
  });
}
