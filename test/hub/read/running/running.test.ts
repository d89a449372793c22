// How panels and pumps ran, over HTTP on a real database and history: bars, durations, alarms, pages, who may ask.
import { beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../../../../hub/clock.ts';
import type { RunningReply } from '../../../../hub/read/running/contract.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../../helpers/hub.ts';
import { DAY, HOUR, MINUTE, storeEpisodes } from '../figures/stored.ts';
import { declareRunning, registerPoints, writerFor, type SitePoint, type Told } from '../trends/site.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
const FROM = NOW - 4 * HOUR;
const iso = (ms: number): string => new Date(ms).toISOString();
const every = (from: number, to: number, value: number): Told[] =>
  Array.from({ length: Math.ceil((to - from) / (2 * MINUTE)) }, (_, i) => [from + i * 2 * MINUTE, value]);
const PANEL: SitePoint = { device: 'gw.panel', kind: 'fire-panel', point: 'online', type: 'bool', building: 'b1' };
const PUMP: SitePoint = { device: 'gw.pump', kind: 'jockey-pump', point: 'online', type: 'bool' };
const RUNS: SitePoint = { ...PUMP, point: 'running-1' };

let hub: TestHub;
let operator: Client;
const ask = (more = '', from = FROM, to = NOW): Promise<{ status: number; body: RunningReply }> =>
  operator.get<RunningReply>(`/api/running?from=${iso(from)}&to=${iso(to)}${more}`);

beforeAll(async () => {
  hub = await startTestHub({ clock: new ManualClock(NOW), config: { community: TEST_COMMUNITY } });
  const { db } = hub.hub.database;
  await declareRunning(db, TEST_COMMUNITY, RUNS, NOW - DAY);
  await registerPoints(db, TEST_COMMUNITY, [PANEL, PUMP, RUNS]);
  const write = writerFor(TEST_COMMUNITY, hub.hub.sensing.history);
  // Heard for an hour, not heard for one, silence for one, heard for one.
  await write(PANEL, [
    ...every(FROM, FROM + HOUR, 1),
    ...every(FROM + HOUR, FROM + 2 * HOUR, 0),
    ...every(FROM + 3 * HOUR, NOW, 1),
  ]);
  await write(PUMP, every(FROM, NOW, 1));
  await write(RUNS, [
    ...every(FROM, FROM + HOUR, 0),
    ...every(FROM + HOUR, FROM + 90 * MINUTE, 1),
    ...every(FROM + 90 * MINUTE, NOW, 0),
  ]);
  await storeEpisodes(db, TEST_COMMUNITY, [
    { at: FROM + 10 * MINUTE, device: 'gw.panel', class: 'FAULT', endAfter: 20 * MINUTE },
    { at: NOW - 10 * MINUTE, device: 'gw.panel', class: 'FIRE' },
  ]);
  operator = await hub.as('operator');
  await hub.addCommunity('other');
}, 120_000);

test('a panel is normal, faulty, not heard, unknown, and in fire, each for as long as it was', async () => {
  const { status, body } = await ask();
  expect(status, JSON.stringify(body)).toBe(200);
  const panel = body.items.find((d) => d.device === 'gw.panel');
  expect(
    panel?.bar.map((b) => [(Date.parse(b.from) - FROM) / MINUTE, (Date.parse(b.to) - FROM) / MINUTE, b.state]),
  ).toEqual([
    [0, 10, 'normal'],
    [10, 30, 'fault'],
    [30, 60, 'normal'],
    // The last report speaks for three minutes.
    [60, 121, 'offline'],
    [180, 230, 'normal'],
    [230, 240, 'fire'],
  ]);
  expect(panel?.unknownMs).toBe(59 * MINUTE);
  expect(panel?.totals.find((t) => t.state === 'offline')).toEqual({ state: 'offline', ms: 61 * MINUTE, times: 1 });
});

test('a pump that ran says how long by what its profile calls running, heard since the hub began or not', async () => {
  const { body } = await ask('&kind=jockey-pump');
  expect(body.items.map((d) => d.device)).toEqual(['gw.pump']);
  expect(body.items[0]?.totals).toContainEqual({ state: 'running', ms: 30 * MINUTE, times: 1 });
  const track = body.items[0]?.tracks.find((t) => t.point === 'running-1');
  expect(track?.states).toEqual([
    { value: 0, ms: 210 * MINUTE, entered: 1 },
    { value: 1, ms: 30 * MINUTE, entered: 1 },
  ]);
  expect(track).toMatchObject({ role: 'running', unknownMs: 0, more: false });
});

test('nothing is told of the time to come, and pages go on where the last ended', async () => {
  const { body } = await ask('&limit=1', FROM, NOW + HOUR);
  expect([body.to, body.items.length, body.next]).toEqual([iso(NOW), 1, 'gw.panel']);
  const rest = await ask(`&limit=1&cursor=${body.next}`);
  expect([rest.body.items.map((d) => d.device), rest.body.next]).toEqual([['gw.pump'], null]);
});

test('too long a stretch, a reversed one, and another community get nothing', async () => {
  expect((await ask('', NOW - 9 * DAY)).status).toBe(422);
  expect((await ask('', NOW, FROM)).status).toBe(400);
  const stranger = await hub.as('operator@other');
  expect((await stranger.get<RunningReply>(`/api/running?from=${iso(FROM)}&to=${iso(NOW)}`)).body.items).toEqual([]);
});
