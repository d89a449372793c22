// DTUs that call: a foreign Modbus RTU server reached through a DTU process that registers, beats and passes bytes on.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { ModbusCallInDriver } from '../../../gateway/drivers/modbus-call-in.ts';
import type { CallInLimits } from '../../../gateway/call-in/limits.ts';
import { crc16 } from '../../../gateway/modbus/crc16.ts';
import type { ModbusLimits } from '../../../gateway/modbus/limits.ts';
import type { DtuLink } from '../../../gateway/site-links.ts';
import type { SiteDevice } from '../../../gateway/drivers/driver.ts';
import { describeWith } from '../../helpers/needs.ts';
import { startDtu, type Dtu, type DtuOptions } from '../../helpers/modbus-servers/dtu-bridge.ts';
import { startPymodbus, type Pymodbus } from '../../helpers/modbus-servers/pymodbus.ts';
import { until } from '../../helpers/wait.ts';
import { device, model, quick, RecordingPort, registers } from './site.ts';

const LINE: DtuLink = {
  id: 'dtu-1',
  type: 'modbus-dtu',
  port: 0,
  framing: 'rtu',
  registration: { text: 'DTU1' },
  heartbeats: [{ text: 'HB' }],
  silentS: 300,
  latencyMs: 0,
  lateMs: 60,
};
const LIMITS: Partial<CallInLimits> = { registrationMs: 150, registrationPauseMs: 40, quietMs: 10, downAfterMs: 100 };
const QUICK: Partial<ModbusLimits> = { tickMs: 1, breakerProbeMinMs: 100, breakerProbeMaxMs: 200 };
const HB = Buffer.from('HB');

interface Running {
  readonly driver: ModbusCallInDriver;
  readonly port: RecordingPort;
}
const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function run(
  links: readonly DtuLink[],
  devices: readonly SiteDevice[],
  limits = LIMITS,
  modbusLimits = QUICK,
): Promise<Running> {
  const port = new RecordingPort();
  const driver = new ModbusCallInDriver({
    host: '127.0.0.1',
    port: 0,
    links,
    devices,
    intake: port,
    limits,
    modbusLimits,
  });
  await driver.start();
  undo.push(() => driver.stop());
  return { driver, port };
}

async function call(platform: number): Promise<Socket> {
  const socket = connect(platform, '127.0.0.1');
  await once(socket, 'connect');
  // Refused calls are reset: no mistake of the test.
  socket.on('error', () => undefined);
  undo.push(() => void socket.destroy());
  return socket;
}

const lineOf = ({ driver }: Running, id = 'dtu-1') => driver.standing().lines?.find((l) => l.link === id);
const counter = ({ driver }: Running, name: string, id = 'dtu-1'): number => driver.counters()[id]?.[name] ?? 0;

