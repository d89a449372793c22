// What is reported and what is not: changes, quality, heartbeats, silence, and one record for a device that is gone.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Sample } from '../../device-profiles/contract/wire.ts';
import type { Reading } from '../../gateway/drivers/driver.ts';
import { REPORT_LIMITS, ReportTable, type Reports } from '../../gateway/report.ts';
import { device, model, point } from './site-rig.ts';

const { heartbeatMs, staleFloorMs } = REPORT_LIMITS;
const WALL = 1_700_000_000_000;

const meter = device('meter', model([point('p', { deadband: 0.5 }), point('t'), point('s', { lane: 'safety' })]));
const phone = device('phone', model([point('v')], { mqtt: { topic: 't', codec: 'json', expectEveryS: 3_600 } }));
const ONLINE = 0;
const P = 1;
const T = 2;
const S = 3;

const good = (on: number, value: Reading['value'], more: Partial<Reading> = {}): Reading => ({
  point: on,
  value,
  quality: 'good',
  reason: '',
  ...more,
});
const all = (r: Reports | undefined): Sample[] => [...(r?.safety ?? []), ...(r?.telemetry ?? [])];
const values = (r: Reports | undefined) => all(r).map((s) => s.value);

let n = 0;
let mono = 0;
let table: ReportTable;
beforeEach(() => {
  n = 0;
  mono = 1_000_000;
  table = new ReportTable([meter, phone], () => ++n);
  table.online(meter, true, '', at());
  table.online(phone, true, '', at());
});
const at = () => ({ wall: WALL + mono, mono });
const take = (...readings: Reading[]) => table.take(meter, readings, WALL + mono, mono);
const sweep = (ms: number) => {
  mono += ms;
  return table.sweep(at());
};

describe('changes', () => {
  test('the first reading is reported, the same again is not', () => {
    expect(values(take(good(T, 20)))).toEqual([20]);
    expect(values(take(good(T, 20)))).toEqual([]);
    expect(values(take(good(T, 21)))).toEqual([21]);
  });

  test('a change smaller than the deadband is not reported, and small steps add up', () => {
    take(good(P, 10));
    expect(values(take(good(P, 10.4)))).toEqual([]);
    expect(values(take(good(P, 10.5)))).toEqual([10.5]);
    expect(values(take(good(P, 10.2)))).toEqual([]);
    expect(values(take(good(P, 10)))).toEqual([10]);
  });

  test('quality, reason and kind of value count as changes', () => {
    take(good(T, 1));
    expect(all(take(good(T, 1, { quality: 'bad', reason: 'out-of-range' })))).toHaveLength(1);
    expect(all(take(good(T, 1, { quality: 'bad', reason: 'sentinel' })))).toHaveLength(1);
    expect(values(take(good(T, null)))).toEqual([null]);
    expect(values(take(good(T, 'text')))).toEqual(['text']);
    expect(values(take(good(T, 'text')))).toEqual([]);
    expect(values(take(good(T, 'other')))).toEqual(['other']);
  });

  test('each goes to its own lane, numbered in order', () => {
    const reports = take(good(T, 1), good(S, 2), good(P, 3));
    expect(reports.safety.map((s) => s.value)).toEqual([2]);
    expect(reports.telemetry.map((s) => s.value)).toEqual([1, 3]);
    const ns = all(reports).map((s) => s.n);
    expect(new Set(ns).size).toBe(3);
    expect(Math.min(...ns)).toBeGreaterThan(2);
  });

  test('the time of the device is kept and marked, else it is the time of receipt', () => {
    const [own] = all(take(good(T, 1, { sourceTime: WALL - 5 })));
    expect(own).toMatchObject({ sourceTime: WALL - 5, receivedTime: WALL + mono, sourceClock: true });
    const [ours] = all(take(good(P, 1)));
    expect(ours).toMatchObject({ sourceTime: WALL + mono, sourceClock: false });
  });

  test('what the device remembered is always reported and never becomes its present state', () => {
    take(good(T, 5));
    const late = take(good(T, 1, { historical: true, sourceTime: WALL - 9 }), good(T, 1, { historical: true }));
    expect(all(late).map((s) => [s.value, s.historical])).toEqual([
      [1, true],
      [1, true],
    ]);
    expect(values(take(good(T, 5)))).toEqual([]);
    expect(table.snapshot()[T]).toMatchObject({ value: 5, historical: false });
  });

  test('a reading of a point that the device does not have is left out', () => {
    expect(values(take(good(99, 1), good(-1, 1)))).toEqual([]);
  });

  test('a text is kept to its limit, a number that is none becomes no value', () => {
    const [long] = all(take(good(T, 'x'.repeat(5_000))));
    expect(String(long?.value)).toHaveLength(1_024);
    expect(values(take(good(T, Number.NaN)))).toEqual([null]);
  });
});

