// Which buckets cover a range: a width from a fixed ladder, on edges that stay put when the range moves.
import { HistoryError, type Range } from './api.ts';
import { HISTORY_LIMITS } from './limits.ts';

const MS = 1;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const LADDER_MS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR_MS),
  ...[1, 2, 7, 14, 28, 56, 112].map((n) => n * DAY_MS),
  ...[1, 2, 4, 8, 16, 32, 64, 128, 256].map((n) => n * 364 * DAY_MS),
];

/**
 * Edges lie at whole multiples of the width from midnight of 1970-01-01 in UTC+8, China's one time zone (GB/T 7408.1),
 * so that a bucket of a day is a day there.
 */
export const BUCKET_ORIGIN_MS = -8 * HOUR_MS;

/** Latest time that history can hold or be asked for: its ns fit 64 bits, in the year 2262, as in InfluxDB. */
export const TIME_MAX_MS = 9_223_372_036_853;

export interface BucketPlan extends Range {
  readonly widthMs: number;
}

/** @throws HistoryError `invalid` when the range is empty, reversed or not in whole ms from 1970 on */
export function checkRange({ from, to }: Range): void {
  const whole = (t: number): boolean => Number.isSafeInteger(t) && t >= 0 && t <= TIME_MAX_MS;
  if (!whole(from) || !whole(to))
    throw new HistoryError('invalid', `range ${from} to ${to} is not in whole ms since 1970`);
  if (from >= to) throw new HistoryError('invalid', `range ${from} to ${to} is empty`);
}

/** Start of the bucket that holds `t`, ms. */
export const bucketStart = (t: number, widthMs: number): number =>
  Math.floor((t - BUCKET_ORIGIN_MS) / widthMs) * widthMs + BUCKET_ORIGIN_MS;

/**
 * The narrowest width of the ladder that covers [from, to) with at most `count` whole buckets; the plan's range is
 * widened to their edges. @throws HistoryError `invalid`
 */
export function planBuckets(range: Range, count: number): BucketPlan {
  checkRange(range);
  if (!Number.isInteger(count) || count < 1 || count > HISTORY_LIMITS.buckets)
    throw new HistoryError('invalid', `${count} buckets: 1 to ${HISTORY_LIMITS.buckets} are possible`);
  for (const widthMs of LADDER_MS) {
    const from = bucketStart(range.from, widthMs);
    const to = bucketStart(range.to - 1, widthMs) + widthMs;
    if ((to - from) / widthMs <= count) return { from, to, widthMs };
  }
  throw new HistoryError('invalid', `range ${range.from} to ${range.to} is too long for ${count} buckets`);
}
