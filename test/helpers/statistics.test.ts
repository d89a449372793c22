// Percentiles by nearest rank: a measured value, never one between two.
import { describe, expect, test } from 'vitest';
import { percentile, round } from './statistics.ts';

describe('percentiles', () => {
  const hundred = Array.from({ length: 100 }, (_, k) => 100 - k);

  test('name the value that so many do not exceed', () => {
    expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100]);
    expect(percentile([7, 1, 3], 0.5)).toBe(3);
  });

  test('leave the order of what they are asked about', () => {
    const values = [3, 1, 2];
    percentile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });

  test('of few values are the largest, of none not a number', () => {
    expect(percentile([5, 9], 0.99)).toBe(9);
    expect(percentile([], 0.5)).toBeNaN();
  });

  test('rounding keeps so many decimals', () => {
    expect([round(1.005, 1), round(2 / 3), round(1_499.6, 0)]).toEqual([1, 0.67, 1_500]);
  });
});
