// History in the user's InfluxDB, read by InfluxQL. The gateway writes it (device-profiles/contract/history-line.ts);
// the hub only asks.
import { HISTORY, historyTagValue } from '../../device-profiles/contract/history-line.ts';
import { QUALITIES, type Value } from '../../device-profiles/contract/point.ts';
import {
  HistoryError,
  type Buckets,
  type History,
  type HistoryHealth,
  type PointRef,
  type Range,
  type RawPage,
  type RecordedBucket,
  type RecordedSample,
  type StateDurations,
  type StateRuns,
} from './api.ts';
import { BUCKET_ORIGIN_MS, checkRange, planBuckets } from './buckets.ts';
import { InfluxHttp, type InfluxOptions, type InfluxSeries } from './influx-http.ts';
import { HISTORY_LIMITS, type HistoryLimits } from './limits.ts';
import { checkPoints, collectStates, pageLimit, type SamplePage } from './questions.ts';

const { tags, fields } = HISTORY;
const SELECT_SAMPLE = `SELECT "${fields.num}", "${fields.text}", "${fields.quality}"`;
const GOOD = QUALITIES.indexOf('good');

/** Latest time InfluxDB knows, ns; ranges that go further end there. */
const TIME_MAX_NS = 9_223_372_036_854_775_806n;
/** Points asked for in one statement of `last`. */
const POINTS_PER_STATEMENT = 100;

