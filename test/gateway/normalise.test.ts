import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../gateway/drivers/driver.ts';
import { SOURCE_TIME_LIMITS, asHistory, isPlausible, withSourceTime } from '../../gateway/normalise.ts';

const NOW = Date.UTC(2026, 0, 1);
const { aheadMs, behindMs, historyBehindMs } = SOURCE_TIME_LIMITS;
const good: Reading = { point: 1, value: 5, quality: 'good', reason: '' };
const bad: Reading = { point: 2, value: null, quality: 'bad', reason: 'nan' };

describe('isPlausible', () => {
  it.each([
    [0, false, true],
    [aheadMs, false, true],
    [aheadMs + 1, false, false],
    [-behindMs, false, true],
    [-behindMs - 1, false, false],
    [-behindMs - 1, true, true],
    [-historyBehindMs, true, true],
    [-historyBehindMs - 1, true, false],
    [aheadMs + 1, true, false],
    [-NOW, false, false],
  ])('%d ms from now, historical %s: %s', (offset, historical, expected) => {
    expect(isPlausible(NOW + offset, NOW, historical)).toBe(expected);
  });

  it('refuses what is no time at all', () => {
    for (const t of [Number.NaN, Infinity, -Infinity]) expect(isPlausible(t, NOW, true)).toBe(false);
  });
});

describe('withSourceTime', () => {
  it('gives present values the device time in whole milliseconds', () => {
    expect(withSourceTime([good, bad], NOW - 1_000.7, NOW)).toEqual([
      { ...good, sourceTime: NOW - 1_001 },
      { ...bad, sourceTime: NOW - 1_001 },
    ]);
  });

  it('leaves readings alone when the device says no time', () => {
    expect(withSourceTime([good], undefined, NOW)).toEqual([good]);
  });

  it('keeps value and quality when the clock is wrong, says so, and never hides a worse reason', () => {
    expect(withSourceTime([good, bad], 0, NOW)).toEqual([{ ...good, reason: 'source-clock' }, bad]);
  });
});

describe('asHistory', () => {
  it('marks records as historical, with their own time', () => {
    expect(asHistory([good], NOW - 86_400_000, NOW)).toEqual([
      { ...good, sourceTime: NOW - 86_400_000, historical: true },
    ]);
  });

  it('gives nothing for a time that can not be true, so that the caller counts it', () => {
    expect(asHistory([good], NOW + aheadMs + 1, NOW)).toBeUndefined();
    expect(asHistory([good], Number.NaN, NOW)).toBeUndefined();
  });

  it('never lets a late record pass as a present one', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2 * historyBehindMs, max: 2 * aheadMs }), (offset) => {
        expect((asHistory([good], NOW + offset, NOW) ?? []).every((r) => r.historical === true)).toBe(true);
      }),
    );
  });
});
