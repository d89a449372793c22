// The embedded history store: one DuckDB file in the hub's data directory, for one process. Facts: durable on resolve
// of `append`, each sequence once, queries off the event loop, and the file opens after any kill.
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
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
} from './api.ts';
import { checkRange, planBuckets } from './buckets.ts';
import { beforeSql, bucketsSql, lastSql, rawSql, toBucket, toNs, toSample, type Row } from './duckdb-queries.ts';
import { expire, fold, prepareSchema } from './duckdb-schema.ts';
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

/** What DuckDB calls a state from which only opening the file anew helps. */
const FATAL = /fatal error|has been invalidated/i;

async function openFile(dir: string, limits: HistoryLimits): Promise<DuckDBInstance> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'history.duckdb');
  try {
    return await DuckDBInstance.create(file, {
      threads: String(limits.threads),
      memory_limit: `${limits.memoryMiB}MiB`,
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const holder = /PID (\d+)/.exec(message)?.[1];
    if (!/lock/i.test(message)) throw error;
    const who = holder ? `process ${holder}` : 'another process';
    throw new HistoryError('locked', `${file} is in use by ${who}: a data directory belongs to one hub`, {
      cause: error,
    });
  }
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
  readonly #options: DuckdbOptions;
  readonly #limits: HistoryLimits;
  readonly #retention: Retention;
  readonly #counts = { folds: 0, foldFailures: 0, queries: 0, queryTimeouts: 0, queriesRefused: 0, reopened: 0 };
  #instance: DuckDBInstance | null = null;
  #write: DuckDBConnection | null = null;
  #readers: DuckDBConnection[] = [];
  #idle: DuckDBConnection[] = [];
  #waiting: ((connection: DuckDBConnection) => void)[] = [];
  #folding: Promise<void> | null = null;
  /** A fold that failed is tried again by the timer, not by every commit. */
  #foldFailed = false;
  #foldTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: DuckdbOptions) {
    this.#options = options;
    this.#limits = { ...HISTORY_LIMITS, ...options.limits };
    this.#retention = options.retention ?? RETENTION;
    this.writer = new DuckdbWriter(
      () => this.#writeConnection(),
      this.#limits,
      () => {
        if (this.writer.recentRows >= this.#limits.foldRows && !this.#foldFailed) void this.fold();
      },
    );
  }

  async open(): Promise<void> {
    await this.#connect();
    if (this.#write) await this.writer.load(this.#write);
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
    checkRange(range);
    const series = this.writer.seriesId(point);
    const before = series === undefined ? null : await this.#before(series, range.from, holdMs);
    return collectStates({ range, holdMs, before, samplesMax: this.#limits.stateSamples }, async (cursor) =>
      series === undefined
        ? { samples: [], next: null }
        : this.#page(series, range, cursor === null ? null : cursorNs(cursor), this.#limits.rawPage),
    );
  }

  health(): Promise<HistoryHealth> {
    if (this.#closed) return Promise.resolve({ status: 'down', detail: 'closed' });
    const { lastFailure, queuedSamples } = this.writer;
    if (lastFailure) return Promise.resolve({ status: 'degraded', detail: `last commit failed: ${lastFailure}` });
    if (queuedSamples > this.#limits.queuedSamples / 2)
      return Promise.resolve({ status: 'degraded', detail: `${queuedSamples} samples wait for the disk` });
    return Promise.resolve({ status: 'ok', detail: 'duckdb' });
  }

  counters(): Readonly<Record<string, number>> {
    return {
      ...this.writer.counters,
      ...this.#counts,
      queued: this.writer.queuedSamples,
      recent: this.writer.recentRows,
    };
  }

  /** Commits what waits, then lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#foldTimer) clearInterval(this.#foldTimer);
    await this.writer.close();
    await this.#folding;
    this.#closed = true;
    this.#disconnect();
  }

  async #connect(): Promise<void> {
    const instance = await openFile(this.#options.dir, this.#limits);
    this.#instance = instance;
    this.#write = await instance.connect();
    await prepareSchema(this.#write);
    for (let k = 0; k < this.#limits.readers; k++) this.#readers.push(await instance.connect());
    for (const reader of this.#readers) this.#release(reader);
  }

  #disconnect(): void {
    for (const reader of this.#readers) reader.closeSync();
    this.#readers = [];
    this.#idle = [];
    this.#write?.closeSync();
    this.#write = null;
    this.#instance?.closeSync();
    this.#instance = null;
  }

  /** After a fatal error (a disk that refused in mid-commit) the file is opened anew before the next commit. */
  async #writeConnection(): Promise<DuckDBConnection> {
    if (FATAL.test(this.writer.lastFailure)) {
      await this.#folding;
      this.#disconnect();
      this.#counts.reopened += 1;
    }
    if (!this.#write) await this.#connect();
    if (!this.#write) throw new HistoryError('unavailable', 'the history file is not open');
    return this.#write;
  }

  async #fold(): Promise<void> {
    const instance = this.#instance;
    const rows = this.writer.recentRows;
    if (!instance || (rows === 0 && this.#counts.folds > 0)) return;
    let connection: DuckDBConnection | null = null;
    try {
      connection = await instance.connect();
      if (rows > 0) await fold(connection);
      this.writer.recentRows = Math.max(0, this.writer.recentRows - rows);
      await expire(connection, this.#retention, this.#options.now());
      this.#counts.folds += 1;
      this.#foldFailed = false;
    } catch {
      this.#counts.foldFailures += 1;
      this.#foldFailed = true;
    } finally {
      connection?.closeSync();
    }
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
    const connection = await this.#reader();
    const timer = setTimeout(() => {
      this.#counts.queryTimeouts += 1;
      connection.interrupt();
    }, this.#limits.requestTimeoutMs);
    try {
      this.#counts.queries += 1;
      return (await connection.runAndReadAll(sql)).getRowsJS();
    } catch (error) {
      throw new HistoryError('unavailable', 'history did not answer the query', { cause: error });
    } finally {
      clearTimeout(timer);
      this.#release(connection);
    }
  }

  #reader(): Promise<DuckDBConnection> {
    const idle = this.#idle.pop();
    if (idle) return Promise.resolve(idle);
    if (this.#closed || this.#waiting.length >= this.#limits.waitingQueries) {
      this.#counts.queriesRefused += 1;
      return Promise.reject(new HistoryError('unavailable', 'too many history queries wait'));
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(connection: DuckDBConnection): void {
    if (!this.#readers.includes(connection)) return;
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }
}

function cursorNs(cursor: string): bigint {
  if (!/^\d{1,19}$/.test(cursor)) throw new HistoryError('invalid', 'the cursor is not one of ours');
  return BigInt(cursor);
}
