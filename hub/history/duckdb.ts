// The embedded history store: one DuckDB file in the hub's data directory, for one process. Facts: durable on resolve
// of `append`, each sequence once, queries off the event loop, and the file opens after any kill.
import {
  HistoryError,
  type Buckets,
  type History,
  type HistoryHealth,
  type PointRef,
  type Range,
  type RawPage,
  type RecordedSample,
  type StateDurations,
  type StateRuns,
} from './api.ts';
import { checkRange, planBuckets } from './buckets.ts';
import { beforeSql, bucketsSql, lastSql, rawSql, toBucket, toNs, toSample, type Row } from './duckdb-queries.ts';
import { copyStore } from './duckdb-copy.ts';
import { DuckdbFile, setAsideDamaged, type SetAside } from './duckdb-file.ts';
import { expire, fold } from './duckdb-schema.ts';
import { DuckdbWriter } from './duckdb-writer.ts';
import { HISTORY_LIMITS, RETENTION, type HistoryLimits, type Retention } from './limits.ts';
import { checkPoints, collectStates, pageLimit, type SamplePage } from './questions.ts';

export interface DuckdbOptions {
  /** Directory of the file; made when missing. */
  readonly dir: string;
  /** Wall clock, ms UTC: only retention asks it. */
  readonly now: () => number;
  readonly retention?: Retention;
  readonly limits?: Partial<HistoryLimits>;
}

/** Opens the store, with what an earlier process made durable. @throws HistoryError `locked` */
export async function openDuckdb(options: DuckdbOptions): Promise<DuckdbHistory> {
  const store = new DuckdbHistory(options);
  await store.open();
  return store;
}

