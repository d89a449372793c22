// What counts by windows and spans of time say: load, floods, availability.
import { describe, expect, test } from 'vitest';
import { availabilityOf, floodsOf, loadOf, unionOf } from '../../../../hub/read/figures/sums.ts';

const MINUTE = 60_000;
const WIDTH = 10 * MINUTE;
const windows = (counts: readonly number[]) =>
  counts.flatMap((count, window) => (count === 0 ? [] : [{ window, count }]));
const over = (minutes: number) => ({ from: 0, to: minutes * MINUTE, widthMs: WIDTH });

describe('load', () => {
  test('is the number a window over all time that has gone by, quiet windows included', () => {
    expect(loadOf(windows([0, 12, 3]), over(60), 10)).toMatchObject({
      windows: 6,
      average: 2.5,
      peak: { window: 1, count: 12, from: WIDTH, to: 2 * WIDTH },
      floodWindows: 1,
      floodShare: 1 / 6,
    });
  });
  test('counts a window that is not over as the part that it is', () => {
    expect(loadOf(windows([5, 5]), over(15), 10)).toMatchObject({ windows: 2, average: 10 / 1.5 });
  });
  test('of no time at all is no data', () => {
    expect(loadOf([], over(0), 10)).toEqual({
      windows: 0,
      average: null,
      peak: null,
      floodWindows: 0,
      floodShare: null,
    });
  });
  test('of time without alarms is nought, without a peak', () => {
    expect(loadOf([], over(60), 10)).toMatchObject({ average: 0, peak: null, floodShare: 0 });
  });
  test('exactly the limit is no flood', () => {
    expect(loadOf(windows([10]), over(10), 10).floodShare).toBe(0);
  });
});

describe('floods', () => {
  const limits = { above: 10, below: 5 };
  test.each([
    ['one window', [11], [[0, 1, 11]]],
    ['a lull that is not below the end goes on', [20, 5, 11], [[0, 3, 36]]],
    [
      'a window below the end closes it',
      [20, 4, 11],
      [
        [0, 1, 20],
        [2, 3, 11],
      ],
    ],
    [
      'a window without any closes it',
      [20, 0, 11],
      [
        [0, 1, 20],
        [2, 3, 11],
      ],
    ],
    ['what leads up to it is not of it', [9, 11], [[1, 2, 11]]],
    ['none', [10, 10, 10], []],
  ])('%s', (_, counts, expected) => {
    const found = floodsOf(windows(counts), over(counts.length * 10), limits);
    expect(found.map((f) => [f.from / WIDTH, f.to / WIDTH, f.count])).toEqual(expected);
  });
  test('one that still runs ends with the time there is', () => {
    expect(floodsOf(windows([1, 30]), over(14), limits)).toEqual([{ from: WIDTH, to: 14 * MINUTE, count: 30 }]);
  });
});

describe('availability', () => {
  test('counts overlapping silences once, and only within the time that was watched', () => {
    const down = [
      { from: -50, to: 10 },
      { from: 5, to: 20 },
      { from: 90, to: 200 },
    ];
    expect(availabilityOf({ from: 0, to: 100 }, down)).toEqual({ availability: 0.7, downMs: 30, knownMs: 100 });
  });
  test('of no watched time is no data', () => {
    expect(availabilityOf({ from: 100, to: 50 }, [])).toEqual({ availability: null, downMs: 0, knownMs: 0 });
  });
  test('spans that touch are one', () => {
    expect(
      unionOf([
        { from: 5, to: 9 },
        { from: 0, to: 5 },
        { from: 20, to: 20 },
      ]),
    ).toEqual([{ from: 0, to: 9 }]);
  });
});
