import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  compileDevice,
  tryCompile,
  unknownCodeId,
  type CompileOptions,
} from '../../device-profiles/compile.ts';
import { ConfigError } from '../../device-profiles/config-error.ts';
import { expandSignals } from '../../device-profiles/contract/conditions.ts';
import type { DeviceModel } from '../../device-profiles/contract/profile.ts';
import { loadProfiles } from '../../device-profiles/load.ts';
import type { PointListRow } from '../../device-profiles/point-list.ts';

const { profiles } = loadProfiles();
function profile(name: string) {
  const found = profiles.get(name);
  if (!found) throw new Error(`no profile ${name}`);
  return found;
}
const compile = (name: string, options: CompileOptions = {}) => compileDevice(profile(name), options);
const pointOf = (model: DeviceModel, id: string) => model.points.find((p) => p.id === id);
const row = (more: Partial<PointListRow>, line = 2): PointListRow => ({ file: 'list.csv', line, indices: {}, ...more });
const problems = (name: string, options: CompileOptions) =>
  (tryCompile(profile(name), options).problems ?? []).map((p) => `${p.option.join('.')}: ${p.message}`);

describe('points', () => {
  it('puts `online` first, with the signal that says that the device is offline', () => {
    const model = compile('invt-chv180');
    expect(model.points[0]).toMatchObject({ id: 'online', type: 'bool', lane: 'safety' });
    expect(model.points[0]).not.toHaveProperty('modbus');
    expect(model.signals[0]).toMatchObject({ id: 'offline', class: 'COMMS', point: 'online', when: { eq: 0 } });
  });

  it('fills in lane and poll class: telemetry is polled normally, safety fast', () => {
    const model = compile('invt-chv180');
    expect(pointOf(model, 'speed')).toMatchObject({ lane: 'telemetry', poll: 'normal' });
    expect(pointOf(model, 'state')).toMatchObject({ lane: 'safety', poll: 'fast' });
    expect(pointOf(compile('tornatech-gpx'), 'power-loss')).toMatchObject({ lane: 'safety', poll: 'safety' });
  });

  it('makes 0-based addresses of printed ones, with strides counted from the first index', () => {
    const model = compile('notifier-modbus-gw');
    const at = (id: string) => pointOf(model, id)?.modbus?.address;
    expect([at('det-01-001'), at('det-01-159'), at('mod-01-001'), at('det-02-001'), at('mod-10-159')]).toEqual([
      0, 158, 200, 400, 3_958,
    ]);
    expect(model.points).toHaveLength(1 + 1 + 10 * 2 * 159);
  });

  it('counts strides from the first index of the profile even when a site narrows the range', () => {
    const model = compile('notifier-modbus-gw', { repeat: { loop: [3, 3], detector: [5, 6], module: [1, 1] } });
    expect(model.points.map((p) => p.id)).toEqual([
      'online',
      'panel-silenced',
      'det-03-005',
      'det-03-006',
      'mod-03-001',
    ]);
    expect(pointOf(model, 'det-03-005')?.modbus?.address).toBe(804);
  });

  it('packs states by the formula that was checked on the sheet', () => {
    const rows = Array.from({ length: 60 }, (_, k) => row({ indices: { device: k + 1 } }, k + 2));
    const model = compile('gst-modbus-sheet', { pointList: rows });
    for (let d = 1; d <= 60; d++) {
      const high = 15 - 2 * ((d + 1) % 8);
      expect(pointOf(model, `dev-${String(d).padStart(4, '0')}`)?.modbus).toMatchObject({
        address: 30 + Math.floor((d + 1) / 8),
        bits: [high - 1, high],
      });
    }
  });

  it('lets a site set the word order that a document does not say', () => {
    expect(pointOf(compile('rs485-transmitter-b'), 'pressure')?.modbus?.wordOrder).toBe('ABCD');
    expect(pointOf(compile('rs485-transmitter-b', { wordOrder: 'CDAB' }), 'pressure')?.modbus?.wordOrder).toBe('CDAB');
  });

  it('gives the forbidden registers as wire addresses', () => {
    expect(compile('invt-chv180').illegal).toEqual([{ table: 'holding', from: 0x1000, to: 0x1000 }]);
  });

  it('lets a site say how often a device speaks', () => {
    expect(compile('meokon-mk').mqtt?.expectEveryS).toBe(14_400);
    expect(compile('meokon-mk', { expectEveryS: 60 }).mqtt?.expectEveryS).toBe(60);
  });
});

