// GET /api/overview: what the control room's section is drawn from — places from the database, states from memory.
import { beforeAll, describe, expect, test } from 'vitest';
import type { OverviewView } from '../../../hub/read/contract.ts';
import { overviewNums } from '../../../hub/read/overview.ts';
import { lift, panel, startSite, type Site } from '../alarms/site.ts';
import type { DeviceSpec } from '../ingest/rig.ts';

let site: Site;
const CAR: DeviceSpec = {
  ...lift('car', 'b2'),
  points: [...lift('car').points, { id: 'floor' }, { id: 'direction' }, { id: 'door-closed' }],
};
/** A drive beside a terminal: an elevator that does not know its floor. */
const DRIVE = lift('drive', 'b2');

beforeAll(async () => {
  site = await startSite([panel('p1', 'b1'), panel('p2', 'b10'), CAR, DRIVE]);
});

const overview = async (): Promise<OverviewView> => (await site.operator.get<OverviewView>('/api/overview')).body;
const building = async (id: string): Promise<OverviewView['buildings'][number]> => {
  const found = (await overview()).buildings.find((b) => b.id === id);
  if (!found) throw new Error(`no building ${id}`);
  return found;
};
const num = (device: string, point: string): number | undefined =>
  site.hub.hub.sensing.ingest.entry(`gw.${device}`, point)?.num;

describe('the overview', () => {
  test('names the community with its time zone, and its buildings in the order of their numbers', async () => {
    const view = await overview();
    expect(view.community).toEqual({
      id: 'test',
      name: { zh: 'test', en: 'test' },
      timeZone: 'Asia/Shanghai',
    });
    expect(view.buildings.map((b) => b.id)).toEqual(['b1', 'b2', 'b10']);
    expect((await building('b1')).floors.map((f) => f.name)).toEqual([{ zh: '12层', en: 'Floor 12' }]);
  });

  test('counts the points of a floor, which nobody has proved yet, and those that cannot be believed', async () => {
    const before = (await building('b1')).floors[0];
    expect(before).toMatchObject({ floor: 12, points: 3, unknown: 0, unproved: 3 });
    await site.tell(site.gateway.sample('p1', 'online', 0));
    expect((await building('b1')).floors[0]).toMatchObject({ points: 3, unknown: 3 });
    expect((await building('b1')).panels).toEqual([{ device: 'gw.p1', name: { zh: 'p1', en: 'p1' }, online: false }]);
    expect((await building('b10')).panels).toMatchObject([{ device: 'gw.p2', online: true }]);
  });

  test('shows as a lift what knows its floor, by the numbers of its points on the live channel', async () => {
    const { elevators } = await building('b2');
    expect(elevators).toEqual([
      {
        device: 'gw.car',
        name: { zh: 'car', en: 'car' },
        online: true,
        position: num('car', 'floor'),
        direction: num('car', 'direction'),
        door: num('car', 'door-closed'),
      },
    ]);
    expect([...overviewNums(site.hub.hub.sensing.ingest, 'test')]).toEqual(
      expect.arrayContaining(['floor', 'direction', 'door-closed'].map((point) => num('car', point))),
    );
  });

  test('marks floors that a drill covers, and no others', async () => {
    const begun = await site.operator.post('/api/modes', {
      mode: 'drill',
      scope: { building: 'b1', floor: 12 },
      minutes: 10,
      reason: 'evacuation drill',
    });
    expect(begun.status).toBe(200);
    expect((await building('b1')).floors[0]?.mode).toBe('drill');
    expect((await building('b10')).floors[0]?.mode).toBeUndefined();
  });
});

test('tells when the list of alarms rolls up, as the site has set it', async () => {
  expect((await overview()).rollUp).toEqual({ rollAbove: 60, rollUntil: 30, zoneMin: 3 });
  const value = { rollAbove: 20, rollUntil: 10, zoneMin: 2 };
  const manager = await site.hub.as('manager');
  const set = await manager.send('PUT', '/api/rules/alarms.roll-up', { value, reason: 'a small screen' });
  expect(set.status).toBe(200);
  expect((await overview()).rollUp).toEqual(value);
});

describe('who may see it', () => {
  test('staff, of their own community only', async () => {
    await site.hub.addCommunity('other');
    const theirs = await site.hub.as('operator@other');
    expect((await theirs.get<OverviewView>('/api/overview')).body).toMatchObject({
      community: { id: 'other' },
      buildings: [],
      trends: [],
    });
    const owner = await site.hub.as('owner');
    expect((await owner.get('/api/overview')).status).toBe(403);
    expect((await site.hub.anonymous.get('/api/overview')).status).toBe(401);
  });
});
