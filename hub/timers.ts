// The one timer table's runner: handlers by kind, one transaction each, in order of deadline, retried with pauses and
// then set aside; notices when someone sets the wall clock.
import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import type { Db, Tx } from './db/tx.ts';
import type { Actor, CommandContext, Effect } from './events/api.ts';
import { claimDue, earliestDueKind, nextDue, noteFailure, shiftDurations, type DueTimer } from './timers-store.ts';

export const TIMER_LIMITS = {
  /** Longest pause between two looks at the table and at the clock. */
  lookMs: 200,
  /** Pauses before the 2nd, 3rd, … try; after the last one the timer is set aside. */
  retryMs: [1_000, 5_000, 30_000, 120_000, 600_000],
  /** A step of the wall clock against monotonic time beyond this is a jump (hard rule 9). */
  jumpMs: 2_000,
  errorChars: 500,
} as const;

/**
 * What to do when a timer is due. Runs in the transaction that removes the timer; effects run in the same commit. What
 * it gives back is called after the commit, for memory that must follow the database.
 */
export type TimerHandler = (c: CommandContext, timer: DueTimer) => Promise<void | (() => void)>;

export interface TimerKind {
  readonly handle: TimerHandler;
  /** `ingest` kinds run beside T1 on its connection and never wait behind a slow `main` kind. Default `main`. */
  readonly lane?: 'main' | 'ingest';
  /** Wraps the transaction, for kinds that share memory with another writer. */
  readonly exclusive?: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface TimerDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** The one executor of effects. */
  readonly execute: (
    tx: Tx,
    effects: readonly Effect[],
    by: { readonly actor: Actor; readonly now: number },
  ) => Promise<void>;
  readonly log: Logger;
  /** Community that hub-wide events are filed under. */
  readonly community: string;
  /** Whether this process may run timers of a lane now: those of `ingest` belong to the hub that holds the lease. */
  readonly ready?: (lane: 'main' | 'ingest') => boolean;
}

const ACTOR: Actor = { kind: 'system', id: 'timer' };
const words = (e: unknown): string => (e instanceof Error ? e.message : String(e)).slice(0, TIMER_LIMITS.errorChars);

export class TimerRunner {
  readonly #deps: TimerDeps;
  readonly #kinds = new Map<string, TimerKind>();
  readonly #counters = { run: 0, failed: 0, setAside: 0, clockJumps: 0 };
  #seen: { wall: number; mono: number };
  #stopping = false;
  readonly #sleepers = new Set<() => void>();
  #loops: Promise<void>[] = [];

  constructor(deps: TimerDeps) {
    this.#deps = deps;
    this.#seen = { wall: deps.clock.now(), mono: deps.clock.monotonic() };
  }

