// Widths and edges of buckets, time in states, and what the screen gets of them.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBucketsReply, toRawReply, type RecordedSample } from '../../../hub/history/api.ts';
import { bucketStart, planBuckets, TIME_MAX_MS } from '../../../hub/history/buckets.ts';
import { BucketsReply, RawReply } from '../../../hub/history/contract.ts';
import { StateClock } from '../../../hub/history/states.ts';
import { Check } from 'typebox/value';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Midnight in China. */
const MIDNIGHT = Date.UTC(2026, 2, 1, 16);

describe('buckets', () => {
  test.each([
    ['an hour in 60', HOUR_MS, 60, 60_000],
    ['an hour in 59', HOUR_MS, 59, 120_000],
    ['a day in 500', DAY_MS, 500, 300_000],
    ['a week in 100', 7 * DAY_MS, 100, 2 * HOUR_MS],
    ['a year in 12', 365 * DAY_MS, 13, 56 * DAY_MS],
    ['one millisecond in one', 1, 1, 1],
  ])('%s are this wide', (_, length, count, widthMs) => {
    expect(planBuckets({ from: MIDNIGHT, to: MIDNIGHT + length }, count).widthMs).toBe(widthMs);
  });

  test('cover any range with at most the count, on edges that do not move with the range', () => {
    const time = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(
        time,
        fc.integer({ min: 1, max: 400 * DAY_MS }),
        fc.integer({ min: 1, max: 2_000 }),
        (from, length, count) => {
          const to = from + length;
          const plan = planBuckets({ from, to }, count);
          expect(plan.from).toBeLessThanOrEqual(from);
          expect(plan.to).toBeGreaterThanOrEqual(to);
          expect((plan.to - plan.from) / plan.widthMs).toBeLessThanOrEqual(count);
          expect(from - plan.from).toBeLessThan(plan.widthMs);
          expect(plan.to - to).toBeLessThan(plan.widthMs);
          expect(bucketStart(plan.from, plan.widthMs)).toBe(plan.from);
          expect(bucketStart(plan.to, plan.widthMs)).toBe(plan.to);
        },
      ),
    );
  });

  test('a range too long for its count is refused', () => {
    expect(() => planBuckets({ from: 0, to: TIME_MAX_MS }, 1)).toThrow('too long');
  });
});

describe('states', () => {
  const good = (t: number, value: number | string | null): RecordedSample => ({ t, value, quality: 'good' });

  test('a change that happened in a gap is an entry; the first thing known is none', () => {
    const clock = new StateClock({ from: 0, to: 1_000 }, 10, null);
    clock.add(good(100, 0));
    clock.add(good(500, 1));
    clock.add({ t: 505, value: null, quality: 'bad' });
    clock.add(good(700, 1));
    expect(clock.end()).toEqual({
      states: [
        { value: 1, ms: 15, entered: 1 },
        { value: 0, ms: 10, entered: 0 },
      ],
      unknownMs: 975,
    });
  });

  test('several samples at one time leave the last one holding, and each change is counted', () => {
    const clock = new StateClock({ from: 0, to: 100 }, 1_000, good(-5, 0));
    for (const value of [1, 0, 1]) clock.add(good(40, value));
    expect(clock.end()).toEqual({
      states: [
        { value: 1, ms: 60, entered: 2 },
        { value: 0, ms: 40, entered: 1 },
      ],
      unknownMs: 0,
    });
  });

  test('equal times list numbers before texts, each in order', () => {
    const clock = new StateClock({ from: 0, to: 40 }, 10, null);
    for (const [k, value] of ['b', 2, 'a', 1].entries()) clock.add(good(k * 10, value));
    expect(clock.end().states.map((s) => s.value)).toEqual([1, 2, 'a', 'b']);
  });
});

describe('what the screen gets', () => {
  test('fits its contract, with times in ISO 8601', () => {
    const bucket = { t: MIDNIGHT, min: 1, max: 2, mean: 1.5, last: 2, count: 2, notGood: 0 };
    const reply = toBucketsReply({ widthMs: HOUR_MS, from: MIDNIGHT, to: MIDNIGHT + HOUR_MS, buckets: [bucket] });
    expect(reply).toMatchObject({
      from: '2026-03-01T16:00:00.000Z',
      buckets: [{ t: '2026-03-01T16:00:00.000Z', mean: 1.5 }],
    });
    expect(Check(BucketsReply, reply)).toBe(true);
    const sample = { t: MIDNIGHT, value: '困人', quality: 'stale' } as const;
    const raw = toRawReply({ samples: [sample], before: null, next: '1' });
    expect(raw).toEqual({ samples: [{ ...sample, t: '2026-03-01T16:00:00.000Z' }], before: null, next: '1' });
    expect(Check(RawReply, raw)).toBe(true);
  });
});