describe('kinds and parameters', () => {
  it('keeps the points and signals of the chosen kind only', () => {
    const main = compile('rs485-transmitter-a');
    const tank = compile('rs485-transmitter-a', { kind: 'water-tank' });
    expect([main.kind, tank.kind]).toEqual(['water-main', 'water-tank']);
    expect(pointOf(main, 'level')).toBeUndefined();
    expect(pointOf(tank, 'pressure')).toBeUndefined();
    expect(tank.signals.map((s) => s.id)).toEqual(['offline', 'level-low', 'level-high', 'level-sensor-fault']);
    expect(tank.signals.every((s) => s.kinds === undefined)).toBe(true);
  });

  it('puts numbers in the place of parameters, in signals and in bands', () => {
    const model = compile('rs485-transmitter-a', { params: { low: 0.4, high: 1.2, fullScale: 2.5 } });
    expect(model.signals.find((s) => s.id === 'pressure-low')?.when).toEqual({ lt: 0.4, hyst: 0.01 });
    expect(pointOf(model, 'pressure')).toMatchObject({ range: [-0.1, 2.5], band: [0.4, 1.2] });
  });

  it('adds an unknown-code signal to every enum of the safety lane, and to no other', () => {
    const ids = compile('terminal-json').signals.map((s) => s.id);
    expect(ids.filter((id) => id.startsWith('unknown-code-'))).toEqual([
      'unknown-code-service-mode',
      'unknown-code-fault',
      'unknown-code-alarm',
    ]);
    expect(unknownCodeId('dev-{device}_X')).toBe('unknown-code-dev-device-x');
  });

  it.each<[string, CompileOptions, string]>([
    ['rs485-transmitter-a', { kind: 'elevator' }, 'kind: expected one of water-main, water-tank; found "elevator"'],
    ['rs485-transmitter-a', { params: { lo: 1 } }, 'params.lo: unknown parameter "lo"; expected one of low, high'],
    ['tornatech-gpx', { params: { low: 1 } }, 'params.low: unknown parameter "low"; the profile has none'],
    ['rs485-transmitter-a', { params: { low: 11 } }, 'params.low: expected 0 to 10 MPa; found 11'],
    ['rs485-transmitter-a', { params: { low: Number.NaN } }, 'params.low: expected 0 to 10 MPa; found NaN'],
    [
      'rs485-transmitter-a',
      { params: { low: 2, high: 1 } },
      'params.low: point pressure: expected band [low, high]; found [2, 1]',
    ],
    [
      'rs485-transmitter-a',
      { params: { fullScale: 1 } },
      'params.fullScale: point pressure: range [-0.1, 1] does not cover its band [0.25, 1.6]',
    ],
    [
      'rs485-transmitter-a',
      { params: { high: 5, fullScale: 4 } },
      'params.high: signal pressure-high: limit 5 is outside the range [-0.1, 4]',
    ],
    ['notifier-modbus-gw', { repeat: { lop: [1, 2] } }, 'repeat.lop: unknown index "lop"; expected one of loop'],
    [
      'notifier-modbus-gw',
      { repeat: { loop: [1, 11] } },
      'repeat.loop: expected a range within 1 to 10; found 1 to 11',
    ],
    ['notifier-modbus-gw', { repeat: { loop: [2, 1] } }, 'repeat.loop: expected a range within 1 to 10; found 2 to 1'],
  ])('%s with %j is refused', (name, options, message) => {
    expect(problems(name, options).join('\n')).toContain(message);
  });

  it('throws the named error with the option', () => {
    expect(() => compile('meokon-mk', { kind: 'elevator' })).toThrow(ConfigError);
  });
});

