// The gateway's wall clock: a jump is taken over when it is looked at, told once; small deviations are followed gently.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCK_JUMP_MS, CLOCK_LOOK_MS, CLOCK_SLEW, FollowingClock } from '../../gateway/clock.ts';

const START = 1_000_000_000_000;
const YEARS_56 = 56 * 365 * 86_400_000;

/** A system whose clocks go as told; `look` as the gateway does it, once a second. */
function rig(start = START) {
  let wall = start;
  let mono = 5_000;
  const clock = new FollowingClock({ now: () => Math.trunc(wall), monotonic: () => mono });
  const pass = (ms: number, rate = 1): void => {
    mono += ms;
    wall += ms * rate;
  };
  return {
    clock,
    pass,
    set: (ms: number): void => void (wall += ms),
    system: (): number => wall,
    /** Seconds pass, with a look at the end of each. @returns the jumps that were told */
    seconds: (count: number, rate = 1): number[] => {
      const told: number[] = [];
      for (let s = 0; s < count; s++) {
        pass(CLOCK_LOOK_MS, rate);
        const jump = clock.look();
        if (jump !== 0) told.push(jump);
      }
      return told;
    },
  };
}

describe.each([YEARS_56, -3_600_000, CLOCK_JUMP_MS + 1, -CLOCK_JUMP_MS - 1])('a jump of %d ms', (ms) => {
  test('is not seen by anybody before it is looked at, then at once, and told once', () => {
    const { clock, pass, set, seconds, system } = rig();
    seconds(3);
    const before = clock.now();
    set(ms);
    pass(400);
    expect(clock.now()).toBe(before + 400);
    pass(600);
    expect(clock.look()).toBe(ms);
    expect(clock.now()).toBe(system());
    expect(seconds(100)).toEqual([]);
    expect(clock.now()).toBe(system());
  });
});

test('several jumps are told each, those between two looks as one', () => {
  const { set, seconds } = rig(0);
  set(YEARS_56);
  expect(seconds(1)).toEqual([YEARS_56]);
  set(-3_600_000);
  expect(seconds(1)).toEqual([-3_600_000]);
  set(10_000);
  set(-4_000);
  expect(seconds(1)).toEqual([6_000]);
  set(10_000);
  set(-10_000);
  expect(seconds(60)).toEqual([]);
});

describe('a clock that is a little off', () => {
  test.each([CLOCK_JUMP_MS, 500, -500, -CLOCK_JUMP_MS])('by %d ms is followed within its time, untold', (ms) => {
    const { clock, set, seconds, system } = rig();
    set(ms);
    const needed = Math.ceil(Math.abs(ms) / CLOCK_SLEW / CLOCK_LOOK_MS) + 1;
    expect(seconds(needed - 3)).toEqual([]);
    expect(clock.now()).not.toBe(system());
    expect(seconds(3)).toEqual([]);
    expect(clock.now()).toBe(system());
  });

  test.each([1.0005, 0.9995])('and drifts by a factor of %d never wanders from it', (rate) => {
    const { clock, seconds, system } = rig();
    expect(seconds(86_400, rate)).toEqual([]);
    expect(Math.abs(clock.now() - system())).toBeLessThanOrEqual(2);
  });

  test('is not overshot where nobody looks for long', () => {
    const { clock, set, seconds, pass, system } = rig();
    set(300);
    seconds(1);
    pass(3_600_000);
    expect(clock.now()).toBe(system());
    expect(clock.look()).toBe(0);
  });
});

test('whatever is done to the clock, time less the jumps that were told passes within the slew of monotonic time', () => {
  const steps = fc.array(
    fc.record({
      pass: fc.integer({ min: 0, max: 5_000 }),
      set: fc.oneof(fc.constant(0), fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: -2_000, max: 2_000 })),
      look: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const { clock, pass, set } = rig();
      let jumped = 0;
      let before = clock.now();
      for (const step of all) {
        set(step.set);
        pass(step.pass);
        const now = clock.now() - jumped;
        expect(Math.abs(now - before - step.pass)).toBeLessThanOrEqual(step.pass * CLOCK_SLEW + 2);
        expect(now).toBeGreaterThanOrEqual(before - 1);
        before = now;
        if (step.look) jumped += clock.look();
      }
    }),
  );
});