  /** @throws Error when the kind is taken */
  register(kind: string, handler: TimerKind): void {
    if (this.#kinds.has(kind)) throw new Error(`timer kind ${kind} is registered twice`);
    this.#kinds.set(kind, handler);
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  start(): void {
    this.#stopping = false;
    this.#loops = [this.#loop('ingest'), this.#loop('main')];
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.poke();
    await Promise.all(this.#loops);
  }

  /** Look at the table now instead of at the next look. */
  poke(): void {
    for (const wake of this.#sleepers) wake();
  }

  /** Runs what is due now, earliest first. Answers how many ran. */
  async runDue(lane?: 'main' | 'ingest'): Promise<number> {
    await this.checkClock();
    let count = 0;
    for (const one of lane ? [lane] : (['ingest', 'main'] as const)) {
      const kinds = this.#kindsOf(one);
      while (kinds.length > 0 && this.#mayRun(one) && (await this.#runOne(one, kinds))) count++;
    }
    return count;
  }

  /** Compares the clocks; after a jump of the wall clock durations move with it and `clock.jumped` is told. */
  async checkClock(): Promise<void> {
    const { clock, db, execute, log, community } = this.#deps;
    const seen = this.#seen;
    const now = { wall: clock.now(), mono: clock.monotonic() };
    this.#seen = now;
    const jumpMs = Math.round(now.wall - seen.wall - (now.mono - seen.mono));
    if (Math.abs(jumpMs) <= TIMER_LIMITS.jumpMs) return;
    try {
      await db.transaction(async (tx) => {
        await shiftDurations(tx, seen.wall, jumpMs, now.mono - seen.mono);
        const event = {
          type: 'clock.jumped',
          community,
          subject: 'hub',
          payload: { jumpMs, seenAt: seen.wall },
        } as const;
        await execute(tx, [{ effect: 'event', event }], { actor: ACTOR, now: now.wall });
      });
      this.#counters.clockJumps++;
      log.warn({ jumpMs }, 'the wall clock jumped; durations moved with it');
    } catch (error) {
      this.#seen = seen;
      throw error;
    }
  }

  #mayRun(lane: 'main' | 'ingest'): boolean {
    return !this.#stopping && (this.#deps.ready?.(lane) ?? true);
  }

  #kindsOf(lane: 'main' | 'ingest'): string[] {
    return [...this.#kinds].filter(([, k]) => (k.lane ?? 'main') === lane).map(([name]) => name);
  }

  async #loop(lane: 'main' | 'ingest'): Promise<void> {
    while (!this.#stopping) {
      let pause: number = TIMER_LIMITS.lookMs;
      try {
        await this.runDue(lane);
        const next = await this.#open(lane)((tx) => nextDue(tx, this.#kindsOf(lane)));
        if (next !== undefined) pause = Math.min(pause, Math.max(1, next - this.#deps.clock.now()));
      } catch (error) {
        this.#deps.log.error({ error: words(error) }, 'timers wait for the database');
      }
      if (!this.#stopping) await this.#sleep(pause);
    }
  }

  #open(lane: 'main' | 'ingest'): Db['transaction'] {
    const { db } = this.#deps;
    return lane === 'ingest' ? (work) => db.ingest(work) : (work) => db.transaction(work);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }

  async #runOne(lane: 'main' | 'ingest', kinds: readonly string[]): Promise<boolean> {
    const now = this.#deps.clock.now();
    const open = this.#open(lane);
    const name = await open((tx) => earliestDueKind(tx, kinds, now));
    const kind = name === undefined ? undefined : this.#kinds.get(name);
    if (name === undefined || kind === undefined) return false;
    const exclusive = kind.exclusive ?? ((work) => work());
    let timer: DueTimer | undefined;
    try {
      await exclusive(async () => {
        const after = await open(async (tx) => {
          timer = await claimDue(tx, [name], now);
          return timer && this.#handle(tx, kind, timer, now);
        });
        after?.();
      });
    } catch (error) {
      if (timer === undefined) throw error;
      await this.#failed(timer, words(error));
      return true;
    }
    if (timer) this.#counters.run++;
    return timer !== undefined;
  }

  async #handle(tx: Tx, kind: TimerKind, timer: DueTimer, now: number): Promise<void | (() => void)> {
    const effects: Effect[] = [];
    const context = { tx, now, actor: ACTOR, emit: (effect: Effect) => void effects.push(effect) };
    const after = await kind.handle(context, timer);
    await this.#deps.execute(tx, effects, { actor: ACTOR, now });
    return after;
  }

  async #failed(timer: DueTimer, error: string): Promise<void> {
    const { clock, db, execute, log } = this.#deps;
    const now = clock.now();
    const pause = TIMER_LIMITS.retryMs[timer.attempts];
    const retryAt = pause === undefined ? undefined : now + pause;
    this.#counters.failed++;
    log.error({ timer: timer.key, kind: timer.kind, error, retryAt }, 'a timer failed');
    await db.transaction(async (tx) => {
      await noteFailure(tx, timer, { error, now, retryAt });
      if (retryAt !== undefined) return;
      const payload = { rule: `timer:${timer.kind}`, event: timer.key, error };
      const event = { type: 'policy.failed', community: timer.community, subject: timer.key, payload } as const;
      await execute(tx, [{ effect: 'event', event }], { actor: ACTOR, now });
    });
    if (retryAt === undefined) this.#counters.setAside++;
  }
}
