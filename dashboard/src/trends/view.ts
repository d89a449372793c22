// What a view of trends is: which points, which stretch of time; how it zooms and pans; how the address says it. Pure.
import type { BucketsReply } from '../../../hub/history/contract.ts';
import { HOLD_MS } from '../devices/series.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const TREND_LIMITS = {
  /** Points in one view (hub/read/trends/limits.ts). */
  pointsMax: 8,
  /** Shortest and longest stretch shown. */
  spanMinMs: MINUTE,
  spanMaxMs: 366 * DAY,
  /** Stretches of the chart, each with its lowest, highest and mean. */
  buckets: 800,
  /** How often a view that follows the present is fetched again. */
  refreshMs: 15_000,
  /** After the last turn of the wheel, what is shown is fetched. */
  settleMs: 250,
} as const;

export const RANGES = { h1: HOUR, h8: 8 * HOUR, d1: DAY, d7: 7 * DAY, d30: 30 * DAY, d365: 365 * DAY } as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES = ['h1', 'h8', 'd1', 'd7', 'd30', 'd365'] as const satisfies readonly RangeName[];

export interface PointName {
  readonly device: string;
  readonly point: string;
}
export interface Stretch {
  readonly from: number;
  readonly to: number;
}
/** Either it follows the present (`range`), or it stands still. */
export type Time = { readonly range: RangeName } | Stretch;
export interface TrendView {
  readonly points: readonly PointName[];
  readonly time: Time;
}

const isRange = (name: string | undefined): name is RangeName => RANGE_NAMES.some((one) => one === name);

/** As the address and the hub name it. */
export const nameOf = ({ device, point }: PointName): string => `${device}~${point}`;
const same = (a: PointName, b: PointName): boolean => a.device === b.device && a.point === b.point;

/** One more, if there is room and it is not there yet. */
export const added = (points: readonly PointName[], one: PointName): readonly PointName[] =>
  points.length >= TREND_LIMITS.pointsMax || points.some((p) => same(p, one)) ? points : [...points, one];
export const without = (points: readonly PointName[], one: PointName): readonly PointName[] =>
  points.filter((p) => !same(p, one));

/** The stretch that the address asks for; null where it names none, or one that can't be. */
export function spanOf(
  query: Readonly<Record<string, string>>,
  maxMs: number = TREND_LIMITS.spanMaxMs,
): Stretch | null {
  const [from, to] = [Date.parse(query['from'] ?? ''), Date.parse(query['to'] ?? '')];
  return to - from >= TREND_LIMITS.spanMinMs && to - from <= maxMs ? { from, to } : null;
}

/** What the address asks for; what it can't mean is left out. */
export function viewOf(query: Readonly<Record<string, string>>): TrendView {
  let points: readonly PointName[] = [];
  for (const part of (query['p'] ?? '').split(',')) {
    const [, device, point] = /^([^~]+)~([^~]+)$/.exec(part) ?? [];
    if (device && point) points = added(points, { device, point });
  }
  return { points, time: spanOf(query) ?? { range: isRange(query['range']) ? query['range'] : 'h1' } };
}

export const timeQuery = (time: Time): Record<string, string | undefined> =>
  'range' in time
    ? { range: time.range }
    : { from: new Date(time.from).toISOString(), to: new Date(time.to).toISOString() };

export const queryOf = ({ points, time }: TrendView): Record<string, string | undefined> => ({
  p: points.map(nameOf).join(','),
  ...timeQuery(time),
});

export const stretchOf = (time: Time, now: number): Stretch =>
  'range' in time ? { from: now - RANGES[time.range], to: now } : time;

/** Within the longest and shortest stretch, and not into the future. */
function held({ from, to }: Stretch, now: number, maxMs: number): Stretch {
  const span = Math.min(maxMs, Math.max(TREND_LIMITS.spanMinMs, to - from));
  const middle = (from + to) / 2;
  const end = Math.min(now, Math.round(middle + span / 2));
  return { from: Math.round(end - span), to: end };
}

/** @param factor below 1 shows less time; @param at what stays where it is */
export function zoomed(
  { from, to }: Stretch,
  factor: number,
  at: number,
  now: number,
  maxMs: number = TREND_LIMITS.spanMaxMs,
): Stretch {
  return held({ from: at - (at - from) * factor, to: at + (to - at) * factor }, now, maxMs);
}

/** Moved by a share of its length; positive is later. */
export function panned({ from, to }: Stretch, share: number, now: number): Stretch {
  const by = Math.min((to - from) * share, Math.max(0, now - to));
  return { from: Math.round(from + by), to: Math.round(to + by) };
}

export interface Panel<T> {
  readonly unit: string;
  readonly lines: readonly T[];
}

/** Quantities of one unit share a panel, in the order in which they were chosen. */
export function panelsOf<T extends { readonly unit: string }>(lines: readonly T[]): Panel<T>[] {
  const units = [...new Set(lines.map((line) => line.unit))];
  return units.map((unit) => ({ unit, lines: lines.filter((line) => line.unit === unit) }));
}

type Buckets = Pick<BucketsReply, 'widthMs' | 'buckets'>;

/** Stretches in which something came that is not to be believed, joined where they touch. */
export function badOf({ widthMs, buckets }: Buckets): Stretch[] {
  const out: Stretch[] = [];
  for (const bucket of buckets) {
    if (bucket.notGood === 0) continue;
    const from = Date.parse(bucket.t);
    const last = out.at(-1);
    if (last && from <= last.to) out[out.length - 1] = { from: last.from, to: from + widthMs };
    else out.push({ from, to: from + widthMs });
  }
  return out;
}

export interface ReadOut {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Part of it is not to be believed. */
  readonly doubt: boolean;
}

/** What a point's line says at an instant; null where nobody knows. */
export function readOut({ widthMs, buckets }: Buckets, at: number): ReadOut | null {
  const found = buckets.findLast((bucket) => Date.parse(bucket.t) <= at);
  if (!found || found.mean === null || found.min === null || found.max === null) return null;
  const age = at - (Date.parse(found.t) + widthMs);
  if (age > HOLD_MS || (found.notGood > 0 && age > 0)) return null;
  return { mean: found.mean, min: found.min, max: found.max, doubt: found.notGood > 0 };
}

/** Since when a view has data, when that is later than its beginning; null: from its beginning, or none at all. */
export function dataFrom(lines: readonly Buckets[], { from }: Stretch): number | null {
  const firsts = lines.flatMap(({ buckets: [first], widthMs }) =>
    first ? [{ at: Date.parse(first.t), widthMs }] : [],
  );
  if (firsts.length === 0) return null;
  const first = firsts.reduce((a, b) => (b.at < a.at ? b : a));
  return first.at - from > HOLD_MS + first.widthMs ? first.at : null;
}
