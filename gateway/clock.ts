// The gateway's clocks, and a watch on the wall clock: intervals follow monotonic time, so a jump is only told of.
import type { GatewayClock } from './drivers/driver.ts';

export const systemClock: GatewayClock = { now: () => Date.now(), monotonic: () => performance.now() };

/** A wall clock that gains or loses more than this against monotonic time has jumped, ms (DESIGN 2, rule 9). */
export const CLOCK_JUMP_MS = 2_000;

export interface ClockWatch {
  /** @returns by how many ms the wall clock has jumped since the last look (+ is forward), 0 when it has not */
  look(): number;
}

export function watchClock(clock: GatewayClock): ClockWatch {
  let wall = clock.now();
  let monotonic = clock.monotonic();
  return {
    look() {
      const jump = clock.now() - wall - (clock.monotonic() - monotonic);
      if (Math.abs(jump) <= CLOCK_JUMP_MS) return 0;
      wall = clock.now();
      monotonic = clock.monotonic();
      return Math.round(jump);
    },
  };
}
