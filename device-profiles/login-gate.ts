// How often both brokers check passwords: guessing is slow, a check that is dear is never made by all at once, and
// nobody who knows the password is kept out by those who don't, not even behind one address.
export interface LoginLimits {
  /** Wrong passwords of one user from one address until its checks are slow; forgotten after `forgetMs` without one. */
  readonly refusedLogins: number;
  readonly forgetMs: number;
  /** Between two checks of such a pair. */
  readonly slowMs: number;
  /** Checks of such a pair that may wait; one more is turned away. */
  readonly slowWaiting: number;
  /** Pairs remembered; the one whose last failure is the longest ago is forgotten. */
  readonly remembered: number;
  /** Checks at once, over all. */
  readonly checksAtOnce: number;
  /** Checks that may wait for their turn, over all; addresses take turns. */
  readonly queued: number;
}

export type LoginVerdict = 'good' | 'wrong' | 'busy';

interface Pair {
  failures: number;
  failedAt: number;
  nextAt: number;
  waiting: number;
}

const USER_CHARS = 128;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class LoginGate {
  readonly counters = { slowedLogins: 0, busyLogins: 0, forgottenLogins: 0 };
  readonly #limits: LoginLimits;
  readonly #monotonic: () => number;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #pairs = new Map<string, Pair>();
  /** Address → those who wait for a check. The first address is the next. */
  readonly #queue = new Map<string, (() => void)[]>();
  #queued = 0;
  #checking = 0;

  /** @param monotonic ms */
  constructor(limits: LoginLimits, monotonic: () => number, wait: (ms: number) => Promise<void> = pause) {
    this.#limits = limits;
    this.#monotonic = monotonic;
    this.#pause = wait;
  }

  /**
   * Checks a login when it is its turn. `busy` says nothing of the password: the other side may try again.
   * @param check whether the password is right
   * @throws what `check` throws; that is no failure of who logs in
   */
  async check(address: string, user: string, check: () => boolean | Promise<boolean>): Promise<LoginVerdict> {
    const key = `${address} ${user.slice(0, USER_CHARS)}`;
    if (!(await this.#slowly(key)) || !(await this.#turn(address))) {
      this.counters.busyLogins += 1;
      return 'busy';
    }
    try {
      const good = await check();
      if (good) this.#pairs.delete(key);
      else this.#failed(key);
      return good ? 'good' : 'wrong';
    } finally {
      this.#next();
    }
  }

  /** Waits as long as this pair must; false when too many of it wait already. */
  async #slowly(key: string): Promise<boolean> {
    const pair = this.#pairs.get(key);
    const now = this.#monotonic();
    const { refusedLogins, forgetMs, slowMs, slowWaiting } = this.#limits;
    if (!pair || pair.failures < refusedLogins || now - pair.failedAt > forgetMs) return true;
    if (pair.waiting >= slowWaiting) return false;
    const at = Math.max(now, pair.nextAt);
    pair.nextAt = at + slowMs;
    this.counters.slowedLogins += 1;
    if (at === now) return true;
    pair.waiting += 1;
    await this.#pause(at - now);
    pair.waiting -= 1;
    return true;
  }

  async #turn(address: string): Promise<boolean> {
    if (this.#checking < this.#limits.checksAtOnce) {
      this.#checking += 1;
      return true;
    }
    if (this.#queued >= this.#limits.queued) return false;
    this.#queued += 1;
    const waiting = this.#queue.get(address) ?? [];
    this.#queue.set(address, waiting);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return true;
  }

  /** Hands the place of a finished check to the next address. */
  #next(): void {
    for (const [address, waiting] of this.#queue) {
      const first = waiting.shift();
      this.#queue.delete(address);
      if (waiting.length > 0) this.#queue.set(address, waiting);
      if (!first) continue;
      this.#queued -= 1;
      first();
      return;
    }
    this.#checking -= 1;
  }

  #failed(key: string): void {
    const now = this.#monotonic();
    const before = this.#pairs.get(key);
    const pair = before ?? { failures: 0, failedAt: now, nextAt: now, waiting: 0 };
    pair.failures = now - pair.failedAt > this.#limits.forgetMs ? 1 : pair.failures + 1;
    pair.failedAt = now;
    // From this failure on, not only from the next: the first slow check waits too.
    pair.nextAt = Math.max(pair.nextAt, now + this.#limits.slowMs);
    this.#pairs.delete(key);
    this.#pairs.set(key, pair);
    if (this.#pairs.size <= this.#limits.remembered) return;
    const [oldest = ''] = this.#pairs.keys();
    this.#pairs.delete(oldest);
    this.counters.forgottenLogins += 1;
  }
}
