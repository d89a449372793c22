// What the clock of a transmission device is worth: how its offset becomes known, which of its times are believed, and
// when it is set. Times are supplied.
import { describe, expect, test } from 'vitest';
import { DeviceClock } from '../../../gateway/gb26875/device-clock.ts';
import { GB26875_LIMITS } from '../../../gateway/gb26875/limits.ts';

const NOON = Date.UTC(2026, 10, 22, 4);
const MINUTE = 60_000;
const SLOW = -25 * MINUTE;
const rule = { offBeyondS: 5, everyMinutes: 60 };

function connected(now = NOON): DeviceClock {
  const clock = new DeviceClock(rule, GB26875_LIMITS);
  clock.connected(now);
  return clock;
}

describe('the offset of a device clock', () => {
  test('comes from an answer whose way was short, and not from one that took long', () => {
    const clock = connected();
    clock.answered(NOON + SLOW, NOON, 3_000);
    expect([clock.offset, clock.state]).toEqual([undefined, 'unknown']);
    clock.answered(NOON + SLOW, NOON, 1_000);
    expect([clock.offset, clock.state]).toEqual([SLOW + 500, 'off']);
  });

  test('comes from two heartbeats that agree, and not from one that the line held back', () => {
    const clock = connected();
    clock.beat(NOON - 40_000, NOON);
    clock.beat(NOON + 20_000, NOON + 20_000);
    expect(clock.offset).toBeUndefined();
    clock.beat(NOON + 40_000, NOON + 40_500);
    expect([clock.offset, clock.state]).toEqual([-500, 'right']);
  });
});

describe('the times of a message', () => {
  test('of a device whose clock is right are taken as they are', () => {
    const clock = connected();
    expect(clock.correction(NOON - 2_000, NOON)).toBe(0);
    clock.answered(NOON, NOON, 0);
    expect(clock.correction(NOON - 2_000, NOON)).toBe(0);
  });

  test('of a clock known to be slow are put right by what it is slow', () => {
    const clock = connected();
    clock.answered(NOON + SLOW, NOON, 0);
    expect(clock.correction(NOON + SLOW + 1_000, NOON + 2_000)).toBe(SLOW);
  });

  test('are not believed while nothing is known of a clock that is not as ours', () => {
    expect(connected().correction(NOON + SLOW, NOON)).toBeUndefined();
    expect(connected().correction(undefined, NOON)).toBeUndefined();
  });

  test('that waited for a new line are believed; on a line that stood they were not waiting', () => {
    const clock = connected();
    clock.answered(NOON, NOON, 0);
    expect(clock.correction(NOON - 20 * MINUTE, NOON + MINUTE)).toBe(0);
    expect(clock.correction(NOON + MINUTE, NOON + 4 * MINUTE)).toBeUndefined();
    expect(clock.correction(NOON - 20 * MINUTE, NOON + 30 * MINUTE)).toBeUndefined();
  });

  test('from a clock that suddenly runs ahead are not believed', () => {
    const clock = connected();
    clock.answered(NOON, NOON, 0);
    expect(clock.correction(NOON + 10 * MINUTE, NOON + MINUTE)).toBeUndefined();
  });

  test('made before the clock was set are put right by what it was slow then', () => {
    const clock = connected();
    clock.answered(NOON + SLOW, NOON, 0);
    clock.settled(true);
    expect(clock.correction(NOON + SLOW, NOON + 1_000)).toBe(SLOW);
    clock.answered(NOON + 2_000, NOON + 2_000, 0);
    expect(clock.correction(NOON + 3_000, NOON + 3_000)).toBe(0);
    expect(clock.correction(NOON + SLOW, NOON + 4_000)).toBe(SLOW);
  });
});

describe('a device clock is to be set', () => {
  test('when it is off by more than the rule has it, at most so often', () => {
    const clock = connected();
    clock.answered(NOON + 5_000, NOON, 0);
    expect(clock.due(0)).toBe(false);
    clock.answered(NOON + 6_000, NOON, 0);
    expect(clock.due(0)).toBe(true);
    clock.sent(0);
    expect(clock.due(59 * MINUTE)).toBe(false);
    expect(clock.due(60 * MINUTE)).toBe(true);
  });

  test('never where the profile has no rule for it', () => {
    const clock = new DeviceClock(undefined, GB26875_LIMITS);
    clock.answered(NOON + SLOW, NOON, 0);
    expect([clock.state, clock.due(Infinity)]).toEqual(['off', false]);
  });

  test('no more after it refused, until it is right by itself', () => {
    const clock = connected();
    clock.answered(NOON + SLOW, NOON, 0);
    clock.settled(false);
    expect([clock.leftAlone, clock.due(Infinity)]).toEqual([true, false]);
    clock.answered(NOON, NOON, 0);
    clock.answered(NOON + SLOW, NOON, 0);
    expect([clock.leftAlone, clock.due(Infinity)]).toEqual([false, true]);
  });

  test('no more when it said that it was set and is wrong all the same', () => {
    const clock = connected();
    clock.answered(NOON + SLOW, NOON, 0);
    clock.settled(true);
    expect(clock.leftAlone).toBe(false);
    clock.answered(NOON + SLOW, NOON, 0);
    expect(clock.leftAlone).toBe(true);
  });
});
