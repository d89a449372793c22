// An ambulance or a fire engine is expected, led in and out, and a lift is held for it by a person; each act with its time.
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext, EventPayloads } from '../events/api.ts';
import { findDevice, liftsOf } from '../equipment/api.ts';
import { listBuildings } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import type { EscortActBody, EscortView, NewEscort } from './contract.ts';
import { stepEscort, type Escorted } from './machine.ts';
import { ESCORT_RULE } from './norms.ts';
import { findEscort, insertAct, insertEscort, lockEscort, saveEscort, type Escort } from './store.ts';
import { escortViews } from './views.ts';

/** Timer kind: the gate has not answered, or nobody has come. */
export const ESCORT_TIMER = 'escorts.late';
type Late = 'gate' | 'arrive';
const timerKey = (id: string, what: Late): string => `${ESCORT_TIMER}:${id}:${what}`;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

type Person = Extract<CommandContext['actor'], { kind: 'user' }>;
export function personOf(c: CommandContext): Person {
  if (c.actor.kind !== 'user') throw new Error('escorts and lifts are the work of people');
  return c.actor;
}

const factOf = (e: Escort): EventPayloads['escort.called'] => ({
  escort: e.id,
  service: e.service,
  number: e.number,
  reason: e.reason,
  ...(e.building === null ? {} : { building: e.building }),
  ...(e.floor === null ? {} : { floor: e.floor }),
  ...(e.place === '' ? {} : { place: e.place }),
});

function tell(c: CommandContext, e: Pick<Escort, 'community' | 'id'>, action: string, after: unknown): void {
  const { community, id } = e;
  c.emit({ effect: 'audit', community, action, entity: 'escort', entityId: id, after });
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'escort' } } });
}

const clock = (e: Pick<Escort, 'community' | 'id'>, what: Late, dueAt: number, round: number) =>
  ({
    effect: 'timer',
    key: timerKey(e.id, what),
    kind: ESCORT_TIMER,
    community: e.community,
    dueAt,
    basis: 'duration',
    payload: { escort: e.id, what, round },
  }) as const;

async function viewed(c: CommandContext, community: string, id: string): Promise<Result<EscortView>> {
  const row = await findEscort(c.tx, community, id);
  const [view] = row ? await escortViews(c.tx, community, [row]) : [];
  if (!view) throw new Error(`escort ${id} is gone`);
  return ok(view);
}

/** A lift of this community. Refuses `not-found`. */
export async function liftOf(
  c: Pick<CommandContext, 'tx'>,
  community: string,
  id: string,
): Promise<Result<{ readonly building: string | undefined }>> {
  const device = await findDevice(c.tx, community, id);
  const building = device?.building ?? undefined;
  const lifts = device?.kind === 'elevator' ? await liftsOf(c.tx, community, building) : [];
  return lifts.includes(id) ? ok({ building }) : refuse('not-found', `lift: ${id}`);
}

/**
 * [S8] Somebody called for help from outside: the gate is paged and the clocks run. Refuses `bad-request` (a service that
 * the rule does not have) and `not-found` (building, lift).
 */
export async function callEscort(c: CommandContext, body: NewEscort): Promise<Result<EscortView>> {
  const person = personOf(c);
  const { community } = person;
  const rule = await ruleInForce(c.tx, community, ESCORT_RULE);
  const service = rule.value.services.find((s) => s.id === body.service);
  if (!service) return refuse('bad-request', `service: ${body.service}`);
  const { lift, ...rest } = body;
  if (body.building !== undefined && !(await listBuildings(c.tx, community)).some((b) => b.id === body.building))
    return refuse('not-found', `building: ${body.building}`);
  const known = lift === undefined ? undefined : await liftOf(c, community, lift);
  if (known && !known.ok) return known;
  const { gateSeconds, arriveMinutes } = rule.value;
  const [gateMs, arriveMs] = [gateSeconds * SECOND, arriveMinutes * MINUTE];
  const base = { ...rest, community, number: service.number, by: person, now: c.now, gateMs, arriveMs };
  const id = await insertEscort(c.tx, { ...base, version: rule.version });
  c.emit(clock({ community, id }, 'gate', c.now + gateMs, 1));
  c.emit(clock({ community, id }, 'arrive', c.now + arriveMs, 1));
  const row = await findEscort(c.tx, community, id);
  if (!row) throw new Error(`escort ${id} is gone`);
  tell(c, row, 'escort.call', { service: body.service, number: service.number, rule: rule.version });
  c.emit({ effect: 'event', event: { type: 'escort.called', community, subject: id, payload: factOf(row) } });
  return lift === undefined ? viewed(c, community, id) : actOnEscort(c, id, { act: 'ask-lift', lift });
}

