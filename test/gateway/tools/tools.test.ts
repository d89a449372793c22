// The engineer's tools against a foreign Modbus server, and against one that behaves badly.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileDevice } from '../../../device-profiles/compile.ts';
import { POLL_CLASS_MS } from '../../../device-profiles/contract/point.ts';
import { loadProfiles } from '../../../device-profiles/load.ts';
import { systemClock } from '../../../gateway/clock.ts';
import type { ModbusLink } from '../../../gateway/drivers/modbus.ts';
import { draftProfile } from '../../../gateway/tools/draft.ts';
import { readLink } from '../../../gateway/tools/link-text.ts';
import { Reader, readRange } from '../../../gateway/tools/reader.ts';
import { readUnits, scanUnits } from '../../../gateway/tools/scan.ts';
import { otherOrders, tryDevice } from '../../../gateway/tools/try-profile.ts';
import { describeWith } from '../../helpers/needs.ts';
import { MisbehavingServer } from '../../helpers/modbus-servers/misbehaving-server.ts';
import { startPymodbus, type Pymodbus } from '../../helpers/modbus-servers/pymodbus.ts';
import { startRecordingProxy } from '../../helpers/modbus-servers/recording-proxy.ts';
import { REPO, runToEnd } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { silent } from '../spool/rig.ts';

const device = (...args: string[]) =>
  runToEnd(process.execPath, ['--import', 'tsx', join(REPO, 'gateway/tools/main.ts'), ...args]);
const linkTo = (port: number): ModbusLink => ({ id: 'tool', type: 'modbus-tcp', host: '127.0.0.1', port });
const readerOf = (port: number, timeoutMs = 1_000): Reader =>
  new Reader({ link: linkTo(port), clock: systemClock, timeoutMs });

/** 25.4 and 21.5 °C as IEEE 754, the second with its low word first. */
const PROFILE = `kind: environment
vendor: Test
model: Two
name: { zh: 两个温度, en: Two temperatures }
edition: "1"
source: test
evidence: A
modbus: { addressBase: { holding: 40001 } }
points:
  - { id: t-1, name: { zh: 温度1, en: T1 }, type: float32, unit: °C, range: [-40, 85], poll: slow, modbus: { table: holding, address: 40003 } }
  - { id: t-2, name: { zh: 温度2, en: T2 }, type: float32, unit: °C, range: [-40, 85], poll: slow, modbus: { table: holding, address: 40005 } }
  - { id: state, name: { zh: 状态, en: State }, type: enum, enum: { 1: { zh: 运行, en: Run } }, poll: slow, modbus: { table: holding, address: 40001 } }
  - { id: far, name: { zh: 远, en: Far }, type: uint16, poll: slow, modbus: { table: holding, address: 40301 } }
signals: []
fixtures: [none.json]
`;
const WORDS = [7, 253, 0x41cb, 0x3333, 0x0000, 0x41ac];

