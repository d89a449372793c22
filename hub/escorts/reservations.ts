// A lift reserved for a wedding or for moving: no two at once, posted at the door, free again when its time is over.
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { liftsOf } from '../equipment/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { liftOf, personOf } from './commands.ts';
import type { NewReservation, ReservationAct, ReservationView } from './contract.ts';
import { clash, stepReservation } from './machine.ts';
import { RESERVATION_RULE } from './norms.ts';
import {
  insertReservation,
  lockLifts,
  lockReservation,
  openReservations,
  saveReservation,
  type Reservation,
} from './store.ts';
import { reservationViews } from './views.ts';

/** Timer kind: a reservation begins or ends. */
export const RESERVATION_TIMER = 'escorts.reservation';
type Turn = 'begin' | 'end';
const timerKey = (id: string, turn: Turn): string => `${RESERVATION_TIMER}:${id}:${turn}`;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function viewed(c: CommandContext, community: string, id: string): Promise<Result<ReservationView>> {
  const row = await lockReservation(c.tx, community, id);
  const [view] = row ? await reservationViews(c.tx, community, [row]) : [];
  if (!view) throw new Error(`reservation ${id} is gone`);
  return ok(view);
}

function tell(
  c: CommandContext,
  community: string,
  id: string,
  what: { readonly action: string; readonly after: unknown },
): void {
  c.emit({ effect: 'audit', community, entity: 'lift-reservation', entityId: id, ...what });
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'lift' } } });
}

/**
 * [S8] Reserves a lift. Refuses `bad-request` (times), `not-found` (lift), `conflict` (reserved then, with the time) and
 * `out-of-range` (too long, too far ahead, too few lifts left for everybody).
 */
export async function reserveLift(c: CommandContext, body: NewReservation): Promise<Result<ReservationView>> {
  const person = personOf(c);
  const { community } = person;
  const span = { from: Date.parse(body.from), until: Date.parse(body.until) };
  if (!(span.until > span.from)) return refuse('bad-request', 'until: must be after from');
  if (span.until <= c.now) return refuse('bad-request', 'until: is past');
  const rule = (await ruleInForce(c.tx, community, RESERVATION_RULE)).value;
  if (span.until - span.from > rule.hoursMax * HOUR) return refuse('out-of-range', `hours ≤ ${rule.hoursMax}`);
  if (span.from > c.now + rule.aheadDays * DAY) return refuse('out-of-range', `days ahead ≤ ${rule.aheadDays}`);
  const lift = await liftOf(c, community, body.device);
  if (!lift.ok) return lift;
  const { building } = lift.value;
  await lockLifts(c.tx, community);
  const open = await openReservations(c.tx, community);
  const others = open
    .filter((r) => r.building === (building ?? null))
    .map((r) => ({ device: r.device, from: r.from_at.getTime(), until: r.until_at.getTime() }));
  const lifts = await liftsOf(c.tx, community, building);
  const free = clash({ ...span, device: body.device }, others, { lifts: lifts.length, leave: rule.leaveLifts });
  if (!free.ok) return free;
  const id = await insertReservation(c.tx, { ...body, community, building, by: person, now: c.now });
  for (const turn of ['begin', 'end'] as const)
    c.emit({
      effect: 'timer',
      key: timerKey(id, turn),
      kind: RESERVATION_TIMER,
      community,
      dueAt: turn === 'begin' ? span.from : span.until,
      basis: 'calendar',
      payload: { reservation: id, turn },
    });
  const { device, purpose, from, until } = body;
  tell(c, community, id, { action: 'lift.reserve', after: { device, purpose, from, until } });
  return viewed(c, community, id);
}

/** Posted at the door, given back early, or cancelled. Refuses `not-found`, `wrong-state`, `note-required` (a cancel). */
export async function actOnReservation(
  c: CommandContext,
  id: string,
  act: ReservationAct,
  note = '',
): Promise<Result<ReservationView>> {
  const person = personOf(c);
  const { community } = person;
  const row = await lockReservation(c.tx, community, id);
  if (!row) return refuse('not-found', id);
  const to = stepReservation(row.state, act);
  if (!to.ok) return to;
  if (act === 'cancel' && note.trim() === '') return refuse('note-required', act);
  const now = new Date(c.now);
  const ends = act !== 'post';
  await saveReservation(c.tx, {
    ...row,
    state: to.value,
    ...(ends ? { ended_at: now, ended_by_name: person.name } : { posted_at: now, posted_by_name: person.name }),
    note: note === '' ? row.note : note,
  });
  if (ends) for (const turn of ['begin', 'end'] as const) c.emit({ effect: 'cancel-timer', key: timerKey(id, turn) });
  tell(c, community, id, { action: `lift.${act}`, after: { state: to.value, note } });
  return viewed(c, community, id);
}

/** Its time has come, or is over: it is free again by itself, and people are told. */
export async function reservationTurn(c: CommandContext, timer: DueTimer): Promise<void> {
  const { reservation: id, turn } = timer.payload as { readonly reservation: string; readonly turn: Turn };
  const { community } = timer;
  const row = await lockReservation(c.tx, community, id);
  if (!row) return;
  const to = stepReservation(row.state, turn);
  if (!to.ok) return;
  const over = turn === 'end';
  const next: Reservation = { ...row, state: to.value, ended_at: over ? new Date(c.now) : null };
  await saveReservation(c.tx, next);
  const where = row.building === null ? {} : { building: row.building };
  const payload = { reservation: id, device: row.device, purpose: row.purpose, unit: row.unit, turn, ...where };
  c.emit({ effect: 'event', event: { type: 'lift.turn', community, subject: id, payload } });
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'lift' } } });
}
