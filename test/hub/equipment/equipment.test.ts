// Devices, points, history, the commissioning mark and gateways, through the API of a whole hub.
import { connect } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import { topics } from '../../../device-profiles/contract/wire.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { DeviceView, PointView } from '../../../hub/equipment/contract.ts';
import type { BucketsReply } from '../../../hub/history/contract.ts';
import type { BirthView, GatewayView, QuarantineView } from '../../../hub/ingest/contract.ts';
import { enrol } from '../../../hub/ingest/store.ts';
import { TEST_COMMUNITY } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import { lift, panel, startSite, type Site } from '../alarms/site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite([panel('p1', '1'), panel('p2', '2'), lift('l1', '2')]);
});

type List<T> = { items: T[]; next: string | null };
const device = async (id: string): Promise<DeviceView> =>
  (await site.operator.get<DeviceView>(`/api/devices/${id}`)).body;
const point = async (id: string, name: string): Promise<PointView | undefined> =>
  (await site.operator.get<List<PointView>>(`/api/devices/${id}/points`)).body.items.find((p) => p.id === name);

describe('devices', () => {
  test('are listed by kind and building, page by page, the gateway itself among them', async () => {
    const ids = async (query = ''): Promise<string[]> =>
      (await site.operator.get<List<DeviceView>>(`/api/devices${query}`)).body.items.map((d) => d.id);
    expect(await ids()).toEqual(['gw.gateway', 'gw.l1', 'gw.p1', 'gw.p2']);
    expect(await ids('?kind=fire-panel&building=2')).toEqual(['gw.p2']);
    const first = (await site.operator.get<List<DeviceView>>('/api/devices?limit=3')).body;
    expect(await ids(`?limit=3&cursor=${first.next}`)).toEqual(['gw.p2']);
  });

  test('say whether they are online, and why not', async () => {
    expect(await device('gw.p1')).toMatchObject({
      online: true,
      reason: '',
      building: '1',
      points: { all: 4, good: 4 },
    });
    await site.tell(site.gateway.sample('p2', 'online', 0));
    expect(await device('gw.p2')).toMatchObject({
      online: false,
      reason: 'device-offline',
      openAlarms: 1,
      points: { good: 1 },
    });
    expect(await point('gw.p2', 'zone')).toMatchObject({ value: 0, quality: 'stale', reason: 'device-offline' });
  });

  test('a point that was never heard is shown as never, not as zero', async () => {
    expect(await point('gw.l1', 'level')).toMatchObject({ value: null, quality: 'never', receivedTime: null });
  });

  test('of another community are not there', async () => {
    await site.hub.addCommunity('other');
    const stranger = await site.hub.as('operator@other');
    expect((await stranger.get<List<DeviceView>>('/api/devices')).body.items).toEqual([]);
    for (const path of ['', '/points', '/points/zone/history'])
      expect((await stranger.get(`/api/devices/gw.p1${path}`)).status).toBe(404);
  });
});

describe('history', () => {
  const url = '/api/devices/gw.l1/points/level/history';

  test('[S1] gives buckets of what was reported', async () => {
    const { ingest } = site.hub.hub.sensing;
    const from = site.clock.now();
    for (const value of [1, 2, 6]) {
      site.clock.advance(1_000);
      const made = site.gateway.batch('telemetry', [site.gateway.sample('l1', 'level', value)]);
      void ingest.receive(topics.up('gw', 'telemetry'), made.bytes);
    }
    const query = `?from=${new Date(from).toISOString()}&to=${new Date(from + 60_000).toISOString()}&buckets=1`;
    const reply = await until(
      async () => {
        const { body } = await site.operator.get<BucketsReply>(url + query);
        return body.buckets.reduce((sum, b) => sum + b.count, 0) === 3 ? body : undefined;
      },
      { what: 'the three values are in history' },
    );
    expect(Math.max(...reply.buckets.map((b) => b.max ?? 0))).toBe(6);
  });

  test.each(['?from=nonsense', '?to=nonsense', '?from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z', '?buckets=0'])(
    'a range that makes no sense is refused: %s',
    async (query) => {
      expect(await site.operator.get(url + query)).toMatchObject({ status: 400, body: { code: 'bad-request' } });
    },
  );
});