describeWith(['pymodbus'], 'on a foreign server', () => {
  let server: Pymodbus;
  beforeAll(async () => {
    server = await startPymodbus({ units: [1, 5], size: 40 });
    await server.set(1, 'holding', 0, WORDS);
    await server.set(1, 'coil', 0, [1, 0, 1, 1, 0, 0, 0, 0, 1]);
  });
  afterAll(() => server?.stop());

  test('a scan finds the units that are there and what they answer, and asks by functions 1 to 4 alone', async () => {
    const proxy = await startRecordingProxy(server.port);
    const reader = readerOf(proxy.port, 300);
    const found = await scanUnits(reader, { units: readUnits('1-3,5'), address: 0 });
    reader.close();
    expect(found.map((u) => u.unit)).toEqual([1, 5]);
    expect(found[0]?.tables).toEqual({ coil: '', discrete: '', holding: '', input: '' });
    expect([...proxy.functions.keys()].every((code) => code >= 1 && code <= 4)).toBe(true);
    expect(proxy.unread()).toBe(0);
  });

  test('a range is read around what the device refuses', async () => {
    const reader = readerOf(server.port);
    const places = await readRange(reader, { unit: 1, table: 'holding', address: 0, count: 60 });
    const bits = await readRange(reader, { unit: 1, table: 'coil', address: 0, count: 9 });
    reader.close();
    expect(places.slice(0, 6)).toEqual(WORDS);
    expect(places.slice(39, 42)).toEqual([0, 'exception-02', 'exception-02']);
    expect(places).toHaveLength(60);
    expect(bits).toEqual([1, 0, 1, 1, 0, 0, 0, 0, 1]);
  });

  test('a profile is tried point by point by the driver itself, and a word order that would do is named', async () => {
    const dir = tempDir('tools');
    writeFileSync(join(dir, 'two.yaml'), PROFILE);
    const loaded = loadProfiles([dir]).profiles.get('two');
    if (!loaded) throw new Error('the profile does not load');
    const model = compileDevice(loaded);
    const link = linkTo(server.port);
    const pollMs = { ...POLL_CLASS_MS, slow: 300 };
    const tried = await tryDevice({
      link,
      device: { id: 'd', link: link.id, unit: 1, vars: {}, model, pollMs },
      clock: systemClock,
      log: silent,
      forMs: 20_000,
    });
    expect(tried.offline).toBe('');
    const of = (id: string) => tried.points.find((p) => p.point.id === id);
    expect(of('t-1')?.reading).toMatchObject({ quality: 'good', value: expect.closeTo(25.4, 5) as number });
    expect(of('t-2')?.reading).toMatchObject({ quality: 'good', value: expect.closeTo(0, 5) as number });
    expect(of('state')?.reading).toMatchObject({ quality: 'bad', reason: 'unknown-code', value: 7 });
    expect(of('far')?.reading).toMatchObject({ quality: 'bad', reason: 'exception-02' });
    const t2 = of('t-2')?.point;
    const reader = readerOf(server.port);
    const others = t2 ? await otherOrders(reader, 1, model, t2) : [];
    reader.close();
    expect(others).toContainEqual({ order: 'CDAB', value: expect.closeTo(21.5, 5) as number });
  });

  test('a draft of a profile loads, and reads back the very values that it was drafted from', async () => {
    const reader = readerOf(server.port);
    const places = await readRange(reader, { unit: 1, table: 'holding', address: 38, count: 4 });
    reader.close();
    const text = draftProfile({ table: 'holding', address: 38, places, from: 'a test' });
    const dir = tempDir('tools');
    writeFileSync(join(dir, 'draft.yaml'), text);
    const { profiles, broken } = loadProfiles([dir]);
    expect([...broken.values()]).toEqual([]);
    const loaded = profiles.get('draft');
    expect(loaded?.profile.points?.map((p) => p.id)).toEqual(['holding-38', 'holding-39']);
  });

  test('the command line names what it finds, takes a device from a site file, and ends with the right code', async () => {
    const dir = tempDir('tools');
    mkdirSync(join(dir, 'profiles'));
    writeFileSync(join(dir, 'profiles', 'two.yaml'), PROFILE);
    const site = join(dir, 'site.yaml');
    const text = [
      'gateway: gw-1',
      'community: c',
      'profiles: [./profiles]',
      `links: [{ id: bus, type: modbus-tcp, host: 127.0.0.1, port: ${server.port} }]`,
      'devices: [{ id: thermo, profile: two, link: bus, unit: 1 }]',
    ];
    writeFileSync(site, text.join('\n'));
    const tried = await device('try', '--site', site, '--device', 'thermo', '--seconds', '10');
    expect(tried.stdout).toMatch(/^ok +t-1 .*温度1 +25\.3999.* °C$/m);
    expect(tried.stdout).toMatch(/^BAD +far .*exception-02 \(.*addressBase is off by one\)$/m);
    expect(tried.stdout).toContain('two: 2 of 4 points can be believed');
    expect(tried.code).toBe(1);
    const link = `tcp://127.0.0.1:${server.port}`;
    const own = join(dir, 'profiles', 'two.yaml');
    const alone = await device('try', '--link', link, '--unit', '5', '--profile', own);
    expect(alone.stdout).toContain('two: 2 of 4 points can be believed');
    const read = await device(
      'read',
      '--link',
      link,
      '--unit',
      '1',
      '--from',
      '40001',
      '--base',
      '40001',
      '--find',
      '25.4',
    );
    expect(read.stdout).toMatch(/^holding +40002 +0x00FD +253/m);
    expect(read.stdout).toMatch(/^40003 +float32 ABCD +=/m);
    expect(read.code).toBe(0);
    const wrong = await device('try', '--site', site, '--device', 'termo');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('no device "termo"');
    expect(wrong.stderr).toContain('thermo');
  });
});

describe('where nobody is', () => {
  test('is said at once, and not taken for an empty bus', async () => {
    const reader = readerOf(1);
    await expect(scanUnits(reader, { units: [1, 2], address: 0 })).rejects.toThrow(/ECONNREFUSED/);
    reader.close();
  });

  test('a unit that is silent is passed over, and its late answer is not the next one’s', async () => {
    const server = new MisbehavingServer('tcp');
    await server.listen();
    server.behave = (asked) => {
      if (asked.unit !== 2) server.answer(asked);
    };
    const reader = readerOf(server.port, 100);
    const found = await scanUnits(reader, { units: [1, 2, 3], address: 4 });
    const places = await readRange(reader, { unit: 2, table: 'holding', address: 0, count: 3 });
    reader.close();
    await server.close();
    expect(found.map((u) => u.unit)).toEqual([1, 3]);
    expect(places).toEqual(['timeout', 'timeout', 'timeout']);
  });
});

describe('words of the command line', () => {
  test('links are understood as they are written, and what is wrong is named', () => {
    expect(readLink('tcp://10.0.0.9')).toMatchObject({ type: 'modbus-tcp', host: '10.0.0.9', port: 502 });
    expect(readLink('rtu-tcp://dtu:4196')).toMatchObject({ type: 'modbus-rtu-tcp', host: 'dtu', port: 4196 });
    expect(readLink('serial:/dev/ttyUSB0?baud=19200&parity=even')).toMatchObject({
      type: 'modbus-rtu',
      path: '/dev/ttyUSB0',
      baud: 19_200,
      parity: 'even',
      stopBits: 1,
    });
    for (const [text, why] of [
      ['10.0.0.9:502', 'expected tcp://'],
      ['udp://10.0.0.9:1', 'unknown kind "udp"'],
      ['rtu-tcp://dtu', 'port is missing'],
      ['serial:/dev/x?parity=mark', 'parity'],
    ] as const)
      expect(() => readLink(text)).toThrow(why);
  });

  test('units are lists and ranges', () => {
    expect(readUnits('1-3,7,2')).toEqual([1, 2, 3, 7]);
    for (const text of ['', '0-256', '5-2', 'all', '1-']) expect(() => readUnits(text)).toThrow(/units/);
  });
});
