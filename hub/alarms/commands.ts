// What people do to alarms: acknowledge, verdict, close, shelve, out of service. Each is an act of its own with actor
// and time, audited. (Silencing a buzzer is the screen's own affair.)
import type { Static } from 'typebox';
import { ok, refuse, type Refusal, type Result } from '../errors.ts';
import type { Actor, CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { AlarmChanges, type ChangePorts } from './changes.ts';
import type {
  AckManyAnswer,
  AckManyBody,
  ACK_OUTCOMES,
  AlarmView,
  ServiceBody,
  ShelveBody,
  VerdictBody,
} from './contract.ts';
import { canHide, type AlarmEvent } from './machine.ts';
import { factOf, viewOf, type Act, type AlarmRow } from './row.ts';
import { LIFECYCLE } from './rules.ts';
import { isReport } from './reports.ts';
import { findAlarm, lockAlarm, lockAlarms, lockAlarmsOf, type Stored } from './store.ts';

export const UNSHELVE_TIMER = 'alarm-unshelve';
const shelveKey = (id: string): string => `${UNSHELVE_TIMER}:${id}`;

export interface AlarmPorts extends ChangePorts {
  /** The point or signal is gone from its gateway's configuration, so that nothing can clear the alarm. */
  readonly orphaned: (device: string, point: string, signal: string) => boolean;
  readonly judgeTogether: JudgeTogether;
}

/** A verdict on a fire alarm, before it is written. */
export interface VerdictOn {
  readonly row: AlarmRow;
  readonly body: Static<typeof VerdictBody>;
}

/**
 * A verdict on a fire alarm is the finding of its incident: one act. Takes what it means for the procedure and answers
 * which alarms are judged together, the one it was given on among them. Runs before any alarm is locked.
 */
export type JudgeTogether = (c: CommandContext, on: VerdictOn) => Promise<Result<readonly string[]>>;

type AckOutcome = (typeof ACK_OUTCOMES)[number];
type SeenAlarm = Static<typeof AckManyBody>['items'][number];
type Person = Extract<Actor, { kind: 'user' }>;

const iso = (ms: number): string => new Date(ms).toISOString();
export const actOf = (actor: Actor, now: number): Act => ({
  by: actor.id,
  name: actor.kind === 'user' ? actor.name : actor.id,
  at: iso(now),
});

/** One step of one alarm by a person or timer, written with its audit entry. */
async function act(
  c: CommandContext,
  ports: ChangePorts,
  of: {
    readonly stored: Stored;
    readonly event: AlarmEvent;
    readonly action: string;
    readonly note?: string | undefined;
    readonly more?: Partial<AlarmRow>;
  },
): Promise<Result<AlarmView>> {
  const { row, workOrder } = of.stored;
  const changes = new AlarmChanges(c.now);
  changes.hold(row);
  const rules = (await ruleInForce(c.tx, row.community, LIFECYCLE)).value;
  const by = { actor: c.actor, at: c.now, rules, ...(of.note === undefined ? {} : { note: of.note }) };
  const done = changes.step(row.id, of.event, by, of.more);
  if (!done.ok) return whoWas(done, row);
  await changes.write(c.tx, ports);
  const after = changes.row(row.id);
  audit(c, of.action, row, after, of.note);
  return ok(viewOf(after, workOrder));
}

function audit(c: CommandContext, action: string, before: AlarmRow, after: AlarmRow, note?: string): void {
  c.emit({
    effect: 'audit',
    community: before.community,
    action,
    entity: 'alarm',
    entityId: before.id,
    before: { state: before.state },
    after: { state: after.state, ...(note === undefined ? {} : { note }) },
  });
}

/** Who did it already, and when. */
function whoWas(refusal: Refusal, row: AlarmRow): Refusal {
  const done = refusal.code === 'already-done' ? (row.acked ?? row.closed ?? row.shelved) : null;
  return done ? refuse('already-done', `${done.name} ${done.at}`) : refusal;
}

async function lock(c: CommandContext, actor: Person, id: string): Promise<Stored | undefined> {
  return lockAlarm(c.tx, actor.community, id);
}

const person = (c: CommandContext): Person => {
  if (c.actor.kind !== 'user') throw new Error('an act on an alarm needs a person');
  return c.actor;
};

/**
 * Refuses `not-qualified`, `already-done` (naming who and when), `wrong-state`.
 * @param qualified on a valid shift with a valid certificate at this moment
 */
export async function acknowledge(
  c: CommandContext,
  ports: AlarmPorts,
  of: { readonly id: string; readonly note?: string | undefined; readonly qualified: boolean },
): Promise<Result<AlarmView>> {
  const who = person(c);
  if (!of.qualified) return refuse('not-qualified');
  const stored = await lock(c, who, of.id);
  if (!stored) return refuse('not-found');
  const acked = { ...actOf(who, c.now), ...(of.note === undefined ? {} : { note: of.note }) };
  const { note } = of;
  return act(c, ports, { stored, event: { type: 'ack' }, action: 'alarm.acknowledged', note, more: { acked } });
}

/**
 * Acknowledges many, each judged alone and with its own act and time; what can't be is answered for and keeps none of
 * the others back. One transaction: the rows are locked in one order and written by one statement.
 * Refuses `not-qualified`: that is of the person, not of an alarm.
 */
export async function acknowledgeMany(
  c: CommandContext,
  ports: AlarmPorts,
  of: { readonly body: Static<typeof AckManyBody>; readonly qualified: boolean },
): Promise<Result<AckManyAnswer>> {
  const who = person(c);
  if (!of.qualified) return refuse('not-qualified');
  const { items, note } = of.body;
  const rules = (await ruleInForce(c.tx, who.community, LIFECYCLE)).value;
  const ids = items.map((item) => item.id);
  const known = new Map((await lockAlarmsOf(c.tx, who.community, ids)).map((s) => [s.row.id, s]));
  const acked = { ...actOf(who, c.now), ...(note === undefined ? {} : { note }) };
  const by = { actor: who, at: c.now, rules, ...(note === undefined ? {} : { note }) };
  const changes = new AlarmChanges(c.now);
  const outcomes = new Map<string, AckOutcome>();
  for (const item of items) {
    const { id } = item;
    const row = known.get(id)?.row;
    if (outcomes.has(id)) continue;
    const kept = row === undefined ? 'gone' : notNow(row, item);
    if (row === undefined || kept !== undefined) {
      outcomes.set(id, kept ?? 'gone');
      continue;
    }
    changes.hold(row);
    const done = changes.step(id, { type: 'ack' }, by, { acked });
    if (done.ok) audit(c, 'alarm.acknowledged', row, done.value, note);
    outcomes.set(id, done.ok ? 'acknowledged' : 'changed');
  }
  await changes.write(c.tx, ports);
  return ok({
    items: [...outcomes].map(([id, outcome]) => {
      const stored = known.get(id);
      const alarm = stored && viewOf(changes.has(id) ? changes.row(id) : stored.row, stored.workOrder);
      return { id, outcome, ...(alarm === undefined ? {} : { alarm }) };
    }),
  });
}

/** Why an alarm is not acknowledged among many; undefined where it may be. */
function notNow(row: AlarmRow, { seq, recurrences }: SeenAlarm): AckOutcome | undefined {
  if (row.state === 'normal') return 'gone';
  if (row.state === 'acked-active' || row.state === 'latched-acked') return 'already';
  if (!canHide(row.class)) return 'singly';
  const same = recurrences === undefined ? row.seq === seq : row.recurrences === recurrences;
  return same ? undefined : 'changed';
}

/**
 * Real, false or test, with a note; a later verdict corrects an earlier one, and the journal keeps both. What people
 * reported is cleared by the finding that there was nothing. Refuses what `judgeTogether` refuses.
 */
export async function giveVerdict(
  c: CommandContext,
  ports: AlarmPorts,
  id: string,
  body: Static<typeof VerdictBody>,
): Promise<Result<AlarmView>> {
  const who = person(c);
  const seen = await findAlarm(c.tx, who.community, id);
  if (!seen) return refuse('not-found');
  const together = seen.row.class === 'FIRE' ? await ports.judgeTogether(c, { row: seen.row, body }) : ok([id]);
  if (!together.ok) return together;
  const stored = await lockAlarmsOf(c.tx, who.community, together.value);
  const rules = (await ruleInForce(c.tx, who.community, LIFECYCLE)).value;
  const changes = new AlarmChanges(c.now);
  const by = { actor: who, at: c.now, note: body.note };
  for (const { row } of stored) {
    changes.hold(row);
    judge(changes, row, body, actOf(who, c.now));
    changes.act(row.id, `verdict-${body.verdict}`, by);
    if (isReport(row) && row.active && body.verdict !== 'real')
      changes.step(row.id, { type: 'clear', at: c.now }, { ...by, rules }, { condition: 'false' });
    const payload = { ...factOf(changes.row(row.id), c.now), verdict: body.verdict, note: body.note };
    changes.event({ type: 'alarm.verdict', community: row.community, subject: row.id, payload });
  }
  await changes.write(c.tx, ports);
  for (const { row } of stored) audit(c, 'alarm.verdict', row, changes.row(row.id), `${body.verdict}: ${body.note}`);
  return ok(viewOf(changes.row(id), seen.workOrder));
}

function judge(changes: AlarmChanges, row: AlarmRow, body: Static<typeof VerdictBody>, act: Act): void {
  changes.patch(row.id, { verdict: { ...act, verdict: body.verdict, note: body.note } });
}

/** Lets go what was latched until a person says so. Refuses `still-active` unless the point is gone. */
export async function closeAlarm(
  c: CommandContext,
  ports: AlarmPorts,
  id: string,
  note: string,
): Promise<Result<AlarmView>> {
  const who = person(c);
  const stored = await lock(c, who, id);
  if (!stored) return refuse('not-found');
  const { device, point, signal } = stored.row;
  const event = { type: 'close', orphaned: ports.orphaned(device, point, signal) } as const;
  const closed = { ...actOf(who, c.now), note };
  return act(c, ports, { stored, event, action: 'alarm.closed', note, more: { closed } });
}

/** Refuses `never-shelved` for FIRE and ENTRAPMENT, `out-of-range` beyond the longest time. */
export async function shelve(
  c: CommandContext,
  ports: AlarmPorts,
  id: string,
  body: Static<typeof ShelveBody>,
): Promise<Result<AlarmView>> {
  const who = person(c);
  const stored = await lock(c, who, id);
  if (!stored) return refuse('not-found');
  if (!canHide(stored.row.class)) return refuse('never-shelved');
  const { value: rules } = await ruleInForce(c.tx, who.community, LIFECYCLE);
  if (body.minutes > rules.shelveMinutesMax) return refuse('out-of-range', `minutes ≤ ${rules.shelveMinutesMax}`);
  const until = c.now + body.minutes * 60_000;
  const shelved = { ...actOf(who, c.now), until: iso(until), reason: body.reason };
  const note = body.reason;
  const done = await act(c, ports, {
    stored,
    event: { type: 'shelve' },
    action: 'alarm.shelved',
    note,
    more: { shelved },
  });
  if (!done.ok) return done;
  const { community } = who;
  const fact = { ...factOf(stored.row, c.now), until, reason: body.reason };
  c.emit({ effect: 'event', event: { type: 'alarm.shelved', community, subject: id, payload: fact } });
  c.emit({
    effect: 'timer',
    key: shelveKey(id),
    kind: UNSHELVE_TIMER,
    community,
    dueAt: until,
    basis: 'duration',
    payload: { alarm: id },
  });
  return done;
}

/** Brings a shelved alarm back before its time. */
export async function unshelve(c: CommandContext, ports: AlarmPorts, id: string): Promise<Result<AlarmView>> {
  const stored = await lock(c, person(c), id);
  if (!stored) return refuse('not-found');
  c.emit({ effect: 'cancel-timer', key: shelveKey(id) });
  return act(c, ports, { stored, event: { type: 'unshelve' }, action: 'alarm.unshelved', more: { shelved: null } });
}

/** The time of shelving is over: it returns by itself. An alarm that is not shelved any more is left alone. */
export async function returnShelved(c: CommandContext, ports: ChangePorts, id: string): Promise<void> {
  const [row] = await lockAlarms(c.tx, [id]);
  if (row?.state !== 'shelved') return;
  const stored = { row, workOrder: null };
  await act(c, ports, { stored, event: { type: 'unshelve' }, action: 'alarm.unshelved', more: { shelved: null } });
}

/** Out of service, and back: without a time of its own, so only for those who answer for the plant. */
export async function setService(
  c: CommandContext,
  ports: AlarmPorts,
  id: string,
  body: Static<typeof ServiceBody>,
): Promise<Result<AlarmView>> {
  const stored = await lock(c, person(c), id);
  if (!stored) return refuse('not-found');
  const event = { type: body.inService ? 'restore' : 'remove' } as const;
  const action = body.inService ? 'alarm.in-service' : 'alarm.out-of-service';
  return act(c, ports, { stored, event, action, note: body.reason });
}
