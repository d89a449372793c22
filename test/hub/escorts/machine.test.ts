import { describe, expect, test } from 'vitest';
import {
  ESCORT_ACTS,
  ESCORT_STATES,
  RESERVATION_STATES,
  type EscortAct,
  type EscortState,
} from '../../../hub/escorts/contract.ts';
import { clash, overlap, stepEscort, stepReservation, type LiftStanding } from '../../../hub/escorts/machine.ts';

const NO: LiftStanding = { asked: false, held: false, released: false };
const ASKED: LiftStanding = { ...NO, asked: true };
const HELD: LiftStanding = { ...ASKED, held: true };
const BACK: LiftStanding = { ...HELD, released: true };
const BEHIND = 'already-done';

/** Where an act leads without a lift, by state. */
const MOVES: Readonly<Record<EscortState, Partial<Record<EscortAct, string>>>> = {
  called: {
    'gate-ready': 'gate-ready',
    'at-gate': 'at-gate',
    'at-building': 'at-building',
    left: 'left',
    cancel: 'cancelled',
  },
  'gate-ready': {
    'gate-ready': BEHIND,
    'at-gate': 'at-gate',
    'at-building': 'at-building',
    left: 'left',
    cancel: 'cancelled',
  },
  'at-gate': {
    'gate-ready': BEHIND,
    'at-gate': BEHIND,
    'at-building': 'at-building',
    left: 'left',
    cancel: 'cancelled',
  },
  'at-building': { 'gate-ready': BEHIND, 'at-gate': BEHIND, 'at-building': BEHIND, left: 'left', cancel: 'cancelled' },
  left: {},
  cancelled: {},
};
const over = (state: EscortState): boolean => state === 'left' || state === 'cancelled';
const expected = (state: EscortState, act: EscortAct): string => {
  if (act === 'release-lift' || (act === 'hold-lift' && !over(state))) return 'wrong-state';
  if (act === 'ask-lift' && !over(state)) return state;
  return MOVES[state][act] ?? BEHIND;
};
const EVERY = ESCORT_STATES.flatMap((state) => ESCORT_ACTS.map((act) => [state, act, expected(state, act)] as const));

describe('[S8] an escort', () => {
  test.each(EVERY)('%s, %s → %s', (state, act, to) => {
    const done = stepEscort({ state, lift: NO }, act, 'why');
    expect(done.ok ? done.value.state : done.code).toBe(to);
  });

  test('is not cancelled without a reason', () => {
    expect(stepEscort({ state: 'called', lift: NO }, 'cancel', ' ')).toMatchObject({ code: 'note-required' });
  });
});

describe('[S8] the lift that a person holds', () => {
  test.each<[string, EscortState, LiftStanding, EscortAct, LiftStanding | string]>([
    ['is asked for', 'called', NO, 'ask-lift', ASKED],
    ['is not asked for twice', 'called', ASKED, 'ask-lift', 'wrong-state'],
    ['is asked for again after it was given back', 'at-building', BACK, 'ask-lift', ASKED],
    ['is held once asked for', 'at-gate', ASKED, 'hold-lift', HELD],
    ['is not held twice', 'at-gate', HELD, 'hold-lift', 'wrong-state'],
    ['is given back', 'at-building', HELD, 'release-lift', BACK],
    ['is given back after they left', 'left', HELD, 'release-lift', BACK],
    ['is given back though nobody came to hold it', 'left', ASKED, 'release-lift', { ...ASKED, released: true }],
    ['is not given back twice', 'left', BACK, 'release-lift', 'wrong-state'],
    ['is not asked for when they are gone', 'left', NO, 'ask-lift', 'already-done'],
  ])('%s', (_, state, lift, act, to) => {
    const done = stepEscort({ state, lift }, act);
    expect(done.ok ? done.value.lift : done.code).toEqual(to);
  });
});

const RESERVED: Readonly<Record<string, string>> = {
  'reserved begin': 'active',
  'reserved end': 'released',
  'reserved post': 'reserved',
  'reserved cancel': 'cancelled',
  'active end': 'released',
  'active post': 'active',
  'active release': 'released',
};
const TURNS = RESERVATION_STATES.flatMap((state) =>
  (['begin', 'end', 'post', 'release', 'cancel'] as const).map(
    (event) => [state, event, RESERVED[`${state} ${event}`] ?? 'wrong-state'] as const,
  ),
);
test.each(TURNS)('[S8] a lift that is %s: %s → %s', (state, event, to) => {
  const done = stepReservation(state, event);
  expect(done.ok ? done.value : done.code).toBe(to);
});

test('[S8] no two reservations of a lift at once, and a lift stays for everybody', () => {
  const other = { device: 'a', from: 10, until: 20 };
  const of = (device: string, from: number, until: number, lifts = 3): string => {
    const done = clash({ device, from, until }, [other], { lifts, leave: 1 });
    return done.ok ? 'ok' : done.code;
  };
  expect(of('a', 19, 30)).toBe('conflict');
  expect(of('a', 20, 30)).toBe('ok');
  expect(of('b', 15, 30)).toBe('ok');
  expect(of('b', 15, 30, 2)).toBe('out-of-range');
  expect(of('a', 20, 30, 1)).toBe('ok');
  expect(overlap({ from: 0, until: 1 }, { from: 1, until: 2 })).toBe(false);
});
