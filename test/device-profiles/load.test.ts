import * as fc from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, formatProblem } from '../../device-profiles/config-error.ts';
import { loadProfiles, parseProfile } from '../../device-profiles/load.ts';
import { YAML_BYTES_MAX } from '../../device-profiles/yaml-source.ts';
import { tempDir } from '../helpers/temp.ts';

/** A sound profile; tests spoil one line of it and expect to be told which. */
const SOUND = `kind: fire-pump
alsoKinds: [jockey-pump]
vendor: V
model: M
name: { zh: 泵, en: Pump }
edition: E
source: S
evidence: A
modbus:
  addressBase: { holding: 40001, discrete: 10001 }
  maxRegisters: 16
  illegal: [{ table: holding, range: [40900, 40999] }]
params:
  low: { default: 2, unit: bar, range: [0, 10], name: { zh: 下限, en: Low }, source: S }
points:
  - id: pressure
    name: { zh: 压力, en: Pressure }
    type: float32
    lane: safety
    modbus: { address: 40010 }
    range: [0, 16]
    unit: bar
  - id: state
    name: { zh: 状态, en: State }
    type: enum
    lane: safety
    modbus: { address: 40020 }
    enum: { 0: { zh: 停, en: Stopped }, 1: { zh: 转, en: Running } }
  - id: flags
    name: { zh: 标志, en: Flags }
    type: word
    lane: safety
    modbus: { address: 40021 }
  - id: trend
    name: { zh: 趋势, en: Trend }
    type: int16
    modbus: { address: 40022 }
  - id: contact
    name: { zh: 触点, en: Contact }
    type: bool
    lane: safety
    modbus: { table: discrete, address: 10001 }
repeat:
  - over: { n: [1, 4] }
    pad: { n: 2 }
    points:
      - id: cell-{n}
        name: { zh: '单元 {n}', en: 'Cell {n}' }
        type: bits
        lane: safety
        modbus: { address: 40100, packed: { index: n, width: 4, perWord: 4, offset: -1, order: low-first } }
signals:
  - id: low
    class: PROCESS
    point: pressure
    when: { lt: { param: low }, hyst: 0.1 }
    text: { zh: 低, en: Low }
  - id: running
    class: ACTION
    point: state
    when: { eq: 1 }
    text: { zh: 转, en: Running }
  - id: cell
    class: FAULT
    point: cell-{n}
    when: { all: [{ eq: 1 }, { point: flags, bit: 3, eq: 1 }] }
    text: { zh: 坏, en: Bad }
fixtures: [a.json]
`;