export class DuckdbHistory implements History {
  readonly store = 'duckdb';
  readonly writer: DuckdbWriter;
  /** The file found at the start could not be opened and lies beside; history begins anew. */
  damaged: SetAside | undefined;
  readonly #options: DuckdbOptions;
  readonly #file: DuckdbFile;
  readonly #limits: HistoryLimits;
  readonly #retention: Retention;
  readonly #counts = { folds: 0, foldFailures: 0, queries: 0, queryTimeouts: 0 };
  #folding: Promise<void> | null = null;
  /** A fold that failed is tried again by the timer, not by every commit. */
  #foldFailed = false;
  #foldTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: DuckdbOptions) {
    this.#options = options;
    this.#limits = { ...HISTORY_LIMITS, ...options.limits };
    this.#retention = options.retention ?? RETENTION;
    this.#file = new DuckdbFile(options.dir, this.#limits);
    this.writer = new DuckdbWriter(this.#file, this.#limits, () => {
      if (this.writer.recentRows >= this.#limits.foldRows && !this.#foldFailed) void this.fold();
    });
  }

  async open(): Promise<void> {
    try {
      await this.writer.load(await this.#file.writer());
    } catch (error) {
      this.#file.close();
      this.damaged = setAsideDamaged(this.#options.dir, error, this.#options.now());
      if (this.damaged === undefined) throw error;
      await this.writer.load(await this.#file.writer());
    }
    this.#foldTimer = setInterval(() => void this.fold(), this.#limits.foldEveryMs).unref();
  }

  /**
   * Sorts recent rows into the archive and drops what is too old. Runs by itself; a call while one runs waits for that
   * one. A failure is counted and left to the next run: the rows stay where queries find them.
   */
  fold(): Promise<void> {
    this.#folding ??= this.#fold().finally(() => (this.#folding = null));
    return this.#folding;
  }

  async last(points: readonly PointRef[], since: number): Promise<readonly (RecordedSample | null)[]> {
    checkPoints(points, this.#limits.lastPoints);
    const ids = points.map((point) => this.writer.seriesId(point));
    const known = [...new Set(ids.filter((id): id is number => id !== undefined))];
    if (known.length === 0) return ids.map(() => null);
    const rows = await this.#rows(lastSql(known));
    const newest = new Map(rows.map((row) => [Number(row[5]), toSample(row)]));
    return ids.map((id) => {
      const sample = id === undefined ? undefined : newest.get(id);
      return sample && sample.t >= since ? sample : null;
    });
  }

  async raw(point: PointRef, range: Range, page: { limit?: number; cursor?: string } = {}): Promise<RawPage> {
    checkRange(range);
    const limit = pageLimit(page.limit, this.#limits.rawPage);
    const afterNs = page.cursor === undefined ? null : cursorNs(page.cursor);
    const series = this.writer.seriesId(point);
    if (series === undefined) return { samples: [], before: null, next: null };
    const before = afterNs === null ? await this.#before(series, range.from, this.#limits.holdMs) : null;
    return { ...(await this.#page(series, range, afterNs, limit)), before };
  }

  async buckets(point: PointRef, range: Range, count: number): Promise<Buckets> {
    const plan = planBuckets(range, count);
    const series = this.writer.seriesId(point);
    const rows = series === undefined ? [] : await this.#rows(bucketsSql(series, plan));
    return { ...plan, buckets: rows.map(toBucket) };
  }

  async states(point: PointRef, range: Range, holdMs = this.#limits.holdMs): Promise<StateDurations> {
    const { states, unknownMs } = await this.#walk(point, range, holdMs, 0);
    return { states, unknownMs };
  }

  runs(point: PointRef, range: Range, max: number = this.#limits.runs): Promise<StateRuns> {
    return this.#walk(point, range, this.#limits.holdMs, Math.min(max, this.#limits.runs));
  }

  health(): Promise<HistoryHealth> {
    if (this.#closed) return Promise.resolve({ status: 'down', detail: 'closed' });
    const { lastFailure, queuedSamples } = this.writer;
    if (lastFailure) return Promise.resolve({ status: 'degraded', detail: `last commit failed: ${lastFailure}` });
    if (queuedSamples > this.#limits.queuedSamples / 2)
      return Promise.resolve({ status: 'degraded', detail: `${queuedSamples} samples wait for the disk` });
    if (this.damaged)
      return Promise.resolve({ status: 'degraded', detail: `began anew: the damaged file is ${this.damaged.file}` });
    return Promise.resolve({ status: 'ok', detail: 'duckdb' });
  }

  counters(): Readonly<Record<string, number>> {
    return {
      ...this.writer.counters,
      ...this.#counts,
      ...this.#file.counters,
      queued: this.writer.queuedSamples,
      recent: this.writer.recentRows,
    };
  }

  /** Copies the store as of one moment into a new file that a restored hub can open. @throws Error when it exists */
  copyTo(file: string): Promise<void> {
    return this.#file.aside((connection) => copyStore(connection, file));
  }

  /** Commits what waits, then lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#foldTimer) clearInterval(this.#foldTimer);
    await this.writer.close();
    await this.#folding;
    this.#closed = true;
    this.#file.close();
  }

  async #fold(): Promise<void> {
    const rows = this.writer.recentRows;
    try {
      await this.#file.aside(async (connection) => {
        if (rows > 0) await fold(connection);
        await expire(connection, this.#retention, this.#options.now());
      });
      this.writer.recentRows = Math.max(0, this.writer.recentRows - rows);
      this.#counts.folds += 1;
      this.#foldFailed = false;
    } catch {
      this.#counts.foldFailures += 1;
      this.#foldFailed = true;
    }
  }

  async #walk(point: PointRef, range: Range, holdMs: number, runsMax: number): Promise<StateRuns> {
    checkRange(range);
    const series = this.writer.seriesId(point);
    const before = series === undefined ? null : await this.#before(series, range.from, holdMs);
    const { stateSamples: samplesMax, rawPage } = this.#limits;
    return collectStates({ range, holdMs, before, samplesMax, runsMax }, async (cursor) =>
      series === undefined
        ? { samples: [], next: null }
        : this.#page(series, range, cursor === null ? null : cursorNs(cursor), rawPage),
    );
  }

  async #page(series: number, range: Range, afterNs: bigint | null, limit: number): Promise<SamplePage> {
    const rows = await this.#rows(rawSql(series, range.from, range.to, afterNs, limit));
    const shown = rows.slice(0, limit);
    const lastRow = shown.at(-1);
    return { samples: shown.map(toSample), next: rows.length > limit && lastRow ? String(toNs(lastRow)) : null };
  }

  async #before(series: number, from: number, holdMs: number): Promise<RecordedSample | null> {
    const [row] = await this.#rows(beforeSql(series, from, holdMs));
    return row ? toSample(row) : null;
  }

  async #rows(sql: string): Promise<readonly Row[]> {
    if (this.#closed) throw new HistoryError('unavailable', 'history is closed');
    try {
      return await this.#file.reading(async (connection) => {
        this.#counts.queries += 1;
        const timer = setTimeout(() => {
          this.#counts.queryTimeouts += 1;
          connection.interrupt();
        }, this.#limits.requestTimeoutMs);
        try {
          return (await connection.runAndReadAll(sql)).getRowsJS();
        } finally {
          clearTimeout(timer);
        }
      });
    } catch (error) {
      if (error instanceof HistoryError) throw error;
      throw new HistoryError('unavailable', 'history did not answer the query', { cause: error });
    }
  }
}

function cursorNs(cursor: string): bigint {
  if (!/^\d{1,19}$/.test(cursor)) throw new HistoryError('invalid', 'the cursor is not one of ours');
  return BigInt(cursor);
}
