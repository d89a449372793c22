import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileDevice, kindsOf, type CompileOptions, type LoadedProfile } from '../../device-profiles/compile.ts';
import { evaluate, expandSignals, type PointState } from '../../device-profiles/contract/conditions.ts';
import type { Table, WordOrder } from '../../device-profiles/contract/point.ts';
import type { DeviceKind, DeviceModel } from '../../device-profiles/contract/profile.ts';
import { ALARM_CLASSES, PANEL_CLASSES } from '../../device-profiles/contract/signal.ts';
import { formatProblem } from '../../device-profiles/config-error.ts';
import { BUILTIN_PROFILES, loadProfiles, profileFiles } from '../../device-profiles/load.ts';
import type { PointListRow } from '../../device-profiles/point-list.ts';
import { NOTHING_LEARNED } from '../../device-profiles/gb26875/grow.ts';
import { tablesOf } from '../../device-profiles/gb26875/tables.ts';
import { readAdu, type AduObject } from '../../gateway/gb26875/adu.ts';
import { Gb26875Framer } from '../../gateway/gb26875/frame.ts';
import { learn, toldBy } from '../../gateway/gb26875/learn.ts';
import { BEIJING } from '../gateway/gb26875/vectors.ts';
import { readMessage } from '../../gateway/codecs/read-message.ts';
import { decodePoint } from '../../gateway/decode.ts';
import type { Reading } from '../../gateway/drivers/driver.ts';
import { crc16 } from '../../gateway/modbus/crc16.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/profiles/', import.meta.url));
/** Grows with each profile; a test over "all" that finds fewer has lost some. */
const PROFILE_COUNT = 12;

type Expected = number | string | { value: number | string | null; quality: string; reason: string };

/** A vector: what a device sent by its manual, and what must come of it. Addresses are 0-based, as on the wire. */
interface Fixture {
  readonly source: string;
  readonly device?: {
    readonly kind?: DeviceKind;
    readonly params?: Record<string, number>;
    readonly wordOrder?: WordOrder;
    readonly vars?: Record<string, string>;
    readonly points?: readonly (string | { point: string; invert: boolean })[];
  };
  readonly registers?: Partial<Record<Table, Record<string, number[]>>>;
  /** Frames of GB/T 26875.3, hex, in the order in which the device sent them. */
  readonly gb26875?: readonly string[];
  readonly message?: { readonly payload: string; readonly receivedTime: string };
  readonly frames?: readonly { readonly hex: string; readonly says: string }[];
  readonly expect?: Record<string, Expected>;
  /** Every signal that is true, as `signal@point`, delays aside. */
  readonly signals?: readonly string[];
  readonly history?: readonly { time: string; point: string; value: number }[];
  readonly sourceTime?: string;
}

const { profiles, broken } = loadProfiles();
const all = [...profiles.values()];
const fixturesOf = (p: LoadedProfile) =>
  p.profile.fixtures.map((name) => [name, join(FIXTURES, p.name, name)] as const);
const readFixture = (file: string): Fixture => JSON.parse(readFileSync(file, 'utf8')) as Fixture;

function compile(p: LoadedProfile, device: Fixture['device'], heard?: readonly AduObject[]): DeviceModel {
  const rows = device?.points?.map((row, k): PointListRow => {
    const { point, invert } = typeof row === 'string' ? { point: row, invert: undefined } : row;
    return { file: 'fixture', line: k + 1, indices: {}, point, ...(invert === undefined ? {} : { invert }) };
  });
  const options: CompileOptions = {
    ...(heard ? { learned: learn(NOTHING_LEARNED, heard) } : {}),
    ...(device?.kind ? { kind: device.kind } : {}),
    ...(device?.params ? { params: device.params } : {}),
    ...(device?.wordOrder ? { wordOrder: device.wordOrder } : {}),
    ...(rows ? { pointList: rows } : {}),
  };
  return compileDevice(p, options);
}

