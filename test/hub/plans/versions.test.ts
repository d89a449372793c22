import { describe, expect, test } from 'vitest';
import type { PlanBody, PlanStep, VersionState } from '../../../hub/plans/contract.ts';
import { kindOfAlarm, PLAN_KINDS } from '../../../hub/plans/norms.ts';
import { faultOf, inOrder, stepVersion, VERSION_EVENTS, type VersionEvent } from '../../../hub/plans/versions.ts';

const REFUSED = 'wrong-state';
const TABLE: Readonly<Record<VersionState, Readonly<Record<VersionEvent, string>>>> = {
  draft: {
    edit: 'draft',
    approve: 'approved',
    drop: 'dropped',
    'give-back': REFUSED,
    'put-in-force': REFUSED,
    retire: REFUSED,
  },
  approved: {
    edit: REFUSED,
    approve: REFUSED,
    drop: 'dropped',
    'give-back': 'draft',
    'put-in-force': 'in-force',
    retire: REFUSED,
  },
  'in-force': {
    edit: REFUSED,
    approve: REFUSED,
    drop: REFUSED,
    'give-back': REFUSED,
    'put-in-force': REFUSED,
    retire: 'retired',
  },
  retired: {
    edit: REFUSED,
    approve: REFUSED,
    drop: REFUSED,
    'give-back': REFUSED,
    'put-in-force': REFUSED,
    retire: REFUSED,
  },
  dropped: {
    edit: REFUSED,
    approve: REFUSED,
    drop: REFUSED,
    'give-back': REFUSED,
    'put-in-force': REFUSED,
    retire: REFUSED,
  },
};
const EVERY = Object.entries(TABLE).flatMap(([state, row]) =>
  VERSION_EVENTS.map((event) => [state as VersionState, event, row[event]] as const),
);

describe('[W9] a version of a plan', () => {
  test.each(EVERY)('%s, %s → %s', (state, event, expected) => {
    const done = stepVersion({ state, writtenBy: 'writer' }, { event, by: 'judge', note: 'why' });
    expect(done.ok ? done.value : done.code).toBe(expected);
  });

  test('is not approved by who wrote it', () => {
    const done = stepVersion({ state: 'draft', writtenBy: 'writer' }, { event: 'approve', by: 'writer' });
    expect(done).toMatchObject({ ok: false, code: 'own-work' });
  });

  test.each<[VersionState, VersionEvent]>([
    ['approved', 'give-back'],
    ['draft', 'drop'],
    ['in-force', 'retire'],
  ])('%s: %s says why', (state, event) => {
    expect(stepVersion({ state, writtenBy: 'w' }, { event, by: 'j', note: '  ' })).toMatchObject({
      ok: false,
      code: 'note-required',
    });
  });
});

const step = (more: Partial<PlanStep> = {}): PlanStep => ({
  id: 's1',
  order: 1,
  title: '确认',
  role: 'guard',
  phones: [],
  ...more,
});
const body = (...steps: PlanStep[]): PlanBody => ({ title: '火灾', steps, phones: [], documents: [] });

test('[W9] every step says who does it, and has an id of its own', () => {
  expect(faultOf(body(step(), step({ id: 's2' })))).toBeUndefined();
  expect(faultOf(body(step(), step()))).toMatch(/s1 is there twice/);
  const { role: _, ...nobody } = step();
  expect(faultOf(body(nobody))).toMatch(/says nobody/);
  expect(faultOf(body({ ...nobody, post: '疏散引导组' }))).toBeUndefined();
});

test('steps stand in the order in which they are done, those at once as written', () => {
  const steps = [step({ id: 'c', order: 2 }), step({ id: 'b', order: 1 }), step({ id: 'a', order: 1 })];
  expect(inOrder(steps).map((s) => s.id)).toEqual(['b', 'a', 'c']);
});

test.each([
  ['FIRE', 'fire-panel', 'fire'],
  ['PREALARM', 'electrical-fire', 'fire'],
  ['ENTRAPMENT', 'elevator', 'entrapment'],
  ['PROCESS', 'water-tank', 'water-leak'],
  ['PROCESS', 'extinguisher', undefined],
  ['FAULT', 'fire-panel', undefined],
])('[W9] beside %s of a %s stands the plan for %s', (cls, deviceKind, expected) => {
  expect(kindOfAlarm(PLAN_KINDS.value.kinds, { class: cls, deviceKind })?.id).toBe(expected);
});
