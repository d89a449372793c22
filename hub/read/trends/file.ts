// A view of trends as a table for spreadsheets: a row a stretch of a point, also where nothing was recorded. Pure.
import { csvOf, type Cell } from '../csv.ts';
import type { TrendLine, TrendReply } from './contract.ts';

const COLUMNS = [
  'device',
  'device_name',
  'point',
  'point_name',
  'unit',
  'from',
  'to',
  'from_local',
  'min',
  'max',
  'mean',
  'last',
  'state',
  'samples',
  'not_good',
  'quality',
  'complete',
] as const;

type Bucket = TrendLine['buckets'][number];

/** good; mixed: some of it is not to be believed; bad: nothing of it is; none: nothing was recorded. */
export function qualityOf(bucket: Pick<Bucket, 'count' | 'notGood'> | undefined): 'good' | 'mixed' | 'bad' | 'none' {
  if (!bucket || bucket.count + bucket.notGood === 0) return 'none';
  if (bucket.notGood === 0) return 'good';
  return bucket.count === 0 ? 'bad' : 'mixed';
}

/** What the site's clocks show: 2026-11-22 14:05:00. */
function localOf(timeZone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return (ms) => format.format(ms);
}

/** @param asOf a stretch that ends after it is not complete yet, ms */
export function trendFile(reply: TrendReply, asOf: number): string {
  const { widthMs, lines, timeZone } = reply;
  const [from, to] = [Date.parse(reply.from), Date.parse(reply.to)];
  const local = localOf(timeZone);
  const rows = lines.flatMap((line): Cell[][] => {
    const at = new Map(line.buckets.map((bucket) => [Date.parse(bucket.t), bucket]));
    const out: Cell[][] = [];
    for (let t = from; t < Math.min(to, asOf); t += widthMs) {
      const bucket = at.get(t);
      const last = bucket?.last ?? null;
      out.push([
        line.device,
        line.deviceName.zh,
        line.point,
        line.pointName.zh,
        line.unit,
        new Date(t).toISOString(),
        new Date(t + widthMs).toISOString(),
        `${local(t)} ${timeZone}`,
        bucket?.min,
        bucket?.max,
        bucket?.mean,
        last,
        last === null ? '' : line.enum?.[String(last)]?.zh,
        bucket?.count ?? 0,
        bucket?.notGood ?? 0,
        qualityOf(bucket),
        t + widthMs <= asOf ? 'yes' : 'no',
      ]);
    }
    return out;
  });
  return csvOf(COLUMNS, rows);
}
