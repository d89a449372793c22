// The driver against a Modbus server of other authors: every table, every exception it can produce, reads only.
import { afterEach, beforeAll, expect, test } from 'vitest';
import { modbusDriver, type ModbusLink } from '../../../gateway/drivers/modbus.ts';
import type { Driver, SiteDevice } from '../../../gateway/drivers/driver.ts';
import type { ModbusLimits } from '../../../gateway/modbus/limits.ts';
import { describeWith } from '../../helpers/needs.ts';
import { EXCEPTION_AT, startPymodbus, type Pymodbus } from '../../helpers/modbus-servers/pymodbus.ts';
import { startRecordingProxy } from '../../helpers/modbus-servers/recording-proxy.ts';
import { until } from '../../helpers/wait.ts';
import { device, model, point, quick, RecordingPort, registers } from './site.ts';

const QUICK: Partial<ModbusLimits> = {
  tickMs: 1,
  holeRetryMs: 50,
  holeRetrySafetyMs: 50,
  busyRetryMs: 1,
  breakerProbeMinMs: 100,
};

let running: Driver | undefined;

async function run(
  link: ModbusLink,
  devices: SiteDevice[],
  limits: Partial<ModbusLimits> = QUICK,
): Promise<RecordingPort> {
  const port = new RecordingPort();
  running = modbusDriver({ links: [link], devices, port, limits });
  await running.start();
  return port;
}

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

