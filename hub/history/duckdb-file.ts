// The DuckDB file of the embedded store: opened by one process, with one connection that writes and a few that read.
// After a fatal error (a disk that refused in mid-checkpoint) DuckDB answers nothing any more until the file is opened
// anew; that happens here, before the next use, and what was committed is there again.
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { HistoryError } from './api.ts';
import { prepareSchema } from './duckdb-schema.ts';
import type { HistoryLimits } from './limits.ts';

const FATAL = /fatal error|has been invalidated/i;
/** What is wrong with the place, not with the file: another file would fare no better. */
const PLACE = /permission denied|read-only|no space|too many open files|out of memory/i;
const NAME = 'history.duckdb';
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A file that could not be opened, put aside under this name. */
export interface SetAside {
  readonly file: string;
  readonly why: string;
}

/**
 * Puts a file that can't be opened aside, with what belongs to it, so that an empty one takes its place: the past can be
 * looked at later, alarms can't wait for that. Undefined where the file is not what is wrong.
 * @param now wall clock, ms UTC: part of the name
 */
export function setAsideDamaged(dir: string, error: unknown, now: number): SetAside | undefined {
  const why = messageOf(error);
  const file = join(dir, NAME);
  if (error instanceof HistoryError || PLACE.test(why) || !existsSync(file)) return undefined;
  const aside = join(dir, `damaged-${new Date(now).toISOString().replaceAll(/[:.]/g, '')}.duckdb`);
  renameSync(file, aside);
  if (existsSync(`${file}.wal`)) renameSync(`${file}.wal`, `${aside}.wal`);
  return { file: aside, why };
}

async function create(dir: string, limits: HistoryLimits): Promise<DuckDBInstance> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, NAME);
  try {
    return await DuckDBInstance.create(file, {
      threads: String(limits.threads),
      memory_limit: `${limits.memoryMiB}MiB`,
      checkpoint_threshold: `${limits.checkpointMiB}MiB`,
    });
  } catch (error) {
    const message = messageOf(error);
    if (!/lock/i.test(message)) throw error;
    const holder = /PID (\d+)/.exec(message)?.[1];
    const who = holder ? `process ${holder}` : 'another process';
    throw new HistoryError('locked', `${file} is in use by ${who}: a data directory belongs to one hub`, {
      cause: error,
    });
  }
}

type Waiter = { readonly give: (connection: DuckDBConnection) => void; readonly refuse: (error: unknown) => void };

export class DuckdbFile {
  readonly counters = { queriesRefused: 0, reopened: 0 };
  readonly #dir: string;
  readonly #limits: HistoryLimits;
  #instance: DuckDBInstance | null = null;
  #writer: DuckDBConnection | null = null;
  #idle: DuckDBConnection[] = [];
  #lent = 0;
  #waiting: Waiter[] = [];
  #broken = false;
  #opening: Promise<void> | null = null;

  constructor(dir: string, limits: HistoryLimits) {
    this.#dir = dir;
    this.#limits = limits;
  }

  /** Opens the file, or opens it anew where it is broken. @throws HistoryError `locked` */
  async open(): Promise<void> {
    if (this.#instance && !this.#broken) return;
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    await this.#opening;
  }

  /** The one connection that writes. @throws Error when the file can't be opened */
  async writer(): Promise<DuckDBConnection> {
    await this.open();
    if (!this.#writer) throw new HistoryError('unavailable', 'the history file is not open');
    return this.#writer;
  }

  /** Lends a connection of its own to `work`, for what runs beside reading and writing. */
  async aside<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    await this.open();
    const connection = await this.#instance?.connect();
    if (!connection) throw new HistoryError('unavailable', 'the history file is not open');
    this.#lent += 1;
    try {
      return await work(connection);
    } catch (error) {
      this.suspect(error);
      throw error;
    } finally {
      connection.closeSync();
      this.#lent -= 1;
    }
  }

  /** Lends a reader to `work`. @throws HistoryError `unavailable` when too many wait already */
  async reading<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    await this.open();
    const connection = await this.#reader();
    this.#lent += 1;
    try {
      return await work(connection);
    } catch (error) {
      this.suspect(error);
      throw error;
    } finally {
      this.#lent -= 1;
      this.#release(connection);
    }
  }

  /** Looks whether an error means that the file has to be opened anew. */
  suspect(error: unknown): void {
    if (FATAL.test(messageOf(error))) this.#broken = true;
  }

  close(): void {
    for (const reader of this.#idle) reader.closeSync();
    this.#idle = [];
    this.#writer?.closeSync();
    this.#writer = null;
    this.#instance?.closeSync();
    this.#instance = null;
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(new HistoryError('unavailable', 'history is closed'));
  }

  async #open(): Promise<void> {
    if (this.#instance) {
      // Whoever holds a connection of the broken file fails at once and gives it back.
      while (this.#lent > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      this.close();
      this.counters.reopened += 1;
    }
    this.#instance = await create(this.#dir, this.#limits);
    this.#broken = false;
    this.#writer = await this.#instance.connect();
    await prepareSchema(this.#writer);
    for (let k = 0; k < this.#limits.readers; k++) this.#release(await this.#instance.connect());
  }

  #reader(): Promise<DuckDBConnection> {
    const idle = this.#idle.pop();
    if (idle) return Promise.resolve(idle);
    if (this.#waiting.length >= this.#limits.waitingQueries) {
      this.counters.queriesRefused += 1;
      return Promise.reject(new HistoryError('unavailable', 'too many history queries wait'));
    }
    return new Promise((give, refuse) => this.#waiting.push({ give, refuse }));
  }

  #release(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next) next.give(connection);
    else this.#idle.push(connection);
  }
}