/** What the frames of a fixture say. */
function objectsOf({ gb26875 = [] }: Fixture): readonly AduObject[] {
  const objects: AduObject[] = [];
  const framer = new Gb26875Framer(BEIJING);
  for (const hex of gb26875)
    framer.receive(Buffer.from(hex, 'hex'), {
      frame: ({ adu }) => {
        const read = readAdu(adu, BEIJING);
        if (read.result === 'read') objects.push(...read.objects);
      },
      refused: (reason) => {
        throw new Error(`a frame of a fixture is refused: ${reason}`);
      },
    });
  return objects;
}

interface Played {
  readonly states: ReadonlyMap<string, PointState>;
  readonly readings: readonly Reading[];
  readonly refused?: string;
}

/** State of every point after what the fixture says was read or received. */
function play(model: DeviceModel, fixture: Fixture): Played {
  if (fixture.message) {
    const { payload, receivedTime } = fixture.message;
    const heard = readMessage(model, fixture.device?.vars ?? {}, Buffer.from(payload), Date.parse(receivedTime));
    const now = heard.readings.filter((r) => r.historical !== true);
    return { ...heard, states: new Map(now.map((r) => [model.points[r.point]?.id ?? '', r])) };
  }
  if (fixture.gb26875) {
    const told = toldBy(objectsOf(fixture), tablesOf(model.gb26875?.edition ?? ''));
    const good = { quality: 'good', reason: '' } as const;
    const readings = told.map(({ point, value, time }): Reading => {
      const sourceTime = time === undefined ? {} : { sourceTime: time };
      return { point: model.points.findIndex((p) => p.id === point), value, ...good, ...sourceTime };
    });
    return { states: new Map(told.map(({ point, value }) => [point, { value, ...good }])), readings };
  }
  const raw = new Map<string, number>();
  for (const [table, blocks] of Object.entries(fixture.registers ?? {}))
    for (const [address, words] of Object.entries(blocks))
      words.forEach((word, k) => raw.set(`${table}:${Number(address) + k}`, word));
  const read = model.points.filter((p) => p.modbus);
  const lookup = (table: Table, address: number) => raw.get(`${table}:${address}`);
  return { states: new Map(read.map((p) => [p.id, decodePoint(p, lookup, model)])), readings: [] };
}

/** To a millionth: a float32 of the device is not the decimal number that the fixture prints. */
const rounded = (value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 1e6) / 1e6 : value);

function stateOf(state: PointState | undefined): unknown {
  return state && { value: rounded(state.value), quality: state.quality, reason: state.reason };
}

function expectedOf(expected: Expected): unknown {
  const full = typeof expected === 'object' ? expected : { value: expected, quality: 'good', reason: '' };
  return { ...full, value: rounded(full.value) };
}

