// From buckets to lines: held values are joined, gaps stay open, quality breaks the line.
import { describe, expect, test } from 'vitest';
import type { BucketsReply } from '../../../hub/history/contract.ts';
import { HISTORY_LIMITS } from '../../../hub/history/limits.ts';
import { filterDevices } from '../../../dashboard/src/devices/filter.ts';
import { isState, valueText } from '../../../dashboard/src/devices/quality.ts';
import {
  extentOf,
  formatNumber,
  HOLD_MS,
  lonelyOf,
  pathOf,
  scaleOf,
  seriesOf,
} from '../../../dashboard/src/devices/series.ts';
import type { DeviceView } from '../../../hub/equipment/contract.ts';

const T = Date.parse('2026-11-21T00:00:00Z');
const WIDTH = 10_000;
const reply = (
  ...buckets: readonly (readonly [n: number, value: number | null, notGood?: number])[]
): BucketsReply => ({
  widthMs: WIDTH,
  from: new Date(T).toISOString(),
  to: new Date(T + 1_000 * WIDTH).toISOString(),
  buckets: buckets.map(([n, value, notGood = 0]) => ({
    t: new Date(T + n * WIDTH).toISOString(),
    min: value === null ? null : value - 1,
    max: value === null ? null : value + 1,
    mean: value,
    last: value,
    count: value === null ? 0 : 1,
    notGood,
  })),
});

describe('series', () => {
  test('holds as long as the hub says a sample speaks for its point', () => {
    expect(HOLD_MS).toBe(HISTORY_LIMITS.holdMs);
  });
  test('a point that did not change between heartbeats is one line', () => {
    expect(seriesOf(reply([0, 5], [6, 5], [12, 5])).mean).toEqual([5, 5, 5]);
  });
  test('silence beyond the hold is a visible gap', () => {
    expect(seriesOf(reply([0, 5], [30, 5])).mean).toEqual([5, null, 5]);
  });
  test('no line crosses a step of an hour in which nothing came', () => {
    const hours = { ...reply([0, 5], [2, 5]), widthMs: 3_600_000 };
    const at = (n: number): string => new Date(T + n * 3_600_000).toISOString();
    const buckets = hours.buckets.map((b, i) => ({ ...b, t: at(2 * i) }));
    expect(seriesOf({ ...hours, buckets }).mean).toEqual([5, null, 5]);
    expect(seriesOf({ ...hours, buckets: buckets.map((b, i) => ({ ...b, t: at(i) })) }).mean).toEqual([5, 5]);
  });
  test('what stands alone is shown as a dot, for no line reaches it', () => {
    expect(lonelyOf([5, null, 6, 7, null, undefined, 8])).toEqual([0, 6]);
    expect(lonelyOf([null, undefined])).toEqual([]);
  });
  test('an unbelievable sample ends the line', () => {
    expect(seriesOf(reply([0, 5], [1, 6, 1], [2, 5])).mean).toEqual([5, 6, null, 5]);
    expect(seriesOf(reply([0, 5], [1, null, 1], [2, 5])).mean).toEqual([5, null, 5]);
  });
  test('times rise', () => {
    const { t } = seriesOf(reply([0, 5], [1, 6, 1], [2, 5], [40, 1], [41, null, 2], [90, 3]));
    expect(t).toEqual([...t].sort((a, b) => a - b));
    expect(new Set(t).size).toBe(t.length);
  });
  test('extent covers the minima and maxima; of nothing there is none', () => {
    expect(extentOf(seriesOf(reply([0, 5], [1, 9])))).toEqual({ low: 4, high: 10 });
    expect(extentOf(seriesOf(reply()))).toBeNull();
  });
});

describe('small trend', () => {
  test('the scale holds data and band and is never flat', () => {
    const scale = scaleOf({ low: 0.5, high: 0.5 }, undefined);
    expect(scale.high).toBeGreaterThan(scale.low);
    const banded = scaleOf({ low: 0.5, high: 0.6 }, [0.4, 0.95]);
    expect(banded.low).toBeLessThan(0.4);
    expect(banded.high).toBeGreaterThan(0.95);
    expect(scaleOf(null, undefined)).toEqual({ low: 0, high: 1 });
  });
  test('a gap lifts the pen', () => {
    expect(pathOf([0, 50, 60, 100], [0, 1, null, 1], { from: 0, to: 100, low: 0, high: 1 })).toBe(
      'M0.00 100.00L50.00 0.00M100.00 0.00',
    );
  });
});

test('figures with as many decimals as a person can use', () => {
  expect([0.857, 3, 12.345, 1_480.4, -0.5].map(formatNumber)).toEqual(['0.86', '3', '12.3', '1480', '-0.50']);
});

describe('values in words', () => {
  const words = (w: { zh: string; en: string }): string => w.zh;
  const pump = { type: 'enum', enum: { 0: { zh: '停止', en: 'Stopped' } } };
  test('a known code is its word, an unknown one is shown as it is', () => {
    expect(valueText(pump, 0, words)).toBe('停止');
    expect(valueText(pump, 7, words)).toBe('7');
    expect(valueText(pump, null, words)).toBe('—');
  });
  test('states are drawn as steps, quantities as lines', () => {
    expect([isState(pump), isState({ type: 'bool' }), isState({ type: 'float32' })]).toEqual([true, true, false]);
  });
});

describe('list of devices', () => {
  const device = (given: Partial<DeviceView> & { id: string }): DeviceView => ({
    gateway: 'g',
    name: { zh: given.id, en: given.id },
    kind: 'extinguisher',
    profile: 'p',
    vendor: 'v',
    model: 'm',
    evidence: 'A',
    online: true,
    reason: '',
    lastHeard: null,
    points: { all: 1, good: 1, unproved: 0 },
    openAlarms: 0,
    ...given,
  });
  const all = [
    device({ id: 'e10' }),
    device({ id: 'e2', building: 'b1', floor: 3, points: { all: 2, good: 1, unproved: 0 } }),
    device({ id: 'panel', kind: 'fire-panel', points: { all: 1, good: 1, unproved: 1 } }),
    device({ id: 'lost', online: false, openAlarms: 1 }),
  ];
  const ids = (query: Record<string, string>): string[] => filterDevices(all, query, 'zh').map((d) => d.id);

  test('what is offline stands first, then by kind, then by name as people count', () => {
    expect(ids({})).toEqual(['lost', 'panel', 'e2', 'e10']);
  });
  test.each([
    [{ kind: 'fire-panel' }, ['panel']],
    [{ state: 'offline' }, ['lost']],
    [{ state: 'doubt' }, ['lost', 'e2']],
    [{ state: 'unproved' }, ['panel']],
    [{ state: 'alarm' }, ['lost']],
    [{ building: 'b1', floor: '3' }, ['e2']],
    [{ q: 'E1' }, ['e10']],
    [{ q: 'nothing' }, []],
  ])('%o', (query, expected) => {
    expect(ids(query as Record<string, string>)).toEqual(expected);
  });
});
