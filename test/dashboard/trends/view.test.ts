// What a view of trends is: the address and back, zoom and pan within bounds, panels by unit, read-out with gaps as gaps.
import { describe, expect, test } from 'vitest';
import type { BucketsReply } from '../../../hub/history/contract.ts';
import { barAt, barsOf } from '../../../dashboard/src/trends/bars.ts';
import {
  added,
  badOf,
  dataFrom,
  panelsOf,
  panned,
  queryOf,
  readOut,
  TREND_LIMITS,
  viewOf,
  zoomed,
} from '../../../dashboard/src/trends/view.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
const MINUTE = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const query = (view: Parameters<typeof queryOf>[0]): Record<string, string> =>
  Object.fromEntries(Object.entries(queryOf(view)).map(([k, v]) => [k, v ?? '']));

describe('the address of a view', () => {
  test.each([
    { points: [{ device: 'gw.a', point: 'p' }], time: { range: 'd7' } },
    {
      points: [
        { device: 'gw.a', point: 'p.1' },
        { device: 'gw.b', point: 'q' },
      ],
      time: { from: NOW - 5 * MINUTE, to: NOW },
    },
  ] as const)('says all of it: %o', (view) => {
    expect(viewOf(query(view))).toEqual(view);
  });
  test('that means nothing is the last hour of nothing', () => {
    expect(viewOf({ p: 'gw.a,~,x~', range: 'fortnight', from: 'x' })).toEqual({ points: [], time: { range: 'h1' } });
  });
  test('names a point once, and no more than the maximum', () => {
    const p = Array.from({ length: 12 }, (_, i) => `gw.a~p${i % 10}`).join(',');
    expect(viewOf({ p }).points).toHaveLength(TREND_LIMITS.pointsMax);
    expect(added([{ device: 'd', point: 'p' }], { device: 'd', point: 'p' })).toHaveLength(1);
  });
  test('of a stretch that is too long or ends before it begins follows the present instead', () => {
    expect(viewOf({ from: iso(NOW), to: iso(NOW - 1) }).time).toEqual({ range: 'h1' });
    expect(viewOf({ from: iso(0), to: iso(NOW) }).time).toEqual({ range: 'h1' });
  });
});

describe('zoom and pan', () => {
  const hour = { from: NOW - 60 * MINUTE, to: NOW };
  test('what the pointer is on stays where it is', () => {
    const at = NOW - 45 * MINUTE;
    expect(zoomed(hour, 0.5, at, NOW)).toEqual({ from: NOW - 52.5 * MINUTE, to: NOW - 22.5 * MINUTE });
  });
  test('zoom stops at the shortest and the longest stretch', () => {
    const least = zoomed(hour, 1e-9, NOW - 30 * MINUTE, NOW);
    expect(least.to - least.from).toBe(TREND_LIMITS.spanMinMs);
    const most = zoomed(hour, 1e9, NOW, NOW);
    expect(most.to - most.from).toBe(TREND_LIMITS.spanMaxMs);
  });
  test('nothing reaches into the future', () => {
    expect(panned(hour, 0.5, NOW)).toEqual(hour);
    expect(zoomed(hour, 2, NOW - 30 * MINUTE, NOW).to).toBeLessThanOrEqual(NOW);
    expect(panned(hour, -0.5, NOW)).toEqual({ from: NOW - 90 * MINUTE, to: NOW - 30 * MINUTE });
  });
});

test('each unit has one panel, shared by its points', () => {
  const lines = ['MPa', 'm', 'MPa', ''].map((unit, index) => ({ unit, index }));
  expect(panelsOf(lines).map((p) => [p.unit, p.lines.map((l) => l.index)])).toEqual([
    ['MPa', [0, 2]],
    ['m', [1]],
    ['', [3]],
  ]);
});

const bucket = (minute: number, mean: number | null, notGood = 0): BucketsReply['buckets'][number] => ({
  t: iso(NOW + minute * MINUTE),
  min: mean === null ? null : mean - 1,
  max: mean === null ? null : mean + 1,
  mean,
  last: mean,
  count: mean === null ? 0 : 1,
  notGood,
});
const reply: BucketsReply = {
  widthMs: MINUTE,
  from: iso(NOW),
  to: iso(NOW + 60 * MINUTE),
  buckets: [bucket(0, 5), bucket(1, 6), bucket(10, null, 2), bucket(11, null, 1), bucket(20, 7, 1)],
};

describe('the read-out', () => {
  test.each([
    ['before anything', -1, null],
    ['in a stretch', 0.5, 5],
    ['while the last report still holds', 3, 6],
    ['when nobody has reported for too long', 6, null],
    ['where it is not to be believed', 10.5, null],
    ['within a stretch that has both', 20.5, 7],
    ['after one that ended not to be believed', 21.5, null],
  ])('%s', (_, minute, mean) => {
    expect(readOut(reply, NOW + minute * MINUTE)?.mean ?? null).toBe(mean);
  });
});

test('what is not to be believed is one stretch where it goes on', () => {
  expect(badOf(reply).map((s) => [(s.from - NOW) / MINUTE, (s.to - NOW) / MINUTE])).toEqual([
    [10, 12],
    [20, 21],
  ]);
});

describe('since when there is data', () => {
  test('is said when it is later than the beginning', () => {
    const stretch = { from: NOW - 60 * MINUTE, to: NOW + 60 * MINUTE };
    expect(dataFrom([reply], stretch)).toBe(NOW);
    expect(dataFrom([reply], { ...stretch, from: NOW - 2 * MINUTE })).toBeNull();
    expect(dataFrom([{ ...reply, buckets: [] }], stretch)).toBeNull();
  });
});

describe('states as bars', () => {
  const state = (minute: number, low: number | null, high: number | null, last: number | null, notGood = 0) => ({
    ...bucket(minute, low, notGood),
    min: low,
    max: high,
    last,
  });
  const bars = (asOf: number, ...buckets: ReturnType<typeof state>[]) =>
    barsOf({ widthMs: MINUTE, buckets }, NOW + asOf * MINUTE).map((b) => [
      (b.from - NOW) / MINUTE,
      (b.to - NOW) / MINUTE,
      b.state,
      b.doubt,
    ]);
  test('join what goes on, hold as long as a report speaks, and leave silence open', () => {
    expect(bars(60, state(0, 1, 1, 1), state(2, 1, 1, 1), state(20, 0, 0, 0))).toEqual([
      [0, 6, 1, false],
      [20, 24, 0, false],
    ]);
  });
  test('say that several followed each other, and go on with the last', () => {
    expect(bars(60, state(0, 0, 1, 1), state(1, 0, 0, 0))).toEqual([
      [0, 1, null, false],
      [1, 5, 0, false],
    ]);
  });
  test('mark what is partly not to be believed and do not carry it on', () => {
    expect(bars(60, state(0, 1, 1, 1, 2), state(3, null, null, null, 1))).toEqual([[0, 1, 1, true]]);
  });
  test('end at the present', () => {
    expect(bars(0.5, state(0, 1, 1, 1))).toEqual([[0, 0.5, 1, false]]);
  });
  test('are found by the instant', () => {
    const all = barsOf({ widthMs: MINUTE, buckets: [state(0, 1, 1, 1)] }, NOW + 60 * MINUTE);
    expect(barAt(all, NOW + 2 * MINUTE)?.state).toBe(1);
    expect(barAt(all, NOW + 5 * MINUTE)).toBeNull();
  });
});
