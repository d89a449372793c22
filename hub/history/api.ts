// History as other domains know it: append what a gateway reported, ask for last, raw, buckets and time in state.
// Two stores answer alike (test/hub/history/suite.ts): DuckDB inside the hub, or the user's InfluxDB.
import type { Lane, Quality, Value } from '../../device-profiles/contract/point.ts';
import type { DeviceKind } from '../../device-profiles/contract/profile.ts';
import type { RefusalCode } from '../errors.ts';
import { RefusalError } from '../http/problem.ts';
import type { BucketsReply, RawReply, SampleOut } from './contract.ts';

/** A point as queries name it. `device` is `{gateway}.{device}`. */
export interface PointRef {
  readonly community: string;
  readonly kind: DeviceKind;
  readonly device: string;
  readonly point: string;
}

/**
 * A point as it is recorded. Hand in the same object for the same point each time: the store finds the series of a
 * known object without hashing its text. `building` is '' where there is none.
 */
export interface SeriesKey extends PointRef {
  readonly building: string;
}

/** One recorded value. `t` is the source time in ms UTC; within one ms, `n` (the gateway's sequence) orders. */
export interface SeriesSample {
  readonly series: SeriesKey;
  readonly t: number;
  readonly n: number;
  readonly value: Value;
  readonly quality: Quality;
}

/**
 * Records of one lane of one gateway under one epoch. `samples[k]` has sequence `first + k`; `last` may be higher than
 * the last sample's, because notes take sequences after the samples, and a batch that covers a loss has none at all
 * (device-profiles/contract/wire.ts, Batch). What a gateway carries from one epoch into the next keeps its `n`, and by
 * that is known again: it is not stored twice.
 */
export interface HistoryBatch {
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: Lane;
  readonly first: number;
  readonly last: number;
  readonly samples: readonly SeriesSample[];
}

/** `stored`: durable up to and including `last`, now or already before (a replay). The others changed nothing. */
export type Appended =
  | { readonly outcome: 'stored'; readonly stored: number }
  | { readonly outcome: 'gap'; readonly stored: number }
  | { readonly outcome: 'busy'; readonly stored: number };

/** Only the embedded store has one; with a history server the gateway writes by itself. */
export interface HistoryWriter {
  /**
   * Resolves when the batch is durable. Each sequence takes effect once, however often it is sent. Batches of one lane
   * must be handed in in order, but need not wait for each other: commits are grouped.
   * @throws Error when the disk refuses; the watermark then stays, and the same batch may be sent again.
   */
  append(batch: HistoryBatch): Promise<Appended>;
  /** Highest durable sequence of a lane; 0 when nothing is stored under this epoch. Known from the start. */
  stored(gateway: string, epoch: string, lane: Lane): number;
}

export interface RecordedSample {
  readonly t: number;
  readonly value: Value;
  readonly quality: Quality;
}

/** [from, to) in ms UTC. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** See contract.ts, `Bucket`; here `t` is in ms UTC. */
export interface RecordedBucket {
  readonly t: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly last: number | null;
  readonly count: number;
  readonly notGood: number;
}

export interface Buckets extends Range {
  readonly widthMs: number;
  readonly buckets: readonly RecordedBucket[];
}

export interface RawPage {
  readonly samples: readonly RecordedSample[];
  /** The last sample before `from`, if not older than HISTORY_LIMITS.holdMs then; only on the first page. */
  readonly before: RecordedSample | null;
  readonly next: string | null;
}

export interface StateDurations {
  readonly states: readonly { readonly value: number | string; readonly ms: number; readonly entered: number }[];
  readonly unknownMs: number;
}

/** A stretch in which one state is known to have held, ms UTC. */
export interface StateRun extends Range {
  readonly value: number | string;
}
/** The same with each stretch, oldest first; between them nobody knows. `more`: the later ones are not listed. */
export interface StateRuns extends StateDurations {
  readonly runs: readonly StateRun[];
  readonly more: boolean;
}

/** Why a query was refused or failed. `invalid`: the question is wrong; `unavailable`: the store does not answer. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly code: 'invalid' | 'too-much' | 'unavailable' | 'locked';
  constructor(code: HistoryError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const REFUSAL_OF: Record<HistoryError['code'], RefusalCode> = {
  invalid: 'bad-request',
  'too-much': 'out-of-range',
  unavailable: 'unavailable',
  locked: 'unavailable',
};

/** For routes: what history answers. @throws RefusalError where it refuses the question or does not answer */
export async function orRefuse<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    throw new RefusalError(REFUSAL_OF[error.code], error.message);
  }
}

export interface HistoryHealth {
  readonly status: 'ok' | 'degraded' | 'down';
  readonly detail: string;
}

export interface History {
  readonly store: 'duckdb' | 'influx';
  readonly writer: HistoryWriter | null;
  /** Only the embedded store: what it found at the start could not be opened, lies in `file`, and history began anew. */
  readonly damaged?: { readonly file: string; readonly why: string } | undefined;
  /** Newest sample of each point, in the order asked; null where none was recorded since `since` (ms UTC). */
  last(points: readonly PointRef[], since: number): Promise<readonly (RecordedSample | null)[]>;
  /** Samples of [from, to) in order of (t, n), at most `limit` (≤ HISTORY_LIMITS.rawPage) from `cursor` on. */
  raw(point: PointRef, range: Range, page?: { readonly limit?: number; readonly cursor?: string }): Promise<RawPage>;
  /** At most `count` buckets over the range, on the edges of buckets.ts; buckets without any sample are absent. */
  buckets(point: PointRef, range: Range, count: number): Promise<Buckets>;
  /** Time in each state; a sample holds for at most `holdMs` (default HISTORY_LIMITS.holdMs), then it is unknown. */
  states(point: PointRef, range: Range, holdMs?: number): Promise<StateDurations>;
  /** The same with the stretches themselves, at most `max` (≤ HISTORY_LIMITS.runs) of them. */
  runs(point: PointRef, range: Range, max?: number): Promise<StateRuns>;
  health(): Promise<HistoryHealth>;
  /** Counters since start, for /metrics. */
  counters(): Readonly<Record<string, number>>;
  /** Only the embedded store: copies all of it, as of one moment, into a new file (for backups). */
  copyTo?(file: string): Promise<void>;
  close(): Promise<void>;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const sampleOut = ({ t, value, quality }: RecordedSample): SampleOut => ({ t: iso(t), value, quality });

/** Buckets as the screen gets them. */
export const toBucketsReply = ({ widthMs, from, to, buckets }: Buckets): BucketsReply => ({
  widthMs,
  from: iso(from),
  to: iso(to),
  buckets: buckets.map((bucket) => ({ ...bucket, t: iso(bucket.t) })),
});

/** Raw samples as the screen gets them. */
export const toRawReply = ({ samples, before, next }: RawPage): RawReply => ({
  samples: samples.map(sampleOut),
  before: before && sampleOut(before),
  next,
});
