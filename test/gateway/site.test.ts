import * as fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pointIndex } from '../../gateway/birth.ts';
import { loadSite, parseSite, type Site } from '../../gateway/site.ts';
import { lineOf, mistakes, problemsOf as problemsIn, soundFile, spoil as spoilText } from '../helpers/mistakes.ts';
import { tempDir } from '../helpers/temp.ts';

const SOUND = soundFile('site');
const spoil = (from: string, to: string): string => spoilText(SOUND, from, to);
const env = { DTU_PASSWORD: 'two' };
const site = (text: string): Site => parseSite('/etc/site.yaml', text, { env });

const problemsOf = (text: string): string[] => problemsIn(() => site(text));
const deviceOf = (s: Site, id: string) => s.devices.find((d) => d.id === id);

describe('a sound site', () => {
  const s = site(SOUND);

  it('gives links, with the usual port where none is written', () => {
    expect(s.links).toEqual([
      { id: 'panel', type: 'modbus-tcp', host: '127.0.0.1', port: 1502 },
      { id: 'room', type: 'modbus-rtu-tcp', host: '127.0.0.1', port: 502 },
      { id: 'bus', type: 'modbus-rtu', path: '/dev/ttyUSB0', baud: 9600, parity: 'even', stopBits: 1 },
      { id: 'field', type: 'mqtt' },
      { id: 'callin', type: 'gb26875' },
    ]);
    expect([s.gateway, s.community, s.warnings]).toEqual(['gw-1', 'xingfuli', []]);
  });

  it('wants the IP address of every transmission device by UDP, and takes no other word for one', () => {
    const udp = SOUND.replace('type: gb26875 }', 'type: gb26875, transport: udp }');
    const found = problemsOf(udp).filter((p) => p.includes('vars.host is missing: by UDP only IP addresses'));
    expect(found).toHaveLength(2);
    const named = (host: string): string =>
      udp
        .replace("vars: { address: '889' }", `vars: { address: '889', host: ${host} }`)
        .replace("vars: { address: '890' }", "vars: { address: '890', host: 192.0.2.9 }");
    expect(site(named('192.0.2.8')).links.at(-1)).toEqual({ id: 'callin', type: 'gb26875', transport: 'udp' });
    expect(problemsOf(named('gate')).join()).toContain('expected the IP address from which the device sends');
  });

  it('fills in the line of a DTU that calls, and tells two of one port by their registration', () => {
    const room = 'id: room, type: modbus-rtu-tcp, host: 127.0.0.1';
    const dtu = (more: string): string => spoil(room, `id: room, type: modbus-dtu, port: 9001, ${more}`);
    const called = site(dtu("registration: { hex: '44545531FF' }, heartbeats: [{ text: HB }], silentS: 60"));
    expect(called.links[1]).toEqual({
      id: 'room',
      type: 'modbus-dtu',
      port: 9001,
      framing: 'rtu',
      registration: { hex: '44545531ff' },
      heartbeats: [{ text: 'HB' }],
      silentS: 60,
      latencyMs: 2_000,
      lateMs: 5_000,
    });
    const line = lineOf(SOUND, room);
    expect(problemsOf(dtu('registration: { text: A, hex: ff }'))).toEqual([
      expect.stringMatching(new RegExp(`^/etc/site.yaml:${line}:.*registration: expected either text or hex`)),
    ]);
    const twin =
      "registration: { text: AB } }\n  - { id: twin, type: modbus-dtu, port: 9001, registration: { hex: '4142' }";
    expect(problemsOf(dtu(twin))).toEqual([
      expect.stringContaining('link "room" has the same on port 9001: they could not be told apart'),
    ]);
    const longer = twin.replace("hex: '4142'", "hex: '414230'");
    expect(problemsOf(dtu(longer))).toEqual([
      expect.stringMatching(
        /registration: it begins with that of link "room" on port 9001: they could not be told apart/,
      ),
    ]);
    expect(problemsOf(dtu(longer.replace('text: AB', 'text: AB0C')))).toEqual([
      expect.stringContaining('that of link "room" begins with it on port 9001'),
    ]);
    expect(problemsOf(dtu(longer.replace('port: 9001', 'port: 9002')))).toEqual([]);
    expect(problemsOf(dtu("registration: { hex: '4' }")).join()).toContain('registration.hex');
    const wrongUnit = dtu('registration: { text: A }').replace(/link: room, unit: \d+/, 'link: room, unit: 250');
    expect(problemsOf(wrongUnit).join()).toContain('expected 1 to 247 on a serial bus');
  });

  it('does not let the line of a DTU ask again before an answer without an id could have come', () => {
    const dtu = (more: string): string =>
      spoil(
        'id: room, type: modbus-rtu-tcp, host: 127.0.0.1',
        `id: room, type: modbus-dtu, port: 9001, registration: { text: A }, ${more}`,
      );
    expect(problemsOf(dtu('lateMs: 99'))).toEqual([
      expect.stringContaining('lateMs: expected at least 100 with framing rtu'),
    ]);
    expect(problemsOf(dtu('lateMs: 0, framing: tcp'))).toEqual([]);
    expect(problemsOf(dtu('lateMs: 100'))).toEqual([]);
  });

  it('names a port of DTUs that another listener of the gateway takes, as it is set', () => {
    const on = (port: number): string =>
      spoil(
        'id: room, type: modbus-rtu-tcp, host: 127.0.0.1',
        `id: room, type: modbus-dtu, port: ${port}, registration: { text: A }`,
      );
    expect(problemsOf(on(5_001))).toEqual([
      expect.stringMatching(/links\[1\]\.port: 5001 is taken by link "callin" \(GB26875_PORT\); expected another port/),
    ]);
    expect(problemsOf(on(1_884)).join()).toContain('is taken by link "field" (FIELD_MQTT_PORT)');
    expect(problemsOf(on(8_081)).join()).toContain("is taken by the gateway's own page (ANNUNCIATOR_PORT)");
    const set = { ...env, GB26875_PORT: '5002' };
    expect(parseSite('/etc/site.yaml', on(5_001), { env: set }).links).toHaveLength(5);
    expect(problemsIn(() => parseSite('/etc/site.yaml', on(5_002), { env: set }))).toHaveLength(1);
    const udp = on(5_001).replace('type: gb26875 }', 'type: gb26875, transport: udp }');
    expect(problemsOf(udp).join()).not.toContain('is taken');
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
    expect(deviceOf(s, 'utd-1')?.model).toBe(deviceOf(s, 'utd-2')?.model);
    expect(s.models).toHaveLength(5);
  });

  it('gives each field user its own topics, and passwords from the environment', () => {
    expect(s.mqttUsers).toEqual([
      { username: 'SHMK1', password: 'one', topics: ['GIOT-GW/UL/SHMK1'] },
      { username: 'dtu', password: 'two', topics: ['GIOT-GW/UL/SHMK2'] },
    ]);
  });
});