const quoted = (text: string): string => `'${historyTagValue(text).replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;

function nsOf(ms: number): bigint {
  const ns = BigInt(Math.max(0, ms)) * 1_000_000n;
  return ns > TIME_MAX_NS ? TIME_MAX_NS : ns;
}

/** Time of a row, RFC 3339 with up to nine decimals, as ns since 1970. */
export function parseNs(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)?$/.exec(text);
  const seconds = match ? Date.parse(`${match[1]}Z`) : Number.NaN;
  if (!match || Number.isNaN(seconds))
    throw new HistoryError('unavailable', `the history server gave the time "${text}"`);
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

const parseMs = (text: unknown): number => Number(parseNs(String(text)) / 1_000_000n);

const of = (point: PointRef): string =>
  `"${tags.community}" = ${quoted(point.community)} AND "${tags.device}" = ${quoted(point.device)}`;
const ofPoint = (point: PointRef): string => `${of(point)} AND "${tags.point}" = ${quoted(point.point)}`;
const from = (point: PointRef): string => `FROM "${point.kind}"`;
const within = (range: Range): string => `time >= ${nsOf(range.from)} AND time < ${nsOf(range.to)}`;

/** Value of a named column; a column that no row ever had is absent. */
type Cells = (column: string) => unknown;

function* rowsOf(tables: readonly InfluxSeries[]): Generator<Cells> {
  for (const { columns, values } of tables) {
    const place = new Map(columns.map((name, index) => [name, index]));
    for (const row of values) yield (column) => row[place.get(column) ?? -1] ?? null;
  }
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function toSample(cell: Cells): RecordedSample {
  const text = cell(fields.text);
  const value: Value = numberOrNull(cell(fields.num)) ?? (typeof text === 'string' ? text : null);
  const quality = QUALITIES[Number(cell(fields.quality) ?? QUALITIES.indexOf('bad'))] ?? 'bad';
  return { t: parseMs(cell('time')), value, quality };
}

export class InfluxHistory implements History {
  readonly store = 'influx';
  readonly writer = null;
  readonly #http: InfluxHttp;
  readonly #limits: HistoryLimits;

  constructor(options: InfluxOptions, limits: Partial<HistoryLimits> = {}) {
    this.#limits = { ...HISTORY_LIMITS, ...limits };
    this.#http = new InfluxHttp(options, this.#limits);
  }

  async last(points: readonly PointRef[], since: number): Promise<readonly (RecordedSample | null)[]> {
    checkPoints(points, this.#limits.lastPoints);
    const statements = groupByDevice(points).map(
      (group) =>
        `${SELECT_SAMPLE} ${from(group.device)} WHERE ${of(group.device)} AND (${group.points
          .map((name) => `"${tags.point}" = ${quoted(name)}`)
          .join(' OR ')}) AND time >= ${nsOf(since)} GROUP BY "${tags.point}" ORDER BY time DESC LIMIT 1`,
    );
    if (statements.length === 0) return [];
    const answers = await this.#http.query(statements);
    const newest = new Map<string, RecordedSample>();
    groupByDevice(points).forEach((group, k) => {
      for (const table of answers[k] ?? [])
        for (const cell of rowsOf([table]))
          newest.set(pointText(group.device, table.tags?.[tags.point] ?? ''), toSample(cell));
    });
    return points.map((point) => newest.get(pointText(point, historyTagValue(point.point))) ?? null);
  }

  async raw(point: PointRef, range: Range, page: { limit?: number; cursor?: string } = {}): Promise<RawPage> {
    checkRange(range);
    const limit = pageLimit(page.limit, this.#limits.rawPage);
    const before = page.cursor === undefined ? await this.#before(point, range.from, this.#limits.holdMs) : null;
    return { ...(await this.#page(point, range, page.cursor ?? null, limit)), before };
  }

  async buckets(point: PointRef, range: Range, count: number): Promise<Buckets> {
    const plan = planBuckets(range, count);
    const offset = ((BUCKET_ORIGIN_MS % plan.widthMs) + plan.widthMs) % plan.widthMs;
    const tail = (quality: string): string =>
      `${from(point)} WHERE ${ofPoint(point)} AND "${fields.quality}" ${quality} AND ${within(plan)}
       GROUP BY time(${plan.widthMs}ms, ${offset}ms) fill(none)`;
    const num = `"${fields.num}"`;
    const [good = [], notGood = []] = await this.#http.query([
      `SELECT min(${num}) AS lo, max(${num}) AS hi, mean(${num}) AS mean, last(${num}) AS last, count(${num}) AS n ${tail(`= ${GOOD}`)}`,
      `SELECT count("${fields.quality}") AS n ${tail(`<> ${GOOD}`)}`,
    ]);
    return { ...plan, buckets: mergeBuckets(good, notGood) };
  }

  async states(point: PointRef, range: Range, holdMs = this.#limits.holdMs): Promise<StateDurations> {
    const { states, unknownMs } = await this.#walk(point, range, holdMs, 0);
    return { states, unknownMs };
  }

  runs(point: PointRef, range: Range, max: number = this.#limits.runs): Promise<StateRuns> {
    return this.#walk(point, range, this.#limits.holdMs, Math.min(max, this.#limits.runs));
  }

  async health(): Promise<HistoryHealth> {
    try {
      // A select, since SHOW answers for a database that does not exist.
      await this.#http.query([`${SELECT_SAMPLE} FROM "gateway" WHERE time < 1 LIMIT 1`]);
      return { status: 'ok', detail: 'influx' };
    } catch (error) {
      return { status: 'down', detail: error instanceof Error ? error.message : String(error) };
    }
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#http.counters };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #walk(point: PointRef, range: Range, holdMs: number, runsMax: number): Promise<StateRuns> {
    checkRange(range);
    const before = await this.#before(point, range.from, holdMs);
    const { stateSamples: samplesMax, rawPage } = this.#limits;
    return collectStates({ range, holdMs, before, samplesMax, runsMax }, (cursor) =>
      this.#page(point, range, cursor, rawPage),
    );
  }

  async #page(point: PointRef, range: Range, cursor: string | null, limit: number): Promise<SamplePage> {
    if (cursor !== null && !/^\d{1,19}$/.test(cursor))
      throw new HistoryError('invalid', 'the cursor is not one of ours');
    const after = cursor === null ? '' : ` AND time > ${cursor}`;
    const [tables = []] = await this.#http.query([
      `${SELECT_SAMPLE} ${from(point)} WHERE ${ofPoint(point)} AND ${within(range)}${after} ORDER BY time ASC LIMIT ${limit + 1}`,
    ]);
    const rows = [...rowsOf(tables)];
    const shown = rows.slice(0, limit);
    const lastRow = shown.at(-1);
    const next = rows.length > limit && lastRow ? String(parseNs(String(lastRow('time')))) : null;
    return { samples: shown.map(toSample), next };
  }

  async #before(point: PointRef, time: number, holdMs: number): Promise<RecordedSample | null> {
    const range = { from: Math.max(0, time - holdMs), to: time };
    const [tables = []] = await this.#http.query([
      `${SELECT_SAMPLE} ${from(point)} WHERE ${ofPoint(point)} AND ${within(range)} ORDER BY time DESC LIMIT 1`,
    ]);
    const [cell] = [...rowsOf(tables)];
    return cell ? toSample(cell) : null;
  }
}

const pointText = (device: PointRef, point: string): string =>
  `${device.community}\0${device.kind}\0${device.device}\0${point}`;

interface DeviceGroup {
  readonly device: PointRef;
  readonly points: readonly string[];
}

/** One statement can ask for several points of one device. */
function groupByDevice(points: readonly PointRef[]): readonly DeviceGroup[] {
  const byDevice = new Map<string, { device: PointRef; points: Set<string> }>();
  for (const point of points) {
    const text = pointText(point, '');
    const group = byDevice.get(text) ?? { device: point, points: new Set() };
    group.points.add(point.point);
    byDevice.set(text, group);
  }
  return [...byDevice.values()].flatMap(({ device, points: all }) => {
    const names = [...all];
    return Array.from({ length: Math.ceil(names.length / POINTS_PER_STATEMENT) }, (_, k) => ({
      device,
      points: names.slice(k * POINTS_PER_STATEMENT, (k + 1) * POINTS_PER_STATEMENT),
    }));
  });
}

function mergeBuckets(good: readonly InfluxSeries[], notGood: readonly InfluxSeries[]): readonly RecordedBucket[] {
  const buckets = new Map<number, RecordedBucket>();
  for (const cell of rowsOf(good)) {
    const t = parseMs(cell('time'));
    buckets.set(t, {
      t,
      min: numberOrNull(cell('lo')),
      max: numberOrNull(cell('hi')),
      mean: numberOrNull(cell('mean')),
      last: numberOrNull(cell('last')),
      count: numberOrNull(cell('n')) ?? 0,
      notGood: 0,
    });
  }
  for (const cell of rowsOf(notGood)) {
    const t = parseMs(cell('time'));
    const empty = { t, min: null, max: null, mean: null, last: null, count: 0 };
    buckets.set(t, { ...(buckets.get(t) ?? empty), notGood: numberOrNull(cell('n')) ?? 0 });
  }
  return [...buckets.values()].filter((b) => b.count + b.notGood > 0).sort((a, b) => a.t - b.t);
}