const standing = (e: Escort): Escorted => ({
  state: e.state,
  lift: { asked: e.lift_asked_at !== null, held: e.lift_held_at !== null, released: e.lift_released_at !== null },
});

/**
 * Somebody says what happened: the way is open, they are at the gate, at the building, gone; a lift is asked for, held by
 * a person, given back. Refuses what `stepEscort` refuses, and `not-found`.
 */
export async function actOnEscort(c: CommandContext, id: string, body: EscortActBody): Promise<Result<EscortView>> {
  const person = personOf(c);
  const { community } = person;
  const row = await lockEscort(c.tx, community, id);
  if (!row) return refuse('not-found', id);
  const to = stepEscort(standing(row), body.act, body.note);
  if (!to.ok) return to;
  const next = await after(c, row, body, to.value);
  if (!next.ok) return next;
  await saveEscort(c.tx, next.value);
  const leads = body.act === 'at-gate' || body.act === 'left';
  const escortedBy = (body.escortedBy ?? '') === '' && leads ? person.name : (body.escortedBy ?? '');
  await insertAct(c.tx, id, { act: body.act, by: person, now: c.now, escortedBy, note: body.note ?? '' });
  endClocks(c, next.value);
  tell(c, row, `escort.${body.act}`, { state: next.value.state, lift: next.value.lift });
  if (body.act === 'ask-lift') {
    const payload = { ...factOf(row), lift: next.value.lift ?? '' };
    c.emit({ effect: 'event', event: { type: 'escort.lift-asked', community, subject: id, payload } });
  }
  return viewed(c, community, id);
}

async function after(c: CommandContext, row: Escort, body: EscortActBody, to: Escorted): Promise<Result<Escort>> {
  const now = new Date(c.now);
  const ended = to.state === 'left' || to.state === 'cancelled' ? (row.ended_at ?? now) : null;
  const next = { ...row, state: to.state, ended_at: ended };
  switch (body.act) {
    case 'ask-lift': {
      if (body.lift === undefined) return refuse('bad-request', 'lift');
      const known = await liftOf(c, row.community, body.lift);
      if (!known.ok) return known;
      const fresh = { lift_held_at: null, lift_held_by_name: null, lift_released_at: null };
      return ok({ ...next, ...fresh, lift: body.lift, lift_asked_at: now });
    }
    case 'hold-lift':
      return ok({ ...next, lift_held_at: now, lift_held_by_name: personOf(c).name });
    case 'release-lift':
      return ok({ ...next, lift_released_at: now });
    default:
      return ok(next);
  }
}

function endClocks(c: CommandContext, e: Escort): void {
  if (e.state !== 'called') c.emit({ effect: 'cancel-timer', key: timerKey(e.id, 'gate') });
  if (e.state !== 'called' && e.state !== 'gate-ready')
    c.emit({ effect: 'cancel-timer', key: timerKey(e.id, 'arrive') });
}

/** The gate has not said that the way is open, or nobody has come: told, and again until it is done. */
export async function escortLate(c: CommandContext, timer: DueTimer): Promise<void> {
  const {
    escort: id,
    what,
    round,
  } = timer.payload as {
    readonly escort: string;
    readonly what: Late;
    readonly round: number;
  };
  const { community } = timer;
  const row = await lockEscort(c.tx, community, id);
  const waits = row && (row.state === 'called' || (what === 'arrive' && row.state === 'gate-ready'));
  if (!row || !waits) return;
  const now = new Date(c.now);
  await saveEscort(c.tx, {
    ...row,
    ...(what === 'gate' ? { gate_late_at: row.gate_late_at ?? now } : { arrive_late_at: row.arrive_late_at ?? now }),
  });
  const payload = { ...factOf(row), what, round };
  c.emit({ effect: 'event', event: { type: 'escort.late', community, subject: id, payload } });
  const { againSeconds } = (await ruleInForce(c.tx, community, ESCORT_RULE)).value;
  c.emit(clock(row, what, c.now + againSeconds * SECOND, round + 1));
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'escort' } } });
}