describe('point lists', () => {
  it('names and places points by id, without touching their siblings', () => {
    const model = compile('notifier-modbus-gw', {
      repeat: { loop: [1, 1], detector: [1, 2], module: [1, 1] },
      pointList: [
        row({ point: 'det-01-002', name: { zh: '大堂', en: 'Lobby' }, building: 'b1', floor: 1, place: '大堂' }),
      ],
    });
    expect(pointOf(model, 'det-01-002')).toMatchObject({
      name: { zh: '大堂', en: 'Lobby' },
      building: 'b1',
      floor: 1,
      place: '大堂',
    });
    expect(pointOf(model, 'det-01-001')).toMatchObject({ name: { zh: '探测器 01-001', en: 'Detector 01-001' } });
    expect(pointOf(model, 'det-01-001')).not.toHaveProperty('building');
  });

  it('takes a template with indices, and a plain point', () => {
    const model = compile('notifier-modbus-gw', {
      repeat: { loop: [1, 1], detector: [1, 2], module: [1, 1] },
      pointList: [
        row({ point: 'det-{loop}-{detector}', indices: { loop: 1, detector: 2 }, place: 'x' }),
        row({ point: 'panel-silenced', place: 'y' }, 3),
      ],
    });
    expect([pointOf(model, 'det-01-002')?.place, pointOf(model, 'panel-silenced')?.place]).toEqual(['x', 'y']);
  });

  it('makes only the listed points where the profile says so', () => {
    const model = compile('waveshare-8di', {
      kind: 'fire-pump',
      pointList: [row({ point: 'started-2' }), row({ point: 'power-loss-4', invert: true }, 3)],
    });
    expect(model.points.map((p) => p.id)).toEqual(['online', 'started-2', 'power-loss-4']);
    expect(pointOf(model, 'power-loss-4')).toMatchObject({ invert: true, modbus: { table: 'discrete', address: 3 } });
    expect(expandSignals(model.signals, model.points).map((s) => `${s.signal.id}@${s.point}`)).toEqual([
      'offline@online',
      'started@started-2',
      'power-loss@power-loss-4',
    ]);
  });

  it.each<[string, CompileOptions, string]>([
    ['gst-modbus-sheet', { pointList: [row({ point: 'dev-7' })] }, 'unknown point dev-7; expected dev-0007'],
    ['gst-modbus-sheet', { pointList: [row({ point: 'det-0007' })] }, 'unknown point det-0007; expected dev-{device}'],
    ['gst-modbus-sheet', { pointList: [row({ point: 'dev-{device}' })] }, 'needs a value in column device'],
    ['gst-modbus-sheet', { pointList: [row({ indices: { device: 2_001 } })] }, 'device 2001 is outside 1 to 2000'],
    ['gst-modbus-sheet', { pointList: [row({})] }, 'expected a value in column point, or in device'],
    [
      'gst-modbus-sheet',
      { pointList: [row({ indices: { device: 7 } }), row({ point: 'dev-0007' }, 3)] },
      'names the same point as line 2',
    ],
    [
      'gst-modbus-sheet',
      { pointList: [row({ indices: { device: 7 } }), row({ indices: { device: 7 } }, 3)] },
      'names the same point as line 2',
    ],
    [
      'gst-modbus-sheet',
      { pointList: [row({ point: 'dev-0007', invert: true })] },
      'invert is for bool points; this one is enum',
    ],
    ['waveshare-8di', { pointList: [row({ indices: { input: 1 } })] }, 'column point is needed'],
    [
      'waveshare-8di',
      { pointList: [row({ point: 'fault-1' }), row({ point: 'running-1' }, 3)] },
      'points running-1 and fault-1: both read the same bit',
    ],
    ['waveshare-8di', { pointList: [row({ point: 'fault-9' })] }, 'input 9 is outside 1 to 8'],
  ])('%s with a wrong list is refused', (name, options, message) => {
    const found = problems(name, options);
    expect(found.filter((p) => p.includes(message))).toHaveLength(1);
  });
});

describe('identity', () => {
  it('gives equal devices one model, and different ones different hashes', () => {
    const models = new Map<string, DeviceModel>();
    const a = compile('meokon-mk', { models });
    expect(compile('meokon-mk', { models })).toBe(a);
    expect(compile('meokon-mk', { models, kind: 'water-main' }).hash).not.toBe(a.hash);
    expect(compile('meokon-mk', { models, params: { low: 0.9 } }).hash).not.toBe(a.hash);
    expect(compile('meokon-mk', { models, params: { low: 1 } })).toBe(a);
    expect(a.hash).toMatch(/^[0-9a-f]{32}$/);
    expect(models.size).toBe(3);
  });

  it('writes the same JSON for the same content, whatever the order of the keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
