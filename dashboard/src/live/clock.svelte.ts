// The hub's time as this screen knows it: ages and clocks follow the hub, not the machine on the desk.
import { timeFormats, DEFAULT_TIME_ZONE, type TimeFormats } from '../kit/time.ts';
import { nextOffsets } from './link-state.ts';

export class Clock {
  #offsets: readonly number[] = [];
  #offset = $state(0);
  #now = $state(Math.floor(Date.now() / 1_000) * 1_000);
  #zone = $state(DEFAULT_TIME_ZONE);
  #format = $state.raw<TimeFormats>(timeFormats(DEFAULT_TIME_ZONE));

  /** Times in the community's zone. */
  get format(): TimeFormats {
    return this.#format;
  }

  /** IANA name of the community's zone. */
  get timeZone(): string {
    return this.#zone;
  }

  /** The hub has named the community's zone; one that this machine does not know changes nothing. */
  follow(zone: string): void {
    if (zone === this.#zone) return;
    try {
      this.#format = timeFormats(zone);
      this.#zone = zone;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  /** The hub's time, ms, in whole seconds: reading it makes a component follow the clock. */
  get now(): number {
    return this.#now;
  }
  /** Hub clock − this machine's clock, ms. */
  get offset(): number {
    return this.#offset;
  }

  /** A beat that left the hub at `hubTime` was heard at `wall` (Date.now()). */
  hear(hubTime: number, wall: number): void {
    this.#offsets = nextOffsets(this.#offsets, hubTime - wall);
    this.#offset = Math.max(...this.#offsets);
    this.tick(wall);
  }

  tick(wall: number): void {
    this.#now = Math.floor((wall + this.#offset) / 1_000) * 1_000;
  }

  /** The hub's time to the millisecond; not followed. */
  exact(): number {
    return Date.now() + this.#offset;
  }
}
