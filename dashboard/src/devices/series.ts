// From the hub's buckets to lines: what holds on between two reports is joined, what nobody knows is a visible gap.
import type { BucketsReply } from '../../../hub/history/contract.ts';

/**
 * A sample speaks for its point for three heartbeats of 60 s (hub/history/limits.ts). Two good reports no further apart:
 * the value is known to have held within its deadband; beyond it nobody knows. ms
 */
export const HOLD_MS = 180_000;

/** Columns for a chart; `t` in ms. null breaks the line. */
export interface Series {
  readonly t: readonly number[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  readonly from: number;
  readonly to: number;
}

export function seriesOf(reply: Pick<BucketsReply, 'from' | 'to' | 'widthMs' | 'buckets'>): Series {
  const t: number[] = [];
  const min: (number | null)[] = [];
  const max: (number | null)[] = [];
  const mean: (number | null)[] = [];
  const push = (at: number, low: number | null, high: number | null, middle: number | null): void => {
    t.push(at);
    min.push(low);
    max.push(high);
    mean.push(middle);
  };
  let last: number | null = null;
  for (const bucket of reply.buckets) {
    const at = Date.parse(bucket.t) + reply.widthMs / 2;
    // Silence for longer than a report speaks for its point: nobody knows what was then.
    if (last !== null && at - last - reply.widthMs > HOLD_MS) push(last + reply.widthMs / 2, null, null, null);
    if (bucket.count > 0) {
      push(at, bucket.min, bucket.max, bucket.mean);
      last = at;
    }
    // A bucket that also holds unbelievable samples ends the line there, even if some of it was good.
    if (bucket.notGood > 0 && last !== null) {
      push(at + 1, null, null, null);
      last = null;
    }
  }
  return { t, min, max, mean, from: Date.parse(reply.from), to: Date.parse(reply.to) };
}

/** Places of values with nothing on either side: a line between points never shows them. */
export function lonelyOf(values: readonly (number | null | undefined)[]): number[] {
  const out: number[] = [];
  let before: number | null = null;
  let at: number | null = null;
  for (const [i, value] of [...values, null].entries()) {
    if (value === undefined) continue;
    if (value === null) {
      if (at !== null && before === null) out.push(at);
      at = null;
      before = null;
    } else {
      before = at;
      at = i;
    }
  }
  return out;
}

export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** Lowest and highest value; null when there is none. */
export function extentOf(series: Series): Extent | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of series.min) if (value !== null) low = Math.min(low, value);
  for (const value of series.max) if (value !== null) high = Math.max(high, value);
  return low <= high ? { low, high } : null;
}

/** The scale of a small trend: data and normal band with a little air, never of no height. */
export function scaleOf(extent: Extent | null, band: readonly [number, number] | undefined): Extent {
  const low = Math.min(extent?.low ?? Infinity, band?.[0] ?? Infinity);
  const high = Math.max(extent?.high ?? -Infinity, band?.[1] ?? -Infinity);
  if (low > high) return { low: 0, high: 1 };
  const air = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return { low: low - air, high: high + air };
}

/** SVG path of a line over a box of 100 × 100; empty where nothing is known. */
export function pathOf(t: readonly number[], values: readonly (number | null)[], box: Box): string {
  let path = '';
  let pen = 'M';
  for (const [i, value] of values.entries()) {
    const at = t[i];
    if (value === null || at === undefined) {
      pen = 'M';
      continue;
    }
    path += `${pen}${((100 * (at - box.from)) / (box.to - box.from)).toFixed(2)} ${yOf(value, box).toFixed(2)}`;
    pen = 'L';
  }
  return path;
}

export interface Box extends Extent {
  readonly from: number;
  readonly to: number;
}
export const yOf = (value: number, box: Extent): number => 100 - (100 * (value - box.low)) / (box.high - box.low);

/** A value with as many decimals as a person can use: 0.86, 3.42, 12.5, 1480. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 1_000 ? 1 : 0);
}