describe('the profiles that come with the product', () => {
  it(`are ${PROFILE_COUNT}, and every file of them loads`, () => {
    expect([...broken.values()].flat().map(formatProblem)).toEqual([]);
    expect(profileFiles(BUILTIN_PROFILES)).toHaveLength(PROFILE_COUNT);
    expect(all).toHaveLength(PROFILE_COUNT);
  });

  it('cover the kinds of the first list', () => {
    const kinds = new Set(all.flatMap((p) => kindsOf(p.profile)));
    for (const kind of [
      'fire-panel',
      'fire-pump',
      'jockey-pump',
      'water-tank',
      'water-main',
      'extinguisher',
      'elevator',
    ])
      expect(kinds).toContain(kind);
  });

  it('have no folder of fixtures without a profile', () => {
    expect(readdirSync(FIXTURES).sort()).toEqual(all.map((p) => p.name).sort());
  });

  describe.each(all.map((p) => [p.name, p] as const))('%s', (_, p) => {
    it('compiles for each of its kinds, with a signal and the point that every device has', () => {
      for (const kind of kindsOf(p.profile)) {
        const model = compileDevice(p, { kind });
        expect(model.kind).toBe(kind);
        expect(model.points[0]?.id).toBe('online');
        expect(model.signals.map((s) => s.id)).toContain('offline');
        expect(Object.isFrozen(model) && Object.isFrozen(model.points[0])).toBe(true);
      }
    });

    it('says all its words in Chinese and in English', () => {
      const { profile } = p;
      const points = [...(profile.points ?? []), ...(profile.repeat ?? []).flatMap((r) => r.points)];
      const texts = [
        profile.name,
        ...Object.values(profile.params ?? {}).map((x) => x.name),
        ...points.flatMap((x) => [x.name, ...Object.values(x.enum ?? {})]),
        ...profile.signals.flatMap((s) => [s.text, ...(s.advice ? [s.advice] : [])]),
      ];
      for (const text of texts) {
        expect(text.zh.trim()).not.toBe('');
        expect(text.en).toMatch(/^[\x20-\x7e–—₂℃°²³]+$/u);
      }
      for (const s of profile.signals) expect(s.text.zh).toMatch(/\p{Script=Han}/u);
    });

    it('has ids that a file name, a topic and a URL can carry', () => {
      const model = compileDevice(p);
      expect(model.points.filter((x) => !/^[a-z0-9][a-z0-9-]*$/.test(x.id))).toEqual([]);
      expect(new Set(model.points.map((x) => x.id)).size).toBe(model.points.length);
      expect(new Set(model.signals.map((x) => x.id)).size).toBe(model.signals.length);
    });

    it('reads only: coils, discrete inputs, holding and input registers, at most what the protocol allows', () => {
      const most = p.profile.modbus?.maxRegisters ?? 125;
      const places = compileDevice(p).points.flatMap((point) => point.modbus ?? []);
      expect(places.filter((at) => !['coil', 'discrete', 'holding', 'input'].includes(at.table))).toEqual([]);
      expect(places.filter((at) => at.length > most)).toEqual([]);
    });

    it('puts every point that a signal reads on the safety lane, with a class of the list', () => {
      const model = compileDevice(p);
      const lanes = new Map(model.points.map((x) => [x.id, x.lane]));
      const offending = expandSignals(model.signals, model.points).flatMap(({ signal, reads }) =>
        reads.filter((id) => lanes.get(id) !== 'safety').map((id) => `${signal.id} reads ${id}`),
      );
      expect(offending).toEqual([]);
      const classes: readonly string[] = [...ALARM_CLASSES, ...PANEL_CLASSES];
      expect(model.signals.filter((s) => !classes.includes(s.class))).toEqual([]);
    });

    it('names every fixture of its folder, and each fixture its source', () => {
      expect(readdirSync(join(FIXTURES, p.name)).sort()).toEqual([...p.profile.fixtures].sort());
      for (const [, file] of fixturesOf(p)) {
        expect(existsSync(file)).toBe(true);
        expect(readFixture(file)).toHaveProperty('source', expect.stringMatching(/^.{20,}$/su));
      }
    });

    it.each(fixturesOf(p))('decodes %s as its source says', (_name, file) => {
      const fixture = readFixture(file);
      for (const { hex } of fixture.frames ?? []) {
        const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
        expect({ hex, crc: crc16(bytes, 0, bytes.length - 2) }).toEqual({
          hex,
          crc: bytes.readUInt16LE(bytes.length - 2),
        });
      }
      const checks = Object.keys(fixture.expect ?? {}).length + (fixture.frames ?? []).length;
      expect(checks).toBeGreaterThan(0);
      const model = compile(p, fixture.device, fixture.gb26875 ? objectsOf(fixture) : undefined);
      const { states, readings, refused } = play(model, fixture);
      expect(refused).toBeUndefined();
      for (const [id, expected] of Object.entries(fixture.expect ?? {}))
        expect({ id, state: stateOf(states.get(id)) }).toEqual({ id, state: expectedOf(expected) });
      const lookup = (point: string) => (id: string | undefined) => states.get(id ?? point);
      const raised = expandSignals(model.signals, model.points).filter(
        (s) => evaluate(s.when, lookup(s.point)) === 'true',
      );
      expect(raised.map((s) => `${s.signal.id}@${s.point}`).sort()).toEqual([...(fixture.signals ?? [])].sort());
      const past = readings.filter((r) => r.historical === true);
      expect(
        past.map((r) => ({
          time: new Date(r.sourceTime ?? 0).toISOString(),
          point: model.points[r.point]?.id,
          value: r.value,
        })),
      ).toEqual(fixture.history ?? []);
      for (const r of readings.filter((x) => x.historical !== true))
        expect(r.sourceTime).toBe(fixture.sourceTime === undefined ? undefined : Date.parse(fixture.sourceTime));
    });
  });
});
