// The write side of the embedded store: batches wait in order, are committed in groups, and count once each.
import { DuckDBDataChunk, INTEGER, BIGINT, DOUBLE, UTINYINT, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { LANES, QUALITIES, type Lane, type Quality } from '../../device-profiles/contract/point.ts';
import {
  HistoryError,
  type Appended,
  type HistoryBatch,
  type HistoryWriter,
  type PointRef,
  type SeriesKey,
  type SeriesSample,
} from './api.ts';
import { TIME_MAX_MS } from './buckets.ts';
import type { DuckdbFile } from './duckdb-file.ts';
import { inTransaction } from './duckdb-schema.ts';
import type { HistoryLimits } from './limits.ts';

/** Rows of one data chunk: DuckDB's vector size. */
const CHUNK_ROWS = 2_048;
const CHUNK_TYPES = [INTEGER, BIGINT, DOUBLE, VARCHAR, UTINYINT] as const;
const NS_PER_MS = 1_000_000n;
const QUALITY_CODE = new Map<Quality, number>(QUALITIES.map((quality, code) => [quality, code]));

export type WriterLimits = Pick<HistoryLimits, 'queuedSamples' | 'commitDelayMs' | 'commitSamples'>;

interface LaneState {
  /** Durable, and in memory ahead of that: handed in and waiting for its commit. */
  stored: number;
  accepted: number;
  /** Whether the cursor has its row. */
  saved: boolean;
  /** Samples up to this n are stored under an earlier epoch of the lane; -1 when there was none. */
  readonly floor: number;
  /** Highest n: durable, and in memory ahead of that. */
  storedTop: number;
  top: number;
}

interface Waiting {
  readonly lane: LaneState;
  readonly batch: HistoryBatch;
  /** Those of the batch that are not stored yet. */
  readonly fresh: readonly SeriesSample[];
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

export interface WriterCounters {
  samples: number;
  replayed: number;
  /** Samples whose time no history can hold (before 1970, after 2262); their sequences count as stored. */
  timeless: number;
  gaps: number;
  busy: number;
  commits: number;
  commitFailures: number;
}

const seriesText = (p: PointRef): string => `${p.community}\0${p.kind}\0${p.device}\0${p.point}`;
const laneText = (gateway: string, lane: Lane): string => `${gateway}\0${lane}`;

export class DuckdbWriter implements HistoryWriter {
  readonly counters: WriterCounters = {
    samples: 0,
    replayed: 0,
    timeless: 0,
    gaps: 0,
    busy: 0,
    commits: 0,
    commitFailures: 0,
  };
  /** Rows in `recent`: what the next fold will move. */
  recentRows = 0;
  lastFailure = '';
  readonly #file: DuckdbFile;
  readonly #limits: WriterLimits;
  readonly #onCommitted: () => void;
  readonly #seriesIds = new Map<string, number>();
  readonly #knownObjects = new WeakMap<SeriesKey, number>();
  readonly #unsavedSeries = new Map<number, SeriesKey>();
  /** By gateway and lane, then by epoch. */
  readonly #lanes = new Map<string, Map<string, LaneState>>();
  #queue: Waiting[] = [];
  #queuedSamples = 0;
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #closing = false;
  /** A commit failed: what the file holds is read again before the next one. */
  #inDoubt = false;

  constructor(file: DuckdbFile, limits: WriterLimits, onCommitted: () => void) {
    this.#file = file;
    this.#limits = limits;
    this.#onCommitted = onCommitted;
  }

  /** Reads series and cursors, at the start and after a failure. @returns whether a lane is further than was known */
  async load(connection: DuckDBConnection): Promise<boolean> {
    const series = await connection.runAndReadAll('SELECT id, community, kind, device, point FROM series');
    for (const [id, ...name] of series.getRowsJS()) {
      this.#seriesIds.set(name.join('\0'), Number(id));
      this.#unsavedSeries.delete(Number(id));
    }
    let further = false;
    const cursors = await connection.runAndReadAll('SELECT gateway, lane, epoch, seq, floor_n, top_n FROM lane_cursor');
    for (const [gateway, lane, epoch, ...numbers] of cursors.getRowsJS()) {
      const name = LANES.find((one) => one === lane);
      if (name === undefined) continue;
      const [seq = 0, floor = -1, top = -1] = numbers.map(Number);
      const epochs = this.#epochs(String(gateway), name);
      const state = epochs.get(String(epoch)) ?? {
        stored: 0,
        accepted: 0,
        saved: false,
        floor,
        storedTop: -1,
        top: -1,
      };
      further ||= seq > state.stored;
      state.stored = seq;
      state.accepted = Math.max(state.accepted, seq);
      state.saved = true;
      state.storedTop = top;
      state.top = Math.max(state.top, top);
      epochs.set(String(epoch), state);
    }
    const rows = await connection.runAndReadAll('SELECT count(*) FROM recent');
    this.recentRows = Number(rows.getRowsJS()[0]?.[0] ?? 0);
    return further;
  }

  get queuedSamples(): number {
    return this.#queuedSamples;
  }

  /** Id of a point's series; undefined while nothing was recorded of it. */
  seriesId(point: PointRef): number | undefined {
    return this.#seriesIds.get(seriesText(point));
  }

  stored(gateway: string, epoch: string, lane: Lane): number {
    return this.#lanes.get(laneText(gateway, lane))?.get(epoch)?.stored ?? 0;
  }

  append(batch: HistoryBatch): Promise<Appended> {
    const lane = this.#lane(batch);
    if (this.#closing) return Promise.reject(new Error('history is closing'));
    if (batch.last <= lane.stored) {
      this.counters.replayed += batch.samples.length;
      return Promise.resolve({ outcome: 'stored', stored: lane.stored });
    }
    if (batch.first > lane.accepted + 1) {
      this.counters.gaps += 1;
      return Promise.resolve({ outcome: 'gap', stored: lane.stored });
    }
    const unseen = batch.samples.slice(Math.max(0, lane.accepted + 1 - batch.first));
    const fresh = lane.floor < 0 ? unseen : unseen.filter(({ n }) => n > lane.floor);
    // A batch that is larger than the whole queue is still taken when it comes alone.
    if (this.#queuedSamples > 0 && this.#queuedSamples + fresh.length > this.#limits.queuedSamples) {
      this.counters.busy += 1;
      return Promise.resolve({ outcome: 'busy', stored: lane.stored });
    }
    this.counters.replayed += batch.samples.length - fresh.length;
    lane.accepted = Math.max(lane.accepted, batch.last);
    for (const { n } of fresh) lane.top = Math.max(lane.top, n);
    this.#queuedSamples += fresh.length;
    return new Promise((resolve, reject) => {
      this.#queue.push({ lane, batch, fresh, resolve, reject });
      this.#running ??= this.#run();
      if (this.#queuedSamples >= this.#limits.commitSamples) this.#wake?.();
    });
  }

  /** Commits what waits and takes nothing more. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    await this.#running;
  }

  #epochs(gateway: string, lane: Lane): Map<string, LaneState> {
    const text = laneText(gateway, lane);
    const known = this.#lanes.get(text);
    if (known) return known;
    const fresh = new Map<string, LaneState>();
    this.#lanes.set(text, fresh);
    return fresh;
  }

  /** State of a lane; a new epoch begins above what earlier ones of the lane have brought. */
  #lane({ gateway, epoch, lane }: HistoryBatch): LaneState {
    const epochs = this.#epochs(gateway, lane);
    const known = epochs.get(epoch);
    if (known) return known;
    const floor = Math.max(-1, ...[...epochs.values()].map(({ top }) => top));
    const fresh = { stored: 0, accepted: 0, saved: false, floor, storedTop: floor, top: floor };
    epochs.set(epoch, fresh);
    return fresh;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      if (!this.#closing && this.#queuedSamples < this.#limits.commitSamples) await this.#untilDue();
      await this.#commit(this.#takeGroup());
    }
    // In the same step as the look at the queue: what is appended from now on starts a run of its own.
    this.#running = null;
  }

  /** What one commit takes: at least one batch, and no more than it can write without holding others up. */
  #takeGroup(): readonly Waiting[] {
    let size = 0;
    let count = 0;
    for (const { fresh } of this.#queue) {
      if (count > 0 && size + fresh.length > this.#limits.commitSamples) break;
      size += fresh.length;
      count += 1;
    }
    this.#queuedSamples -= size;
    return this.#queue.splice(0, count);
  }

  #untilDue(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#limits.commitDelayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    let rows = 0;
    try {
      const connection = await this.#file.writer();
      if (this.#inDoubt) await this.#settle(connection);
      await inTransaction(connection, async () => {
        rows = await this.#appendRows(connection, group);
        await this.#saveSeries(connection);
        await this.#saveCursors(connection, group);
      });
    } catch (error) {
      this.#file.suspect(error);
      this.#fail(group, error);
      return;
    }
    this.#unsavedSeries.clear();
    this.recentRows += rows;
    this.counters.samples += rows;
    this.counters.commits += 1;
    this.lastFailure = '';
    for (const [lane, { batch, top }] of ends(group)) {
      lane.saved = true;
      lane.stored = Math.max(lane.stored, batch.last);
      lane.storedTop = top;
    }
    for (const { lane, resolve } of group) resolve({ outcome: 'stored', stored: lane.stored });
    this.#onCommitted();
  }

  /**
   * A commit that was reported as failed may be in the file all the same (its checkpoint failed, not its log). Then the
   * group would be stored twice: it is refused, and whoever sends again is told how far history is.
   */
  async #settle(connection: DuckDBConnection): Promise<void> {
    const further = await this.load(connection);
    this.#inDoubt = false;
    if (further) throw new HistoryError('unavailable', 'history holds more than was told; send again');
  }

  /** Nothing of the group is stored, and what waits behind it builds on it: all of it must be sent again. */
  #fail(group: readonly Waiting[], error: unknown): void {
    this.counters.commitFailures += 1;
    this.#inDoubt = true;
    this.lastFailure = error instanceof Error ? error.message : String(error);
    const lost = [...group, ...this.#queue];
    this.#queue = [];
    this.#queuedSamples = 0;
    for (const { lane } of lost) {
      lane.accepted = lane.stored;
      lane.top = lane.storedTop;
    }
    // An epoch that has nothing stored is forgotten: its floor may rest on what was lost just now.
    for (const epochs of this.#lanes.values())
      for (const [epoch, lane] of epochs) if (!lane.saved) epochs.delete(epoch);
    for (const { reject } of lost) reject(error);
  }

  async #appendRows(connection: DuckDBConnection, group: readonly Waiting[]): Promise<number> {
    const handed = group.flatMap(({ fresh }) => fresh);
    const samples = handed.filter(({ t }) => t >= 0 && t <= TIME_MAX_MS);
    this.counters.timeless += handed.length - samples.length;
    if (samples.length === 0) return 0;
    const appender = await connection.createAppender('recent');
    try {
      for (let from = 0; from < samples.length; from += CHUNK_ROWS) {
        appender.appendDataChunk(this.#chunk(samples, from, Math.min(samples.length, from + CHUNK_ROWS)));
        await yieldToOthers();
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
    return samples.length;
  }

  #chunk(samples: readonly SeriesSample[], from: number, to: number): DuckDBDataChunk {
    const chunk = DuckDBDataChunk.create(CHUNK_TYPES, to - from);
    const series: number[] = [];
    const ns: bigint[] = [];
    const numbers: (number | null)[] = [];
    const texts: (string | null)[] = [];
    const qualities: number[] = [];
    for (let k = from; k < to; k++) {
      const sample = samples[k];
      if (!sample) break;
      const { value } = sample;
      series.push(this.#seriesId(sample.series));
      ns.push(BigInt(Math.trunc(sample.t)) * NS_PER_MS + BigInt(sample.n % 1_000_000));
      // Adding zero takes the sign off a zero: line protocol knows none either, and folding would lose it later.
      numbers.push(typeof value === 'number' && Number.isFinite(value) ? value + 0 : null);
      texts.push(typeof value === 'string' ? value : null);
      qualities.push(QUALITY_CODE.get(sample.quality) ?? QUALITIES.indexOf('bad'));
    }
    chunk.setColumnValues(0, series);
    chunk.setColumnValues(1, ns);
    chunk.setColumnValues(2, numbers);
    chunk.setColumnValues(3, texts);
    chunk.setColumnValues(4, qualities);
    return chunk;
  }

  #seriesId(key: SeriesKey): number {
    const known = this.#knownObjects.get(key);
    if (known !== undefined) return known;
    const text = seriesText(key);
    let id = this.#seriesIds.get(text);
    if (id === undefined) {
      id = this.#seriesIds.size + 1;
      this.#seriesIds.set(text, id);
      this.#unsavedSeries.set(id, key);
    }
    this.#knownObjects.set(key, id);
    return id;
  }

  async #saveSeries(connection: DuckDBConnection): Promise<void> {
    if (this.#unsavedSeries.size === 0) return;
    const appender = await connection.createAppender('series');
    try {
      for (const [id, key] of this.#unsavedSeries) {
        appender.appendInteger(id);
        for (const text of [key.community, key.kind, key.device, key.point, key.building]) appender.appendVarchar(text);
        appender.endRow();
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
  }

  async #saveCursors(connection: DuckDBConnection, group: readonly Waiting[]): Promise<void> {
    for (const [lane, { batch, top }] of ends(group)) {
      const statement = lane.saved
        ? 'UPDATE lane_cursor SET seq = $4, floor_n = $5, top_n = $6 WHERE gateway = $1 AND epoch = $2 AND lane = $3'
        : 'INSERT INTO lane_cursor VALUES ($1, $2, $3, $4, $5, $6)';
      const numbers = [batch.last, lane.floor, top].map(BigInt);
      await connection.run(statement, [batch.gateway, batch.epoch, batch.lane, ...numbers]);
    }
  }
}

interface LaneEnd {
  readonly batch: HistoryBatch;
  readonly top: number;
}

/** How far each lane is after the group: its last batch, and the highest n. */
function ends(group: readonly Waiting[]): ReadonlyMap<LaneState, LaneEnd> {
  const found = new Map<LaneState, LaneEnd>();
  for (const { lane, batch, fresh } of group) {
    const before = found.get(lane);
    let top = before?.top ?? lane.storedTop;
    for (const { n } of fresh) top = Math.max(top, n);
    found.set(lane, { batch: before && before.batch.last > batch.last ? before.batch : batch, top });
  }
  return found;
}