describe('heartbeats', () => {
  test('a point that is heard and does not change is reported every minute', () => {
    take(good(T, 20));
    let beats = 0;
    const seconds = 600;
    for (let k = 0; k < seconds; k++) {
      take(good(T, 20));
      beats += all(sweep(1_000)).filter((s) => s.i === T).length;
    }
    expect(beats).toBeGreaterThanOrEqual((seconds * 1_000) / heartbeatMs);
    expect(beats).toBeLessThanOrEqual((seconds * 1_000) / heartbeatMs + 1);
  });

  test('a heartbeat carries the newest time and value within the deadband', () => {
    take(good(P, 10));
    mono += heartbeatMs;
    take(good(P, 10.3));
    const beat = all(sweep(0)).find((s) => s.i === P);
    expect(beat).toMatchObject({ value: 10.3, receivedTime: WALL + mono });
  });

  test('without a newer hearing there is none', () => {
    table.take(phone, [good(1, 3)], WALL + mono, mono);
    const heard = all(sweep(10 * heartbeatMs)).filter((s) => s.i > T + 2);
    expect(heard).toEqual([]);
  });

  test('`fresh` keeps a point fresh without a report until it is due', () => {
    take(good(T, 20));
    let reports = 0;
    for (let k = 0; k < 120; k++) {
      table.fresh(meter, [T], WALL + mono, mono);
      reports += all(sweep(1_000)).filter((s) => s.i === T).length;
    }
    expect(reports).toBeGreaterThanOrEqual(1);
    expect(reports).toBeLessThanOrEqual(3);
    expect(table.snapshot()[T]?.quality).toBe('good');
  });

  test('heartbeats of points first told together spread over the minute', () => {
    const many = device('many', model(Array.from({ length: 1_000 }, (_, k) => point(`p${k}`))));
    table = new ReportTable([many], () => ++n);
    table.online(many, true, '', at());
    const readings = Array.from({ length: 1_000 }, (_, k) => good(k + 1, 1));
    table.take(many, readings, WALL + mono, mono);
    let most = 0;
    for (let k = 0; k < 60; k++) {
      mono += 1_000;
      table.take(many, readings, WALL + mono, mono);
      most = Math.max(most, all(table.sweep(at())).length);
    }
    expect(most).toBeLessThan(100);
  });
});

describe('silence of a point', () => {
  test('unheard for three intervals it is stale once, and good again with the next reading', () => {
    take(good(T, 20));
    expect(all(sweep(staleFloorMs))).toEqual([]);
    expect(all(sweep(1))).toMatchObject([{ i: T, value: 20, quality: 'stale', reason: 'silent' }]);
    expect(all(sweep(heartbeatMs)).filter((s) => s.i === T)).toEqual([]);
    expect(all(take(good(T, 20)))).toMatchObject([{ value: 20, quality: 'good', reason: '' }]);
  });

  test('a stale point is told again by `fresh` too', () => {
    take(good(T, 20));
    sweep(staleFloorMs + 1);
    expect(all(table.fresh(meter, [T], WALL + mono, mono))).toMatchObject([{ i: T, value: 20, quality: 'good' }]);
    expect(table.fresh(meter, [T], WALL + mono, mono)).toBeUndefined();
  });

  test('a slow poll class is given its own three intervals', () => {
    const slow = device('slow', model([point('x', { poll: 'slow' })]));
    table = new ReportTable([slow], () => ++n);
    table.online(slow, true, '', at());
    table.take(slow, [good(1, 1)], WALL + mono, mono);
    const quality = (ms: number) => {
      sweep(ms);
      return table.snapshot()[1]?.quality;
    };
    expect(quality(180_000)).toBe('good');
    expect(quality(1)).toBe('stale');
  });

  test('a point that is bad stays what it is, and one never read stays never', () => {
    take(good(T, null, { quality: 'bad', reason: 'exception-02' }));
    expect(all(sweep(10 * staleFloorMs)).filter((s) => s.i === T)).toEqual([]);
    expect(table.snapshot()[P]).toMatchObject({ value: null, quality: 'never', reason: 'not-yet-read', n: 0 });
  });
});

