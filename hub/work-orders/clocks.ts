// The clocks of an order: when each is due, what pauses it, when it is breached. Pure; all times are ms wall.
import type { Effect } from '../events/api.ts';
import { CLOCK_NAMES, type ClockChange, type ClockName } from './machine.ts';
import type { DutyNorm } from './norms.ts';

export interface Clock {
  readonly clock: ClockName;
  readonly dueAt: number;
  readonly doneAt?: number;
  /** First time it ran out in this round; kept when it is met later. */
  readonly breachedAt?: number;
  readonly pausedMs: number;
  readonly pausedSince?: number;
  /** The longest the present pause may last, ms: afterwards the clock runs out as if it had not been paused longer. */
  readonly pauseMax?: number;
  /** Stopped without having been met (cancelled). */
  readonly stopped: boolean;
  /** Rises when the order is reopened: a timer of an earlier round has nothing to say. */
  readonly round: number;
}

export const CLOCK_TIMER = 'work-order.clock';
export const clockTimerKey = (order: string, clock: ClockName): string => `${CLOCK_TIMER}:${order}:${clock}`;

const limitOf = (norm: DutyNorm, clock: ClockName): number | undefined =>
  clock === 'contractor-called' ? norm.contractorCalled : norm[clock];

/** The clocks that this norm runs, started at `from`. */
export function startClocks(norm: DutyNorm, from: number, round = 0): Clock[] {
  return CLOCK_NAMES.flatMap((clock) => {
    const limit = limitOf(norm, clock);
    return limit === undefined ? [] : [{ clock, dueAt: from + limit, pausedMs: 0, stopped: false, round }];
  });
}

/** True while the clock can still run out. */
export const running = (clock: Clock): boolean =>
  clock.doneAt === undefined && clock.breachedAt === undefined && !clock.stopped;

/** When the running clock runs out if nothing more happens: a pause counts only up to its longest. */
export const runsOutAt = (clock: Clock): number =>
  clock.pausedSince === undefined ? clock.dueAt : clock.dueAt + (clock.pauseMax ?? 0);

export interface ChangeContext {
  readonly norm: DutyNorm;
  /** When it happened on site (the phone's time, bounded), ms. */
  readonly at: number;
  /** Longest pause for the wait that begins, ms; 0: this wait pauses nothing. */
  readonly pauseMax: number;
}

/** Applies what an act did to the clocks. */
export function changeClocks(clocks: readonly Clock[], changes: readonly ClockChange[], c: ChangeContext): Clock[] {
  return changes.reduce<Clock[]>((all, change) => applyChange(all, change, c), [...clocks]);
}

function applyChange(clocks: Clock[], change: ClockChange, c: ChangeContext): Clock[] {
  if (change.change === 'restart') return startClocks(c.norm, c.at, Math.max(0, ...clocks.map((k) => k.round)) + 1);
  if (change.change === 'stop')
    return clocks.map((k) => (k.doneAt === undefined ? { ...endPause(k, c.at), stopped: true } : k));
  return clocks.map((k) => (k.clock === change.clock ? changeOne(k, change.change, c) : k));
}

function changeOne(clock: Clock, change: 'done' | 'undo' | 'pause' | 'resume', c: ChangeContext): Clock {
  switch (change) {
    case 'done':
      return clock.doneAt === undefined ? { ...endPause(clock, c.at), doneAt: c.at } : clock;
    case 'undo': {
      const { doneAt: _met, ...open } = clock;
      return open;
    }
    case 'pause':
      return c.pauseMax === 0 || clock.doneAt !== undefined
        ? clock
        : { ...clock, pausedSince: c.at, pauseMax: c.pauseMax };
    case 'resume':
      return endPause(clock, c.at);
  }
}

function endPause(clock: Clock, at: number): Clock {
  if (clock.pausedSince === undefined) return clock;
  const { pausedSince, pauseMax, ...rest } = clock;
  const lasted = Math.min(Math.max(0, at - pausedSince), pauseMax ?? 0);
  return { ...rest, dueAt: clock.dueAt + lasted, pausedMs: clock.pausedMs + lasted };
}

/** The timer effects that bring the timer table in line with the clocks. */
export function clockTimers(
  order: string,
  community: string,
  before: readonly Clock[],
  after: readonly Clock[],
): Effect[] {
  return after.flatMap((clock): Effect[] => {
    const old = before.find((b) => b.clock === clock.clock);
    const wanted = running(clock) ? runsOutAt(clock) : undefined;
    const had = old && running(old) ? runsOutAt(old) : undefined;
    if (wanted === had && old?.round === clock.round) return [];
    const key = clockTimerKey(order, clock.clock);
    if (wanted === undefined) return had === undefined ? [] : [{ effect: 'cancel-timer', key }];
    return [
      {
        effect: 'timer',
        key,
        kind: CLOCK_TIMER,
        community,
        dueAt: wanted,
        basis: 'duration',
        payload: { order, clock: clock.clock, round: clock.round },
      },
    ];
  });
}