describe('commissioning', () => {
  test('a point nobody has proved is marked so, on itself, its device and its alarms, until somebody has', async () => {
    await site.tell(site.gateway.sample('p1', 'zone', 2));
    const fault = async (): Promise<AlarmView> => site.alarm('p1', 'fault');
    expect(await point('gw.p1', 'zone')).toMatchObject({ proved: false });
    expect(await fault()).toMatchObject({ proved: false });
    const body = { points: ['zone'], proved: true, note: 'smoke on the detector' };
    expect((await site.operator.post('/api/devices/gw.p1/prove', body)).status).toBe(403);
    const technician = await site.hub.as('technician');
    expect((await technician.post('/api/devices/gw.p1/prove', body)).status).toBe(200);
    expect(await point('gw.p1', 'zone')).toMatchObject({ proved: true });
    expect(await device('gw.p1')).toMatchObject({ points: { unproved: 3 } });
    expect(await fault()).toMatchObject({ proved: true });
    await site.bear();
    expect(await point('gw.p1', 'zone')).toMatchObject({ proved: true });
    await technician.post('/api/devices/gw.p1/prove', { ...body, proved: false, note: 'detector replaced' });
    expect(await fault()).toMatchObject({ proved: false });
  });
});

describe('commissioning of many', () => {
  const marks = async (id: string): Promise<(PointView['mark'] & { proved: boolean })[]> =>
    (await site.operator.get<List<PointView>>(`/api/devices/${id}/points`)).body.items.map((p) => ({
      by: '',
      note: '',
      ...p.mark,
      proved: p.proved,
    }));

  test('marks all points of the devices named, with who and what they wrote; or none of them', async () => {
    const technician = await site.hub.as('technician');
    const body = { devices: ['gw.p2', 'gw.l1'], proved: true, note: 'seen with the installer' };
    const stray = await technician.post('/api/commissioning', { ...body, devices: ['gw.l1', 'gw.no'] });
    expect(stray.body).toMatchObject({ code: 'not-found', detail: 'gw.no' });
    expect((await marks('gw.l1')).some((m) => m.proved)).toBe(false);
    expect((await site.operator.post('/api/commissioning', body)).status).toBe(403);
    expect((await technician.post('/api/commissioning', body)).status).toBe(200);
    for (const id of body.devices)
      for (const mark of await marks(id))
        expect(mark).toEqual({ proved: true, at: expect.any(String) as unknown, by: 'technician', note: body.note });
    expect((await technician.post('/api/commissioning', body)).body).toEqual({ changed: [] });
    await technician.post('/api/commissioning', { ...body, proved: false, note: 'board replaced' });
    expect((await marks('gw.l1'))[0]).toEqual({ proved: false, by: 'technician', note: 'board replaced' });
  });
});

