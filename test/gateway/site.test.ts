import * as fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, formatProblem } from '../../device-profiles/config-error.ts';
import { loadSite, parseSite, type Site } from '../../gateway/site.ts';
import { tempDir } from '../helpers/temp.ts';

const SOUND = `gateway: gw-1
community: xingfuli
poll: { safety: 250 }
links:
  - { id: panel, type: modbus-tcp, host: 127.0.0.1, port: 1502 }
  - { id: room, type: modbus-rtu-tcp, host: 127.0.0.1 }
  - { id: bus, type: modbus-rtu, path: /dev/ttyUSB0, baud: 9600, parity: even, stopBits: 1 }
  - { id: field, type: mqtt }
devices:
  - id: panel-b1
    name: { zh: 1号楼主机, en: Panel 1 }
    profile: notifier-modbus-gw
    link: panel
    unit: 1
    building: b1
    floor: 1
    place: 值班室
    repeat: { loop: [1, 1], detector: [1, 2], module: [1, 1] }
    points:
      - { point: det-01-002, name: { zh: 大堂, en: Lobby }, floor: 2 }
  - { id: main, profile: rs485-transmitter-a, link: room, unit: 3, params: { low: 0.4 } }
  - { id: tank, profile: rs485-transmitter-b, kind: water-tank, link: bus, unit: 4, wordOrder: CDAB, poll: { fast: 2000 } }
  - { id: ext-1, profile: meokon-mk, link: field, vars: { serial: SHMK1 }, expectEveryS: 600 }
  - { id: ext-2, profile: meokon-mk, link: field, vars: { serial: SHMK2 }, expectEveryS: 600 }
mqttUsers:
  - { username: SHMK1, password: one }
  - { username: dtu, passwordEnv: DTU_PASSWORD, devices: [ext-2] }
`;
const env = { DTU_PASSWORD: 'two' };
const site = (text: string): Site => parseSite('/etc/site.yaml', text, { env });

