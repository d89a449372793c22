import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lacksNote, unusual, type DutyForm } from '../../../hub/duty/form.ts';
import {
  daysUntil,
  isReleased,
  isRested,
  mayTakeOver,
  randomMoments,
  thinSpans,
  warningOf,
  type Candidate,
} from '../../../hub/duty/watch.ts';
import { HOUR, MINUTE, NOON } from '../t2-site.ts';
import { quietForm } from './form.ts';

const DAY = 24 * HOUR;
const SHIFT = { id: 's1', from: NOON, to: NOON + 8 * HOUR };
const someone = (more: Partial<Candidate> = {}): Candidate => ({
  now: NOON,
  shifts: [SHIFT],
  certifiedUntil: NOON + DAY,
  present: false,
  lastEnd: undefined,
  ...more,
});
const TIMES = { takeOverEarlyMinutes: 30, restHoursMin: 0 };

describe('[F1] who may take over', () => {
  test.each<[string, Partial<Candidate>, Partial<typeof TIMES>, string]>([
    ['at the first moment of the shift', {}, {}, 'ok'],
    ['half an hour before it, for the relief that is early', { now: NOON - 30 * MINUTE }, {}, 'ok'],
    ['not a moment earlier', { now: NOON - 30 * MINUTE - 1 }, {}, 'not-rostered'],
    ['not at its last moment', { now: NOON + 8 * HOUR, certifiedUntil: NOON + 2 * DAY }, {}, 'not-rostered'],
    ['not without a shift', { shifts: [] }, {}, 'not-rostered'],
    ['not without a certificate', { certifiedUntil: undefined }, {}, 'no-certificate'],
    ['not at the moment a certificate ends', { certifiedUntil: NOON }, {}, 'no-certificate'],
    ['up to a moment before a certificate ends', { certifiedUntil: NOON + 1 }, {}, 'ok'],
    ['not twice', { present: true }, {}, 'already-done'],
    ['not tired, where the site asks for rest', { lastEnd: NOON - HOUR }, { restHoursMin: 8 }, 'too-little-rest'],
    ['rested', { lastEnd: NOON - 8 * HOUR }, { restHoursMin: 8 }, 'ok'],
    ['straight on, where it does not', { lastEnd: NOON }, {}, 'ok'],
  ])('%s', (_, who, times, expected) => {
    const may = mayTakeOver(someone(who), { ...TIMES, ...times });
    expect(may.ok ? 'ok' : may.code).toBe(expected);
  });
});

describe('[F1] who leaves is free', () => {
  test.each<[string, string[], string[], number, boolean]>([
    ['when two came for two', ['a', 'b', 'c', 'd'], ['a', 'b'], 2, true],
    ['not when one came for two', ['a', 'b', 'c'], ['a', 'b'], 2, false],
    ['one of two, when one came', ['a', 'b', 'c'], ['a'], 2, true],
    ['not when only the colleague who stays has signed', ['a', 'b'], ['a'], 2, false],
    ['alone before, when one came', ['a', 'c'], ['a'], 1, true],
    ['never into an empty room', ['a'], ['a'], 1, false],
    ['never into an empty room, whoever was there', ['a'], ['a'], 0, false],
  ])('%s', (_, present, leaving, before, expected) => {
    expect(isReleased(present, leaving, before, 2)).toBe(expected);
  });
});

test('rest between two planned shifts is asked for both before and after', () => {
  const other = [{ from: NOON + 16 * HOUR, to: NOON + 24 * HOUR }];
  expect(isRested({ from: NOON, to: NOON + 8 * HOUR }, other, 8)).toBe(true);
  expect(isRested({ from: NOON, to: NOON + 8 * HOUR + 1 }, other, 8)).toBe(false);
  expect(isRested({ from: NOON + 31 * HOUR, to: NOON + 33 * HOUR }, other, 8)).toBe(false);
});

test('random roll calls lie within the shift, in order, one in each of its parts', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 8 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (n, hours, r) => {
        const moments = randomMoments({ from: NOON, to: NOON + hours * HOUR }, n, () => r);
        expect(moments).toHaveLength(n);
        expect(moments.toSorted((a, b) => a - b)).toEqual(moments);
        for (const at of moments) {
          expect(at).toBeGreaterThanOrEqual(NOON + 10 * MINUTE);
          expect(at).toBeLessThanOrEqual(NOON + hours * HOUR - 10 * MINUTE);
        }
      },
    ),
  );
  expect(randomMoments({ from: NOON, to: NOON + 15 * MINUTE }, 3, () => 0)).toEqual([]);
});

test.each([
  [91, undefined, 1],
  [90, 90, 60],
  [31, 90, 1],
  [30, 30, 23],
  [7, 7, undefined],
  [1, 7, undefined],
  [0, undefined, undefined],
])(
  '[F1] a certificate %i days before its end is warned of as %s, and looked at again in %s days',
  (left, days, next) => {
    const warning = warningOf(NOON + left * DAY, [90, 30, 7], NOON);
    expect(warning).toEqual({ days, nextAt: next === undefined ? undefined : NOON + next * DAY });
    expect(daysUntil(NOON + left * DAY, NOON)).toBe(left);
  },
);

test('a week shows when fewer are planned than must be, neighbours joined', () => {
  const at = (h: number): number => NOON + h * HOUR;
  const shifts = [
    { from: at(0), to: at(8), people: ['a', 'b'] },
    { from: at(8), to: at(16), people: ['c'] },
    { from: at(12), to: at(16), people: ['c', 'd'] },
    { from: at(20), to: at(24), people: ['a', 'b'] },
  ];
  expect(thinSpans({ from: at(0), to: at(24) }, shifts, 2)).toEqual([
    { from: at(8), to: at(12), people: 1 },
    { from: at(16), to: at(20), people: 0 },
  ]);
});

describe('the duty form', () => {
  const quiet = quietForm();
  test.each<[string, DutyForm, string[]]>([
    ['nothing', quiet, []],
    ['the control unit', { ...quiet, panel: 'fault' }, ['panel']],
    ['linkage in manual', { ...quiet, control: 'manual' }, ['control']],
    ['a fire', { ...quiet, counts: { ...quiet.counts, fire: 1 } }, ['fire']],
    ['a battery', { ...quiet, checks: { ...quiet.checks, battery: 'fault' } }, ['battery']],
    [
      'a pump left in manual',
      { ...quiet, systems: { ...quiet.systems, hydrant: { mode: 'manual', state: 'normal' } } },
      ['hydrant'],
    ],
  ])('[F1] asks for a note on %s that is not as it should be', (_, form, expected) => {
    expect(unusual(form)).toEqual(expected);
    expect(lacksNote(form)).toBe(expected.length > 0);
    expect(lacksNote({ ...form, note: '已处理' })).toBe(false);
  });
});
