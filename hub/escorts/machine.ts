// An escort from the call to leaving, the lift that a person holds for it, and a reservation of a lift. Pure.
import { ok, refuse, type Result } from '../errors.ts';
import type { EscortAct, EscortState, ReservationAct, ReservationState } from './contract.ts';

type Move = Extract<EscortAct, 'gate-ready' | 'at-gate' | 'at-building' | 'left' | 'cancel'>;
/** A step may be skipped (nobody keeps a stretcher waiting for a button), none goes back. */
const ORDER: readonly EscortState[] = ['called', 'gate-ready', 'at-gate', 'at-building', 'left'];
const isOver = (state: EscortState): boolean => state === 'left' || state === 'cancelled';

export interface LiftStanding {
  readonly asked: boolean;
  readonly held: boolean;
  readonly released: boolean;
}
export interface Escorted {
  readonly state: EscortState;
  readonly lift: LiftStanding;
}

/**
 * What an act makes of an escort. Refuses `already-done` (over, or that step is behind), `note-required` (a cancel says
 * why) and `wrong-state` (a lift that nobody asked for, or that is held or released already).
 */
export function stepEscort(e: Escorted, act: EscortAct, note = ''): Result<Escorted> {
  const { lift } = e;
  switch (act) {
    case 'ask-lift':
      if (isOver(e.state)) return refuse('already-done', e.state);
      return lift.asked && !lift.released ? refuse('wrong-state', act) : ok({ ...e, lift: { ...FREE, asked: true } });
    case 'hold-lift':
      if (isOver(e.state)) return refuse('already-done', e.state);
      return lift.asked && !lift.held ? ok({ ...e, lift: { ...lift, held: true } }) : refuse('wrong-state', act);
    case 'release-lift':
      // Also after they left: a lift that is held is always given back.
      return lift.asked && !lift.released
        ? ok({ ...e, lift: { ...lift, released: true } })
        : refuse('wrong-state', act);
    default:
      return moved(e, act, note);
  }
}
const FREE: LiftStanding = { asked: false, held: false, released: false };

function moved(e: Escorted, act: Move, note: string): Result<Escorted> {
  if (isOver(e.state)) return refuse('already-done', e.state);
  if (act === 'cancel')
    return note.trim() === '' ? refuse('note-required', 'cancel') : ok({ ...e, state: 'cancelled' });
  return ORDER.indexOf(act) > ORDER.indexOf(e.state) ? ok({ ...e, state: act }) : refuse('already-done', act);
}

const RESERVED: Readonly<
  Record<ReservationState, Partial<Record<ReservationAct | 'begin' | 'end', ReservationState>>>
> = {
  reserved: { begin: 'active', end: 'released', post: 'reserved', cancel: 'cancelled' },
  active: { end: 'released', post: 'active', release: 'released' },
  released: {},
  cancelled: {},
};
/** Refuses `wrong-state`. */
export function stepReservation(
  state: ReservationState,
  event: ReservationAct | 'begin' | 'end',
): Result<ReservationState> {
  const to = RESERVED[state][event];
  return to === undefined ? refuse('wrong-state', `${state}: ${event}`) : ok(to);
}

export interface Span {
  readonly from: number;
  readonly until: number;
}
export const overlap = (a: Span, b: Span): boolean => a.from < b.until && b.from < a.until;

/**
 * Why a lift cannot be reserved so (`conflict` with the time of the other, `out-of-range`), or nothing.
 * @param others reservations that are not over, of every lift of the building
 */
export function clash(
  wish: Span & { readonly device: string },
  others: readonly (Span & { readonly device: string })[],
  building: { readonly lifts: number; readonly leave: number },
): Result<null> {
  const then = others.filter((o) => overlap(o, wish));
  const same = then.find((o) => o.device === wish.device);
  if (same) return refuse('conflict', `${new Date(same.from).toISOString()} – ${new Date(same.until).toISOString()}`);
  const taken = new Set(then.map((o) => o.device)).size + 1;
  if (building.lifts > 1 && building.lifts - taken < building.leave)
    return refuse('out-of-range', `lifts left < ${building.leave}`);
  return ok(null);
}
