// States over time as bars: of a switch or an enumeration from the hub's buckets. What nobody knows is a gap. Pure.
import type { BucketsReply } from '../../../hub/history/contract.ts';
import { HOLD_MS } from '../devices/series.ts';

export interface Bar {
  readonly from: number;
  readonly to: number;
  /** Its state; null: it changed within, between `low` and `high`. */
  readonly state: number | null;
  readonly low: number;
  readonly high: number;
  /** Part of what was told then is not to be believed. */
  readonly doubt: boolean;
}

/** @param asOf nothing is known after it, ms */
export function barsOf({ widthMs, buckets }: Pick<BucketsReply, 'widthMs' | 'buckets'>, asOf: number): Bar[] {
  const out: Bar[] = [];
  const push = (bar: Bar): void => {
    const last = out.at(-1);
    const joins =
      last && last.to >= bar.from && last.state === bar.state && last.low === bar.low && last.high === bar.high;
    if (bar.to <= bar.from) return;
    if (last && joins && last.doubt === bar.doubt) out[out.length - 1] = { ...last, to: bar.to };
    else out.push(bar);
  };
  for (const [i, bucket] of buckets.entries()) {
    const { min, max, last } = bucket;
    const from = Date.parse(bucket.t);
    const to = Math.min(from + widthMs, asOf);
    if (min === null || max === null) continue;
    const doubt = bucket.notGood > 0;
    push({ from, to, state: min === max ? min : null, low: min, high: max, doubt });
    if (doubt || last === null) continue;
    // What was told last holds on, for as long as a report speaks for its point.
    const next = buckets[i + 1];
    const until = Math.min(to + HOLD_MS, next ? Date.parse(next.t) : Infinity, asOf);
    push({ from: to, to: until, state: last, low: last, high: last, doubt: false });
  }
  return out;
}

export const barAt = (bars: readonly Bar[], at: number): Bar | null =>
  bars.find((bar) => bar.from <= at && at < bar.to) ?? null;