describe('mistakes name file, line and what was expected', () => {
  it('are a table of 43', () => {
    expect(mistakes('site')).toHaveLength(44);
  });

  it.each(mistakes('site').map((m) => [m.what, m] as const))('%s', (_what, { from, to, at, says }) => {
    const text = spoil(from, to);
    const place = `/etc/site.yaml:${lineOf(text, at)}:`;
    expect(problemsOf(text).filter((p) => p.startsWith(place) && p.includes(says))).toHaveLength(1);
  });

  it('reports the problems of several devices at once', () => {
    const text = spoil('link: room', 'link: rom')
      .replace('kind: water-tank', 'kind: elevator')
      .replace('SHMK1 }', 'SHMK1, x: y }');
    expect(problemsOf(text)).toHaveLength(3);
  });

  it('tells mistakes of form and mistakes of meaning in one go, each at its line and none as a consequence', () => {
    const text = spoil('id: room, type: modbus-rtu-tcp, host', 'id: room, type: modbus-rtu-tcp, hots')
      .replace('id: main,', 'id: Main,')
      .replace('link: bus, unit: 4', 'link: bsu, unit: "4"')
      .replace('profile: meokon-mk, link: field, vars: { serial: SHMK1 }', 'profile: meokon, link: field')
      .replace('unit: 1', 'unit: 256')
      .replace('username: SHMK1, password: one', 'username: SHMK1, pasword: one')
      .replace('[ext-2]', '[ext-9, tank]')
      .replace('poll: { safety', 'poll: { saefty');
    const at = (part: string): number => lineOf(text, part);
    const found = problemsOf(text).map((p) => p.replace(/^\/etc\/site\.yaml:(\d+):\d+: ([^:]*): .*$/, '$1 $2'));
    expect(found.toSorted()).toEqual(
      [
        `${at('saefty')} poll.saefty`,
        `${at('hots')} links[1]`,
        `${at('hots')} links[1].hots`,
        `${at('unit: 256')} devices[0].unit`,
        `${at('Main')} devices[1].id`,
        `${at('bsu')} devices[2].link`,
        `${at('bsu')} devices[2].unit`,
        `${at('meokon,')} devices[3].profile`,
        `${at('pasword')} mqttUsers[0].pasword`,
      ].toSorted(),
    );
  });

  it('says of a folder of profiles that is not there only that', () => {
    expect(problemsOf(spoil('poll: {', 'profiles: [nowhere]\npoll: {'))).toHaveLength(1);
  });

  it.each(['', '[]', 'gateway: gw-1', '3', 'links: 1\ndevices: { a: b }\nmqttUsers: []\nprofiles: 7'])(
    'takes %j for no site, and says why',
    (text) => {
      expect(problemsOf(text).length).toBeGreaterThan(0);
    },
  );

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

describe('a contact about another device', () => {
  const about = (device: string): string =>
    SOUND.replace(
      '  - { id: main,',
      `  - { id: modes, profile: waveshare-8di, link: room, unit: 9, points: [{ point: not-auto-1, about: ${device} }] }
  - { id: main,`,
    );

  it('names it, and the birth says so', () => {
    const modes = deviceOf(site(about('panel-b1')), 'modes');
    expect(modes?.model.points.at(-1)).toMatchObject({ id: 'not-auto-1', about: 'panel-b1' });
    const [born] = pointIndex(modes ? [modes] : []).devices;
    expect(born?.points.map((p) => p.about)).toEqual([undefined, 'panel-b1']);
  });

  it('is refused when the site has no such device', () => {
    expect(problemsOf(about('panel-b9')).join('\n')).toContain(
      'a point is about unknown device "panel-b9"; expected one of panel-b1',
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
