// An entrapment replayed, over HTTP on a whole hub with a lift that tells of itself: what was done in the rescue, where the
// car stood, and who may see it.
import { beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../../../hub/http/command.ts';
import { importBuildings } from '../../../../hub/property/api.ts';
import type { RescueItem, RescueView } from '../../../../hub/read/contract.ts';
import type { ReplayLifts, ReplayView } from '../../../../hub/read/replay/contract.ts';
import { TEST_COMMUNITY } from '../../../helpers/hub.ts';
import { until } from '../../../helpers/wait.ts';
import { startSite, T0, type Site } from '../../alarms/site.ts';
import { OFFLINE, ONLINE, signal, type DeviceSpec } from '../../ingest/rig.ts';

const MINUTE = 60_000;
const LIFT: DeviceSpec = {
  id: 'l1',
  kind: 'elevator',
  building: 'b1',
  points: [ONLINE, { id: 'trapped' }, { id: 'floor', type: 'int16' }, { id: 'door-closed', type: 'bool' }],
  signals: [
    OFFLINE,
    signal({ id: 'trapped', class: 'ENTRAPMENT', point: 'trapped', when: { eq: 1 }, latch: 'manual' }),
  ],
};

let site: Site;
let order: string;
let rescue: RescueView;

beforeAll(async () => {
  site = await startSite([LIFT]);
  const { hub, clock, gateway, operator } = site;
  const floors = [1, 2, 3, 4, 5].map((floor) => ({ floor }));
  const by = { now: clock.now(), actor: { kind: 'system', id: 'test' } } as const;
  await runCommand(hub.hub.database.db, hub.hub.runEffects, by, (c) =>
    importBuildings(c, TEST_COMMUNITY, { buildings: [{ id: 'b1', name: { zh: '1号楼', en: 'Building 1' }, floors }] }),
  );
  await site.tell(gateway.sample('l1', 'floor', 3), gateway.sample('l1', 'door-closed', 1));
  clock.advance(MINUTE);
  await site.tell(gateway.sample('l1', 'floor', 5));
  clock.advance(MINUTE);
  await site.tell(gateway.sample('l1', 'floor', 5), gateway.sample('l1', 'trapped', 1));
  const found = await until(async () => (await operator.get<{ items: RescueItem[] }>('/api/rescues')).body.items[0], {
    ms: 20_000,
    what: 'the rescue',
  });
  order = found.id;
  clock.advance(20_000);
  const done = async (path: string, body: object): Promise<void> => {
    const answer = await operator.post(`/api/work-orders/${order}/rescue/${path}`, body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  };
  await done('call', { party: 'inside', outcome: 'reached', note: '两人' });
  await done('people', { count: 2, elderly: 1 });
  rescue = (await operator.get<RescueView>(`/api/rescues/${order}`)).body;
  await hub.addCommunity('other');
}, 120_000);

const replay = (): string => `/api/incidents/${rescue.incident ?? 'none'}/replay`;

test('[S5] is found from its rescue, and tells calls and people beside the signal, in order', async () => {
  const { status, body } = await site.operator.get<ReplayView>(replay());
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toMatchObject({ family: 'entrapment', building: 'b1', ongoing: true });
  expect(body.alarms.map((a) => [a.device, a.class])).toEqual([['gw.l1', 'ENTRAPMENT']]);
  const told = body.rescue.map((e) => `${e.kind} ${e.code}`);
  for (const wanted of ['call inside/reached', 'people count=2 elderly=1 children=? unwell=?', 'act open'])
    expect(told).toContain(wanted);
  expect(body.rescue.map((e) => e.at)).toEqual(body.rescue.map((e) => e.at).toSorted());
  // The signal itself stands among the alarms’ own items, once.
  expect(body.rescue.filter((e) => e.kind === 'signal')).toEqual([]);
  expect(body.items.filter((i) => i.alarm?.act === 'raised')).toHaveLength(1);
});

test('[S5] tells at which floors the car stood, and what was known of it when', async () => {
  const lifts = await until(
    async () => {
      const { body } = await site.operator.get<ReplayLifts>(`${replay()}/lifts`);
      return body.items[0]?.floors.length === 2 ? body : undefined;
    },
    { ms: 20_000, what: 'the lift in history' },
  );
  const [lift] = lifts.items;
  expect(lift).toMatchObject({ device: 'gw.l1', building: 'b1', floors: [3, 5], position: 'floor' });
  const floor = lift?.points.find((p) => p.id === 'floor');
  expect(floor?.runs.map((r) => [(Date.parse(r.from) - T0) / MINUTE, r.value])).toEqual([
    [0, 3],
    [1, 5],
  ]);
  expect(lift?.points.map((p) => p.id)).toEqual(['floor', 'door-closed']);
});

test('is for the control room of its own community', async () => {
  for (const who of ['owner', 'committee', 'technician', 'contractor'])
    expect((await (await site.hub.as(who)).get(`${replay()}/lifts`)).status).toBe(403);
  expect((await (await site.hub.as('operator@other')).get(`${replay()}/lifts`)).status).toBe(404);
});