describeWith(['pymodbus'], 'devices behind a DTU that calls', () => {
  let server: Pymodbus;
  let other: Pymodbus;
  beforeAll(async () => {
    [server, other] = await Promise.all([
      startPymodbus({ framing: 'rtu', units: [1, 2] }),
      startPymodbus({ framing: 'rtu', units: [1] }),
    ]);
    return () => Promise.all([server.stop(), other.stop()]);
  });
  const dtu = async (to: Running, more: Partial<DtuOptions> = {}): Promise<Dtu> => {
    const options = { platform: to.driver.listening, bus: server.port, registration: Buffer.from('DTU1') };
    const started = await startDtu({ ...options, heartbeat: HB, heartbeatMs: 5, ...more });
    undo.push(() => started.stop());
    return started;
  };

  test('are read through it, amid heartbeats, with answers in pieces and glued together, on one connection', async () => {
    await server.set(1, 'holding', 10, [0x4842, 2000]); // The first register's bytes are a heartbeat's.
    const running = await run([LINE], [quick(device('d1', model(registers(10, 11)), 1, 'dtu-1'), 20)]);
    const { port } = running;
    await until(() => port.links.some((l) => l.reason === 'link-down'), { what: 'nobody has called' });
    expect(lineOf(running)).toMatchObject({ state: 'waiting', calls: 0 });
    const bridge = await dtu(running);
    await until(() => port.last('r11'), { what: 'the registers were read' });
    expect([port.last('r10')?.value, port.last('r11')?.value]).toEqual([0x4842, 2000]);
    await bridge.order({ pieces: 1 });
    await server.set(1, 'holding', 10, [1001]);
    await until(() => port.last('r10')?.value === 1001, { what: 'a change, byte by byte' });
    await bridge.order({ pieces: 0, around: true });
    await server.set(1, 'holding', 10, [1002]);
    await until(() => port.last('r10')?.value === 1002, { what: 'a change between heartbeats' });
    await until(() => (lineOf(running)?.heartbeats ?? 0) > 10, { what: 'heartbeats were counted' });
    expect(lineOf(running)).toMatchObject({ state: 'answers', from: '127.0.0.1', calls: 1, replaced: 0, noise: 0 });
    expect(port.links.at(-1)).toEqual({ link: 'dtu-1', reason: '' });
    expect(port.taken.filter((t) => t.quality !== 'good')).toEqual([]);
  });

  test('are told apart by their registration, also where one is the beginning of another, or is bytes', async () => {
    await server.set(1, 'holding', 0, [111]);
    await other.set(1, 'holding', 0, [222]);
    const links = [LINE, { ...LINE, id: 'dtu-10', registration: { hex: '4454553130ff' } }];
    const m = model(registers(0, 0));
    const devices = [device('d1', m, 1, 'dtu-1'), device('d10', m, 1, 'dtu-10')].map((d) => quick(d));
    const running = await run(links, devices);
    await dtu(running, { bus: other.port, registration: Buffer.from('4454553130ff', 'hex') });
    await dtu(running, { heartbeatMs: 500 });
    const { port } = running;
    await until(() => port.last('r0', 'd1') && port.last('r0', 'd10'), { what: 'both were read' });
    expect([port.last('r0', 'd1')?.value, port.last('r0', 'd10')?.value]).toEqual([111, 222]);
  });

  test('a late answer is never taken for that to the next request, and closes nothing', async () => {
    await server.set(1, 'holding', 20, [2020]);
    await server.set(1, 'holding', 30, [3030]);
    await server.set(2, 'holding', 20, [2222]);
    // Two reads of one shape: only the order of answers says whose is which.
    const m = model([...registers(20, 20), ...registers(30, 30)], { timeoutMs: 40 });
    const line = { ...LINE, lateMs: 5_000 };
    const patient = { ...QUICK, breakerFailures: 1_000, offlineAfterPolls: 1_000 };
    const devices = [quick(device('d1', m, 1, 'dtu-1'), 10), quick(device('d2', m, 2, 'dtu-1'), 10)];
    const running = await run([line], devices, LIMITS, patient);
    const bridge = await dtu(running);
    const { port } = running;
    await until(() => port.last('r30') && port.last('r20', 'd2'), { what: 'both units were read' });
    for (let round = 0; round < 5; round++) {
      const late = counter(running, 'late');
      await bridge.order({ delays: [120, 90, 60] });
      await until(() => counter(running, 'late') > late, { what: 'a late answer was recognised' });
    }
    await until(() => port.last('r30')?.quality === 'good', { what: 'read again after all' });
    const values = new Map<string, Set<unknown>>();
    for (const { device: d, id, value } of port.taken.filter((t) => t.quality === 'good')) {
      const key = `${d}/${id}`;
      values.set(key, (values.get(key) ?? new Set()).add(value));
    }
    expect(Object.fromEntries([...values].map(([key, seen]) => [key, [...seen]]))).toEqual({
      'd1/r20': [2020],
      'd1/r30': [3030],
      'd2/r20': [2222],
      'd2/r30': [0],
    });
    expect(counter(running, 'timeouts')).toBeGreaterThanOrEqual(5);
    expect(lineOf(running)).toMatchObject({ calls: 1 });
    expect(counter(running, 'losses')).toBe(0);
  });

  test('a unit that never answers costs its neighbour nothing and does not end the line', async () => {
    const m = model(registers(0, 0), { timeoutMs: 40 });
    const devices = [quick(device('d1', m, 1, 'dtu-1')), quick(device('gone', m, 9, 'dtu-1'))];
    const running = await run([LINE], devices);
    await dtu(running);
    const { port } = running;
    await until(() => port.state('gone') === 'offline timeout', { what: 'the missing unit is offline' });
    const before = port.freshened.get('d1/r0') ?? 0;
    await until(() => (port.freshened.get('d1/r0') ?? 0) > before + 5, { what: 'its neighbour is read on' });
    expect(lineOf(running)).toMatchObject({ calls: 1 });
    expect(counter(running, 'losses')).toBe(0);
  });

  test('is killed and starts again: offline with its link, then read again', async () => {
    await server.set(1, 'holding', 0, [5]);
    const running = await run([LINE], [quick(device('d1', model(registers(0, 0)), 1, 'dtu-1'))]);
    const { port } = running;
    const first = await dtu(running);
    await until(() => port.last('r0')?.value === 5, { what: 'read' });
    await first.process.kill();
    await until(() => port.state() === 'offline link-down', { what: 'the loss of the line was told' });
    expect(lineOf(running)?.state).toBe('waiting');
    await server.set(1, 'holding', 0, [6]);
    await dtu(running);
    await until(() => port.last('r0')?.value === 6, { what: 'read again' });
    expect(port.state()).toBe('online');
  });

  test('has frozen with its line open: nothing at all is heard, so the line goes; calling anew replaces it', async () => {
    await server.set(1, 'holding', 0, [7]);
    const m = model(registers(0, 0), { timeoutMs: 40 });
    const running = await run([{ ...LINE, silentS: 0.3 }], [quick(device('d1', m, 1, 'dtu-1'))]);
    const { port } = running;
    const first = await dtu(running);
    await until(() => port.last('r0')?.value === 7, { what: 'read' });
    process.kill(first.process.pid, 'SIGSTOP');
    await until(() => counter(running, 'silences') >= 1, { what: 'the silence was noticed' });
    await until(() => port.state() === 'offline link-down', { what: 'and told' });
    process.kill(first.process.pid, 'SIGCONT');
    await until(() => port.state() === 'online', { what: 'it called again' });
    expect(lineOf(running)).toMatchObject({ replaced: 0 });
  });

  test('a second call with the same registration takes the place of the first (half-open)', async () => {
    await server.set(1, 'holding', 0, [8]);
    const m = model(registers(0, 0), { timeoutMs: 40 });
    const running = await run([LINE], [quick(device('d1', m, 1, 'dtu-1'))]);
    const { port } = running;
    const first = await dtu(running);
    await until(() => port.last('r0')?.value === 8, { what: 'read' });
    process.kill(first.process.pid, 'SIGSTOP');
    undo.push(() => void process.kill(first.process.pid, 'SIGCONT'));
    await server.set(1, 'holding', 0, [9]);
    await dtu(running);
    await until(() => port.last('r0')?.value === 9, { what: 'read over the second line' });
    expect(lineOf(running)).toMatchObject({ state: 'answers', calls: 2, replaced: 1 });
    expect(port.logged.filter((l) => l.message.includes('while its line was there'))).toHaveLength(1);
  });

  test('Modbus TCP over such a line: late answers are known by their ids, so nothing has to wait', async () => {
    const tcp = await startPymodbus({ units: [1] });
    undo.push(() => tcp.stop());
    await tcp.set(1, 'holding', 20, [2020]);
    await tcp.set(1, 'holding', 30, [3030]);
    const m = model([...registers(20, 20), ...registers(30, 30)], { timeoutMs: 40 });
    const patient = { ...QUICK, breakerFailures: 1_000, offlineAfterPolls: 1_000 };
    const line: DtuLink = { ...LINE, framing: 'tcp', lateMs: 5_000 };
    const running = await run([line], [quick(device('d1', m, 1, 'dtu-1'), 10)], LIMITS, patient);
    const bridge = await dtu(running, { bus: tcp.port });
    const { port } = running;
    await until(() => port.last('r30'), { what: 'read' });
    await bridge.order({ delays: [150, 100] });
    await until(() => counter(running, 'late') >= 2, { what: 'late answers were recognised' });
    const good = port.taken.filter((t) => t.quality === 'good');
    expect(new Set(good.map((t) => `${t.id}=${String(t.value)}`))).toEqual(new Set(['r20=2020', 'r30=3030']));
    expect(lineOf(running)).toMatchObject({ calls: 1 });
  });
});