describeWith(['pymodbus'], 'a foreign Modbus TCP server', () => {
  let server: Pymodbus;
  const bus = (port = server.port): ModbusLink => ({ id: 'bus', type: 'modbus-tcp', host: '127.0.0.1', port });
  beforeAll(async () => {
    server = await startPymodbus({ units: [1, 2, 3] });
  });

  test('all four tables are read, and a change of a register is seen', async () => {
    await server.set(1, 'coil', 3, [1]);
    await server.set(1, 'discrete', 9, [1, 0, 1]);
    await server.set(1, 'holding', 5, [0x1234, 0xffff]);
    await server.set(1, 'input', 7, [0x4048, 0xf5c3]);
    const points = [
      point({ id: 'coil', table: 'coil', address: 3 }),
      point({ id: 'coil4', table: 'coil', address: 4 }),
      point({ id: 'discrete', table: 'discrete', address: 11 }),
      point({ id: 'holding', table: 'holding', address: 5 }),
      point({ id: 'signed', table: 'holding', address: 6, type: 'int16' }),
      point({ id: 'float', table: 'input', address: 7, type: 'float32' }),
    ];
    const port = await run(bus(), [quick(device('d1', model(points)))]);
    await until(() => points.every((p) => port.last(p.id)), { what: 'every point was read' });
    const value = (id: string): unknown => port.last(id)?.value;
    expect(['coil', 'coil4', 'discrete', 'holding', 'signed'].map(value)).toEqual([1, 0, 1, 0x1234, -1]);
    expect(value('float')).toBeCloseTo(3.14, 5);
    expect(port.state()).toBe('online');
    expect(port.links).toEqual([{ link: 'bus', reason: '' }]);

    const before = port.taken.length;
    await server.set(1, 'holding', 5, [77]);
    await until(() => value('holding') === 77, { what: 'the new value was read' });
    // What did not change is not handed over again; it is said to be fresh.
    expect(port.taken.slice(before).map((t) => t.id)).toEqual(['holding']);
    expect(port.freshened.get('d1/signed')).toBeGreaterThan(0);
  });

  test('units on one connection are told apart', async () => {
    await server.set(2, 'holding', 0, [222]);
    await server.set(3, 'holding', 0, [333]);
    const m = model(registers(0, 0));
    const port = await run(bus(), [quick(device('d2', m, 2)), quick(device('d3', m, 3))]);
    await until(() => port.last('r0', 'd2') && port.last('r0', 'd3'), { what: 'both units were read' });
    expect([port.last('r0', 'd2')?.value, port.last('r0', 'd3')?.value]).toEqual([222, 333]);
    expect((await running?.counters?.())?.['bus']?.['connects']).toBe(1);
  });

  test('a refused place (exception 02) marks its own points, the rest is read, the device stays online', async () => {
    // The server holds 200 registers; three points lie past its end.
    const port = await run(bus(), [quick(device('d1', model(registers(150, 202))))]);
    await until(() => ['r200', 'r201', 'r202'].every((id) => port.last(id)), { what: 'the holes were found' });
    await until(() => port.last('r199'), { what: 'the last good one was read' });
    for (const id of ['r200', 'r201', 'r202'])
      expect(port.last(id)).toMatchObject({ value: null, quality: 'bad', reason: 'exception-02' });
    for (const id of ['r150', 'r199']) expect(port.last(id)).toMatchObject({ quality: 'good' });
    expect(port.onlines).toEqual([{ device: 'd1', online: true, reason: '' }]);
  });

  test('a slave that never answers is offline, and its neighbour on the same connection does not notice', async () => {
    const gone = model(registers(0, 3), { timeoutMs: 60 });
    const port = await run(bus(), [quick(device('d1', model(registers(0, 3)), 1)), quick(device('gone', gone, 9))]);
    await until(() => port.state('gone') === 'offline timeout', { what: 'the missing unit is offline' });
    const before = port.freshened.get('d1/r0') ?? 0;
    await until(() => (port.freshened.get('d1/r0') ?? 0) > before + 5, { what: 'the neighbour is read on and on' });
    expect(port.onlines.filter((o) => o.device === 'd1')).toEqual([{ device: 'd1', online: true, reason: '' }]);
    expect(port.taken.filter((t) => t.device === 'gone')).toEqual([]);
  });

  test('a gateway that answers 0A or 0B for a panel: the panel is offline with that very reason', async () => {
    for (const [code, reason] of [
      [10, 'exception-0A'],
      [11, 'exception-0B'],
    ] as const) {
      const panel = device('panel', model([point({ id: 'p', address: EXCEPTION_AT + code })]), 2);
      const port = await run(bus(), [quick(panel), quick(device('d1', model(registers(0, 0))))]);
      await until(() => port.state('panel') === `offline ${reason}`, { what: `the panel is offline with ${reason}` });
      await until(() => port.state('d1') === 'online', { what: 'the other device is online' });
      expect(port.taken.filter((t) => t.device === 'panel')).toEqual([]);
      await running?.stop();
    }
  });

  test('each exception becomes its own reason', async () => {
    const reasons: Record<number, string> = {
      1: 'exception-01',
      2: 'exception-02',
      3: 'exception-03',
      4: 'exception-04',
      5: 'exception-other',
      6: 'exception-06',
      8: 'exception-other',
      10: 'exception-0A',
      11: 'exception-0B',
    };
    const points = [
      ...registers(0, 0),
      ...Object.keys(reasons).map((code) => point({ id: `e${code}`, address: EXCEPTION_AT + Number(code) })),
    ];
    // Addresses that follow one another would be one read.
    const apart = model(points, { maxRegisters: 1 });
    const port = await run(bus(), [quick(device('d1', apart))], { ...QUICK, breakerFailures: 1_000 });
    await until(() => Object.keys(reasons).every((code) => port.last(`e${code}`)), { what: 'every exception was met' });
    for (const [code, reason] of Object.entries(reasons))
      expect(port.last(`e${code}`)).toMatchObject({ value: null, quality: 'bad', reason });
    expect(port.last('r0')).toMatchObject({ quality: 'good' });
    expect(port.state()).toBe('online');
    expect(running?.counters?.()['bus']?.['busyRetries']).toBeGreaterThanOrEqual(3);
  });

  test('a register with fixed content that holds something else puts the device offline, until it holds it', async () => {
    await server.set(1, 'holding', 100, [7]);
    const points = [point({ id: 'map', address: 100, expect: 42, poll: 'slow' }), ...registers(0, 3)];
    const port = await run(bus(), [quick(device('d1', model(points)))], { ...QUICK, expectRetryMs: 20 });
    await until(() => port.state() === 'offline wrong-map', { what: 'the wrong map was noticed' });
    expect(port.taken).toEqual([]);
    await server.set(1, 'holding', 100, [42]);
    await until(() => port.state() === 'online' && port.last('r3'), { what: 'the right map was recognised' });
    await server.set(1, 'holding', 100, [43]);
    await until(() => port.state() === 'offline wrong-map', { what: 'a map that shifts later is noticed too' });
  });

  test('nothing but functions 1 to 4 ever leaves the gateway, whatever the device answers', async () => {
    const proxy = await startRecordingProxy(server.port);
    const points = [
      point({ id: 'coil', table: 'coil', address: 3 }),
      point({ id: 'discrete', table: 'discrete', address: 3 }),
      point({ id: 'input', table: 'input', address: 3 }),
      ...registers(195, 203),
      point({ id: 'map', address: 1, expect: 0 }),
      ...[1, 4, 6, 10, 11].map((code) => point({ id: `e${code}`, address: EXCEPTION_AT + code })),
    ];
    const m = model(points, { maxRegisters: 10, maxInFlight: 4, timeoutMs: 60 });
    const port = await run(bus(proxy.port), [quick(device('d1', m)), quick(device('gone', m, 9))]);
    await until(() => port.last('r203') && port.last('e6') && port.state('gone').startsWith('offline'), {
      what: 'holes, busy and missing units were met',
    });
    await running?.stop();
    expect([...proxy.functions.keys()].sort()).toEqual([1, 2, 3, 4]);
    expect(proxy.unread()).toBe(0);
  });

  test('the server dies and comes back: offline with its reason, then read again', async () => {
    const dying = await startPymodbus();
    await dying.set(1, 'holding', 0, [5]);
    const limits = { ...QUICK, downAfterMs: 100, backoffMinMs: 20, backoffMaxMs: 50, resetPauseMs: 10 };
    const proxy = await startRecordingProxy(dying.port);
    const port = await run(bus(proxy.port), [quick(device('d1', model(registers(0, 0))))], limits);
    await until(() => port.last('r0'), { what: 'the first value' });
    await dying.process.kill();
    await until(() => port.state() === 'offline link-down', { what: 'the link is down' });
    expect(port.links.at(-1)).toEqual({ link: 'bus', reason: 'link-down' });
    const back = await startPymodbus({ port: dying.port });
    await back.set(1, 'holding', 0, [6]);
    await until(() => port.state() === 'online' && port.last('r0')?.value === 6, { what: 'it is read again' });
    expect(port.links.at(-1)).toEqual({ link: 'bus', reason: '' });
  });
});

