// A birth says what every point is under a number, and the numbers have a name of their own.
import { expect, test } from 'vitest';
import { decodeBirth, encodeBirth, fromColumns } from '../../device-profiles/contract/wire.ts';
import { makeBirth, pointIndex } from '../../gateway/birth.ts';
import { ReportTable } from '../../gateway/report.ts';
import { POLL_CLASS_MS } from '../../device-profiles/contract/point.ts';
import { device, model, point, signal } from './site-rig.ts';

const meter = model([point('p', { unit: 'MPa', range: [0, 2] })], { signals: [signal('low', 'p')] });
const devices = [device('a', meter, { building: 'B1', unit: 7 }), device('b', meter)];
const state = {
  gateway: 'gw-1',
  community: 'c',
  epoch: 'e'.repeat(32),
  at: 1_700_000_000_000,
  software: 's',
  head: { safety: 1, telemetry: 2 },
  writesHistory: false,
};

test('points are numbered through all devices, as the report table numbers them', () => {
  const index = pointIndex(devices);
  const table = new ReportTable(devices, () => 1);
  expect(index.devices.flatMap((d) => d.points.map((p) => p.i))).toEqual([0, 1, 2, 3]);
  devices.forEach((d, k) => expect(index.devices[k]?.points[0]?.i).toBe(table.base(d)));
  expect(index.models).toHaveLength(1);
});

test('the id follows what the index says and nothing else', () => {
  expect(pointIndex(devices).id).toBe(pointIndex([...devices]).id);
  expect(pointIndex(devices.toReversed()).id).not.toBe(pointIndex(devices).id);
  expect(pointIndex([device('a', meter, { building: 'B2', unit: 7 }), device('b', meter)]).id).not.toBe(
    pointIndex(devices).id,
  );
});

test('the snapshot holds every point, those never read too', () => {
  let n = 1_000_000_000;
  const table = new ReportTable(devices, () => ++n);
  const [a] = devices;
  if (!a) throw new Error('no device');
  table.take(a, [{ point: 1, value: 1.5, quality: 'good', reason: '' }], state.at, 0);
  const birth = makeBirth(pointIndex(devices), { ...state, snapshot: table.snapshot() });
  const { snapshot } = decodeBirth(encodeBirth(birth));
  if (!snapshot) throw new Error('no snapshot');
  const samples = fromColumns(snapshot.columns, snapshot.t0, snapshot.n0);
  expect(samples.map((s) => [s.i, s.value, s.quality, s.n])).toEqual([
    [0, null, 'never', 0],
    [1, 1.5, 'good', 1_000_000_001],
    [2, null, 'never', 0],
    [3, null, 'never', 0],
  ]);
});

test('says how often points are told, and which are heard more rarely', () => {
  const slow = model([point('t', { poll: 'slow' }), point('v')], {
    mqtt: { topic: 't', codec: 'json', expectEveryS: 3_600 },
  });
  const [tank, phone] = [device('tank', meter, { pollMs: { ...POLL_CLASS_MS, fast: 90_500 } }), device('phone', slow)];
  const birth = decodeBirth(encodeBirth(makeBirth(pointIndex([tank, phone]), state)));
  expect(birth.heartbeatS).toBe(60);
  const every = birth.devices.map((d) => d.points.map((p) => p.everyS));
  expect(every).toEqual([
    [undefined, 91],
    [3_600, 3_600, 3_600],
  ]);
});
