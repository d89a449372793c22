// What the console says comes next, by what is on record and the hub's time.
import { describe, expect, test } from 'vitest';
import { askingOf, isLate, nextOf, stopwatch, yuan } from '../../../dashboard/src/rescue/next.ts';
import { numberOf } from '../../../dashboard/src/rescue/numbers.ts';

const T0 = Date.UTC(2026, 10, 22, 3, 14);
const MINUTE = 60_000;
type View = Parameters<typeof nextOf>[0];
const iso = (minutes: number): string => new Date(T0 + minutes * MINUTE).toISOString();
const MILESTONES = ['answered', 'contractor-called', 'on-site', 'released'] as const;

interface Given {
  readonly reached?: number;
  readonly steps?: readonly string[];
  readonly unanswered?: number;
  readonly lacks?: View['lacks'];
  readonly state?: string;
  readonly recallAt?: number;
}
const view = ({
  reached = 0,
  steps = [],
  unanswered = 0,
  lacks = [],
  state = 'dispatched',
  recallAt,
}: Given): View => ({
  order: {
    state,
    milestones: MILESTONES.map((milestone, i) => ({ milestone, ...(i < reached ? { at: iso(i) } : {}) })),
  } as View['order'],
  clocks: [
    { clock: 'arrive', dueAt: iso(30), ...(reached > 2 ? { doneAt: iso(20) } : {}) },
    ...(recallAt === undefined ? [] : [{ clock: 'recall' as const, dueAt: iso(recallAt) }]),
  ],
  steps: steps.map((step) => ({ step, by: 'u', name: 'u', at: iso(1) })),
  unanswered,
  lacks,
});
const OUT = ['leader', 'condition', 'explained-people'];

describe('[S5] what comes next', () => {
  const rows: [what: string, given: Given, minutes: number, expected: string][] = [
    ['at first the people inside', {}, 0, 'answer'],
    ['again when nobody answered', { unanswered: 1 }, 1, 'answer-again'],
    ['then the maintenance company', { reached: 1 }, 1, 'contractor'],
    ['then a leader', { reached: 2 }, 3, 'leader'],
    ['then to wait', { reached: 2, steps: ['leader'] }, 3, 'arrival'],
    ['a call that is due goes before that', { reached: 2, recallAt: 5 }, 5, 'recall'],
    ['not a moment earlier', { reached: 2, recallAt: 5 }, 4.99, 'leader'],
    ['a company that is late', { reached: 2, steps: ['leader'] }, 30, 'late'],
    ['the rescue once they are there', { reached: 3 }, 31, 'release'],
    ['the people go before the rescue', { reached: 3, recallAt: 30 }, 31, 'recall'],
    ['after the release how they are', { reached: 4, recallAt: 5 }, 40, 'condition'],
    ['the explanation', { reached: 4, steps: ['condition'] }, 40, 'explained-people'],
    ['the state of the lift', { reached: 4, steps: OUT, lacks: ['service-state', 'finish', 'verify'] }, 40, 'service'],
    ['an inspection', { reached: 4, steps: OUT, lacks: ['inspection', 'finish', 'verify'] }, 40, 'inspection'],
    ['the result', { reached: 4, steps: OUT, lacks: ['finish', 'verify'] }, 40, 'finish'],
    ['the verification', { reached: 4, steps: OUT, lacks: ['verify'] }, 40, 'verify'],
    ['the closing', { reached: 4, steps: OUT }, 40, 'close'],
    ['the cause after it', { reached: 4, steps: OUT, state: 'closed' }, 40, 'cause'],
    ['the owners', { reached: 4, steps: [...OUT, 'cause'], state: 'closed' }, 40, 'explained-owners'],
    ['nothing', { reached: 4, steps: [...OUT, 'cause', 'explained-owners'], state: 'closed' }, 40, 'over'],
    ['nothing of what was cancelled', { state: 'cancelled' }, 40, 'over'],
  ];
  test.each(rows)('%s', (_, given, minutes, expected) =>
    expect(nextOf(view(given), T0 + minutes * MINUTE)).toBe(expected),
  );

  test('opens the question that fits, or none', () => {
    expect(askingOf('recall')).toEqual({ ask: 'call', party: 'inside' });
    expect(askingOf('late')).toEqual({ ask: 'call', party: 'centre' });
    expect(askingOf('inspection')).toEqual({ ask: 'step', step: 'inspection' });
    expect(askingOf('service')).toEqual({ ask: 'service' });
    expect(askingOf('verify')).toBeNull();
  });
});

test('a clock is late when it has run out or was told so, and not once it was met', () => {
  expect(isLate(undefined, T0)).toBe(false);
  expect(isLate({ clock: 'arrive', dueAt: iso(1) }, T0)).toBe(false);
  expect(isLate({ clock: 'arrive', dueAt: iso(1) }, T0 + MINUTE)).toBe(true);
  expect(isLate({ clock: 'arrive', dueAt: iso(9), breachedAt: iso(0) }, T0)).toBe(true);
  expect(isLate({ clock: 'arrive', dueAt: iso(1), doneAt: iso(0) }, T0 + 9 * MINUTE)).toBe(false);
});

test.each([
  [0, '0.00'],
  [5, '0.05'],
  [100_000, '1,000.00'],
  [123_456_789, '1,234,567.89'],
])('%i fen are %s yuan', (fen, expected) => expect(yuan(fen)).toBe(expected));

test.each([
  [-5, '0:00'],
  [65_999, '1:05'],
  [3_600_000, '1:00:00'],
])('%i ms are %s', (ms, expected) => expect(stopwatch(ms)).toBe(expected));

test('the number to dial is the contract’s or the rule’s, else none', () => {
  const numbers = { fire: '119', ambulance: '120', centre: '96333' };
  const contract = { id: 'c', company: { zh: 'c', en: 'c' }, phone: '400' };
  expect(numberOf({ contract, numbers }, 'contractor')).toBe('400');
  expect(numberOf({ contract: null, numbers }, 'contractor')).toBeNull();
  expect(numberOf({ contract, numbers }, 'centre')).toBe('96333');
  expect(numberOf({ contract, numbers }, 'inside')).toBeNull();
});
