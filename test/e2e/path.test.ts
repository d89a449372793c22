// The path of a signal, with real processes and parts of other authors: from a register and an MQTT message to history,
// the live channel, the alarm list in Chromium and the ticket, and from the technician's photo and the live value's
// return to its end. No row is inserted by SQL.
import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AlarmView } from '../../hub/alarms/contract.ts';
import type { AlarmFrame } from '../../hub/live/contract.ts';
import type { OrderView } from '../../hub/work-orders/contract.ts';
import { launchBrowser, openPage } from '../helpers/chromium.ts';
import { describeWith } from '../helpers/needs.ts';
import { until } from '../helpers/wait.ts';
import { Compound, GATEWAY, openAlarms, PASSWORD, UNITS, type Caller } from './compound.ts';

/** devices.md 7.1: the manual's vector, 0.538 MPa with "high" set; here with the demo's serial and another value. */
const gaugeFrame = (milliMpa: number, alarmByte: number, at: number): string => {
  const b = Buffer.alloc(61 - 2);
  let k = b.writeUInt16BE(0xa55a, 0);
  k = b.writeUInt8(0, k);
  k = b.writeUInt16BE(b.length, k);
  k += b.write('SHMK26100001', k, 'ascii');
  k = b.writeUInt8(0x34, k);
  k = b.writeInt8(-56, k);
  k = b.writeUInt16BE(60, k);
  k = b.writeUInt16BE(10, k);
  k = b.writeUInt8(1, k);
  k = b.writeUInt8(alarmByte, k);
  k = b.writeInt16BE(1_000, k);
  k = b.writeInt16BE(1_500, k);
  k = b.writeInt16BE(milliMpa, k);
  k = b.writeUInt32BE(Math.floor(at / 1_000), k);
  for (let r = 0; r < 10; r++) k = b.writeInt16BE(milliMpa, k);
  // CRC-16/MODBUS bit by bit, high byte first.
  let crc = 0xffff;
  for (const byte of b.subarray(0, k)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  k = b.writeUInt16BE(crc, k);
  b.writeUInt16BE(0x55aa, k);
  return b.toString('hex');
};

const ONE_PIXEL_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describeWith(['pymodbus', 'mosquitto-clients', 'chromium'], 'the path of a signal', () => {
  let compound: Compound;
  let operator: Caller;
  let technician: Caller;
  let page: Page;
  let live: Socket;
  const frames: AlarmFrame[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    compound = await Compound.start();
    await compound.modbus.set(UNITS.pump, 'holding', 162, [1]);
    await compound.gauge(gaugeFrame(1_200, 0, Date.now()));
    await compound.lift({});
    [operator, technician] = [await compound.signIn('operator'), await compound.signIn('technician')];
    live = io(compound.url, { transports: ['websocket'], extraHeaders: { cookie: operator.cookie } });
    live.on('alarm', (frame: AlarmFrame) => frames.push(frame));
    const browser = await launchBrowser();
    page = await openPage(browser, { viewport: { width: 1920, height: 1080 }, locale: 'zh-CN' });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(compound.url);
    await page.getByLabel('用户名').fill('operator');
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.getByRole('button', { name: '登录' }).click();
    await until(
      async () => {
        const devices = await operator.items<{ id: string; online: boolean }>('/api/devices');
        return devices.filter((d) => d.id.startsWith(`${GATEWAY}.`) && d.online).length >= 4;
      },
      { ms: 30_000, what: 'all four devices online', everyMs: 100 },
    );
  }, 180_000);

  afterAll(async () => {
    live?.close();
    await compound?.stop();
  });

  const heard = (fits: (alarm: AlarmView) => boolean, what: string): Promise<AlarmView> =>
    until(() => frames.flatMap((f) => f.items).find(fits), { ms: 15_000, what });

  it('[S1] [S2] shows a fire from a flipped register of a foreign server everywhere within seconds', async () => {
    await compound.gst({ 1: 1 });
    const alarm = await heard((a) => a.class === 'FIRE' && a.point === 'dev-0001', 'FIRE on the live channel');
    expect(alarm).toMatchObject({ device: `${GATEWAY}.panel`, state: 'unacked-active', building: 'b1', floor: 12 });
    const [listed] = await openAlarms(operator, 'class=FIRE', 1, 'one open FIRE');
    expect(listed?.id).toBe(alarm.id);
    await page.getByText('12层电梯厅感烟').first().waitFor({ timeout: 10_000 });
    const now = Date.now();
    const history = await until(
      async () => {
        const path = `/api/devices/${GATEWAY}.panel/points/dev-0001/history`;
        const range = `from=${new Date(now - 60_000).toISOString()}&to=${new Date(now + 60_000).toISOString()}&buckets=1`;
        const { buckets } = await operator.good<{ buckets: { max: number }[] }>('GET', `${path}?${range}`);
        return buckets.some((b) => b.max === 1) ? buckets : undefined;
      },
      { ms: 15_000, what: 'the fire in history', everyMs: 100 },
    );
    expect(history.length).toBeGreaterThan(0);
  });

  it('[S2] takes an acknowledgement once, and says who was first', async () => {
    const [alarm] = await openAlarms(operator, 'class=FIRE', 1, 'the fire');
    await operator.good('POST', `/api/alarms/${alarm?.id}/ack`, {});
    const second = await (await compound.signIn('operator2')).ask('POST', `/api/alarms/${alarm?.id}/ack`, {});
    expect(second.status).toBe(409);
    expect(second.body).toMatchObject({ code: 'already-done' });
    const refused = await technician.ask('POST', `/api/alarms/${alarm?.id}/ack`, {});
    expect(refused.status).toBe(403);
  });

  it('[W1] opens exactly one order for a fault, and verifies the repair by the live value', async () => {
    await compound.modbus.set(UNITS.pump, 'holding', 1_000, [1 << 5]);
    const [fault] = await openAlarms(operator, `class=FAULT&device=${GATEWAY}.pump`, 1, 'one FAULT of the pump');
    const order = await until(
      async () => {
        const items = await operator.items<OrderView>(`/api/work-orders?alarm=${fault?.id}`);
        return items.length === 1 ? items[0] : undefined;
      },
      { ms: 15_000, what: 'one order of the fault', everyMs: 50 },
    );
    expect(order).toMatchObject({ source: { kind: 'alarm', id: fault?.id }, device: `${GATEWAY}.pump` });
    await technician.good('POST', `/api/work-orders/${order.id}/accept`, {});
    await technician.good('POST', `/api/work-orders/${order.id}/arrive`, {});
    await technician.good('POST', `/api/work-orders/${order.id}/start`, {});
    const photo = await upload(technician, compound.url);
    const finish = { result: '更换启动接触器', photos: [{ file: photo, phase: 'after' }] };
    const key = { 'idempotency-key': 'finish-once' };
    const done = await technician.good<OrderView>('POST', `/api/work-orders/${order.id}/finish`, finish, key);
    const again = await technician.good<OrderView>('POST', `/api/work-orders/${order.id}/finish`, finish, key);
    expect(again).toEqual(done);
    const supervisor = await compound.signIn('supervisor');
    const early = await supervisor.ask('POST', `/api/work-orders/${order.id}/verify`, {});
    expect(early).toMatchObject({ status: 422, body: { code: 'still-active' } });
    await compound.modbus.set(UNITS.pump, 'holding', 1_000, [0]);
    const verified = await until(
      async () => {
        const view = await supervisor.good<OrderView>('GET', `/api/work-orders/${order.id}`);
        if (view.state === 'verified') return view;
        await supervisor.ask('POST', `/api/work-orders/${order.id}/verify`, {});
        return undefined;
      },
      { ms: 25_000, what: 'the order verified by the value', everyMs: 500 },
    );
    expect(verified.verification?.by).toBe('live-data');
    await supervisor.good('POST', `/api/work-orders/${order.id}/close`, {});
  });

  it('[S1] opens exactly one order for an extinguisher that loses pressure', async () => {
    await compound.gauge(gaugeFrame(820, 1, Date.now()));
    await compound.gauge(gaugeFrame(815, 1, Date.now() + 1_000));
    const [low] = await openAlarms(operator, `class=PROCESS&device=${GATEWAY}.ext-1`, 1, 'one low-pressure alarm');
    const orders = await until(
      async () => {
        const items = await operator.items<OrderView>(`/api/work-orders?alarm=${low?.id}`);
        return items.length > 0 ? items : undefined;
      },
      { ms: 15_000, what: 'the order of the extinguisher', everyMs: 50 },
    );
    expect(orders).toHaveLength(1);
  });

  it('[S5] opens a rescue with its clocks for an entrapment, which cannot close before the release', async () => {
    await compound.lift({ Passenger_Status: true, Door_Zone: false, Alarm: 90, Fault: 4 });
    const [trapped] = await openAlarms(operator, `class=ENTRAPMENT&device=${GATEWAY}.lift-1`, 1, 'one ENTRAPMENT');
    const rescue = await until(
      async () => {
        const items = await operator.items<OrderView>(`/api/work-orders?alarm=${trapped?.id}`);
        return items.find((o) => o.kind === 'rescue');
      },
      { ms: 15_000, what: 'the rescue', everyMs: 50 },
    );
    const milestones = rescue.milestones.map((m) => m.milestone);
    for (const m of ['answered', 'contractor-called', 'on-site', 'released']) expect(milestones).toContain(m);
    expect(rescue.milestones.find((m) => m.milestone === 'answered')?.dueAt).toBeDefined();
    const early = await (await compound.signIn('manager')).ask('POST', `/api/work-orders/${rescue.id}/close`, {});
    expect(early.status).toBeGreaterThanOrEqual(400);
  });

  it('[F4] opens exactly one order for a failed inspection check', async () => {
    const inspector = await compound.signIn('inspector');
    const check = { item: '灭火器外观', outcome: 'fail', building: 'b2', floor: 3, note: '喷管破裂' };
    const key = { 'idempotency-key': 'check-once' };
    const first = await inspector.good<{ id: string }>('POST', '/api/checks', check, key);
    const replay = await inspector.good<{ id: string }>('POST', '/api/checks', check, key);
    expect(replay.id).toBe(first.id);
    const orders = await until(
      async () => {
        const items = await operator.items<OrderView>('/api/work-orders?limit=100');
        const mine = items.filter((o) => o.source.kind === 'check' && o.source.id === first.id);
        return mine.length > 0 ? mine : undefined;
      },
      { ms: 15_000, what: 'the order of the check', everyMs: 50 },
    );
    expect(orders).toHaveLength(1);
  });

  it('[S2] had no error in the browser on the way', () => {
    expect(errors).toEqual([]);
  });
});

/** POST /api/files with one small picture; answers its SHA-256 as stored. */
async function upload(caller: Caller, url: string): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob([ONE_PIXEL_PNG], { type: 'image/png' }), 'after.png');
  const answer = await fetch(`${url}/api/files`, { method: 'POST', headers: { cookie: caller.cookie }, body: form });
  expect(answer.status).toBeLessThan(300);
  const stored = (await answer.json()) as { file?: string; sha256?: string };
  const sha = stored.file ?? stored.sha256 ?? createHash('sha256').update(ONE_PIXEL_PNG).digest('hex');
  expect(sha).toMatch(/^[0-9a-f]{64}$/);
  return sha;
}