describe('gateways', () => {
  test('show what they declare and what of them was set aside, to who looks after them', async () => {
    const birth = await site.admin.get<BirthView>('/api/gateways/gw/birth');
    expect(birth.body.devices.map((d) => d.id).toSorted()).toEqual(['gw.l1', 'gw.p1', 'gw.p2']);
    expect(birth.body.devices.find((d) => d.id === 'gw.p1')).toMatchObject({ building: '1', kind: 'fire-panel' });
    await site.tell({ ...site.gateway.sample('p1', 'zone', 2), i: 999 });
    const { body } = await site.admin.get<List<QuarantineView>>('/api/gateways/gw/quarantine');
    expect(body.items).toMatchObject([{ lane: 'safety', reason: expect.stringContaining('index 999') as unknown }]);
    const after = await site.admin.get<List<QuarantineView>>(`/api/gateways/gw/quarantine?cursor=${body.items[0]?.id}`);
    expect(after.body.items).toEqual([]);
    const [gateway] = (await site.admin.get<List<GatewayView>>('/api/gateways')).body.items;
    expect(gateway).toMatchObject({ id: 'gw', online: true, quarantined: 1, bornAt: expect.any(String) as unknown });
    const stranger = await site.hub.as('admin@other');
    for (const what of ['birth', 'quarantine'])
      expect((await stranger.get(`/api/gateways/gw/${what}`)).status).toBe(404);
    expect((await site.operator.get('/api/gateways/gw/birth')).status).toBe(403);
  });

  test('one that comes with a wrong password is said to, until it is heard', async () => {
    const { broker } = site.hub.hub;
    const client = connect(broker, { username: 'gw', password: 'old password', reconnectPeriod: 0 });
    client.on('error', () => undefined);
    const shown = async () => (await site.admin.get<List<GatewayView>>('/api/gateways')).body.items[0]?.refusedLogin;
    const login = await until(shown, { what: 'the refused login is shown' });
    expect(login.address).toContain('127.0.0.1');
    await client.endAsync(true);
    await site.bear();
    await until(async () => (await shown()) === undefined, { what: 'it is heard' });
  });

  test('are enrolled by the administrator for the own community; the password is shown once and not kept', async () => {
    expect((await site.operator.post('/api/gateways', { id: 'gw-2' })).status).toBe(403);
    expect((await site.admin.post('/api/gateways', { id: 'gw-2', community: 'other' })).status).toBe(403);
    expect((await site.admin.post('/api/gateways', { id: 'Not An Id' })).status).toBe(400);
    const made = await site.admin.post<{ password: string }>('/api/gateways', { id: 'gw-2' });
    expect(made.body).toMatchObject({ id: 'gw-2', username: 'gw-2' });
    const kept = await site.hub.database.db.transaction((tx) => tx.query('select * from ingest.credential'));
    expect(JSON.stringify(kept)).not.toContain(made.body.password);
    const listed = await site.operator.get<List<GatewayView>>('/api/gateways');
    expect(listed.body.items.map((g) => [g.id, g.online])).toEqual([
      ['gw', true],
      ['gw-2', false],
    ]);
    expect(listed.body.items.map((g) => g.awaited)).toEqual([false, true]);
    expect(JSON.stringify(listed.body)).not.toContain(made.body.password);
  });

  test('a name of the hub’s own is refused by its rule, and kept by one that has it', async () => {
    const refused = await site.admin.post<{ detail: string }>('/api/gateways', { id: 'hub-xfl' });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ code: 'bad-request' });
    expect(refused.body.detail).toContain('"hub-"');
    expect((await site.admin.post('/api/gateways', { id: 'hubble' })).status).toBe(200);
    // Enrolled before the rule.
    const { db } = site.hub.database;
    await db.transaction((tx) =>
      enrol(tx, {
        id: 'hub-old',
        community: TEST_COMMUNITY,
        username: 'hub-old',
        passwordSha256: 'x',
        by: 'test',
        at: 0,
      }),
    );
    expect((await site.admin.post('/api/gateways', { id: 'hub-old' })).status).toBe(200);
  });

  test('a gateway of another community cannot be taken over', async () => {
    const stranger = await site.hub.as('admin@other');
    expect((await stranger.post('/api/gateways', { id: 'gw' })).body).toMatchObject({ code: 'duplicate' });
    expect((await stranger.send('DELETE', '/api/gateways/gw')).status).toBe(404);
  });

  test('a revoked one is not heard any more; its open alarms stay until people close them', async () => {
    const { ingest } = site.hub.hub.sensing;
    const before = (await site.alarm('p1', 'fault')).id;
    expect((await site.admin.send('DELETE', '/api/gateways/gw')).status).toBe(200);
    await until(async () => (await site.alarm('p1', 'fault')).condition === 'unknown', {
      what: 'nothing is known any more',
    });
    const made = site.gateway.batch('safety', [site.gateway.sample('p1', 'zone', 0)]);
    void ingest.receive(topics.up('gw', 'safety'), made.bytes);
    expect(ingest.counters.unknownGateway).toBe(1);
    await site.operator.post(`/api/alarms/${before}/ack`, {});
    const closed = await site.operator.post(`/api/alarms/${before}/close`, { note: 'gateway dismantled' });
    expect(closed.body).toMatchObject({ state: 'normal' });
  });
});
