// Runs T1 over what waits: safety first, several batches in one transaction; tried again while the database refuses,
// taken apart when a record does. One writer: whoever else changes the same memory asks for `exclusive`.
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Db, Tx } from '../db/tx.ts';
import { batchCount } from '../../device-profiles/contract/wire.ts';
import { INGEST_LIMITS } from './limits.ts';
import { Fenced, positions, StagingError, T1, type BatchJob, type Excluded, type Job, type T1Deps } from './t1.ts';

export interface CommitterDeps extends T1Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  /** The token of the lease; undefined while this hub does not hold it. */
  readonly token: () => number | undefined;
  /** After a commit, and for groups that changed nothing. */
  readonly done: (t1: T1, committed: boolean) => void;
  /** Something that waited is done, whatever became of it. */
  readonly worked: () => void;
  /** Memory can't be trusted any more: everything must be read anew. */
  readonly fenced: (error: Fenced) => void;
  /** After each commit: how long its transaction took, s. */
  readonly took?: (seconds: number) => void;
}

interface Alone {
  /** When it was asked for, ms monotonic. */
  readonly at: number;
  readonly work: () => Promise<void>;
  readonly giveUp: (error: Error) => void;
}

/** SQLSTATE classes that speak of the data or of our statement, not of the server's state. */
const RECORD_FAULTS = ['22', '23', '42', 'P0', '0A'];
const ROLLED_BACK = Symbol('trial');

/** The data or our statement is at fault: trying again changes nothing. */
export function isRecordFault(error: unknown): boolean {
  if (error instanceof StagingError) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.length === 5 && RECORD_FAULTS.includes(code.slice(0, 2));
}

