// Trends over HTTP on a real database and a real store of history: several points at once, gaps and quality as they are,
// alarms, the search, the file; alike on DuckDB and InfluxDB.
import { beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../hub/clock.ts';
import type { PointsReply, TrendReply } from '../../../../hub/read/trends/contract.ts';
import { qualityOf } from '../../../../hub/read/trends/file.ts';
import { TREND_LIMITS } from '../../../../hub/read/trends/limits.ts';
import { startInfluxd } from '../../../helpers/influxd.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../../helpers/hub.ts';
import { describeWith } from '../../../helpers/needs.ts';
import { parseCsv } from '../figures/recount.ts';
import { DAY, HOUR, MINUTE, storeEpisodes } from '../figures/stored.ts';
import { registerPoints, writerFor, type SitePoint, type Told } from './site.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
const iso = (ms: number): string => new Date(ms).toISOString();

const PRESSURE: SitePoint = { device: 'gw.main', kind: 'water-main', point: 'pressure', unit: 'MPa', building: 'b1' };
const LEVEL: SitePoint = { device: 'gw.tank', kind: 'water-tank', point: 'level', unit: 'm' };
const RUN: SitePoint = {
  device: 'gw.pump',
  kind: 'fire-pump',
  point: 'run',
  type: 'bool',
  enum: { 0: { zh: '停止', en: 'stopped' }, 1: { zh: '运行', en: 'running' } },
};
const NAME: SitePoint = { device: 'gw.pump', kind: 'fire-pump', point: 'serial', type: 'string' };
const named = (...points: readonly SitePoint[]): string => points.map((p) => `${p.device}~${p.point}`).join(',');

/** A minute each: good, then silence for ten, then bad for five, then good again. */
const pressure = (from: number): Told[] => [
  ...Array.from({ length: 20 }, (_, i): Told => [from + i * MINUTE, 0.5 + i / 100]),
  ...Array.from({ length: 5 }, (_, i): Told => [from + (30 + i) * MINUTE, 65_535, 'bad']),
  ...Array.from({ length: 20 }, (_, i): Told => [from + (35 + i) * MINUTE, 0.7]),
];

function trendSuite(open: () => Promise<{ hub: TestHub; write: ReturnType<typeof writerFor> }>): void {
  const from = NOW - HOUR;
  let hub: TestHub;
  let operator: Client;
  const ask = (points: string, more = ''): Promise<{ status: number; body: TrendReply }> =>
    operator.get<TrendReply>(`/api/trends?points=${points}&from=${iso(from)}&to=${iso(NOW)}${more}`);

  beforeAll(async () => {
    const opened = await open();
    hub = opened.hub;
    const { db } = hub.hub.database;
    await registerPoints(db, TEST_COMMUNITY, [PRESSURE, LEVEL, RUN, NAME]);
    await opened.write(PRESSURE, pressure(from));
    await opened.write(LEVEL, [
      [from, 2.5],
      [from + MINUTE, 2.6],
    ]);
    await opened.write(RUN, [
      [from, 0],
      [from + 10 * MINUTE, 1],
      [from + 11 * MINUTE, 1],
    ]);
    await storeEpisodes(db, TEST_COMMUNITY, [
      { at: from + 31 * MINUTE, device: 'gw.main', point: 'pressure', endAfter: 5 * MINUTE },
      { at: from - DAY, device: 'gw.main', point: 'other' },
      { at: from - DAY, device: 'gw.main', point: 'pressure', endAfter: MINUTE },
      { at: from + MINUTE, device: 'gw.elsewhere', endAfter: MINUTE },
    ]);
    operator = await hub.as('operator');
    await hub.addCommunity('other');
  }, 120_000);

  test('gives several points on the same edges, each with what it is', async () => {
    const { status, body } = await ask(named(PRESSURE, LEVEL, RUN), '&buckets=60');
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({ timeZone: 'Asia/Shanghai', asOf: iso(NOW), widthMs: MINUTE, missing: [] });
    expect(body.lines.map((l) => [l.device, l.point, l.unit])).toEqual([
      ['gw.main', 'pressure', 'MPa'],
      ['gw.tank', 'level', 'm'],
      ['gw.pump', 'run', ''],
    ]);
    expect(body.lines[0]).toMatchObject({ building: 'b1', kind: 'water-main' });
    expect(body.lines[2]?.enum?.['1']).toEqual({ zh: '运行', en: 'running' });
    expect(body.lines[1]?.buckets.map((b) => b.mean)).toEqual([2.5, 2.6]);
  });

  test('silence is absent and what is not to be believed is counted apart', async () => {
    const { body } = await ask(named(PRESSURE), '&buckets=60');
    const minutes = (body.lines[0]?.buckets ?? []).map((b) => (Date.parse(b.t) - from) / MINUTE);
    expect(minutes).toEqual([...Array(20).keys(), ...Array.from({ length: 25 }, (_, i) => 30 + i)]);
    const bad = body.lines[0]?.buckets.filter((b) => b.notGood > 0) ?? [];
    expect(bad.map((b) => [b.count, b.max])).toEqual(Array.from({ length: 5 }, () => [0, null]));
  });

  test('wider steps keep the lowest and the highest', async () => {
    const { body } = await ask(named(PRESSURE), '&buckets=6');
    expect(body.widthMs).toBe(10 * MINUTE);
    expect(body.lines[0]?.buckets[0]).toMatchObject({ min: 0.5, max: 0.59, count: 10 });
  });

  test('names the alarms of its devices that stood then, and no others', async () => {
    const { body } = await ask(named(PRESSURE));
    expect(
      body.alarms.items.map((a) => [a.point, (Date.parse(a.raisedAt) - from) / MINUTE, a.endedAt !== undefined]),
    ).toEqual([
      [expect.stringContaining('other'), -1440, false],
      ['pressure', 31, true],
    ]);
    expect(body.alarms.more).toBe(false);
  });

  test('the file has a row a step also where there is nothing, with unit, quality and the local time', async () => {
    const answer = await operator.get<string>(
      `/api/trends/rows.csv?points=${named(PRESSURE, RUN)}&from=${iso(from)}&to=${iso(NOW)}&buckets=60`,
    );
    expect(answer.status).toBe(200);
    const rows = parseCsv(answer.body);
    expect(rows).toHaveLength(120);
    expect(rows[0]).toMatchObject({
      unit: 'MPa',
      quality: 'good',
      mean: '0.5',
      from_local: '2026-11-22 17:00:00 Asia/Shanghai',
    });
    expect(rows[25]).toMatchObject({ quality: 'none', mean: '', samples: '0' });
    expect(rows[31]).toMatchObject({ quality: 'bad', mean: '', not_good: '1' });
    expect(rows[70]).toMatchObject({ point: 'run', state: '运行', last: '1' });
  });

  test('a step that is not over yet is said to be incomplete', async () => {
    const answer = await operator.get<string>(
      `/api/trends/rows.csv?points=${named(PRESSURE)}&from=${iso(from)}&to=${iso(NOW + HOUR)}&buckets=8`,
    );
    const rows = parseCsv(answer.body);
    expect(rows.at(-1)?.['complete']).toBe('yes');
    const odd = await operator.get<string>(
      `/api/trends/rows.csv?points=${named(PRESSURE)}&from=${iso(from + 7 * MINUTE)}&to=${iso(NOW + DAY)}&buckets=4`,
    );
    expect(parseCsv(odd.body).at(-1)?.['complete']).toBe('no');
  });

  test('a point that is not there is named, and one of another community is not there', async () => {
    const { body } = await ask(`${named(PRESSURE)},gw.main~gone`);
    expect(body.missing).toEqual(['gw.main~gone']);
    const stranger = await hub.as('operator@other');
    const answer = await stranger.get(`/api/trends?points=${named(PRESSURE)}&from=${iso(from)}&to=${iso(NOW)}`);
    expect(answer.status).toBe(404);
    expect((await stranger.get<PointsReply>('/api/trends/points?q=pressure')).body.items).toEqual([]);
  });

  test.each([
    ['no device', 'points=x', 400],
    ['too many points', `points=${Array.from({ length: 9 }, (_, i) => `gw.main~p${i}`).join(',')}`, 422],
  ])('refuses %s by name', async (_, query, status) => {
    const answer = await operator.get(`/api/trends?${query}&from=${iso(from)}&to=${iso(NOW)}`);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain('points');
  });

  test('refuses a stretch that is reversed or longer than a year', async () => {
    const ask2 = (a: number, b: number) =>
      operator.get(`/api/trends?points=${named(PRESSURE)}&from=${iso(a)}&to=${iso(b)}`);
    expect((await ask2(NOW, from)).status).toBe(400);
    expect((await ask2(NOW - TREND_LIMITS.spanMaxMs - 1, NOW)).status).toBe(422);
    expect((await ask2(NOW - TREND_LIMITS.spanMaxMs, NOW)).status).toBe(200);
  });

  test('finds points by any words of device and point, quantities first, no texts', async () => {
    const found = async (query: string): Promise<string[]> =>
      (await operator.get<PointsReply>(`/api/trends/points?${query}`)).body.items.map((p) => p.point);
    expect(await found(`q=${encodeURIComponent('设备 pressure')}`)).toEqual(['pressure']);
    expect(await found('q=PUMP')).toEqual(['run']);
    expect(await found('')).toEqual(['pressure', 'level', 'run']);
    expect(await found('device=gw.tank')).toEqual(['level']);
    expect(await found('kind=water-main')).toEqual(['pressure']);
    expect(await found(`q=${encodeURIComponent('%')}`)).toEqual([]);
    const one = await operator.get<PointsReply>('/api/trends/points?limit=1');
    expect([one.body.items.length, one.body.more]).toEqual([1, true]);
  });
}

describe('on the embedded store', () => {
  trendSuite(async () => {
    const hub = await startTestHub({ clock: new ManualClock(NOW), config: { community: TEST_COMMUNITY } });
    return { hub, write: writerFor(TEST_COMMUNITY, hub.hub.sensing.history) };
  });
});

describeWith(['influxdb'], 'on InfluxDB', () => {
  trendSuite(async () => {
    const influxd = await startInfluxd();
    const hub = await startTestHub({
      clock: new ManualClock(NOW),
      config: { community: TEST_COMMUNITY, influx: { url: influxd.url, bucket: influxd.database } },
    });
    return { hub, write: writerFor(TEST_COMMUNITY, hub.hub.sensing.history, influxd) };
  });
});

test.each([
  [undefined, 'none'],
  [{ count: 0, notGood: 0 }, 'none'],
  [{ count: 2, notGood: 0 }, 'good'],
  [{ count: 2, notGood: 1 }, 'mixed'],
  [{ count: 0, notGood: 1 }, 'bad'],
] as const)('the quality of %o is %s', (bucket, quality) => {
  expect(qualityOf(bucket)).toBe(quality);
});