describe('a device that is not heard', () => {
  test('is one safety record, whatever it has', () => {
    take(good(T, 1), good(P, 2), good(S, 3));
    const reports = table.online(meter, false, 'timeout', at());
    expect(reports.telemetry).toEqual([]);
    expect(reports.safety).toMatchObject([{ i: ONLINE, value: 0, quality: 'good', reason: 'timeout' }]);
    expect(all(table.online(meter, false, 'timeout', at()))).toEqual([]);
    expect(all(sweep(staleFloorMs * 2))).toEqual([]);
  });

  test('is told again when it is not heard for another reason, and nothing of its points', () => {
    take(good(T, 1));
    table.online(meter, false, 'link-down', at());
    const reports = table.online(meter, false, 'timeout', at());
    expect(all(reports)).toMatchObject([{ i: ONLINE, value: 0, quality: 'good', reason: 'timeout' }]);
    expect(table.snapshot()[T]).toMatchObject({ value: 1, quality: 'stale', reason: 'device-offline' });
  });

  test('its bad readings are not told, its points are stale in the snapshot', () => {
    take(good(T, 1));
    table.online(meter, false, 'timeout', at());
    expect(all(take(good(T, null, { quality: 'bad', reason: 'timeout' })))).toEqual([]);
    expect(table.snapshot()[T]).toMatchObject({ value: 1, quality: 'stale', reason: 'device-offline' });
    expect(table.snapshot()[P]).toMatchObject({ quality: 'never' });
    expect(table.counts()).toEqual({ online: 1, offline: 1 });
  });

  test('heard again, every point is told with its next reading even if unchanged', () => {
    take(good(T, 1), good(P, 2));
    table.online(meter, false, 'timeout', at());
    expect(values(table.online(meter, true, '', at()))).toEqual([1]);
    expect(values(take(good(T, 1)))).toEqual([1]);
    expect(values(take(good(T, 1)))).toEqual([]);
    expect(values(table.fresh(meter, [P], WALL + mono, mono))).toEqual([2]);
  });

  test('its online point has a heartbeat of its own', () => {
    table.online(meter, false, 'timeout', at());
    const beats = Array.from({ length: 130 }, () => all(sweep(1_000)).filter((s) => s.i === ONLINE)).flat();
    expect(beats.length).toBeGreaterThanOrEqual(2);
    expect(beats.every((s) => s.value === 0)).toBe(true);
  });
});

test('after records were given up, everything is told again', () => {
  take(good(T, 1), good(P, 2));
  table.repeatAll();
  expect(values(take(good(T, 1)))).toEqual([1]);
  expect(values(table.fresh(meter, [P], WALL + mono, mono))).toEqual([2]);
  expect(all(sweep(0)).map((s) => s.i)).toContain(ONLINE);
});

test('whatever happens, the last record of each point is its state in the snapshot', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('take' as const),
      on: fc.integer({ min: 1, max: 3 }),
      value: fc.integer({ min: 0, max: 3 }),
    }),
    fc.record({ kind: fc.constant('fresh' as const), on: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const own = new ReportTable([meter], () => ++n);
      own.online(meter, true, '', at());
      const last = new Map<number, Sample>();
      const accepted = new Set<number>();
      for (const s of steps) {
        let out: Reports | undefined;
        if (s.kind === 'take') {
          accepted.add(s.on);
          out = own.take(meter, [good(s.on, s.value)], WALL + mono, mono);
        } else if (s.kind === 'fresh')
          out = accepted.has(s.on) ? own.fresh(meter, [s.on], WALL + mono, mono) : undefined;
        else {
          mono += s.ms;
          out = own.sweep(at());
        }
        for (const sample of all(out)) {
          expect(sample.n).toBeGreaterThan(last.get(sample.i)?.n ?? 0);
          last.set(sample.i, sample);
        }
      }
      const snapshot = own.snapshot();
      for (const [i, sample] of last) expect(snapshot[i]).toEqual(sample);
    }),
  );
});

test('a device of another site is refused', () => {
  expect(() => table.take(device('x', model([])), [], 0, 0)).toThrow(/device x is not of this site/);
});
