import { describe, expect, test } from 'vitest';
import { DRILL_RULE, monthsOf } from '../../../hub/plans/norms.ts';
import {
  DRILL_STATES,
  drillDueAt,
  STEP_ACTS,
  STEP_STATES,
  stepDrill,
  stepStep,
  turnOf,
  type StepState,
} from '../../../hub/plans/steps.ts';

const LEADS = { take: 'taken', done: 'done', skip: 'skipped' } as const;
const finished = (state: StepState): boolean => state === 'done' || state === 'skipped';
const EVERY = STEP_STATES.flatMap((state) =>
  STEP_ACTS.map((act) => [state, act, finished(state) ? 'already-done' : LEADS[act]] as const),
);
describe('[W9] a step of a plan that is run', () => {
  test.each(EVERY)('%s, %s → %s', (state, act, expected) => {
    const done = stepStep(state, act, 'why');
    expect(done.ok ? done.value : done.code).toBe(expected);
  });

  test('is not skipped without a reason', () => {
    expect(stepStep('open', 'skip', ' ')).toMatchObject({ ok: false, code: 'note-required' });
  });

  test.each<[string, StepState[], string[]]>([
    ['the first order at once', ['waiting', 'waiting', 'waiting'], ['a', 'b']],
    ['nobody while one of it is not finished', ['done', 'taken', 'waiting'], []],
    ['the next when all of it are', ['done', 'skipped', 'waiting'], ['c']],
    ['the rest of the first when the last was done early', ['waiting', 'open', 'done'], ['a']],
    ['nobody at the end', ['done', 'done', 'skipped'], []],
  ])('turn of %s', (_, states, expected) => {
    const orders = [1, 1, 2];
    const steps = ['a', 'b', 'c'].map((id, i) => ({ id, order: orders[i] ?? 0, state: states[i] ?? 'waiting' }));
    expect(turnOf(steps)).toEqual(expected);
  });
});

const DRILLS: Readonly<Record<string, string>> = {
  'planned announce': 'announced',
  'planned cancel': 'cancelled',
  'announced start': 'running',
  'announced cancel': 'cancelled',
  'running end': 'done',
};
const TURNS = DRILL_STATES.flatMap((state) =>
  (['announce', 'start', 'end', 'cancel'] as const).map(
    (event) => [state, event, DRILLS[`${state} ${event}`] ?? 'wrong-state'] as const,
  ),
);
test.each(TURNS)('[W9] a drill that is %s: %s → %s', (state, event, expected) => {
  const done = stepDrill(state, event);
  expect(done.ok ? done.value : done.code).toBe(expected);
});

test.each([
  ['2026-01-31T00:00:00Z', 1, '2026-02-28T00:00:00Z'],
  ['2026-03-15T08:00:00Z', 6, '2026-09-15T08:00:00Z'],
  ['2024-02-29T00:00:00Z', 12, '2025-02-28T00:00:00Z'],
])('[W9] a drill of %s is due again %i months later, %s', (since, months, due) => {
  expect(new Date(drillDueAt(Date.parse(since), months)).toISOString()).toBe(new Date(due).toISOString());
});

test('[W9] fire is exercised half-yearly by key units, yearly by others; lift rescue half-yearly', () => {
  const rule = DRILL_RULE.value;
  expect([monthsOf(rule, 'fire'), monthsOf({ ...rule, keyUnit: true }, 'fire')]).toEqual([12, 6]);
  expect([monthsOf(rule, 'entrapment'), monthsOf(rule, 'gas')]).toEqual([6, 12]);
});
