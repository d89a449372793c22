// What a device taught by its refusals is kept over a restart, holds for its model and a time, and can be forgotten.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { DeviceModel } from '../../../device-profiles/contract/profile.ts';
import { modbusDriver } from '../../../gateway/drivers/modbus.ts';
import { forget, MEMORY_LIMITS, ModbusMemory } from '../../../gateway/modbus/memory.ts';
import { confirm, learn, learnt, planReads, restore } from '../../../gateway/modbus/plan-reads.ts';
import { startRecordingProxy, type RecordingProxy } from '../../helpers/modbus-servers/recording-proxy.ts';
import { startPymodbus } from '../../helpers/modbus-servers/pymodbus.ts';
import { describeWith } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';
import { device, model, quick, RecordingPort, registers } from './site.ts';

const DAY_MS = 86_400_000;
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Gateway {
  readonly port: RecordingPort;
  readonly memory: ModbusMemory;
  counter(name: string): number;
  stop(): Promise<void>;
}

/** The driver with its memory in `dir`, as a gateway that has just been started. */
async function start(dir: string, port: number, m: DeviceModel): Promise<Gateway> {
  const recording = new RecordingPort();
  const memory = new ModbusMemory({ dir, clock: recording.clock, log: recording.log });
  const driver = modbusDriver({
    links: [{ id: 'bus', type: 'modbus-tcp', host: '127.0.0.1', port }],
    devices: [quick(device('d1', m))],
    port: recording,
    memory,
    limits: { tickMs: 1 },
  });
  await driver.start();
  const stop = async (): Promise<void> => {
    await driver.stop();
    await memory.flush();
  };
  undo.push(stop);
  return { port: recording, memory, counter: (name) => driver.counters?.()['bus']?.[name] ?? 0, stop };
}