function problemsOf(text: string): string[] {
  try {
    site(text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}
function spoil(from: string, to: string): string {
  if (!SOUND.includes(from)) throw new Error(`the sound site has no ${from}`);
  return SOUND.replace(from, to);
}
const lineOf = (whole: string, text: string): number => whole.slice(0, whole.indexOf(text)).split('\n').length;
const deviceOf = (s: Site, id: string) => s.devices.find((d) => d.id === id);

describe('a sound site', () => {
  const s = site(SOUND);

  it('gives links, with the usual port where none is written', () => {
    expect(s.links).toEqual([
      { id: 'panel', type: 'modbus-tcp', host: '127.0.0.1', port: 1502 },
      { id: 'room', type: 'modbus-rtu-tcp', host: '127.0.0.1', port: 502 },
      { id: 'bus', type: 'modbus-rtu', path: '/dev/ttyUSB0', baud: 9600, parity: 'even', stopBits: 1 },
      { id: 'field', type: 'mqtt' },
    ]);
    expect([s.gateway, s.community, s.warnings]).toEqual(['gw-1', 'xingfuli', []]);
  });

  it('gives devices with model, place and poll intervals of class, site and device', () => {
    expect(deviceOf(s, 'panel-b1')).toMatchObject({
      link: 'panel',
      unit: 1,
      profile: 'notifier-modbus-gw',
      kind: 'fire-panel',
      name: { zh: '1号楼主机', en: 'Panel 1' },
      building: 'b1',
      floor: 1,
      place: '值班室',
      pollMs: { safety: 250, fast: 1_000, normal: 5_000, slow: 60_000 },
    });
    expect(deviceOf(s, 'tank')?.pollMs).toEqual({ safety: 250, fast: 2_000, normal: 5_000, slow: 60_000 });
  });

  it('applies what the site says of one device: kind, parameters, repeats, points, word order', () => {
    const panel = deviceOf(s, 'panel-b1')?.model.points ?? [];
    expect(panel.map((p) => p.id)).toEqual(['online', 'panel-silenced', 'det-01-001', 'det-01-002', 'mod-01-001']);
    expect(panel[3]).toMatchObject({ name: { zh: '大堂', en: 'Lobby' }, floor: 2 });
    expect(deviceOf(s, 'main')?.model.signals.find((x) => x.id === 'pressure-low')?.when).toMatchObject({ lt: 0.4 });
    expect(deviceOf(s, 'tank')).toMatchObject({ kind: 'water-tank' });
    expect(deviceOf(s, 'tank')?.model.points.find((p) => p.id === 'level')?.modbus?.wordOrder).toBe('CDAB');
  });

  it('takes one text for both languages', () => {
    const plain = site(
      spoil('name: { zh: 1号楼主机, en: Panel 1 }', 'name: 1号楼主机').replace('{ zh: 大堂, en: Lobby }', '大堂'),
    );
    expect(deviceOf(plain, 'panel-b1')?.name).toEqual({ zh: '1号楼主机', en: '1号楼主机' });
    expect(deviceOf(plain, 'panel-b1')?.model.points[3]?.name).toEqual({ zh: '大堂', en: '大堂' });
  });

  it('shares one model between equal devices and fills in their topics', () => {
    expect(deviceOf(s, 'ext-1')?.model).toBe(deviceOf(s, 'ext-2')?.model);
    expect(deviceOf(s, 'ext-1')).toMatchObject({ topic: 'GIOT-GW/UL/SHMK1', vars: { serial: 'SHMK1' } });
    expect(deviceOf(s, 'ext-1')?.model.mqtt?.expectEveryS).toBe(600);
    expect(s.models).toHaveLength(4);
  });

  it('gives each field user its own topics, and passwords from the environment', () => {
    expect(s.mqttUsers).toEqual([
      { username: 'SHMK1', password: 'one', topics: ['GIOT-GW/UL/SHMK1'] },
      { username: 'dtu', password: 'two', topics: ['GIOT-GW/UL/SHMK2'] },
    ]);
  });
});

describe('mistakes name file, line and what was expected', () => {
  it.each<[what: string, from: string, to: string, place: string, message: string]>([
    [
      'an unknown profile',
      'profile: notifier-modbus-gw',
      'profile: notifier-modbus',
      'profile: notifier',
      'devices[0].profile: unknown profile "notifier-modbus"; expected one of notifier-modbus-gw',
    ],
    [
      'an unknown link',
      'link: room',
      'link: rom',
      '- { id: main',
      'devices[1].link: unknown link "rom"; expected one of room',
    ],
    ['an id with capitals', 'id: main', 'id: Main', '- { id: Main', 'devices[1].id: expected text like'],
    [
      'a device twice',
      'id: ext-2',
      'id: ext-1',
      '- { id: ext-1, profile: meokon-mk, link: field, vars: { serial: SHMK2',
      'devices[4].id: device "ext-1" is declared twice',
    ],
    [
      'a link twice',
      'id: room',
      'id: panel',
      '- { id: panel, type: modbus-rtu-tcp',
      'links[1].id: link "panel" is declared twice',
    ],
    [
      'an unknown link type',
      'type: modbus-rtu-tcp',
      'type: opc-ua',
      '- { id: room',
      'links[1].type: expected one of modbus-tcp, modbus-rtu-tcp, modbus-rtu, mqtt; found "opc-ua"',
    ],
    [
      'a link without a host',
      'host: 127.0.0.1, port: 1502',
      'port: 1502',
      '- { id: panel',
      'links[0]: host is missing: expected text',
    ],
    [
      'a field link with a host',
      'type: mqtt }',
      'type: mqtt, host: x }',
      '- { id: field',
      'links[3].host: unknown key "host"; expected one of id, type',
    ],
    [
      'a second field link',
      'type: modbus-rtu-tcp, host: 127.0.0.1',
      'type: mqtt',
      '- { id: field',
      'links[3]: the gateway has one field broker; link "room" is it already',
    ],
    [
      'a Modbus device on MQTT',
      'link: panel\n    unit: 1',
      'link: field',
      'link: field\n    building',
      'devices[0].link: link "field" is mqtt, but profile notifier-modbus-gw needs a modbus-tcp, modbus-rtu-tcp or modbus-rtu link',
    ],
    [
      'an MQTT device on Modbus',
      'link: field, vars: { serial: SHMK1',
      'link: panel, vars: { serial: SHMK1',
      '- { id: ext-1',
      'devices[3].link: link "panel" is modbus-tcp, but profile meokon-mk needs an mqtt link',
    ],
    [
      'no unit',
      '    unit: 1\n',
      '',
      '- id: panel-b1',
      'devices[0]: unit is missing: expected the Modbus unit (slave) address',
    ],
    [
      'the broadcast unit on a bus',
      'unit: 3',
      'unit: 0',
      '- { id: main',
      'devices[1].unit: expected 1 to 247 on a serial bus; found 0',
    ],
    [
      'a missing variable',
      'vars: { serial: SHMK1 }, ',
      '',
      '- { id: ext-1',
      'devices[3]: vars.serial is missing: topic GIOT-GW/UL/{serial} needs it',
    ],
    [
      'an unknown variable',
      'serial: SHMK1 }',
      'serial: SHMK1, code: x }',
      '- { id: ext-1',
      'devices[3].vars.code: unknown variable; expected serial',
    ],
    [
      'a variable that is a number',
      'serial: SHMK1 }',
      'serial: 0123 }',
      '- { id: ext-1',
      'devices[3].vars.serial: expected text; found 123',
    ],
    [
      'a variable with a wildcard',
      'serial: SHMK1 }',
      'serial: "+" }',
      '- { id: ext-1',
      'devices[3].vars.serial: expected text like',
    ],
    [
      'one topic for two devices',
      'serial: SHMK2',
      'serial: SHMK1',
      '- { id: ext-2',
      'devices[4]: devices "ext-1" and "ext-2" have the same topic GIOT-GW/UL/SHMK1',
    ],
    [
      'an unknown parameter',
      'low: 0.4',
      'lo: 0.4',
      '- { id: main',
      'devices[1].params.lo: unknown parameter "lo"; expected one of low',
    ],
    [
      'a kind that does not fit',
      'kind: water-tank',
      'kind: elevator',
      '- { id: tank',
      'devices[2].kind: expected one of water-main, water-tank; found "elevator"',
    ],
    [
      'a repeat out of range',
      'loop: [1, 1]',
      'loop: [1, 12]',
      'repeat:',
      'devices[0].repeat.loop: expected a range within 1 to 10; found 1 to 12',
    ],
    [
      'an unknown point',
      'point: det-01-002',
      'point: det-1-2',
      'point: det-1-2',
      'device panel-b1: unknown point det-1-2; expected det-01-002',
    ],
    [
      'a poll that is too fast',
      'poll: { safety: 250 }',
      'poll: { safety: 1 }',
      'poll:',
      'poll.safety: expected a whole number from 20 to 3600000; found 1',
    ],
    [
      'a poll of an MQTT device',
      'expectEveryS: 600 }\n  - { id: ext-2',
      'poll: { fast: 1000 } }\n  - { id: ext-2',
      '- { id: ext-1',
      'devices[3].poll: only for Modbus',
    ],
    [
      'an interval of a Modbus device',
      'unit: 3, ',
      'unit: 3, expectEveryS: 60, ',
      '- { id: main',
      'devices[1].expectEveryS: only for MQTT',
    ],
    [
      'a user without a password',
      'password: one',
      'topics: [a]',
      '- { username: SHMK1',
      'mqttUsers[0]: expected exactly one of password and passwordEnv',
    ],
    [
      'a user with two passwords',
      'password: one',
      'password: one, passwordEnv: X',
      '- { username: SHMK1',
      'mqttUsers[0]: expected exactly one of password and passwordEnv',
    ],
    [
      'an environment variable that is not set',
      'DTU_PASSWORD',
      'OTHER',
      '- { username: dtu',
      'mqttUsers[1].passwordEnv: environment variable OTHER is not set',
    ],
    [
      'a user that is nobody',
      'username: SHMK1',
      'username: someone',
      '- { username: someone',
      'mqttUsers[0]: expected devices or topics',
    ],
    [
      'a user twice',
      'username: dtu',
      'username: SHMK1',
      '- { username: SHMK1, passwordEnv',
      'mqttUsers[1].username: user "SHMK1" is declared twice',
    ],
    [
      'a user of an unknown device',
      'devices: [ext-2]',
      'devices: [ext-9]',
      '- { username: dtu',
      'mqttUsers[1].devices[0]: unknown device "ext-9"',
    ],
    [
      'a user of a Modbus device',
      'devices: [ext-2]',
      'devices: [main]',
      '- { username: dtu',
      'mqttUsers[1].devices[0]: device "main" does not speak MQTT',
    ],
    [
      'a topic that is no filter',
      'devices: [ext-2]',
      'topics: ["a/#/b"]',
      '- { username: dtu',
      'mqttUsers[1].topics[0]: expected a topic',
    ],
    [
      'a folder of profiles that is not there',
      'community: xingfuli\n',
      'community: xingfuli\nprofiles: [nowhere]\n',
      'profiles:',
      "folder of profiles can't be read (ENOENT)",
    ],
    [
      'a point list that is not there',
      '    points:\n',
      '    pointList: gone.csv\n    points:\n',
      'pointList',
      'devices[0].pointList: point list gone.csv has problems',
    ],
    ['a gateway id with capitals', 'gateway: gw-1', 'gateway: GW_1', 'gateway', 'gateway: expected text like'],
    [
      'an unknown key',
      'community: xingfuli',
      'comunity: xingfuli',
      'comunity',
      'comunity: unknown key "comunity"; expected one of gateway, community',
    ],
  ])('%s', (_what, from, to, place, message) => {
    const text = spoil(from, to);
    const line = lineOf(text, place);
    expect(problemsOf(text).filter((p) => p.startsWith(`/etc/site.yaml:${line}:`) && p.includes(message))).toHaveLength(
      1,
    );
  });

  it('reports the problems of several devices at once', () => {
    const text = spoil('link: room', 'link: rom')
      .replace('kind: water-tank', 'kind: elevator')
      .replace('SHMK1 }', 'SHMK1, x: y }');
    expect(problemsOf(text)).toHaveLength(3);
  });

  it('refuses a device whose points must come from a list it does not have', () => {
    const text = spoil(
      'profile: rs485-transmitter-a, link: room, unit: 3, params: { low: 0.4 }',
      'profile: waveshare-8di, link: room, unit: 3',
    );
    expect(problemsOf(text).join('\n')).toContain(
      'devices[1]: the device has no points: profile waveshare-8di makes them from a point list',
    );
  });

  it('never writes a password into an error', () => {
    expect(
      problemsOf(spoil('username: SHMK1, password: one', 'username: nobody, password: hush')).join('\n'),
    ).not.toContain('hush');
  });
});

describe('two devices on one unit', () => {
  const contacts = (points: string) =>
    SOUND.replace(
      '  - { id: main,',
      `  - { id: jockey, profile: waveshare-8di, kind: jockey-pump, link: room, unit: 9, points: [{ point: running-1 }] }
  - { id: pump, profile: waveshare-8di, kind: fire-pump, link: room, unit: 9, points: [{ point: ${points} }] }
  - { id: main,`,
    );

  it('may share it when they read different contacts', () => {
    expect(problemsOf(contacts('started-2'))).toEqual([]);
  });

  it('may not when they read the same', () => {
    expect(problemsOf(contacts('started-1')).join('\n')).toContain(
      'devices "jockey" and "pump" share unit 9 of link "room" and read the same there (running-1 and started-1)',
    );
  });
});

describe('loadSite', () => {
  it('reads point lists and profiles beside the site file, and names their lines', () => {
    const dir = tempDir();
    const file = join(dir, 'site.yaml');
    const text = spoil(
      '    points:\n      - { point: det-01-002, name: { zh: 大堂, en: Lobby }, floor: 2 }\n',
      '    pointList: list.csv\n',
    );
    writeFileSync(file, text);
    writeFileSync(join(dir, 'list.csv'), 'point,name_zh,floor\ndet-01-001,大堂,2\n');
    const loaded = loadSite(file, { env });
    expect(deviceOf(loaded, 'panel-b1')?.model.points.find((p) => p.id === 'det-01-001')).toMatchObject({
      name: { zh: '大堂', en: '大堂' },
      floor: 2,
    });
    writeFileSync(join(dir, 'list.csv'), 'point,name_zh,floor\ndet-01-009,大堂,2\n');
    expect(() => loadSite(file, { env })).toThrow(
      `${join(dir, 'list.csv')}:2: device panel-b1: detector 9 is outside 1 to 2`,
    );
  });

  it('shows the problems of a broken profile that a device uses, and only warns of one that none uses', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'broken.yaml'), 'kind: elevator\n');
    const withFolder = spoil('community: xingfuli\n', `community: xingfuli\nprofiles: [${dir}]\n`);
    expect(site(withFolder).warnings.some((w) => w.file.endsWith('broken.yaml'))).toBe(true);
    const used = problemsOf(withFolder.replace('profile: rs485-transmitter-a', 'profile: broken')).join('\n');
    expect(used).toContain('devices[1].profile: profile "broken" has');
    expect(used).toContain('broken.yaml:1:1: vendor is missing');
  });

  it('warns of a link without devices', () => {
    const idle = spoil('links:\n', 'links:\n  - { id: idle, type: modbus-tcp, host: h }\n');
    expect(site(idle).warnings.map((w) => w.message)).toEqual(['link "idle" has no devices']);
  });

  it('says that a file can not be read', () => {
    expect(() => loadSite('/nowhere/site.yaml')).toThrow(/site file can't be read \(ENOENT\)/);
  });
});

describe('any text', () => {
  it('is refused with the named error or loads, and nothing else happens', () => {
    const cut = fc
      .tuple(fc.nat(SOUND.length), fc.nat(60), fc.string({ maxLength: 8 }))
      .map(([at, length, put]) => SOUND.slice(0, at) + put + SOUND.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 100 }), cut), (text) => {
        expect(Array.isArray(problemsOf(text))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
