// The gateway's wall clock: runs with monotonic time, follows small deviations of the system's clock gently, and takes
// over a jump only when it is looked at. So no record can carry the new time before the jump has been told.
import type { GatewayClock } from './drivers/driver.ts';

export const systemClock: GatewayClock = { now: () => Date.now(), monotonic: () => performance.now() };

/** A wall clock that gains or loses more than this against monotonic time has jumped, ms (DESIGN 2, rule 9). */
export const CLOCK_JUMP_MS = 2_000;

/** How often the system's clock is looked at, ms. */
export const CLOCK_LOOK_MS = 1_000;

/**
 * Less than a jump is followed by running this much faster or slower: 2 s within 40 s. Far more than a quartz drifts,
 * far less than would make a delay of minutes end seconds too early; and below 1, so time never runs backward.
 */
export const CLOCK_SLEW = 0.05;

export class FollowingClock implements GatewayClock {
  readonly #system: GatewayClock;
  /** Where both clocks stood at the last look, ms; not rounded, so that nothing adds up. */
  #wall: number;
  #mono: number;
  /** By how much the system's clock was ahead then, ms; never more than a jump. */
  #ahead = 0;

  constructor(system: GatewayClock) {
    this.#system = system;
    this.#wall = system.now();
    this.#mono = system.monotonic();
  }

  /** Wall clock, whole ms since 1970 UTC. Goes backward only in a `look` that answers a jump. */
  now(): number {
    return Math.trunc(this.#at(this.#system.monotonic()));
  }

  monotonic(): number {
    return this.#system.monotonic();
  }

  /**
   * Compares with the system's clock; to be called every CLOCK_LOOK_MS.
   * @returns by how many ms the wall clock has jumped (+ is forward): from now on `now` is the new time; else 0
   */
  look(): number {
    const mono = this.#system.monotonic();
    const system = this.#system.now();
    const wall = this.#at(mono);
    const ahead = system - wall;
    const jumped = Math.abs(ahead) > CLOCK_JUMP_MS;
    this.#mono = mono;
    this.#wall = jumped ? system : wall;
    this.#ahead = jumped ? 0 : ahead;
    return jumped ? Math.round(ahead) : 0;
  }

  #at(mono: number): number {
    const ran = mono - this.#mono;
    return this.#wall + ran + Math.sign(this.#ahead) * Math.min(Math.abs(this.#ahead), ran * CLOCK_SLEW);
  }
}
