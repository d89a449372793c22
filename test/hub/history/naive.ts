// The plainest possible recount of history in memory, written apart from both stores, to hold them to.
import type { Range, RecordedBucket, RecordedSample, SeriesSample, StateDurations } from '../../../hub/history/api.ts';

/** Samples of a point as history must have them: by time and order, and zero without a sign. */
export const inOrder = (samples: readonly SeriesSample[], point: string): readonly SeriesSample[] =>
  samples
    .filter((s) => s.series.point === point)
    .sort((a, b) => a.t - b.t || a.n - b.n)
    .map((s) => (s.value === 0 ? { ...s, value: 0 } : s));

export const recorded = ({ t, value, quality }: SeriesSample): RecordedSample => ({ t, value, quality });

const isGoodNumber = (s: SeriesSample): boolean => s.quality === 'good' && typeof s.value === 'number';

/** Buckets between edges that the caller has computed by hand. */
export function naiveBuckets(
  samples: readonly SeriesSample[],
  { from, to }: Range,
  widthMs: number,
): readonly RecordedBucket[] {
  const buckets: RecordedBucket[] = [];
  for (let t = from; t < to; t += widthMs) {
    const inside = samples.filter((s) => s.t >= t && s.t < t + widthMs);
    const good = inside.filter(isGoodNumber).map((s) => Number(s.value));
    const notGood = inside.filter((s) => s.quality !== 'good').length;
    if (good.length + notGood === 0) continue;
    const some = good.length > 0;
    buckets.push({
      t,
      min: some ? Math.min(...good) : null,
      max: some ? Math.max(...good) : null,
      mean: some ? good.reduce((sum, v) => sum + v, 0) / good.length : null,
      last: good.at(-1) ?? null,
      count: good.length,
      notGood,
    });
  }
  return buckets;
}

/** Looks at every single millisecond of the range: slow and hard to get wrong. */
export function naiveStates(samples: readonly SeriesSample[], { from, to }: Range, holdMs: number): StateDurations {
  const totals = new Map<number | string, { ms: number; entered: number }>();
  const total = (value: number | string): { ms: number; entered: number } => {
    const fresh = totals.get(value) ?? { ms: 0, entered: 0 };
    totals.set(value, fresh);
    return fresh;
  };
  let unknownMs = 0;
  for (let at = from; at < to; at++) {
    const current = samples.filter((s) => s.t <= at).at(-1);
    const holds = current && at < current.t + holdMs && current.quality === 'good' ? current.value : null;
    if (holds === null) unknownMs += 1;
    else total(holds).ms += 1;
  }
  const carried = samples.filter((s) => s.t < from && s.t >= from - holdMs).slice(-1);
  const told = [...carried, ...samples.filter((s) => s.t >= from && s.t < to)];
  const known = told.filter((s) => s.quality === 'good' && s.value !== null);
  known.forEach((sample, k) => {
    const previous = known[k - 1];
    if (previous && previous.value !== sample.value && sample.t >= from) total(sample.value ?? '').entered += 1;
  });
  const states = [...totals].map(([value, { ms, entered }]) => ({ value, ms, entered }));
  return { states, unknownMs };
}
