// The clocks of an order in words: how much is left, met or missed, standing still while a wait is approved.
import type { OrderView } from '../../../hub/work-orders/contract.ts';

export type Clock = OrderView['clocks'][number];
export type ClockStatus = 'met' | 'met-late' | 'running' | 'late' | 'paused';

export interface ClockReading {
  readonly status: ClockStatus;
  /** running and paused: left; late and met-late: over; met: how long it took since `from`. ms */
  readonly ms: number;
  /** Share of the time that is used up, 0…1. */
  readonly used: number;
}

/** @param from when the clock began to run (the order was opened), ms */
export function readClock(clock: Clock, from: number, now: number): ClockReading {
  const due = Date.parse(clock.dueAt);
  const at = clock.doneAt ? Date.parse(clock.doneAt) : clock.pausedSince ? Date.parse(clock.pausedSince) : now;
  const used = due > from ? Math.min(1, Math.max(0, (at - from) / (due - from))) : 1;
  if (clock.doneAt) {
    const late = clock.breachedAt !== undefined || at > due;
    return { status: late ? 'met-late' : 'met', ms: late ? Math.max(0, at - due) : at - from, used };
  }
  if (clock.breachedAt || at > due) return { status: 'late', ms: Math.max(0, at - due), used: 1 };
  return { status: clock.pausedSince ? 'paused' : 'running', ms: due - at, used };
}

/** The clock that presses most: a late one first, else the one with least time left; null when none runs. */
export function pressing(
  order: Pick<OrderView, 'clocks' | 'openedAt'>,
  now: number,
): { readonly clock: Clock; readonly reading: ClockReading } | null {
  const from = Date.parse(order.openedAt);
  const running = order.clocks
    .map((clock) => ({ clock, reading: readClock(clock, from, now) }))
    .filter(({ reading }) => reading.status === 'running' || reading.status === 'late' || reading.status === 'paused');
  const urgency = (r: ClockReading): number => (r.status === 'late' ? -r.ms : r.ms);
  return running.sort((a, b) => urgency(a.reading) - urgency(b.reading))[0] ?? null;
}
