// The questions of the embedded store as SQL. Every number in the text is one of ours (ids, times), never outside text.
import type { RecordedBucket, RecordedSample } from './api.ts';
import type { BucketPlan } from './buckets.ts';
import { BUCKET_ORIGIN_MS } from './buckets.ts';
import { QUALITIES } from '../../device-profiles/contract/point.ts';
import { asPartials } from './duckdb-schema.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A row as the driver gives it: bigint for BIGINT, number for DOUBLE and small integers. */
export type Row = readonly unknown[];

/** Text of a time in ms as ns; by text, since the product is past 2⁵³. */
const nsText = (ms: number): string => (ms === 0 ? '0' : `${ms}000000`);

const samplesOf = (series: number, where: string): string =>
  ['recent', 'archive']
    .map((table) => `SELECT ns, v, txt, q FROM ${table} WHERE series = ${series} AND ${where}`)
    .join(' UNION ALL ');

/** Columns: t in ms (DOUBLE), v, txt, q, ns. */
const SAMPLE = '(ns // 1000000)::DOUBLE, v, txt, q, ns';

export const lastSql = (series: readonly number[]): string => {
  const of = (table: string): string =>
    `SELECT series, ns, v, txt, q FROM ${table} WHERE series IN (${series.join(',')})`;
  return `SELECT ${SAMPLE}, series FROM (${of('newest')} UNION ALL ${of('recent')})
    QUALIFY row_number() OVER (PARTITION BY series ORDER BY ns DESC) = 1`;
};

/** `afterNs` continues a page. One row more than `limit` tells that there is a next page. */
export const rawSql = (series: number, from: number, to: number, afterNs: bigint | null, limit: number): string => {
  const start = afterNs === null ? `ns >= ${nsText(from)}` : `ns > ${afterNs}`;
  return `SELECT ${SAMPLE} FROM (${samplesOf(series, `${start} AND ns < ${nsText(to)}`)}) ORDER BY ns LIMIT ${limit + 1}`;
};

export const beforeSql = (series: number, from: number, holdMs: number): string => {
  const where = `ns < ${nsText(from)} AND ns >= ${nsText(Math.max(0, from - holdMs))}`;
  return `SELECT ${SAMPLE} FROM (${samplesOf(series, where)}) ORDER BY ns DESC LIMIT 1`;
};

/** Folded partial sums of the coarsest grain that fits the width, or archived samples where none does. */
function folded(series: number, plan: BucketPlan): string {
  const grain = plan.widthMs % HOUR_MS === 0 ? 'hour' : plan.widthMs % MINUTE_MS === 0 ? 'minute' : null;
  if (grain) return `SELECT * FROM ${grain} WHERE series = ${series} AND t >= ${plan.from} AND t < ${plan.to}`;
  return `${asPartials('archive')} ${inRange(series, plan)}`;
}

const inRange = (series: number, plan: BucketPlan): string =>
  `WHERE series = ${series} AND ns >= ${nsText(Math.max(0, plan.from))} AND ns < ${nsText(plan.to)}`;

/** Columns: t, lo, hi, mean, last, good, not_good as DOUBLE. Buckets in which nothing numeric was recorded are absent. */
export const bucketsSql = (series: number, plan: BucketPlan): string =>
  `SELECT ((t - (${BUCKET_ORIGIN_MS})) // ${plan.widthMs} * ${plan.widthMs} + (${BUCKET_ORIGIN_MS}))::DOUBLE AS bucket,
     min(lo), max(hi), sum(total) / nullif(sum(good), 0), arg_max(last, last_ns), sum(good)::DOUBLE, sum(not_good)::DOUBLE
   FROM (${folded(series, plan)} UNION ALL ${asPartials('recent')} ${inRange(series, plan)})
   GROUP BY bucket HAVING sum(good) + sum(not_good) > 0 ORDER BY bucket`;

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

export const toSample = (row: Row): RecordedSample => ({
  t: Number(row[0]),
  value: numberOrNull(row[1]) ?? (typeof row[2] === 'string' ? row[2] : null),
  quality: QUALITIES[Number(row[3])] ?? 'bad',
});

/** The sample's place in the order of its series. */
export const toNs = (row: Row): bigint => BigInt(String(row[4]));

export const toBucket = (row: Row): RecordedBucket => ({
  t: Number(row[0]),
  min: numberOrNull(row[1]),
  max: numberOrNull(row[2]),
  mean: numberOrNull(row[3]),
  last: numberOrNull(row[4]),
  count: Number(row[5]),
  notGood: Number(row[6]),
});
