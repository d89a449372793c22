// Time as an argument (hard rule 9): the only place of the hub that reads a clock, and its stand-in for tests.

export interface Clock {
  /** Wall clock, ms since 1970 UTC. For what people see and for calendar dates. */
  now(): number;
  /** Monotonic, ms from an arbitrary start. For durations and deadlines. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A clock that moves only when told; wall and monotonic can be moved apart to show a clock jump. */
export class ManualClock implements Clock {
  #wall: number;
  #mono = 0;
  constructor(startMs: number) {
    this.#wall = startMs;
  }
  now(): number {
    return this.#wall;
  }
  monotonic(): number {
    return this.#mono;
  }
  /** Time passes on both clocks. */
  advance(ms: number): void {
    this.#wall += ms;
    this.#mono += ms;
  }
  /** Someone sets the wall clock; no time passes. */
  jump(ms: number): void {
    this.#wall += ms;
  }
}

/** The same moment so many months later, ms wall; the 31st of a month without one is its last day. */
export function monthsLater(since: number, months: number): number {
  const at = new Date(since);
  const due = new Date(since);
  due.setUTCMonth(at.getUTCMonth() + months);
  if (due.getUTCDate() !== at.getUTCDate()) due.setUTCDate(0);
  return due.getTime();
}
