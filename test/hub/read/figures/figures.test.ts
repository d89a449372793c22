// GET /api/figures/alarms over HTTP on a real database: each tile equals an independent recount of the rows it opens.
import { beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../hub/clock.ts';
import { NO_CAUSE, type AlarmFigures, type Figure, type RowsReply } from '../../../../hub/read/figures/contract.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../../helpers/hub.ts';
import { at, groupBy, parseCsv, percentile, stretches, type Row } from './recount.ts';
import { DAY, HOUR, MINUTE, SECOND, someEpisodes, storeEpisodes, type Episode } from './stored.ts';

/** 2026-11-22 18:00 in Shanghai. */
const NOW = Date.UTC(2026, 10, 22, 10);
/** Midnight there. */
const TODAY = Date.UTC(2026, 10, 21, 16);
const SEED = Number(process.env['FENGSUI_SEED'] ?? 20_261_122);
const WEEK = 'period=week&on=2026-11-22';
const WEEK_FROM = TODAY - 6 * DAY;

let hub: TestHub;
let manager: Client;

const figures = async (query: string, who: Client = manager): Promise<AlarmFigures> => {
  const answer = await who.get<AlarmFigures>(`/api/figures/alarms?${query}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
};
const rows = async (query: string): Promise<Row[]> =>
  parseCsv((await manager.get<string>(`/api/figures/alarms/rows.csv?${query}`)).body);
const page = async (query: string): Promise<RowsReply> =>
  (await manager.get<RowsReply>(`/api/figures/alarms/rows?${query}`)).body;
const numbers = (of: readonly Row[], column: string): number[] =>
  of.filter((r) => r[column] !== '').map((r) => Number(r[column]));

beforeAll(async () => {
  hub = await startTestHub({ clock: new ManualClock(NOW), config: { community: TEST_COMMUNITY } });
  manager = await hub.as('manager');
  await hub.addCommunity('other');
  await hub.hub.database.db.transaction((tx) =>
    tx.run(
      `insert into ingest.gateway (id, community, username, enrolled_at, enrolled_by) values ('gw', $1, 'gw', $2, 'test')`,
      [TEST_COMMUNITY, new Date(WEEK_FROM - 30 * DAY)],
    ),
  );
  await hub.hub.database.db.transaction(async (tx) => {
    for (const n of [0, 1])
      await tx.run(
        `insert into equipment.device (id, community, gateway, kind, name, profile, vendor, model, evidence, link, first_at)
         values ($1, $2, 'gw', 'fire-panel', '{"zh":"主机","en":"panel"}', 'p', 'v', 'm', 'A', 'l', $3)`,
        [`gw.p${n}`, TEST_COMMUNITY, new Date(WEEK_FROM - DAY)],
      );
    await tx.run(
      `insert into duty.shift (id, community, kind, starts_at, ends_at, created_at, created_by)
       values ('s1', $1, 'control-room', $2, $3, $2, 'test')`,
      [TEST_COMMUNITY, new Date(TODAY), new Date(NOW)],
    );
    for (const person of ['u1', 'u2'])
      await tx.run(
        `insert into duty.attendance (community, person, person_name, shift, planned_end, taken_at, ended_at, end_reason)
         values ($1, $2, $2, 's1', $3, $4, $3, 'handed-over')`,
        [TEST_COMMUNITY, person, new Date(TODAY + 8 * HOUR), new Date(TODAY)],
      );
  });
  const edges: Episode[] = [
    { at: TODAY - 1, device: 'gw.p1', endAfter: HOUR },
    { at: TODAY, device: 'gw.p1', endAfter: HOUR },
    // A gateway that was silent for an hour, and its panel for the second half of it and half an hour more.
    { at: TODAY + HOUR, class: 'COMMS', device: 'gw.gateway', kind: 'gateway', signal: 'silent', endAfter: HOUR },
    { at: TODAY + 1.5 * HOUR, class: 'COMMS', device: 'gw.p0', signal: 'offline', endAfter: HOUR },
    // Standing for days, and one that came back a moment ago.
    { at: TODAY - 3 * DAY, device: 'gw.p2' },
    { at: TODAY - 3 * DAY, device: 'gw.p3', recurredAfter: [3 * DAY + 9 * HOUR] },
    { at: TODAY - 10 * DAY, class: 'DISABLED', device: 'gw.p2' },
    { at: TODAY - 40 * DAY, class: 'DISABLED', device: 'gw.p3' },
    { at: TODAY - 2 * DAY, device: 'gw.p4', state: 'shelved' },
  ];
  await storeEpisodes(hub.hub.database.db, TEST_COMMUNITY, [...edges, ...someEpisodes(SEED, 700, WEEK_FROM, NOW)]);
});

describe(`each figure is what its rows say (seed ${SEED})`, () => {
  test('load, peak, flood share and alarms by person', async () => {
    const { load, count, period } = await figures(WEEK);
    const all = await rows(`${WEEK}&figure=all`);
    const [from, width] = [Date.parse(period.from), 10 * MINUTE];
    const counted = stretches(all, from, width);
    const floods = [...counted.values()].filter((n) => n > 10).length;
    expect(count).toBe(all.length);
    expect(load.average).toBeCloseTo(all.length / ((NOW - from) / width), 9);
    expect(load.peak?.count).toBe(Math.max(...counted.values()));
    expect(floods).toBeGreaterThan(0);
    expect(load.floodShare).toBeCloseTo(floods / ((NOW - from) / width), 9);
    const peak = load.peak;
    const behind = await rows(`${WEEK}&figure=window&since=${peak?.from ?? ''}&until=${peak?.to ?? ''}`);
    expect(behind).toHaveLength(peak?.count ?? -1);
    const attended = await rows(`${WEEK}&figure=attended`);
    const onDuty = all.filter((r) => at(r, 'received_at') >= TODAY && at(r, 'received_at') < TODAY + 8 * HOUR);
    expect(attended.map((r) => r['id'])).toEqual(onDuty.map((r) => r['id']));
    // Two people, eight hours each.
    expect(load.perPerson).toBeCloseTo(onDuty.length / 96, 9);
  });

  test('floods with their beginning, end, number and first alarm', async () => {
    const { floods } = await figures(WEEK);
    expect(floods.length).toBeGreaterThan(0);
    for (const flood of floods) {
      const behind = await rows(`${WEEK}&figure=window&since=${flood.from}&until=${flood.to}`);
      expect(behind).toHaveLength(flood.count);
      expect(behind[0]?.['received_at']).toBe(flood.first?.receivedAt);
    }
  });

  test('times to acknowledge and to a verdict, by class and shift', async () => {
    const { times } = await figures(WEEK);
    expect(times.length).toBeGreaterThan(20);
    const all = await rows(`${WEEK}&figure=all`);
    for (const t of times) {
      const mine = all.filter(
        (r) => (t.class === null || r['class'] === t.class) && (t.shift === null || r['shift'] === String(t.shift)),
      );
      const [acked, judged] = [
        numbers(mine, 'ack_ms'),
        numbers(
          mine.filter((r) => r['verdict'] === 'real' || r['verdict'] === 'false'),
          'verdict_ms',
        ),
      ];
      expect([t.count, t.acked, t.judged]).toEqual([mine.length, acked.length, judged.length]);
      const found = [t.ackP50, t.ackP95, t.verdictP50, t.verdictP95].map((ms) => (ms === null ? null : Math.round(ms)));
      const expected = [
        percentile(acked, 0.5),
        percentile(acked, 0.95),
        percentile(judged, 0.5),
        percentile(judged, 0.95),
      ];
      expect(found).toEqual(expected.map((ms) => (ms === null ? null : Math.round(ms))));
    }
    const [unacked, acked] = [await rows(`${WEEK}&figure=unacknowledged`), await rows(`${WEEK}&figure=acknowledged`)];
    expect(unacked.length + acked.length).toBe(all.length);
  });

  test('the shift of a row is that of the clock on the wall', async () => {
    for (const row of await rows(`${WEEK}&figure=all`)) {
      const hour = new Date(at(row, 'received_at') + 8 * HOUR).getUTCHours();
      expect(row['shift']).toBe(String(Math.floor(hour / 8)));
    }
  });

  test('the ten most frequent points and their share', async () => {
    const { top, count } = await figures(WEEK);
    const all = await rows(`${WEEK}&figure=all`);
    const groups = groupBy(all, (r) => [r['device'], r['point'], r['signal']].join());
    const most = [...groups.values()]
      .map((g) => g.length)
      .toSorted((a, b) => b - a)
      .slice(0, 10);
    expect(top.items.map((t) => t.count)).toEqual(most);
    expect(top.share).toBeCloseTo(most.reduce((a, b) => a + b, 0) / (count ?? 0), 9);
    const [first] = top.items;
    const behind = await page(
      `${WEEK}&figure=all&device=${first?.device ?? ''}&point=${first?.point ?? ''}&signal=${first?.signal ?? ''}`,
    );
    expect(behind.count).toBe(first?.count);
  });

  test('the share of false alarms by device, kind and building, with its causes', async () => {
    const { falseAlarms } = await figures(WEEK);
    const judged = await rows(`${WEEK}&figure=judged`);
    const wrong = judged.filter((r) => r['verdict'] === 'false');
    expect([falseAlarms.judged, falseAlarms.false]).toEqual([judged.length, wrong.length]);
    expect(falseAlarms.share).toBeCloseTo(wrong.length / judged.length, 9);
    for (const [groups, column] of [
      [falseAlarms.byDevice, 'device'],
      [falseAlarms.byKind, 'kind'],
      [falseAlarms.byBuilding, 'building'],
    ] as const) {
      const expected = groupBy(judged, (r) => r[column] ?? '');
      expected.delete('');
      expect(groups.length).toBe(expected.size);
      for (const group of groups) {
        const mine = expected.get(group.key) ?? [];
        expect([group.judged, group.false]).toEqual([mine.length, mine.filter((r) => r['verdict'] === 'false').length]);
      }
    }
    const recorded = groupBy(wrong, (r) => r['cause'] || NO_CAUSE);
    expect([...recorded.keys()].toSorted()).toEqual([NO_CAUSE, 'dust', 'steam']);
    expect(falseAlarms.causes.map((c) => [c.cause, c.count])).toEqual(
      [...recorded].map(([cause, of]) => [cause, of.length]).toSorted((a, b) => Number(b[1]) - Number(a[1])),
    );
    expect(falseAlarms.causes.find((c) => c.cause === 'dust')?.name).toEqual({ zh: '灰尘', en: 'Dust' });
    for (const { cause, count } of falseAlarms.causes)
      expect((await page(`${WEEK}&figure=false&cause=${encodeURIComponent(cause)}`)).count).toBe(count);
  });

  test('chattering by every time a signal came up, within an episode too', async () => {
    const { chattering } = await figures(WEEK);
    const behind = await rows(`${WEEK}&figure=chattering`);
    expect(chattering?.points).toBeGreaterThan(0);
    expect(chattering?.alarms).toBe(behind.length);
    expect(groupBy(behind, (r) => [r['device'], r['point'], r['signal']].join()).size).toBe(chattering?.points);
  });

  test('fleeting: gone by itself within its time, and not come back', async () => {
    const all = await rows(`${WEEK}&figure=all`);
    const short = all.filter(
      (r) => r['ended_at'] !== '' && r['recurrences'] === '0' && at(r, 'ended_at') - at(r, 'raised_at') <= 30 * SECOND,
    );
    expect(short.length).toBeGreaterThan(0);
    expect((await figures(WEEK)).fleeting).toBe(short.length);
    expect(await rows(`${WEEK}&figure=fleeting`)).toEqual(short);
  });

  test('stale: active for more than a day now, not what came back a moment ago', async () => {
    const { stale } = await figures(WEEK);
    const behind = await rows(`${WEEK}&figure=stale`);
    expect(stale).toBe(behind.length);
    expect(behind.every((r) => r['ended_at'] === '' && at(r, 'received_at') < NOW - DAY)).toBe(true);
    const devices = behind.filter((r) => at(r, 'received_at') === TODAY - 3 * DAY).map((r) => r['device']);
    expect(devices).toEqual(['gw.p2']);
  });

  test('disabled and shelved by age', async () => {
    const { disabled, shelved } = await figures(WEEK);
    for (const [age, count] of (disabled?.ages ?? []).entries())
      expect((await page(`${WEEK}&figure=disabled&age=${age}`)).count).toBe(count);
    expect(disabled?.ages.slice(2)).toEqual([1, 1]);
    expect(disabled?.count).toBe((await rows(`${WEEK}&figure=disabled`)).length);
    expect(shelved).toEqual({ count: 1, ages: [0, 1, 0, 0] });
    expect((await page(`${WEEK}&figure=shelved&age=1`)).count).toBe(1);
  });

  test('drills, maintenance and tests stand apart and in none of the others', async () => {
    const { apart } = await figures(WEEK);
    const all = await rows(`${WEEK}&figure=all`);
    for (const figure of ['drill', 'maintenance', 'test'] as const) {
      const behind = await rows(`${WEEK}&figure=${figure}`);
      expect(behind.length).toBeGreaterThan(0);
      expect(apart?.[figure]).toBe(behind.length);
      expect(all.some((r) => behind.some((b) => b['id'] === r['id']))).toBe(false);
    }
  });

  test('a panel behind a silent gateway is down too, and time that both tell counts once', async () => {
    const today = 'period=day&on=2026-11-22';
    const { gateways, panels } = await figures(today);
    const [gateway] = gateways;
    const comms = await rows(`${today}&figure=link&device=gw.gateway`);
    expect(gateway?.count).toBe(comms.length);
    expect(gateway?.downMs).toBe(HOUR);
    expect(gateway?.availability).toBeCloseTo(17 / 18, 9);
    const panel = panels.find((p) => p.device === 'gw.p0');
    const behind = await rows(`${today}&figure=link&device=gw.p0`);
    expect(panel?.count).toBe(behind.length);
    // Second by second: down where any of them says so.
    const down = new Uint8Array((NOW - TODAY) / SECOND);
    for (const row of behind) {
      const end = row['ended_at'] === '' ? NOW : Math.min(NOW, at(row, 'ended_at'));
      down.fill(
        1,
        Math.round((Math.max(TODAY, at(row, 'raised_at')) - TODAY) / SECOND),
        Math.round((end - TODAY) / SECOND),
      );
    }
    const seconds = down.reduce((sum, one) => sum + one, 0);
    expect(Math.abs((panel?.downMs ?? 0) / SECOND - seconds)).toBeLessThan(behind.length + 2);
  });
});

describe('periods', () => {
  test('a day begins and ends at the midnight of the site', async () => {
    const edge = async (query: string): Promise<string[]> =>
      (await rows(`${query}&figure=all&device=gw.p1`)).map((r) => r['received_at'] ?? '');
    const [before, midnight] = [new Date(TODAY - 1).toISOString(), new Date(TODAY).toISOString()];
    expect(await edge('period=day&on=2026-11-22')).toContain(midnight);
    expect(await edge('period=day&on=2026-11-22')).not.toContain(before);
    expect(await edge('period=day&on=2026-11-21')).toContain(before);
    expect(await edge('period=day&on=2026-11-21')).not.toContain(midnight);
  });
  test('one that runs says so, and one that began before there was data', async () => {
    expect((await figures(WEEK)).period).toMatchObject({ running: true, startsBeforeData: false });
    expect((await figures('period=month&on=2026-09-20')).period).toMatchObject({ noData: true });
    expect((await figures('period=month&on=2026-10-20')).period).toMatchObject({
      startsBeforeData: true,
      running: false,
    });
  });
  test('one in which nothing was recorded has no data, not noughts', async () => {
    const { period, count, load, stale, chattering, fleeting, top, falseAlarms, disabled, shelved, apart, gateways } =
      await figures('period=day&on=2020-01-01');
    expect(period.noData).toBe(true);
    expect([count, load.average, load.floodShare, load.perPerson, stale, chattering, fleeting]).toEqual(
      Array.from({ length: 7 }, () => null),
    );
    expect([top.share, falseAlarms.share, disabled, shelved, apart, gateways]).toEqual([
      null,
      null,
      null,
      null,
      null,
      [],
    ]);
  });
  test('what was taken back before is not in the rows: shelved is no data for a period that is over', async () => {
    expect((await figures('period=day&on=2026-11-21')).shelved).toBeNull();
  });
  test('a period that cannot be is refused', async () => {
    expect((await manager.get('/api/figures/alarms?period=day&on=2026-02-30')).status).toBe(400);
    expect((await manager.get('/api/figures/alarms?period=fortnight&on=2026-02-03')).status).toBe(400);
  });
});

describe('rows', () => {
  test('come in pages without a gap or a repeat', async () => {
    const all = (await rows(`${WEEK}&figure=all`)).map((r) => r['id']);
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { items, next } = await page(`${WEEK}&figure=all&limit=100${cursor}`);
      seen.push(...items.map((r) => r.id));
      if (next === null) break;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
    expect(seen).toEqual(all);
  });
  test('as a file run no formula', async () => {
    const { body } = await manager.get<string>(`/api/figures/alarms/rows.csv?${WEEK}&figure=false`);
    expect(body.startsWith('\uFEFFid,')).toBe(true);
    expect(body).not.toMatch(/,=SUM/);
  });
  test.each(['all', 'link'] satisfies Figure[])('of %s belong to the community of who asks', async (figure) => {
    const other = await hub.as('manager@other');
    const answer = await other.get<RowsReply>(`/api/figures/alarms/rows?${WEEK}&figure=${figure}`);
    expect(answer.body).toEqual({ items: [], next: null, count: 0 });
  });
});