describeWith(['pymodbus'], 'a foreign server behind RTU-over-TCP', () => {
  test('a device that went with its line and alone stays silent is told again, with its own reason, once', async () => {
    const dying = await startPymodbus({ framing: 'rtu', units: [1, 2] });
    const link: ModbusLink = { id: 'bus', type: 'modbus-rtu-tcp', host: '127.0.0.1', port: dying.port };
    const there = quick(device('d1', model(registers(0, 0))));
    const gone = quick(device('d2', model(registers(0, 0), { timeoutMs: 200 }), 2));
    const limits = { ...QUICK, rtuQuietMs: 5, downAfterMs: 100, backoffMinMs: 20, backoffMaxMs: 50, resetPauseMs: 10 };
    const port = await run(link, [there, gone], limits);
    await until(() => port.state() === 'online' && port.state('d2') === 'online', { what: 'both are heard' });
    await dying.process.kill();
    await until(() => port.state('d2') === 'offline link-down', { what: 'the line is down' });
    await startPymodbus({ framing: 'rtu', units: [1], port: dying.port });
    await until(() => port.state() === 'online' && port.state('d2') === 'offline timeout', {
      what: () => `one is heard, the other silent by itself: ${JSON.stringify(port.onlines)}`,
    });
    const told = port.onlines.filter((o) => o.device === 'd2' && !o.online).map((o) => o.reason);
    expect(told).toEqual(['link-down', 'timeout']);
  });

  test('registers are read with CRC framing', async () => {
    const server = await startPymodbus({ framing: 'rtu', units: [1] });
    await server.set(1, 'holding', 10, [1000, 2000]);
    const link: ModbusLink = { id: 'bus', type: 'modbus-rtu-tcp', host: '127.0.0.1', port: server.port };
    const port = await run(link, [quick(device('d1', model(registers(10, 11))))], { ...QUICK, rtuQuietMs: 5 });
    await until(() => port.last('r11'), { what: 'both registers were read' });
    expect([port.last('r10')?.value, port.last('r11')?.value]).toEqual([1000, 2000]);
    await server.set(1, 'holding', 10, [1001]);
    await until(() => port.last('r10')?.value === 1001, { what: 'the change was read' });
  });
});
