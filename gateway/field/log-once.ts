// Tells of the same thing at most once in a while, so that a babbling device can't fill the log.
import type { GatewayClock } from '../drivers/driver.ts';

export class LogOnce {
  readonly #clock: GatewayClock;
  readonly #everyMs: number;
  readonly #keysMax: number;
  readonly #last = new Map<string, number>();

  constructor(clock: GatewayClock, everyMs: number, keysMax: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#keysMax = keysMax;
  }

  /** Whether this is the time to tell of it. */
  due(key: string): boolean {
    const now = this.#clock.monotonic();
    if (now - (this.#last.get(key) ?? -Infinity) < this.#everyMs) return false;
    this.#last.delete(key);
    this.#last.set(key, now);
    if (this.#last.size > this.#keysMax) {
      const [oldest] = this.#last.keys();
      if (oldest !== undefined) this.#last.delete(oldest);
    }
    return true;
  }
}
