// A jump of the wall clock is told once, drift and slow steps are not.
import { expect, test } from 'vitest';
import { CLOCK_JUMP_MS, watchClock } from '../../gateway/clock.ts';

test('only a jump past the limit is told, with its size and sign, and once', () => {
  let wall = 1_000_000;
  let mono = 0;
  const watch = watchClock({ now: () => wall, monotonic: () => mono });
  const after = (wallMs: number, monoMs: number): number => {
    wall += wallMs;
    mono += monoMs;
    return watch.look();
  };
  expect(after(1_000, 1_000)).toBe(0);
  expect(after(1_000 + CLOCK_JUMP_MS, 1_000)).toBe(0);
  expect(after(1_001, 1_000)).toBe(CLOCK_JUMP_MS + 1);
  expect(after(1_000, 1_000)).toBe(0);
  expect(after(-3_600_000, 1_000)).toBe(-3_601_000);
  expect(after(1_000, 1_000)).toBe(0);
});
