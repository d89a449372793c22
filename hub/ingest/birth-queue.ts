// Births that wait for their turn: of one gateway only the newest live one, and few of older indexes, so that a gateway
// that is born again and again keeps nobody else's alarms waiting. A dropped one is asked for when its records come.
import type { Birth } from '../../device-profiles/contract/wire.ts';
import { INGEST_LIMITS } from './limits.ts';
import type { Site } from './points.ts';

/** Runs work alone when its turn comes. */
interface Turns {
  exclusive(work: () => Promise<void>): Promise<void>;
}

interface Waiting {
  /** The newest live birth that has not had its turn. */
  live: Birth | undefined;
  /** Indexes of before that wait. */
  indexes: number;
}

export class BirthQueue {
  readonly counters = { birthsReplaced: 0, birthsDropped: 0 };
  readonly #waiting = new WeakMap<Site, Waiting>();
  readonly #turns: Turns;
  readonly #deal: (site: Site, born: Birth) => Promise<void>;

  /** @param deal what a birth does */
  constructor(turns: Turns, deal: (site: Site, born: Birth) => Promise<void>) {
    this.#turns = turns;
    this.#deal = deal;
  }

  /** Queues a birth. @returns when it is dealt with; undefined when one that waits already stands for it */
  take(site: Site, born: Birth): Promise<void> | undefined {
    const waiting = this.#waiting.get(site) ?? { live: undefined, indexes: 0 };
    this.#waiting.set(site, waiting);
    if (born.snapshot === undefined) return this.#index(site, born, waiting);
    const replaces = waiting.live !== undefined;
    waiting.live = born;
    if (replaces) {
      this.counters.birthsReplaced++;
      return undefined;
    }
    return this.#turns.exclusive(async () => {
      const { live } = waiting;
      waiting.live = undefined;
      if (live) await this.#deal(site, live);
    });
  }

  #index(site: Site, born: Birth, waiting: Waiting): Promise<void> | undefined {
    if (waiting.indexes >= INGEST_LIMITS.programs) {
      this.counters.birthsDropped++;
      return undefined;
    }
    waiting.indexes++;
    return this.#turns.exclusive(async () => {
      waiting.indexes--;
      await this.#deal(site, born);
    });
  }
}