const problemsOf = (text: string, file = 'fire/x.yaml'): string[] => {
  try {
    parseProfile(file, text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
};

/** 1-based line of the first occurrence of `text`. */
const lineOf = (whole: string, text: string): number => whole.slice(0, whole.indexOf(text)).split('\n').length;

function spoil(from: string, to: string): string {
  if (!SOUND.includes(from)) throw new Error(`the sound profile has no ${from}`);
  return SOUND.replace(from, to);
}

describe('a sound profile', () => {
  it('loads, named by its file, and is frozen to its leaves', () => {
    const { name, profile } = parseProfile('pump/some-pump.yaml', SOUND);
    expect(name).toBe('some-pump');
    expect(profile.points).toHaveLength(5);
    expect(Object.isFrozen(profile.points?.[0]?.modbus)).toBe(true);
    expect(problemsOf(SOUND)).toEqual([]);
  });
});

describe('mistakes name file, line and what was expected', () => {
  it.each<[what: string, from: string, to: string, place: string, message: string]>([
    [
      'a misspelt type',
      'type: float32',
      'type: flaot',
      'type: flaot',
      'points[0].type: expected one of bool, bits, word, int16',
    ],
    [
      'an unknown key',
      'unit: bar\n  - id: state',
      'units: bar\n  - id: state',
      'units:',
      'points[0].units: unknown key "units"; expected one of',
    ],
    ['a missing key', 'vendor: V\n', '', 'kind:', 'vendor is missing: expected text'],
    [
      'a name that is only Chinese',
      'en: Trend',
      'en: ""',
      'en: ""',
      'points[3].name.en: expected text that is not empty',
    ],
    [
      'a number out of bounds',
      'maxRegisters: 16',
      'maxRegisters: 126',
      'maxRegisters',
      'modbus.maxRegisters: expected a whole number from 1 to 125; found 126',
    ],
    [
      'text for a number',
      'address: 40020',
      'address: forty',
      'address: forty',
      'points[1].modbus.address: expected a whole number from 0 to 499999; found "forty"',
    ],
    [
      'an enum key that is no number',
      '1: { zh: 转',
      'one: { zh: 转',
      'one:',
      'points[1].enum.one: unknown key "one"; expected keys like',
    ],
    ['a comma that splits a text', 'en: Trend', 'en: Trend, raw', 'raw }', 'put the text before it in quotes'],
    [
      'a bit on a float',
      '{ address: 40010 }',
      '{ address: 40010, bit: 3 }',
      'bit: 3',
      'points[0].modbus.bit: only for bool; this point is float32',
    ],
    [
      'bits wider than a register',
      '{ address: 40021 }',
      '{ address: 40021, bits: [0, 16] }',
      'bits: [0, 16]',
      'points[2].modbus.bits: a register has bits 0 to 15; found 16',
    ],
    [
      'bits the wrong way round',
      'type: word',
      'type: bits',
      'modbus: { address: 40021 }',
      'points[2].modbus: bits is missing: expected [low, high]',
    ],
    [
      'a bool without its bit',
      'type: word',
      'type: bool',
      'modbus: { address: 40021 }',
      'points[2].modbus: bit is missing',
    ],
    [
      'a text without length',
      'type: int16',
      'type: string',
      'modbus: { address: 40022 }',
      'points[3].modbus: length is missing',
    ],
    [
      'word order on 16 bits',
      '{ address: 40022 }',
      '{ address: 40022, wordOrder: CDAB }',
      'wordOrder',
      'points[3].modbus.wordOrder: only for values of several registers; this point is int16',
    ],
    [
      'a number in a table of bits',
      'type: bool',
      'type: int16',
      'type: int16\n    lane: safety',
      'points[4].type: table discrete holds single bits: expected bool; found int16',
    ],
    [
      'a scale on a word',
      'type: word\n',
      'type: word\n    scale: 2\n',
      'scale: 2',
      'points[2].scale: only for numbers; this point is word',
    ],
    [
      'an enum without its table',
      '    enum: { 0: { zh: 停, en: Stopped }, 1: { zh: 转, en: Running } }\n',
      '',
      'id: state',
      'points[1]: enum is missing',
    ],
    [
      'an address below the base',
      'address: 40010',
      'address: 40000',
      'modbus: { address: 40000',
      'points[0].modbus: address 40000 is below the address base 40001 of table holding',
    ],
    [
      'an address in a forbidden range',
      'address: 40022',
      'address: 40950',
      'modbus: { address: 40950',
      'points[3].modbus: address 40950 is inside the illegal range 40900 to 40999',
    ],
    [
      'a value that ends in a forbidden range',
      'address: 40010',
      'address: 40899',
      'modbus: { address: 40899',
      'points[0].modbus: address 40899 is inside the illegal range',
    ],
    [
      'a table without a base',
      'holding: 40001, discrete: 10001',
      'holding: 40001',
      'addressBase',
      'modbus.addressBase: expected the base of table discrete',
    ],
    [
      'two points on one register',
      'address: 40022',
      'address: 40020, ',
      'id: trend',
      'points[3]: trend and state: both read the same bits of one register',
    ],
    [
      'values that overlap in part',
      'address: 40022',
      'address: 40011',
      'id: trend',
      'points[3]: trend and pressure: float32 and int16 overlap in part',
    ],
    [
      'two points of one name',
      'id: trend',
      'id: state',
      'id: state\n    name: { zh: 趋势',
      'points[3].id: point id "state" is declared twice',
    ],
    [
      'the name of the implicit point',
      'id: trend',
      'id: online',
      'id: online',
      'points[3].id: "online" is the point that every device has by itself',
    ],
    [
      'a range that is empty',
      'range: [0, 16]',
      'range: [16, 0]',
      'id: pressure',
      'expected range [low, high]; found [16, 0]',
    ],
    [
      'a limit that can not be reached',
      'range: [0, 16]',
      'range: [3, 16]',
      'id: low',
      'signal low: limit 2 is outside the range [3, 16]',
    ],
    [
      'a field without mqtt',
      'modbus: { address: 40022 }',
      'field: /x',
      'field: /x',
      'points[3].field: the profile has no mqtt section',
    ],
    [
      'neither register nor field',
      'modbus: { address: 40022 }',
      'unit: m',
      'id: trend',
      'points[3]: expected exactly one of modbus (an address) and field',
    ],
    [
      'a signal on telemetry',
      'point: state',
      'point: trend',
      'point: trend',
      'signals[1].point: signal running reads point "trend" of the telemetry lane; give the point lane: safety',
    ],
    [
      'a condition on telemetry',
      'point: flags',
      'point: trend',
      'point: trend',
      'signals[2].when.all[1].point: signal cell reads point "trend" of the telemetry lane',
    ],
    [
      'an unknown point',
      'point: state',
      'point: stat',
      'point: stat\n',
      'signals[1].point: unknown point "stat"; did you mean state?',
    ],
    [
      'an unknown parameter',
      'param: low',
      'param: lo',
      '{ lt:',
      'signals[0].when.lt: unknown parameter "lo"; expected one of low',
    ],
    [
      'an unknown reason',
      '{ eq: 1 }\n    text: { zh: 转',
      '{ reason: tired }\n    text: { zh: 转',
      'reason: tired',
      'signals[1].when.reason: unknown reason "tired"',
    ],
    [
      'no comparator',
      '{ eq: 1 }\n    text: { zh: 转',
      '{ hyst: 1 }\n    text: { zh: 转',
      'when: { hyst',
      'signals[1].when: expected exactly one of eq, ne, gt, ge, lt, le, in, notIn, reason; found none',
    ],
    [
      'two comparators',
      '{ eq: 1 }\n    text: { zh: 转',
      '{ eq: 1, gt: 0 }\n    text: { zh: 转',
      'when: { eq: 1, gt',
      'signals[1].when: expected exactly one of eq, ne, gt, ge, lt, le, in, notIn, reason; found eq and gt',
    ],
    [
      'a code that the enum lacks',
      '{ eq: 1 }\n    text: { zh: 转',
      '{ in: [1, 7] }\n    text: { zh: 转',
      'in: [1, 7]',
      'signals[1].when.in: 7 is no code of point "state"; expected one of 0, 1',
    ],
    ['a bit that the word lacks', 'bit: 3', 'bit: 16', 'point: flags', 'point "flags" has bits 0 to 15; found 16'],
    ['a number that the bits can not have', 'bit: 3, eq: 1', 'bits: [0, 1], eq: 4', 'eq: 4', '4 does not fit 2 bits'],
    [
      'hysteresis on equality',
      '{ eq: 1 }\n    text: { zh: 转',
      '{ eq: 1, hyst: 1 }\n    text: { zh: 转',
      'hyst: 1',
      'signals[1].when.hyst: only with gt, ge, lt or le',
    ],
    [
      'a latch that nothing releases',
      'point: state\n',
      'point: state\n    latch: panel\n',
      'latch',
      'signals[1].latch: nothing would ever release it',
    ],
    [
      'the name of an implicit signal',
      'id: running',
      'id: offline',
      'id: offline',
      'signals[1].id: "offline" is a name of the signals that the loader adds',
    ],
    [
      'two signals of one name',
      'id: running',
      'id: low',
      'id: low\n    class: ACTION',
      'signals[1].id: signal id "low" is declared twice',
    ],
    [
      'a class that is none',
      'class: ACTION',
      'class: PANIC',
      'class: PANIC',
      'signals[1].class: expected one of FIRE, ENTRAPMENT',
    ],
    [
      'a parameter that nothing uses',
      '{ lt: { param: low }, hyst',
      '{ lt: 3, hyst',
      'low: { default',
      'params.low: nothing uses this parameter',
    ],
    [
      'a default out of its range',
      'default: 2',
      'default: 12',
      'default: 12',
      'params.low.default: expected 0 to 10; found 12',
    ],
    [
      'a kind that the profile is not for',
      'type: int16\n',
      'type: int16\n    kinds: [elevator]\n',
      'kinds: [elevator]',
      'points[3].kinds: the profile is not for elevator; expected fire-pump, jockey-pump',
    ],
    [
      'a signal for more kinds than its point',
      'type: enum\n',
      'type: enum\n    kinds: [fire-pump]\n',
      'point: state',
      'point "state" is only for fire-pump; give the signal those kinds',
    ],
    [
      'an id that does not tell a repeat apart',
      'id: cell-{n}',
      'id: cell',
      'id: cell\n',
      'repeat[0].points[0].id: expected {n} in the id',
    ],
    ['an index that is none', 'index: n', 'index: m', 'index: m', 'packed.index: no index of this repeat; expected n'],
    [
      'states that do not fit a word',
      'perWord: 4',
      'perWord: 5',
      'packed',
      '5 fields of 4 bits do not fit a register of 16',
    ],
    [
      'a repeat that runs backwards',
      'n: [1, 4]',
      'n: [4, 1]',
      'n: [4, 1]',
      'repeat[0].over.n: expected [first, last]; found [4, 1]',
    ],
    ['a repeat without end', 'n: [1, 4]', 'n: [1, 90000]', 'over', 'repeat[0].over: makes 90000 points; at most'],
    ['braces outside a repeat', 'id: trend', 'id: trend-{n}', 'id: trend-{n}', 'points[3].id: {n} needs a repeat'],
    [
      'a marker on text',
      'type: int16\n    modbus: { address: 40022 }',
      'type: string\n    sentinels: [0]\n    modbus: { address: 40022, length: 2 }',
      'sentinels',
      'points[3].sentinels: only for numbers, words and enums',
    ],
    [
      'fixed content of the wrong kind',
      'type: int16\n',
      'type: int16\n    expect: abc\n',
      'expect: abc',
      'points[3].expect: expected a number; found "abc"',
    ],
    [
      'a unit that can not be converted',
      'unit: bar\n  - id: state',
      'unit: furlong\n    unitFrom: state\n  - id: state',
      'unitFrom',
      'points[0].unitFrom: unit must be one of MPa',
    ],
    [
      'decimals from an enum',
      'unit: bar\n  - id: state',
      'decimalsFrom: state\n  - id: state',
      'decimalsFrom',
      'points[0].decimalsFrom: expected a whole number without scale; state is enum',
    ],
    [
      'a validity bit that is none',
      'unit: bar\n  - id: state',
      'validBit: flags\n  - id: state',
      'validBit',
      'points[0].validBit: expected a bool point; flags is word',
    ],
    [
      'a value longer than a read',
      'maxRegisters: 16',
      'maxRegisters: 1',
      'modbus: { address: 40010',
      'points[0].modbus: 2 registers are more than the 1 of one read',
    ],
    [
      'a fixture that is no file name',
      'fixtures: [a.json]',
      'fixtures: [../a.json]',
      'fixtures',
      'fixtures[0]: expected text like',
    ],
    [
      'no way to read it',
      SOUND.slice(SOUND.indexOf('modbus:\n'), SOUND.indexOf('params:')),
      '',
      'points[0]',
      'expected a modbus or an mqtt section',
    ],
    ['a key written twice', 'vendor: V\n', 'vendor: V\nvendor: W\n', 'vendor: W', 'not YAML: Map keys must be unique'],
    ['an alias', 'vendor: V\n', 'vendor: &v V\n', '', ''],
  ])('%s', (_what, from, to, place, message) => {
    const text = spoil(from, to);
    const problems = problemsOf(text);
    const line = text.includes(place) ? lineOf(text, place) : 1;
    // An anchor that nothing refers to is harmless; everything else is refused at its line.
    expect(
      message === '' ? problems : problems.filter((p) => p.startsWith(`fire/x.yaml:${line}:`) && p.includes(message)),
    ).toHaveLength(message === '' ? 0 : 1);
  });

  it('reports every problem of a file at once, in the order of the lines', () => {
    const text = spoil('type: float32', 'type: flaot')
      .replace('class: ACTION', 'class: PANIC')
      .replace('point: flags', 'point: nothing')
      .replace('address: 40022', 'address: 40022, bit: 1')
      .replace('evidence: A', 'evidence: Z');
    const problems = problemsOf(text);
    const lines = problems.map((p) => Number(p.split(':')[1]));
    expect(problems).toHaveLength(5);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });

  it('does not call a point unknown because its own line is wrong', () => {
    expect(problemsOf(spoil('type: enum', 'type: enumm'))).toHaveLength(1);
  });

  it('refuses syntax errors, a second document, custom tags, aliases and files that are too large', () => {
    expect(problemsOf('kind: [fire')[0]).toMatch(/^fire\/x\.yaml:1:\d+: not YAML: /);
    expect(problemsOf(`${SOUND}---\na: 1\n`)[0]).toContain('not YAML');
    expect(problemsOf(spoil('vendor: V', 'vendor: !!js/function V'))[0]).toContain('not YAML');
    expect(problemsOf(spoil('vendor: V', 'vendor: &v V').replace('model: M', 'model: *v'))[0]).toContain(
      'not usable YAML',
    );
    expect(problemsOf(`# ${'x'.repeat(YAML_BYTES_MAX)}`)[0]).toContain('larger than');
    expect(problemsOf(`a: ${'['.repeat(100)}${']'.repeat(100)}`)[0]).toContain('nested deeper');
  });

  it('refuses a file name that sites could not write', () => {
    expect(problemsOf(SOUND, 'fire/My Pump.yaml')[0]).toContain('a profile is named by its file');
  });

  it('takes a companion bit view of the same register, and two views for kinds that exclude each other', () => {
    const bits = `  - id: flag-3
    name: { zh: 位, en: Bit }
    type: bool
    modbus: { address: 40021, bit: 3 }
  - id: jockey-flags
    name: { zh: 位, en: Bits }
    type: bits
    modbus: { address: 40021, bits: [4, 7] }
repeat:`;
    expect(problemsOf(spoil('repeat:', bits))).toEqual([]);
    const views = spoil('type: int16\n', 'type: int16\n    kinds: [fire-pump]\n').replace(
      'repeat:',
      `  - id: other
    name: { zh: 另, en: Other }
    type: int16
    kinds: [jockey-pump]
    modbus: { address: 40022 }
repeat:`,
    );
    expect(problemsOf(views)).toEqual([]);
  });
});

describe('mqtt profiles', () => {
  const MQTT = `kind: extinguisher
vendor: V
model: M
name: { zh: 表, en: Gauge }
edition: E
source: S
evidence: A
mqtt:
  topic: gauge/{serial}
  codec: json
  expectEveryS: 60
points:
  - id: pressure
    name: { zh: 压力, en: Pressure }
    type: float64
    unit: MPa
    field: /p
signals: []
fixtures: [a.json]
`;
  it.each([
    ['/p', 'p', 'expected a JSON pointer like /a/b; found "p"'],
    ['/p', '/a~2', 'expected a JSON pointer'],
    ['codec: json', 'codec: meokon-v3-hex', 'has no field "/p"; expected'],
    ['gauge/{serial}', 'gauge/1', 'expected at least one {variable}'],
    ['gauge/{serial}', 'gauge/{serial}/#', 'expected the topic of one device'],
    ['gauge/{serial}', '$SYS/{serial}', 'expected the topic of one device'],
    ['gauge/{serial}', 'gauge/{serial', 'expected variables like {serial}'],
    ['type: float64', 'type: bits', 'a message field is one of bool'],
    ['field: /p', 'modbus: { address: 1 }', 'the profile has no modbus section'],
    ['codec: json', 'codec: xml', 'expected one of json, meokon-v3-hex; found "xml"'],
  ])('%s → %s is refused', (from, to, message) => {
    expect(problemsOf(MQTT)).toEqual([]);
    expect(problemsOf(MQTT.replace(from, to)).join('\n')).toContain(message);
  });

  it('knows the fields of a codec and their units', () => {
    const gauge = MQTT.replace('codec: json', 'codec: meokon-v3-hex').replace('/p', 'value');
    expect(problemsOf(gauge)).toEqual([]);
    expect(problemsOf(gauge.replace('unit: MPa', 'unit: bar')).join('\n')).toContain(
      'gives value in MPa; found unit "bar"',
    );
    expect(problemsOf(gauge.replace('field: value', 'field: valeu')).join('\n')).toContain('expected value');
  });
});

describe('loadProfiles', () => {
  it('reads folders deep, keeps what is sound, names what is broken, and refuses a name that stands twice', () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'a', 'b'), { recursive: true });
    mkdirSync(join(dir, 'c'));
    writeFileSync(join(dir, 'a', 'b', 'one.yaml'), SOUND);
    writeFileSync(join(dir, 'c', 'one.yaml'), SOUND);
    writeFileSync(join(dir, 'c', 'two.yaml'), SOUND.replace('type: word', 'type: wrod'));
    writeFileSync(join(dir, 'c', 'notes.txt'), 'not a profile');
    const { profiles, broken } = loadProfiles([dir]);
    expect([...profiles.keys()]).toEqual(['one']);
    expect([...broken.keys()].sort()).toEqual(['one', 'two']);
    expect(broken.get('one')?.[0]?.message).toContain('declared twice');
    expect([
      ...(loadProfiles([dir, join(dir, 'a')])
        .broken.get('one')
        ?.map((p) => p.file) ?? []),
    ]).toEqual([join(dir, 'c', 'one.yaml')]);
  });

  it('says which folder can not be read', () => {
    expect(() => loadProfiles(['/nowhere/at/all'])).toThrow(/folder of profiles can't be read \(ENOENT\)/);
  });
});

describe('any text', () => {
  it('is refused with the named error or loads, and nothing else happens', () => {
    const lines = SOUND.split('\n');
    const anyLine = fc.constantFrom(
      ...lines,
      '__proto__: 1',
      'constructor: {}',
      '? [a]: b',
      '  - *x',
      '!!binary x',
      '\t',
      'a: &a [*a]',
    );
    const mixed = fc.array(anyLine, { maxLength: 40 }).map((l) => l.join('\n'));
    const cut = fc
      .tuple(fc.nat(SOUND.length), fc.nat(40), fc.string({ maxLength: 6 }))
      .map(([at, length, put]) => SOUND.slice(0, at) + put + SOUND.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 200 }), mixed, cut), (text) => {
        expect(Array.isArray(problemsOf(text))).toBe(true);
      }),
      { numRuns: 120 },
    );
  });
});
