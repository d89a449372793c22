// What T1 finds out reaches T2 and comes back: a whole hub, a gateway on the wire, the API.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { topics } from '../../device-profiles/contract/wire.ts';
import type { AlarmView } from '../../hub/alarms/contract.ts';
import { ManualClock } from '../../hub/clock.ts';
import { appendEvents } from '../../hub/events/store.ts';
import { putFile } from '../../hub/files/store.ts';
import { enrol } from '../../hub/ingest/store.ts';
import type { OrderView } from '../../hub/work-orders/contract.ts';
import { HOLD, PATIENCE } from '../../hub/work-orders/norms.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../helpers/hub.ts';
import { until } from '../helpers/wait.ts';
import { ONLINE, OFFLINE, signal, T0, WireGateway } from './ingest/rig.ts';

const FAULT = signal({ id: 'fault', class: 'FAULT', point: 'p', when: { eq: 1 } });
const TRAPPED = signal({ id: 'trapped', class: 'ENTRAPMENT', point: 'p', when: { eq: 1 }, latch: 'manual' });

let test1: TestHub;
let clock: ManualClock;
let gateway: WireGateway;
let client: Record<'operator' | 'technician' | 'supervisor' | 'manager', Client>;

async function tell(device: string, point: string, value: number): Promise<void> {
  const made = gateway.batch('safety', [gateway.sample(device, point, value)]);
  await test1.hub.sensing.ingest.receive(topics.up(gateway.id, 'safety'), Buffer.from(made.bytes));
}
/** Time passes in which the gateway is heard: no look of the hub finds it silent. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 1_000) {
    void test1.hub.sensing.ingest.receive(topics.beat('gw1'), gateway.beat());
    clock.advance(Math.min(left, 1_000));
  }
  void test1.hub.sensing.ingest.receive(topics.beat('gw1'), gateway.beat());
}
const alarms = async (query: string): Promise<AlarmView[]> =>
  (await client.operator.get<{ items: AlarmView[] }>(`/api/alarms?${query}`)).body.items;
const orders = async (query: string): Promise<OrderView[]> =>
  (await client.operator.get<{ items: OrderView[] }>(`/api/work-orders?${query}`)).body.items;
const alarmOf = (device: string): Promise<AlarmView> =>
  until(async () => (await alarms(`state=open&device=${gateway.id}.${device}`))[0], { what: `an alarm of ${device}` });
const orderOf = (alarm: string): Promise<OrderView> =>
  until(async () => (await orders(`alarm=${alarm}`))[0], { what: `an order of ${alarm}` });
const act = async (who: Client, id: string, path: string, body: object = {}): Promise<OrderView> => {
  const answer = await who.post<OrderView>(`/api/work-orders/${id}/${path}`, body);
  expect(answer, path).toMatchObject({ status: 200 });
  return answer.body;
};

beforeAll(async () => {
  clock = new ManualClock(T0);
  test1 = await startTestHub({ clock });
  client = {
    operator: await test1.as('operator'),
    technician: await test1.as('technician'),
    supervisor: await test1.as('supervisor'),
    manager: await test1.as('manager'),
  };
  const points = [ONLINE, { id: 'p' }];
  gateway = new WireGateway(
    'gw1',
    [
      { id: 'pump', kind: 'fire-pump', points, signals: [OFFLINE, FAULT], building: 'b1', floor: -1 },
      { id: 'lift', kind: 'elevator', points, signals: [OFFLINE, TRAPPED], building: 'b1' },
      { id: 'panel', points, signals: [OFFLINE, FAULT], building: 'b1' },
      { id: 'siren', points, signals: [OFFLINE, FAULT], building: 'b1' },
      { id: 'valve', kind: 'io-module', points, signals: [OFFLINE, FAULT] },
    ],
    clock,
  );
  const { db } = test1.database;
  await db.transaction((tx) =>
    enrol(tx, { id: 'gw1', community: TEST_COMMUNITY, username: 'gw1', passwordSha256: 'x', by: 'test', at: T0 }),
  );
  test1.hub.sensing.ingest.enrolled('gw1', TEST_COMMUNITY);
  for (const device of ['pump', 'lift', 'panel', 'siren', 'valve']) {
    gateway.sample(device, 'online', 1);
    gateway.sample(device, 'p', 0);
  }
  await until(() => test1.hub.sensing.ingest.state === 'active', { what: 'the hub takes messages' });
  const birth = gateway.birth({ community: TEST_COMMUNITY });
  await test1.hub.sensing.ingest.receive(topics.birth('gw1'), birth);
  const devices = async () => (await client.operator.get<{ items: { kind: string }[] }>('/api/devices')).body.items;
  await until(async () => (await devices()).some((d) => d.kind === 'elevator'), { what: 'the devices are known' });
}, 120_000);

describe('a fault', () => {
  test('[W1] opens one order, which its alarm shows, and the live value’s return verifies the repair', async () => {
    await tell('pump', 'p', 1);
    const alarm = await alarmOf('pump');
    const order = await orderOf(alarm.id);
    expect(order).toMatchObject({ deviceName: { zh: 'pump' }, building: 'b1', floor: -1, dutyClass: 'fire' });
    await until(async () => (await alarmOf('pump')).workOrder === order.id, { what: 'the alarm shows its order' });

    await act(client.technician, order.id, 'accept');
    await act(client.technician, order.id, 'arrive');
    const bytes = Buffer.from('photo');
    const file = createHash('sha256').update(bytes).digest('hex');
    await test1.database.db.transaction((tx) =>
      putFile(tx, { community: TEST_COMMUNITY, sha256: file, type: 'image/jpeg', bytes, by: 'x' }, T0),
    );
    await act(client.technician, order.id, 'finish', { result: 'mended', photos: [{ file, phase: 'after' }] });
    const early = await client.supervisor.post(`/api/work-orders/${order.id}/verify`, {});
    expect(early).toMatchObject({ status: 422, body: { code: 'still-active', detail: 'p/fault' } });

    await tell('pump', 'p', 0);
    await until(async () => (await alarms(`device=gw1.pump&state=all`))[0]?.clearedAt, {
      what: 'the alarm is cleared',
    });
    expect((await orders(`alarm=${alarm.id}`))[0]?.state).toBe('done');
    const verified = await until(
      async () => {
        pass(HOLD.value.FAULT / 10);
        return (await orders(`alarm=${alarm.id}&state=verified`))[0];
      },
      { what: 'live data has verified it', everyMs: 100, ms: 20_000 },
    );
    expect(verified.verification).toMatchObject({ by: 'live-data' });
    await act(client.technician, order.id, 'close');
  });

  test('whose value can’t be read is not verified by silence', async () => {
    await tell('panel', 'p', 1);
    const order = await orderOf((await alarmOf('panel')).id);
    await tell('panel', 'p', 0);
    const made = gateway.batch('safety', [gateway.gap('panel', 'p')]);
    await test1.hub.sensing.ingest.receive(topics.up('gw1', 'safety'), Buffer.from(made.bytes));
    await act(client.technician, order.id, 'accept');
    await act(client.technician, order.id, 'arrive');
    const file = createHash('sha256').update('photo').digest('hex');
    await act(client.technician, order.id, 'finish', { result: 'mended', photos: [{ file, phase: 'after' }] });
    clock.advance(3_600_000);
    const refused = await client.supervisor.post(`/api/work-orders/${order.id}/verify`, {});
    expect(refused).toMatchObject({ status: 422, body: { code: 'still-active' } });
    await tell('panel', 'p', 0);
    await until(
      async () => {
        pass(HOLD.value.FAULT);
        return (await orders(`alarm=${order.source.id}&state=verified`))[0];
      },
      { what: 'fresh data has verified it', everyMs: 100, ms: 20_000 },
    );
  });
});

test('a gap inside the hold time begins the hold anew, however short it was', async () => {
  const hold = HOLD.value.FAULT;
  const seconds = (n: number): void => pass(n * 1_000);
  const gone = async (value: 'false' | 'unknown'): Promise<void> => {
    const { engine } = test1.hub.sensing;
    await until(() => engine.track('gw1.siren\np\nfault').truth === value, { what: `the fault is ${value}` });
  };
  await tell('siren', 'p', 1);
  const order = await orderOf((await alarmOf('siren')).id);
  await act(client.technician, order.id, 'accept');
  await act(client.technician, order.id, 'arrive');
  const file = createHash('sha256').update('photo').digest('hex');
  await act(client.technician, order.id, 'finish', { result: 'mended', photos: [{ file, phase: 'after' }] });
  await tell('siren', 'p', 0);
  await gone('false');
  seconds(hold / 1_000 - 2);
  const made = gateway.batch('safety', [gateway.gap('siren', 'p')]);
  await test1.hub.sensing.ingest.receive(topics.up('gw1', 'safety'), Buffer.from(made.bytes));
  await gone('unknown');
  await tell('siren', 'p', 0);
  await gone('false');
  seconds(hold / 1_000 - 2);
  const early = await client.supervisor.post(`/api/work-orders/${order.id}/verify`, {});
  expect(early).toMatchObject({ status: 422, body: { code: 'still-active', detail: 'p/fault' } });
  await until(
    async () => {
      pass(hold);
      return (await orders(`alarm=${order.source.id}&state=verified`))[0];
    },
    { what: 'a whole hold time without a gap has verified it', everyMs: 100, ms: 20_000 },
  );
});

test('orders that cannot be written delay no alarm, and come as soon as they can', async () => {
  let release: () => void = () => undefined;
  const { db } = test1.database;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const held = db.transaction(async (tx) => {
    await tx.run(`lock table work_orders.work_order in access exclusive mode`);
    await new Promise<void>((resolve) => {
      release = resolve;
      begin();
    });
  });
  await begun;
  try {
    await tell('valve', 'p', 1);
    const alarm = await alarmOf('valve');
    await tell('valve', 'p', 0);
    await until(async () => (await alarms(`device=gw1.valve&state=all`)).find((a) => a.id === alarm.id)?.clearedAt, {
      what: 'T1 goes on',
    });
    const done = await db.transaction((tx) =>
      tx.query(`select 1 from events.done where key = $1 and rule = 'fault-opens-order'`, [`alarm:${alarm.id}`]),
    );
    expect(done).toEqual([]);
    release();
    expect((await orderOf(alarm.id)).alarms).toContain(alarm.id);
  } finally {
    release();
    await held;
  }
});

test('silence of a device opens an order when its patience is over', async () => {
  await tell('lift', 'online', 0);
  const alarm = await alarmOf('lift');
  expect(alarm.class).toBe('COMMS');
  const timers = async (): Promise<number> =>
    (
      await test1.database.db.transaction((tx) =>
        tx.query(`select 1 from timers.timer where key = $1`, [`work-order.alarm-patience:${alarm.id}`]),
      )
    ).length;
  await until(async () => (await timers()) === 1, { what: 'patience has begun' });
  expect(await orders(`alarm=${alarm.id}`)).toEqual([]);
  clock.advance(PATIENCE.value.COMMS);
  await orderOf(alarm.id);
  await tell('lift', 'online', 1);
});

test('[S5] an entrapment opens a rescue beside the order of the same lift', async () => {
  await tell('lift', 'p', 1);
  const alarm = await until(
    async () => (await alarms('state=open&class=ENTRAPMENT')).find((a) => a.device === 'gw1.lift'),
    { what: 'an ENTRAPMENT' },
  );
  expect(await orderOf(alarm.id)).toMatchObject({ kind: 'rescue', priority: 'life' });
  const page = await until(
    async () => (await client.manager.get<{ items: { urgency: string }[] }>('/api/notifications')).body.items[0],
    { what: 'the manager is paged' },
  );
  expect(page.urgency).toBe('life');
});

test('a policy that was given up is one FAULT of the hub with one order, whatever follows', async () => {
  const failed = (rule: string) =>
    ({
      type: 'policy.failed',
      community: TEST_COMMUNITY,
      subject: rule,
      payload: { rule, event: '1', error: 'broken' },
    }) as const;
  const { db } = test1.database;
  await db.transaction((tx) => appendEvents(tx, [failed('one')], clock.now()));
  const device = `hub-${TEST_COMMUNITY}.gateway`;
  const [alarm] = await until(
    async () => {
      const found = await alarms(`state=open&device=${device}`);
      return found.length > 0 ? found : null;
    },
    { what: 'the FAULT of the hub' },
  );
  expect(alarm).toMatchObject({ class: 'FAULT', text: { en: expect.stringContaining('one') as string } });
  await orderOf(alarm?.id ?? '');
  await db.transaction((tx) => appendEvents(tx, [failed('two'), failed('three')], clock.now()));
  await until(
    async () => {
      const { n } = await db.transaction((tx) =>
        tx.one<{ n: number }>(
          `select count(*)::integer as n from events.done where rule = 'failed-policy-raises-fault'`,
        ),
      );
      return n === 3;
    },
    { what: 'all three are dealt with' },
  );
  expect(await alarms(`state=open&device=${device}`)).toHaveLength(1);
  expect(await orders(`device=${device}`)).toHaveLength(1);
});

test('health says how far policies are', async () => {
  const { body } = await test1.anonymous.get<{ components: Record<string, { status: string; detail: string }> }>(
    '/api/health',
  );
  expect(body.components['policies']).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining('0 set aside') as string,
  });
});
