// 查岗: a question to the desk that somebody on duty answers under their own account within a time, or it is told.
// Asked by a supervisor, by the hub at random moments, and by the authority once its line is connected (`authority`).
import { randomInt } from 'node:crypto';
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import {
  answerRollCall,
  insertRollCall,
  lockDuty,
  lockRollCall,
  missRollCall,
  openRollCall,
  presentIn,
  type RollCall,
} from './attendance-store.ts';
import type { RollCallView } from './contract.ts';
import { onDutyNow } from './entries.ts';
import { ROLL_CALL_RULE } from './norms.ts';
import { keep } from './record.ts';
import { findShift, type Shift } from './store.ts';
import { randomMoments } from './watch.ts';

/** Timer kinds: a random call is to be asked; a call's time to answer is over. */
export const RANDOM_CALL_TIMER = 'duty.random-call';
export const ROLL_CALL_TIMER = 'duty.roll-call';

const answerKey = (id: string): string => `${ROLL_CALL_TIMER}:${id}`;
const STEPS = 1_000_000;
/** [0, 1), not to be guessed from outside. */
const unguessable = (): number => randomInt(STEPS) / STEPS;

export const rollCallView = (r: RollCall): RollCallView => ({
  id: r.id,
  source: r.source,
  askedAt: new Date(r.askedAt).toISOString(),
  ...(r.askedByName === undefined ? {} : { askedBy: r.askedByName }),
  answerBy: new Date(r.askedAt + r.answerMs).toISOString(),
});

/**
 * Asks the desk. Refuses `already-done` while a call is open.
 * @param answerMs the authority names its own time; otherwise the rule's
 */
export async function askRollCall(
  c: CommandContext,
  community: string,
  source: RollCall['source'],
  answerMs?: number,
): Promise<Result<RollCall>> {
  await lockDuty(c.tx, community);
  if ((await openRollCall(c.tx, community)) !== undefined) return refuse('already-done');
  const { answerSeconds } = (await ruleInForce(c.tx, community, ROLL_CALL_RULE)).value;
  const by = c.actor.kind === 'user' ? c.actor : undefined;
  const call = await insertRollCall(c.tx, {
    community,
    source,
    askedAt: c.now,
    askedBy: by?.id,
    askedByName: by?.name,
    answerMs: answerMs ?? answerSeconds * 1_000,
  });
  c.emit({
    effect: 'timer',
    key: answerKey(call.id),
    kind: ROLL_CALL_TIMER,
    community,
    dueAt: c.now + call.answerMs,
    basis: 'duration',
    payload: { call: call.id },
  });
  const present = await presentIn(c.tx, community);
  const people = present.map((a) => a.person);
  const body = { source, call: call.id, answerBy: new Date(c.now + call.answerMs).toISOString() };
  await keep(c, { community, kind: 'roll-call-asked', shift: present[0]?.shift, people, body });
  c.emit({
    effect: 'event',
    event: { type: 'duty.roll-call', community, subject: call.id, payload: { source, people } },
  });
  return ok(call);
}

/** Answers under one's own account. Refuses `not-found`, `not-on-duty`, `no-certificate`, `already-done`, `wrong-state` when it is too late. */
export async function answerCall(c: CommandContext, id: string): Promise<Result<{ id: string }>> {
  const { actor } = c;
  if (actor.kind !== 'user') throw new Error('a roll call is answered by a person');
  const { community } = actor;
  await lockDuty(c.tx, community);
  const call = await lockRollCall(c.tx, community, id);
  if (!call) return refuse('not-found', id);
  const mine = await onDutyNow(c, actor);
  if (!mine.ok) return mine;
  if (call.answeredAt !== undefined) return refuse('already-done');
  if (call.missedAt !== undefined) return refuse('wrong-state');
  await answerRollCall(c.tx, id, { id: actor.id, name: actor.name, at: c.now });
  c.emit({ effect: 'cancel-timer', key: answerKey(id) });
  const body = { source: call.source, call: id, seconds: Math.round((c.now - call.askedAt) / 1_000) };
  await keep(c, { community, kind: 'roll-call-answered', shift: mine.value.shift, body });
  return ok({ id });
}

/** Nobody answered in time: kept, and told to who asked, supervisor and manager. */
export async function rollCallTimer(c: CommandContext, timer: DueTimer): Promise<void> {
  const { call: id } = timer.payload as { readonly call: string };
  const { community } = timer;
  await lockDuty(c.tx, community);
  const call = await lockRollCall(c.tx, community, id);
  if (!call || call.answeredAt !== undefined || call.missedAt !== undefined) return;
  await missRollCall(c.tx, id, c.now);
  const present = await presentIn(c.tx, community);
  const people = present.map((a) => a.person);
  const body = { source: call.source, call: id, askedAt: new Date(call.askedAt).toISOString() };
  await keep(c, { community, kind: 'roll-call-missed', shift: present[0]?.shift, people, body });
  const names = present.map((a) => a.name);
  const payload = { source: call.source, names, ...(call.askedBy === undefined ? {} : { askedBy: call.askedBy }) };
  c.emit({ effect: 'event', event: { type: 'duty.roll-call-missed', community, subject: id, payload } });
}

/** Sets the random calls of a shift that has begun. */
export async function drawRandomCalls(c: CommandContext, shift: Shift, random = unguessable): Promise<void> {
  const { randomPerShift } = (await ruleInForce(c.tx, shift.community, ROLL_CALL_RULE)).value;
  const span = { from: Math.max(shift.from, c.now), to: shift.to };
  for (const [i, dueAt] of randomMoments(span, randomPerShift, random).entries())
    c.emit({
      effect: 'timer',
      key: `${RANDOM_CALL_TIMER}:${shift.id}:${i}`,
      kind: RANDOM_CALL_TIMER,
      community: shift.community,
      dueAt,
      basis: 'calendar',
      payload: { shift: shift.id },
    });
}

/** A random moment has come. Nothing is asked of an empty room, nor twice at once: both are told elsewhere. */
export async function randomCallTimer(c: CommandContext, timer: DueTimer): Promise<void> {
  const { shift: id } = timer.payload as { readonly shift: string };
  const shift = await findShift(c.tx, timer.community, id);
  if (!shift || shift.to <= c.now || (await presentIn(c.tx, timer.community)).length === 0) return;
  await askRollCall(c, timer.community, 'random');
}