describeWith(['pymodbus'], 'a gateway that starts again', () => {
  /** The server holds 200 registers; three points lie past its end. */
  const far = model(registers(150, 202));
  const HOLES = ['r200', 'r201', 'r202'];
  const learned = async (dir: string): Promise<{ port: number; proxy: RecordingProxy }> => {
    const server = await startPymodbus();
    undo.push(() => server.stop());
    const proxy = await startRecordingProxy(server.port);
    const first = await start(dir, proxy.port, far);
    await until(() => HOLES.every((id) => first.port.last(id)) && first.port.last('r199'), { what: 'all was learned' });
    await first.stop();
    return { port: proxy.port, proxy };
  };

  test('does not ask for what was refused, says of it why, and shows what it knows', async () => {
    const dir = tempDir('modbus-memory');
    const { port } = await learned(dir);
    expect(readdirSync(join(dir, 'modbus'))).toEqual(['d1.json']);
    const again = await start(dir, port, far);
    await until(() => HOLES.every((id) => again.port.last(id)) && again.port.last('r199'), {
      what: 'all points are told',
    });
    for (const id of HOLES) expect(again.port.last(id)).toMatchObject({ quality: 'bad', reason: 'exception-02' });
    expect(again.port.last('r199')).toMatchObject({ quality: 'good' });
    expect(again.counter('failures')).toBe(0);
    expect(again.counter('holes')).toBe(3);
    expect(again.memory.all()).toMatchObject([
      { device: 'd1', profile: 'io/test', holes: [{ address: 200 }, { address: 201 }, { address: 202 }], borders: [] },
    ]);
  });

  test('asks anew for what may hide a fire: a panel that refused while it booted is read at once', async () => {
    const dir = tempDir('modbus-memory');
    const panel = model([...registers(0, 1), ...registers(150, 151, { lane: 'safety', poll: 'safety' })]);
    const booting = await startPymodbus({ size: 100 });
    undo.push(() => booting.stop());
    const first = await start(dir, booting.port, panel);
    const refused = (id: string): boolean => first.port.last(id)?.reason === 'exception-02';
    await until(() => refused('r150') && refused('r151') && first.port.last('r1'), { what: 'all was learned' });
    await first.stop();
    expect(first.memory.all()).toMatchObject([{ holes: [{ address: 150 }, { address: 151 }] }]);
    const booted = await startPymodbus();
    undo.push(() => booted.stop());
    const again = await start(dir, booted.port, panel);
    const isGood = (id: string): boolean => again.port.last(id)?.quality === 'good';
    await until(() => isGood('r150') && isGood('r151') && isGood('r1'), { what: 'the panel is read' });
    expect(again.counter('holes')).toBe(0);
    expect(again.memory.all()).toMatchObject([{ holes: [] }]);
  });

  test('says of a device that refuses everything that it is there and why, not only at the next try', async () => {
    const dir = tempDir('modbus-memory');
    const { port } = await learned(dir);
    const nothing = model(registers(200, 201));
    const first = await start(dir, port, nothing);
    await until(() => first.counter('holes') === 2, { what: 'all was refused' });
    await first.stop();
    const again = await start(dir, port, nothing);
    await until(() => again.port.last('r200') && again.port.last('r201'), { what: 'the points are told' });
    expect(again.port.last('r201')).toMatchObject({ quality: 'bad', reason: 'exception-02' });
    expect(again.port.state()).toBe('online');
  });

  test('recognises a device first, also where its fixed register was refused once', async () => {
    const dir = tempDir('modbus-memory');
    const server = await startPymodbus();
    undo.push(() => server.stop());
    const m = model([...registers(0, 0, { expect: 42 }), ...registers(10, 10)]);
    const recording = new RecordingPort();
    const memory = new ModbusMemory({ dir, clock: recording.clock, log: recording.log });
    const hole = { poll: 1, table: 'holding', address: 0, count: 1, reason: 'exception-02' } as const;
    memory.keep(device('d1', m), { holes: [hole], borders: [] });
    await memory.flush();
    const { port } = await start(dir, server.port, m);
    await until(() => port.state() === 'offline wrong-map', { what: 'it is another device' });
    expect(port.last('r10')).toBeUndefined();
  });

  test('learns anew when the profile is another, or when it was told to forget', async () => {
    const dir = tempDir('modbus-memory');
    const { port } = await learned(dir);
    const other = await start(dir, port, model(registers(150, 202)));
    await until(() => other.counter('holes') === 3, { what: 'learned by the other model' });
    expect(other.counter('failures')).toBeGreaterThan(0);
    await other.stop();
    expect(forget(dir, ['d2'])).toEqual([]);
    expect(forget(dir, [])).toEqual(['d1']);
    expect(forget(dir, [])).toEqual([]);
    const anew = await start(dir, port, far);
    await until(() => anew.counter('holes') === 3, { what: 'learned anew' });
    expect(anew.counter('failures')).toBeGreaterThan(0);
  });
});