export const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class Committer {
  readonly #deps: CommitterDeps;
  #safety: Job[] = [];
  #telemetry: Job[] = [];
  readonly #exclusive: Alone[] = [];
  #running: Promise<void> | undefined;
  #stopping = false;
  /** Jobs of before a reset are dropped, not applied to what was read anew. */
  #generation = 0;
  #wake: (() => void) | undefined;
  /** ms monotonic */
  readonly #cameAt = new WeakMap<Job, number>();
  #busySince: number | undefined;
  readonly counters = { transactions: 0, batches: 0, records: 0, losses: 0, retries: 0, quarantined: 0, dropped: 0 };

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
  }

  get waiting(): { readonly safety: number; readonly telemetry: number } {
    return { safety: this.#safety.length, telemetry: this.#telemetry.length };
  }

  /**
   * Since when (ms monotonic) the oldest work waits that is not done yet; telemetry counts from when its turn has come.
   * Undefined while there is none.
   */
  get waitingSince(): number | undefined {
    const [job] = this.#safety;
    const since = [this.#busySince, this.#exclusive[0]?.at, job && this.#cameAt.get(job)];
    const known = since.filter((at) => at !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  push(job: Job): void {
    this.#cameAt.set(job, this.#deps.clock.monotonic());
    if (job.kind === 'batch' && job.batch.lane === 'telemetry') this.#telemetry.push(job);
    else this.#safety.push(job);
    this.#kick();
  }

  /** Runs work that shares the memory of T1, alone, in turn with the safety records that wait. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const at = this.#deps.clock.monotonic();
      this.#exclusive.push({ at, work: () => work().then(resolve, reject), giveUp: reject });
      this.#kick();
    });
  }

  /** Forgets what waits. Gateways send it again. */
  clear(): void {
    this.#generation++;
    this.counters.dropped += this.#safety.length + this.#telemetry.length;
    this.#safety = [];
    this.#telemetry = [];
    this.#wake?.();
  }

  /** Ends after the transaction that is running. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#running;
    for (const { giveUp } of this.#exclusive.splice(0)) giveUp(new Error('ingest is stopping'));
  }

  #kick(): void {
    if (this.#running || this.#stopping) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (!this.#stopping && this.#exclusive.length + this.#safety.length + this.#telemetry.length > 0) this.#kick();
    });
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the event loop goes into the same transaction.
    await Promise.resolve();
    let wasAlone = false;
    while (!this.#stopping) {
      // By turns, so that however much asks to be alone keeps no alarm waiting.
      const alone: Alone | undefined = wasAlone && this.#safety.length > 0 ? undefined : this.#exclusive.shift();
      wasAlone = alone !== undefined;
      const group = alone ? [] : this.#take();
      if (!alone && group.length === 0) return;
      const [first] = group;
      const safety = first?.kind === 'batch' && first.batch.lane === 'telemetry' ? undefined : first;
      this.#busySince = alone?.at ?? (safety && this.#cameAt.get(safety)) ?? this.#deps.clock.monotonic();
      try {
        await (alone ? alone.work() : this.#commitGroup(group));
      } finally {
        this.#busySince = undefined;
      }
      this.#deps.worked();
    }
  }

  #take(): Job[] {
    const group: Job[] = [];
    let records = 0;
    for (const queue of [this.#safety, this.#telemetry]) {
      let count = 0;
      for (const job of queue) {
        if (group.length >= INGEST_LIMITS.t1Batches || records >= INGEST_LIMITS.t1Records) break;
        group.push(job);
        count++;
        if (job.kind === 'batch') records += batchCount(job.batch);
      }
      queue.splice(0, count);
    }
    return group;
  }

  /** Applies a group; if a record in it throws, its batches one by one. */
  async #commitGroup(group: readonly Job[]): Promise<void> {
    const generation = this.#generation;
    for (let tries = 0; !this.#stopping && generation === this.#generation; tries++) {
      try {
        await this.#attempt(group);
        return;
      } catch (error) {
        if (error instanceof Fenced) {
          this.#deps.fenced(error);
          return;
        }
        if (isRecordFault(error)) {
          if (group.length > 1) for (const job of group) await this.#commitGroup([job]);
          else for (const job of group) await this.#takeApart(job, error);
          return;
        }
        await this.#pause(tries, error);
      }
    }
    this.counters.dropped += group.length;
  }

  async #attempt(group: readonly Job[], excluded?: Excluded): Promise<void> {
    const { db, clock, done } = this.#deps;
    const t1 = new T1(this.#deps, clock.now());
    for (const job of group) t1.stage(job, excluded);
    if (t1.changes) {
      const from = clock.monotonic();
      await db.ingest((tx) => t1.run(tx, this.#token()));
      this.#deps.took?.((clock.monotonic() - from) / 1_000);
      this.counters.transactions++;
      this.#count(t1);
    }
    done(t1, t1.changes);
  }

  #token(): number {
    const token = this.#deps.token();
    if (token === undefined) throw new Fenced('this hub does not hold the lease');
    return token;
  }

  #count(t1: T1): void {
    for (const { job, verdict } of t1.outcomes) {
      if (job.kind !== 'batch') continue;
      if (verdict?.kind === 'loss') this.counters.losses++;
      if (verdict?.kind !== 'apply') continue;
      this.counters.batches++;
      this.counters.records += batchCount(job.batch);
    }
    this.counters.quarantined += t1.quarantined.length;
  }

  /** Finds the records that make a batch throw, sets them aside and applies the rest. */
  async #takeApart(job: Job, cause: unknown): Promise<void> {
    const { log } = this.#deps;
    log.error({ gateway: job.site.gateway, error: words(cause) }, 'a record could not be processed');
    if (job.kind !== 'batch') {
      this.counters.dropped++;
      return;
    }
    const all = positions(job.batch);
    const excluded = new Map<number, string>();
    try {
      await this.#findPoison(job, all, excluded);
      await this.#attempt([job], excluded);
    } catch (error) {
      if (!isRecordFault(error)) return this.#again(job, error);
      // They throw only together, or there are too many: all of them are set aside, and the lane goes on.
      const reason = words(error);
      await this.#attempt([job], new Map(all.map((k) => [k, excluded.get(k) ?? reason]))).catch((last: unknown) =>
        this.#again(job, last),
      );
    }
  }

  async #again(job: Job, error: unknown): Promise<void> {
    if (error instanceof Fenced) {
      this.#deps.fenced(error);
      return;
    }
    await this.#pause(0, error);
    this.#safety.unshift(job);
  }

  async #findPoison(job: BatchJob, among: readonly number[], excluded: Map<number, string>): Promise<void> {
    const fault = await this.#trial(job, among);
    if (fault === undefined) return;
    if (among.length <= 1) {
      for (const k of among) excluded.set(k, fault);
      if (excluded.size > INGEST_LIMITS.quarantineRecords)
        throw new StagingError(`more than ${INGEST_LIMITS.quarantineRecords} records throw; the last one: ${fault}`);
      return;
    }
    const half = among.length >> 1;
    await this.#findPoison(job, among.slice(0, half), excluded);
    await this.#findPoison(job, among.slice(half), excluded);
  }

  /** Applies only some records of a batch and rolls back. @returns what they threw, if they did */
  async #trial(job: BatchJob, among: readonly number[]): Promise<string | undefined> {
    const { db, clock } = this.#deps;
    const { batch } = job;
    const keep = new Set(among);
    const part: BatchJob = {
      ...job,
      batch: {
        ...batch,
        samples: batch.samples.filter((_, k) => keep.has(k)),
        notes: batch.notes.filter((_, j) => keep.has(batch.samples.length + j)),
      },
    };
    try {
      const t1 = new T1(this.#deps, clock.now());
      t1.stage(part);
      await db.ingest(async (tx: Tx) => {
        await t1.run(tx, this.#token());
        throw ROLLED_BACK;
      });
    } catch (error) {
      if (error === ROLLED_BACK) return undefined;
      if (!isRecordFault(error)) throw error;
      return words(error);
    }
    return undefined;
  }

  async #pause(tries: number, error: unknown): Promise<void> {
    this.counters.retries++;
    const ms = INGEST_LIMITS.retryMs[Math.min(tries, INGEST_LIMITS.retryMs.length - 1)] ?? 0;
    this.#deps.log.warn({ error: words(error), retryMs: ms }, 'T1 waits for the database');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
