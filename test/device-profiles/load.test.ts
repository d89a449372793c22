import * as fc from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProfiles, parseProfile } from '../../device-profiles/load.ts';
import { YAML_BYTES_MAX } from '../../device-profiles/yaml-source.ts';
import { lineOf, mistakes, problemsOf as problemsIn, soundFile, spoil as spoilText } from '../helpers/mistakes.ts';
import { tempDir } from '../helpers/temp.ts';

const SOUND = soundFile('profile');
const spoil = (from: string, to: string): string => spoilText(SOUND, from, to);

const problemsOf = (text: string, file = 'fire/x.yaml'): string[] => problemsIn(() => parseProfile(file, text));

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
  it('are a table of 63', () => {
    expect(mistakes('profile')).toHaveLength(63);
  });

  it.each(mistakes('profile').map((m) => [m.what, m] as const))('%s', (_what, { from, to, at, says }) => {
    const text = spoil(from, to);
    const place = `fire/x.yaml:${text.includes(at) ? lineOf(text, at) : 1}:`;
    expect(problemsOf(text).filter((p) => p.startsWith(place) && p.includes(says))).toHaveLength(1);
  });

  it('lets an anchor pass that nothing refers to', () => {
    expect(problemsOf(spoil('vendor: V\n', 'vendor: &v V\n'))).toEqual([]);
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