test('what is older than its time, of a clock ahead, or not in form is not believed; nothing stops for it', async () => {
  const dir = tempDir('modbus-memory');
  const port = new RecordingPort();
  const d = device('d1', model(registers(0, 1)));
  let now = Date.UTC(2026, 10, 1);
  const fresh = (): ModbusMemory =>
    new ModbusMemory({ dir, clock: { now: () => now, monotonic: () => 0 }, log: port.log });
  const first = fresh();
  const hole = { poll: 1, table: 'holding', address: 1, count: 1, reason: 'exception-02' } as const;
  first.keep(d, { holes: [hole], borders: [] });
  now += DAY_MS;
  // Learned later: the age is that of the first.
  first.keep(d, { holes: [hole], borders: [{ poll: 1, table: 'holding', at: 1 }] });
  await first.flush();
  expect(fresh().recall(d)).toMatchObject({ holes: [hole], borders: [{ at: 1 }] });
  now += (MEMORY_LIMITS.ageDays - 1) * DAY_MS;
  expect(fresh().recall(d)).toBeDefined();
  now += 1;
  expect(fresh().recall(d)).toBeUndefined();
  now -= 60 * DAY_MS;
  expect(fresh().recall(d)).toBeUndefined();
  const path = join(dir, 'modbus', 'd1.json');
  const kept = readFileSync(path, 'utf8');
  for (const text of ['', '{}', kept.slice(0, -3), kept.replace('"address":1', '"address":-1')]) {
    writeFileSync(path, text);
    expect(fresh().recall(d)).toBeUndefined();
  }
  expect(port.logged.filter((l) => l.level === 'warn')).toHaveLength(4);
  mkdirSync(join(dir, 'blocked'));
  writeFileSync(join(dir, 'blocked', 'modbus'), 'a file where the folder should be');
  const blocked = new ModbusMemory({ dir: join(dir, 'blocked'), clock: port.clock, log: port.log });
  blocked.keep(d, { holes: [hole], borders: [] });
  await blocked.flush();
  expect(port.logged.at(-1)).toMatchObject({ level: 'error' });
});

test('a plan that is restored reads as the one that learned; a place where no point lies any more is forgotten', () => {
  const points = [0, 1, 2, 3, 4, 5].map((address) => ({
    index: address,
    table: 'holding' as const,
    address,
    length: 1,
  }));
  const limits = { maxRegisters: 125, gap: 0, illegal: [] };
  let plan = planReads(points, limits);
  const refuses = (from: number, count: number): boolean => from <= 3 && from + count > 3;
  for (
    let bad = plan.reads.find((r) => refuses(r.address, r.count));
    bad;
    bad = plan.reads.find((r) => refuses(r.address, r.count))
  )
    plan = learn(plan, bad, 'exception-02');
  const { holes } = learnt(plan);
  expect(holes).toEqual([{ table: 'holding', address: 3, count: 1, reason: 'exception-02' }]);
  const restored = restore(planReads(points, limits), holes, [], () => false);
  expect(restored.reads.map((r) => [r.address, r.count])).toEqual([
    [0, 3],
    [4, 2],
  ]);
  const bordered = restore(
    planReads(points, limits),
    [{ table: 'holding', address: 9, count: 1, reason: 'exception-02' }],
    [{ table: 'holding', at: 2 }],
    () => false,
  );
  expect(bordered.holes).toEqual([]);
  expect(bordered.reads.map((r) => [r.address, r.count])).toEqual([
    [0, 2],
    [2, 4],
  ]);
  // A place that is asked anew is read by itself first: refused it is a hole at once, answered it is one of all again.
  const doubted = restore(planReads(points, limits), holes, [], (k) => k === 3);
  expect(doubted.reads.map((r) => [r.address, r.count])).toEqual([
    [0, 3],
    [3, 1],
    [4, 2],
  ]);
  const alone = { table: 'holding', address: 3, count: 1, points: [3] } as const;
  expect(learnt(learn(doubted, alone, 'exception-02'))).toEqual({ holes, borders: [] });
  expect(confirm(doubted, alone).reads.map((r) => [r.address, r.count])).toEqual([[0, 6]]);
});

test('of a device that the site has no longer nothing is shown; it is known again when it comes back', async () => {
  const dir = tempDir('modbus-memory');
  const { clock, log } = new RecordingPort();
  const memory = new ModbusMemory({ dir, clock, log });
  const m = model(registers(0, 1));
  const hole = { poll: 1, table: 'holding', address: 1, count: 1, reason: 'exception-02' } as const;
  for (const id of ['d1', 'd2']) memory.keep(device(id, m), { holes: [hole], borders: [] });
  await memory.flush();
  memory.keepOnly(new Set(['d2']));
  expect(memory.all().map((k) => k.device)).toEqual(['d2']);
  expect(memory.recall(device('d1', m))).toMatchObject({ holes: [hole] });
});
