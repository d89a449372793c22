// An incident replayed, over HTTP on a real database and history: alarms as they changed, who did what, floors as known.
import { beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../../../../hub/clock.ts';
import { windowOf } from '../../../../hub/read/replay/routes.ts';
import { REPLAY_LIMITS } from '../../../../hub/read/replay/limits.ts';
import type { ReplayFloor, ReplayView } from '../../../../hub/read/replay/contract.ts';
import { importBuildings } from '../../../../hub/property/api.ts';
import { runCommand } from '../../../../hub/http/command.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../../helpers/hub.ts';
import { registerPoints, writerFor } from '../trends/site.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
const MINUTE = 60_000;

let hub: TestHub;
let operator: Client;
let fire: string;

beforeAll(async () => {
  const clock = new ManualClock(NOW);
  hub = await startTestHub({ clock, config: { community: TEST_COMMUNITY } });
  const { db } = hub.hub.database;
  const floors = [1, 2, 3].map((floor) => ({ floor }));
  await runCommand(db, hub.hub.runEffects, { now: NOW, actor: { kind: 'system', id: 'test' } }, (c) =>
    importBuildings(c, TEST_COMMUNITY, { buildings: [{ id: 'b1', name: { zh: '1号楼', en: 'Building 1' }, floors }] }),
  );
  const panel = {
    device: 'gw.panel',
    kind: 'fire-panel',
    point: 'online',
    type: 'bool',
    building: 'b1',
    floor: 2,
  } as const;
  await registerPoints(db, TEST_COMMUNITY, [panel]);
  await writerFor(TEST_COMMUNITY, hub.hub.sensing.history)(panel, [[NOW, 1]]);
  operator = await hub.as('operator');
  const told = await operator.post<{ fire: string }>('/api/fires/reports', {
    via: 'phone',
    sight: 'smoke',
    building: 'b1',
    floor: 2,
    note: '有烟',
  });
  if (told.status !== 200) throw new Error(JSON.stringify(told.body));
  fire = told.body.fire;
  clock.advance(MINUTE);
  const sent = await operator.post(`/api/fires/${fire}/acts`, { act: 'send', means: 'guard', whom: '东门岗' });
  if (sent.status !== 200) throw new Error(JSON.stringify(sent.body));
  await hub.addCommunity('other');
}, 120_000);

test('tells the alarm as it changed, and what people did in order', async () => {
  const { status, body } = await operator.get<ReplayView>(`/api/incidents/${fire}/replay`);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toMatchObject({
    id: fire,
    family: 'fire',
    building: 'b1',
    ongoing: true,
    cut: false,
    timeZone: 'Asia/Shanghai',
  });
  expect(body.alarms.map((a) => [a.class, a.floor, a.changes[0]?.state])).toEqual([['FIRE', 2, 'unacked-active']]);
  const kinds = body.items.map((i) => i.entry?.kind ?? i.alarm?.act);
  expect(kinds.indexOf('sent')).toBeGreaterThan(kinds.indexOf('reported'));
  expect(body.items.find((i) => i.entry?.kind === 'sent')?.name).toBe('operator');
  expect(Date.parse(body.from)).toBe(NOW - REPLAY_LIMITS.aroundMs);
});

test('tells a floor with its plan and no state that was not recorded', async () => {
  const { status, body } = await operator.get<ReplayFloor>(`/api/incidents/${fire}/replay/floors/b1/2`);
  expect(status, JSON.stringify(body)).toBe(200);
  expect([body.plan.building, body.plan.floor, body.more]).toEqual(['b1', 2, false]);
  expect(body.known.length).toBe(body.plan.things.length);
  expect((await operator.get(`/api/incidents/${fire}/replay/floors/b1/99`)).status).toBe(404);
});

test('is for the control room of its own community', async () => {
  for (const who of ['owner', 'committee', 'technician', 'contractor'])
    expect((await (await hub.as(who)).get(`/api/incidents/${fire}/replay`)).status).toBe(403);
  expect((await (await hub.as('operator@other')).get(`/api/incidents/${fire}/replay`)).status).toBe(404);
});

test.each([
  [
    'what is over ends a little after the last thing',
    [0, 60_000],
    false,
    1e9,
    { from: -120_000, to: 180_000, cut: false },
  ],
  ['what goes on ends now', [0, 60_000], true, 600_000, { from: -120_000, to: 600_000, cut: false }],
  [
    'what takes longer than a day is cut',
    [0],
    true,
    2 * 86_400_000,
    { from: -120_000, to: 86_400_000 - 120_000, cut: true },
  ],
] as const)('%s', (_, moments, ongoing, now, window) => {
  expect(windowOf(moments, ongoing, now)).toEqual(window);
});