describeWith([], 'a DTU that calls again', () => {
  const rtu = (...body: number[]): Buffer => {
    const bytes = Buffer.from([...body, 0, 0]);
    bytes.writeUInt16LE(crc16(bytes, 0, body.length), body.length);
    return bytes;
  };
  /** The answer to something that was asked long ago. */
  const OLD = rtu(1, 3, 2, 0x11, 0x5c);
  // Two reads of one unit and size.
  const m = model([...registers(20, 20), ...registers(30, 30)], { timeoutMs: 1_000 });
  const devices = [quick(device('d1', m, 1, 'dtu-1'))];
  /** Answers every read with a hundred times its address. */
  const answers = (socket: Socket): void =>
    void socket.on('data', (asked: Buffer) => {
      const value = asked.readUInt16BE(2) * 100;
      socket.write(rtu(1, 3, 2, value >> 8, value & 0xff));
    });
  const goodValues = async ({ port }: Running): Promise<string[]> => {
    const isGood = (id: string): boolean => port.last(id)?.quality === 'good';
    await until(() => isGood('r20') && isGood('r30'), { what: 'both were read' });
    return [...new Set(port.taken.flatMap((t) => (t.quality === 'good' ? `${t.id}=${String(t.value)}` : [])))];
  };

  test('an old answer glued to its registration answers nothing that was asked on the line before', async () => {
    const running = await run([LINE], devices);
    const first = await call(running.driver.listening);
    const asked = once(first, 'data');
    first.write('DTU1');
    await asked;
    const second = await call(running.driver.listening);
    answers(second);
    second.write(Buffer.concat([Buffer.from('DTU1HB'), OLD]));
    expect((await goodValues(running)).toSorted()).toEqual(['r20=2000', 'r30=3000']);
    expect(counter(running, 'early')).toBe(HB.length + OLD.length);
  });

  test('an old answer right behind its call is thrown away before anything is asked', async () => {
    const running = await run([LINE], devices, LIMITS, { ...QUICK, rtuQuietMs: 500 });
    const socket = await call(running.driver.listening);
    answers(socket);
    socket.write('DTU1HB');
    await until(() => lineOf(running)?.state === 'registered', { what: 'it is in', everyMs: 1 });
    socket.write(OLD);
    expect((await goodValues(running)).toSorted()).toEqual(['r20=2000', 'r30=3000']);
    expect(counter(running, 'early')).toBe(HB.length + OLD.length);
  });
});

