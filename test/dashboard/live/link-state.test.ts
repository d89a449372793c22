// A frozen screen declares itself: ages, states, two clocks.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beatAge, LINK_LIMITS, linkState, nextOffsets } from '../../../dashboard/src/live/link-state.ts';
import { decodeValues, type LiveSample } from '../../../dashboard/src/live/values.ts';
import { WANT_LIMITS, Wants } from '../../../dashboard/src/live/wants.ts';

describe('[S2] state of the link', () => {
  test.each([
    [0, true, 'live'],
    [3_000, true, 'live'],
    [3_001, true, 'late'],
    [5_000, true, 'late'],
    [5_001, true, 'dead'],
    [0, false, 'starting'],
    [5_000, false, 'starting'],
    [5_001, false, 'dead'],
  ] as const)('%i ms after the last beat (heard: %s) it is %s', (age, heard, state) => {
    expect(linkState(age, heard)).toBe(state);
  });

  test('is looked at often enough for the overlay to stand within 6 s', () => {
    expect(LINK_LIMITS.deadMs + LINK_LIMITS.lookEveryMs).toBeLessThanOrEqual(6_000);
  });
});

test('after sleep the larger of two clocks is believed', () => {
  expect(beatAge({ mono: 0, wall: 0 }, { mono: 10, wall: 60_000 })).toBe(60_000);
  expect(beatAge({ mono: 0, wall: 0 }, { mono: 4_000, wall: -900_000 })).toBe(4_000);
  expect(beatAge({ mono: 5, wall: 5 }, { mono: 4, wall: 4 })).toBe(0);
});

describe('offset to the hub’s clock', () => {
  test('the least delayed of the recent beats counts, and only the recent ones are kept', () => {
    let offsets: readonly number[] = [];
    for (const offset of [-80, -5, -300]) offsets = nextOffsets(offsets, offset);
    expect(Math.max(...offsets)).toBe(-5);
    for (let n = 0; n < 20; n++) offsets = nextOffsets(offsets, -90);
    expect(offsets.length).toBeLessThanOrEqual(10);
    expect(Math.max(...offsets)).toBe(-90);
  });

  test('a clock that was set is followed at once', () => {
    expect(nextOffsets([-10, -12], 3_600_000)).toEqual([3_600_000]);
  });
});

describe('values', () => {
  test('four entries a point, latest wins, an unknown quality is bad', () => {
    const into = new Map<number, LiveSample>();
    decodeValues([1, 0.5, 0, 100, 2, 'x', 9, 200, 1, null, 3, 300], into);
    expect(into.get(1)).toEqual({ value: null, quality: 'never', time: 300 });
    expect(into.get(2)).toEqual({ value: 'x', quality: 'bad', time: 200 });
  });

  test('whatever comes, nothing throws and nothing is made good', () => {
    const entry = fc.oneof(fc.double(), fc.string(), fc.constant(null));
    fc.assert(
      fc.property(fc.array(entry), (frame) => {
        const into = new Map<number, LiveSample>();
        decodeValues(frame, into);
        for (const [num, sample] of into) {
          expect(typeof num).toBe('number');
          expect(sample.quality !== 'good' || frame.some((x) => Number(x) === 0)).toBe(true);
        }
      }),
    );
  });
});

describe('wants', () => {
  test('the hub is asked for the union, and less again when a view goes', () => {
    let asked = 0;
    const wants = new Wants(() => (asked += 1));
    const end = wants.add({ devices: ['a', 'b'] });
    wants.add({ devices: ['b'], overview: true });
    expect(wants.union()).toEqual({ devices: ['a', 'b'], overview: true });
    end();
    end();
    expect(wants.union()).toEqual({ devices: ['b'], overview: true });
    expect(asked).toBe(3);
  });

  test('never asks for more devices than the limit', () => {
    const wants = new Wants(() => undefined);
    wants.add({ devices: Array.from({ length: 300 }, (_, i) => `d${i}`) });
    expect(wants.union().devices).toHaveLength(WANT_LIMITS.devicesMax);
  });
});
