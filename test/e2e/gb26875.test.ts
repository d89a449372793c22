// A transmission device that nobody described: its frames, published by others, become points, alarms, an order and
// history in the hub, while what was active before stays what it was. Real processes; no row is inserted by SQL.
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AlarmView } from '../../hub/alarms/contract.ts';
import type { CallInsView } from '../../hub/ingest/contract.ts';
import type { OrderView } from '../../hub/work-orders/contract.ts';
import { describeWith } from '../helpers/needs.ts';
import { until } from '../helpers/wait.ts';
import { VECTORS } from '../gateway/gb26875/vectors.ts';
import { Compound, GATEWAY, type Caller } from './compound.ts';

const DEVICE = `${GATEWAY}.utd-1`;

describeWith(['pymodbus'], 'a transmission device (GB/T 26875.3)', () => {
  let compound: Compound;
  let operator: Caller;
  let device: Socket;

  const alarm = (fits: (a: AlarmView) => boolean, what: string): Promise<AlarmView> =>
    until(async () => (await operator.items<AlarmView>('/api/alarms?state=all&limit=100')).find(fits), {
      ms: 20_000,
      what,
      everyMs: 100,
    });

  beforeAll(async () => {
    compound = await Compound.start({
      links: ['{ id: transmission, type: gb26875 }'],
      devices: [
        `{ id: utd-1, profile: gb26875-transmission-device, link: transmission, building: b1, floor: 1, vars: { address: '889' } }`,
      ],
      gatewayEnv: { GB26875_PORT: '0' },
    });
    operator = await compound.signIn('operator');
    device = connect((compound.gateway.ready as { gb26875: number }).gb26875, '127.0.0.1');
  }, 120_000);

  afterAll(async () => {
    device?.destroy();
    await compound?.stop();
  });

  test('[S1] raises its fire on a point of its own, and what burned before neither ends nor begins again', async () => {
    await compound.gst({ 1: 1 });
    const before = await alarm((a) => a.class === 'FIRE' && a.point === 'dev-0001', 'a fire of the panel');
    device.write(VECTORS.smokeFire);
    const fire = await alarm((a) => a.device === DEVICE && a.class === 'FIRE', 'the fire of the detector');
    expect(fire).toMatchObject({ point: 'part-1-1-40-10-2', state: 'unacked-active' });
    const points = await operator.items<{ id: string; name: { zh: string }; value: unknown; quality: string }>(
      `/api/devices/${DEVICE}/points`,
    );
    expect(points.find((p) => p.id === fire.point)).toMatchObject({
      name: { zh: '感烟火灾探测器 10-2' },
      value: 2,
      quality: 'good',
    });
    const panel = await operator.items<AlarmView>('/api/alarms?state=all&limit=100');
    expect(panel.filter((a) => a.point === 'dev-0001').map((a) => [a.id, a.state])).toEqual([
      [before.id, 'unacked-active'],
    ]);
    await compound.gst({});
    await alarm((a) => a.id === before.id && a.condition === 'false', 'the end of the fire of the panel');
  }, 60_000);

  test('shows the engineer who calls and what was said last; whoever does not look after gateways is refused', async () => {
    const technician = await compound.signIn('technician');
    const path = `/api/gateways/${GATEWAY}/call-ins`;
    const told = await until(
      async () => {
        const { items } = (await technician.ask('GET', path)).body as CallInsView;
        return items[0]?.devices[0]?.frames.some((f) => f.flag === 2 && !f.out) ? items[0] : undefined;
      },
      { ms: 20_000, what: 'the frame of the fire', everyMs: 250 },
    );
    expect(told.devices[0]).toMatchObject({ id: DEVICE, source: 889, from: '127.0.0.1', connected: true });
    expect((await operator.ask('GET', path)).status).toBe(403);
  }, 60_000);

  test('opens an order for the mains fault of the device itself', async () => {
    device.write(VECTORS.deviceMainsFault);
    const fault = await alarm((a) => a.device === DEVICE && a.class === 'FAULT' && a.workOrder !== null, 'an order');
    expect(fault.point).toBe('device-status');
    const orders = await operator.items<OrderView>(`/api/work-orders?alarm=${fault.id}`);
    expect(orders).toHaveLength(1);
  }, 60_000);
});