describeWith([], 'a call that is none of ours', () => {
  const nobody = (): Promise<Running> => run([LINE, { ...LINE, id: 'dtu-10', registration: { text: 'DTU10' } }], []);

  test('is refused with its whole packet, counted and kept among the last hundred', async () => {
    const running = await nobody();
    const { driver } = running;
    const socket = await call(driver.listening);
    socket.write('DTU');
    socket.write('7-0001');
    await once(socket, 'close');
    expect(driver.refusals()).toMatchObject([
      { reason: 'unknown-registration', from: '127.0.0.1', bytes: Buffer.from('DTU7-0001').toString('hex') },
    ]);
    const quiet = await call(driver.listening);
    await once(quiet, 'close');
    expect(driver.refusals()[0]).toMatchObject({ reason: 'no-registration', bytes: '' });
    for (let n = 0; n < 120; n++) (await call(driver.listening)).write(Buffer.alloc(300, n + 1));
    await until(() => driver.standing().counters['unknownRegistrations'] === 121, { what: 'all were refused' });
    expect(driver.refusals()).toHaveLength(100);
    expect(driver.standing()).toMatchObject({ unregistered: 0, counters: { calls: 122, registered: 0 } });
    expect(driver.standing().refused).toHaveLength(20);
  });

  test('that only begins like a device of the site is another’s: refused whole, and nobody is thrown out', async () => {
    const running = await run([LINE], []);
    const { driver } = running;
    const own = await call(driver.listening);
    own.write('DTU1\r\n');
    await until(() => lineOf(running)?.state === 'registered', { what: 'the device is in' });
    for (const packet of ['DTU12', 'DTU1 ', 'DTU1\r\n2']) {
      const stranger = await call(driver.listening);
      stranger.write(packet);
      await once(stranger, 'close');
      const bytes = Buffer.from(packet).toString('hex');
      expect(driver.refusals()[0]).toMatchObject({ reason: 'unknown-registration', bytes });
    }
    expect(lineOf(running)).toMatchObject({ state: 'registered', calls: 1, replaced: 0 });
    expect(own.destroyed).toBe(false);
    for (const [k, packet] of ['DTU1', 'DTU1DTU1', 'DTU1\0HB\x01'].entries()) {
      (await call(driver.listening)).write(packet);
      await until(() => lineOf(running)?.calls === k + 2, { what: `${packet} is the device` });
    }
  });

  test('can not come where the port is taken: told, counted, and waited for where that is wanted', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = (taken.address() as AddressInfo).port;
    const intake = new RecordingPort();
    const devices = [quick(device('d1', model(registers(0, 0)), 1, 'dtu-1'))];
    const limits = { ...LIMITS, listenAgainMs: 20 };
    const settings = { host: '127.0.0.1', port, links: [LINE], devices, intake, limits, modbusLimits: QUICK };
    await expect(new ModbusCallInDriver(settings).start()).rejects.toThrow('EADDRINUSE');
    const driver = new ModbusCallInDriver({ ...settings, waits: true });
    await driver.start();
    undo.push(() => driver.stop());
    await until(() => (driver.standing().counters['notListening'] ?? 0) > 1, { what: 'it is tried again' });
    await until(() => intake.links.some((l) => l.reason === 'link-down'), { what: 'the link is told as down' });
    expect(driver.listening).toBe(0);
    expect(intake.logged.filter((l) => l.level === 'error')).toMatchObject([{ context: { port } }]);
    taken.close();
    await until(() => driver.listening === port, { what: 'the port was taken when it was free' });
    (await call(port)).write('DTU1HB');
    await until(() => driver.standing().lines?.[0]?.state === 'registered', { what: 'the device is in' });
  });

  test('that says nothing has a time, and too many of them push out the oldest, not the device', async () => {
    const { driver } = await run([LINE], [], { ...LIMITS, registrationMs: 60_000, unregistered: 3 });
    const sockets: Socket[] = [];
    for (let n = 0; n < 5; n++) sockets.push(await call(driver.listening));
    await until(() => driver.standing().counters['tooMany'] === 2, { what: 'two were pushed out' });
    sockets[4]?.write('DTU1');
    await until(() => driver.standing().lines?.[0]?.state === 'registered', { what: 'the device is in' });
    expect(driver.standing().unregistered).toBe(2);
  });
});
