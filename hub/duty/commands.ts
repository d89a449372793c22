// Planning shifts, and what happens to duty by itself: a certificate that runs out, too few people.
import type { CommandContext, Effect } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import { certified, certifiedUntil, findUser } from '../staff/api.ts';
import type { DueTimer } from '../timers-store.ts';
import type { ShiftKind } from './contract.ts';
import { CONTROL_ROOM_CERTIFICATE, DUTY_LIMITS, DUTY_RULE } from './norms.ts';
import { deleteShift, findShift, insertShift, shiftsAt, shiftsBetween, type Shift } from './store.ts';

/** Timer kind: look at a shift at its start, and again when a certificate of one of its people runs out. */
export const SHIFT_TIMER = 'duty.shift';

const HOUR = 3_600_000;

export interface ShiftPlan {
  readonly community: string;
  readonly kind: ShiftKind;
  /** ms wall */
  readonly from: number;
  readonly to: number;
  readonly people: readonly string[];
}

/**
 * Plans a shift. Refuses `bad-request` (times, length over the rule's), `not-found` (a person), `not-qualified` (no
 * certificate for control-room duty) and `conflict` (a person is on another shift then).
 */
export async function planShift(c: CommandContext, plan: ShiftPlan): Promise<Result<Shift>> {
  const rule = (await ruleInForce(c.tx, plan.community, DUTY_RULE)).value;
  if (!(plan.to > plan.from)) return refuse('bad-request', 'to: must be after from');
  if (plan.to - plan.from > rule.shiftHoursMax * HOUR)
    return refuse('bad-request', `to: a shift lasts at most ${rule.shiftHoursMax} h`);
  if (plan.from > c.now + DUTY_LIMITS.planAheadMs) return refuse('bad-request', 'from: too far ahead');
  // Nobody makes himself qualified for what was acknowledged before.
  if (c.actor.kind === 'user' && plan.from < c.now - DUTY_LIMITS.planBackMs)
    return refuse('bad-request', 'from: is past');
  for (const id of plan.people) {
    const person = await findUser(c.tx, id);
    if (!person || !person.active || person.community !== plan.community) return refuse('not-found', `people: ${id}`);
    const needs = plan.kind === 'control-room';
    if (needs && !(await certified(c.tx, id, CONTROL_ROOM_CERTIFICATE, Math.max(plan.from, c.now))))
      return refuse('not-qualified', `people: ${person.name}`);
  }
  const others = await shiftsBetween(c.tx, plan.community, plan.from, plan.to, DUTY_LIMITS.listMax);
  const twice = plan.people.find((p) => others.some((s) => s.people.includes(p)));
  if (twice !== undefined) return refuse('conflict', `people: ${twice} is on another shift`);
  const by = c.actor.kind === 'user' ? c.actor.id : 'system';
  const shift = await insertShift(c.tx, { ...plan, by, now: c.now });
  for (const effect of await timersOf(c, shift)) c.emit(effect);
  const after = { kind: shift.kind, from: iso(shift.from), to: iso(shift.to), people: shift.people };
  c.emit({
    effect: 'audit',
    community: plan.community,
    action: 'shift.plan',
    entity: 'shift',
    entityId: shift.id,
    after,
  });
  return ok(shift);
}

const iso = (ms: number): string => new Date(ms).toISOString();
const startKey = (shift: string): string => `${SHIFT_TIMER}:${shift}:start`;
const expiryKey = (shift: string, person: string): string => `${SHIFT_TIMER}:${shift}:${person}`;

async function timersOf(c: CommandContext, shift: Shift): Promise<Effect[]> {
  if (shift.kind !== 'control-room') return [];
  const timer = (key: string, dueAt: number, person?: string): Effect => ({
    effect: 'timer',
    key,
    kind: SHIFT_TIMER,
    community: shift.community,
    dueAt,
    basis: 'calendar',
    payload: { shift: shift.id, ...(person === undefined ? {} : { person }) },
  });
  const effects = shift.from > c.now ? [timer(startKey(shift.id), shift.from)] : [];
  for (const person of shift.people) {
    const until = await certifiedUntil(c.tx, person, CONTROL_ROOM_CERTIFICATE);
    if (until !== undefined && until > shift.from && until < shift.to)
      effects.push(timer(expiryKey(shift.id, person), until, person));
  }
  return effects;
}

/** Takes a shift back. Refuses `not-found`, and `wrong-state` once it has begun: what was is history. */
export async function dropShift(c: CommandContext, community: string, id: string): Promise<Result<{ id: string }>> {
  const shift = await findShift(c.tx, community, id);
  if (!shift) return refuse('not-found', id);
  if (shift.from <= c.now) return refuse('wrong-state', 'the shift has begun');
  await deleteShift(c.tx, id);
  for (const key of [startKey(id), ...shift.people.map((p) => expiryKey(id, p))])
    c.emit({ effect: 'cancel-timer', key });
  const before = { kind: shift.kind, from: iso(shift.from), to: iso(shift.to), people: shift.people };
  c.emit({ effect: 'audit', community, action: 'shift.drop', entity: 'shift', entityId: id, before });
  return ok({ id });
}

/** How many certified people are in the control room at that moment. */
export async function qualifiedCount(
  c: Pick<CommandContext, 'tx'>,
  community: string,
  moment: number,
): Promise<number> {
  const shifts = await shiftsAt(c.tx, community, moment, DUTY_LIMITS.listMax);
  const people = new Set(shifts.flatMap((s) => (s.kind === 'control-room' ? s.people : [])));
  let count = 0;
  for (const p of people) if (await certified(c.tx, p, CONTROL_ROOM_CERTIFICATE, moment)) count++;
  return count;
}

/** A shift starts or a certificate runs out: says who is no longer qualified, and whether too few are left. */
export async function shiftTimer(c: CommandContext, timer: DueTimer): Promise<void> {
  const { shift: id, person } = timer.payload as { readonly shift: string; readonly person?: string };
  const { community } = timer;
  const shift = await findShift(c.tx, community, id);
  if (!shift || shift.to <= c.now) return;
  if (person !== undefined && !(await lost(c, shift, person, 'expired'))) return; // renewed meanwhile
  await countQualified(c, shift);
}

/** A certificate was taken back: says so if it leaves someone in the control room without one, and too few with one. */
export async function certificateRevoked(c: CommandContext, community: string, person: string): Promise<void> {
  const shifts = await shiftsAt(c.tx, community, c.now, DUTY_LIMITS.listMax);
  for (const shift of shifts)
    if (shift.kind === 'control-room' && shift.people.includes(person) && (await lost(c, shift, person, 'revoked')))
      await countQualified(c, shift);
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
