// The hazard's table: every act in every state, who may, what it must bring, and where deadlines end.
import { describe, expect, test } from 'vitest';
import {
  HAZARD_ACTS,
  HAZARD_STATES,
  mayDo,
  step,
  TRANSITIONS,
  type Bounds,
  type Brought,
  type Doer,
  type HazardAct,
  type HazardFacts,
} from '../../../hub/fire-safety/machine.ts';
import { HAZARD_RULE } from '../../../hub/fire-safety/norms.ts';
import { nextDue } from '../../../hub/fire-safety/hazard-watch.ts';
import { spotOf } from '../../../hub/fire-safety/hazards.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 23, 4);
const BOUNDS: Bounds = { mendMs: 72 * HOUR, extendMsMax: 100 * HOUR, measures: true };
const user = (id: string, role: string): Doer => ({ kind: 'user', id, role });
const hazard = (more: Partial<HazardFacts> = {}): HazardFacts => ({
  state: 'assigned',
  grade: 'major',
  reporter: 'olga',
  responsible: 'tina',
  menders: [],
  deadline: NOW + 10 * HOUR,
  ...more,
});
/** Somebody who may do the act, with everything that it must bring. */
const DOERS: Readonly<Record<HazardAct, Doer>> = {
  assign: user('s', 'supervisor'),
  amend: user('s', 'supervisor'),
  order: user('s', 'supervisor'),
  mend: user('tina', 'technician'),
  pass: user('i', 'inspector'),
  fail: user('i', 'inspector'),
  extend: user('m', 'manager'),
  dismiss: user('s', 'supervisor'),
  reopen: user('i', 'inspector'),
  comment: user('c', 'committee'),
};
const whole = (act: HazardAct): Brought => ({
  note: 'seen',
  photos: 1,
  measures: 'a guard stands there',
  ...(act === 'extend' ? { deadline: NOW + 20 * HOUR } : {}),
});
const outcome = (facts: HazardFacts, act: HazardAct, who: Doer, brought: Brought = whole(act)): string => {
  const done = step(facts, act, who, brought, BOUNDS, NOW);
  return done.ok ? done.value.to : `${done.code}${done.detail === undefined ? '' : ` ${done.detail}`}`;
};

describe('a hazard', () => {
  test.each(HAZARD_ACTS.flatMap((act) => HAZARD_STATES.map((state) => [act, state] as const)))(
    '%s in state %s does what the table says and nothing else',
    (act, state) => {
      const to = TRANSITIONS[act][state];
      expect(outcome(hazard({ state }), act, DOERS[act])).toBe(to ?? `wrong-state ${state}`);
    },
  );

  test('is written to by the committee and by owners in comments alone', () => {
    for (const role of ['committee', 'owner'])
      for (const act of HAZARD_ACTS.filter((a) => a !== 'comment'))
        for (const state of HAZARD_STATES)
          expect(outcome(hazard({ state }), act, user('x', role))).toBe(`not-allowed ${act}`);
    expect(mayDo(hazard(), user('x', 'committee'))).toEqual(['comment']);
  });

  test('is mended by who is responsible, and rechecked by anyone who recheck but who mended it', () => {
    expect(outcome(hazard(), 'mend', user('otto', 'technician'))).toBe('not-allowed mend');
    const mended = hazard({ state: 'mended', menders: ['tina', 's'] });
    expect(outcome(mended, 'pass', user('tina', 'technician'))).toBe('not-allowed pass');
    expect(outcome(mended, 'pass', user('s', 'supervisor'))).toBe('own-work pass');
    expect(outcome(mended, 'fail', user('s', 'supervisor'))).toBe('own-work fail');
    expect(outcome(mended, 'pass', user('i', 'inspector'))).toBe('cleared');
    expect(mayDo(mended, user('s', 'supervisor'))).not.toContain('pass');
  });

  test('asks for a photo where something was done or looked at, and for words where somebody judges', () => {
    for (const act of ['mend', 'pass', 'fail'] as const)
      expect(outcome(hazard({ state: act === 'mend' ? 'assigned' : 'mended' }), act, DOERS[act], { note: 'x' })).toBe(
        'photo-required photos',
      );
    for (const act of ['mend', 'extend', 'dismiss', 'comment'] as const)
      expect(outcome(hazard(), act, DOERS[act], { ...whole(act), note: '  ' })).toBe('note-required note');
    expect(outcome(hazard({ state: 'reported' }), 'assign', DOERS.assign, { measures: ' ' })).toBe(
      'note-required measures',
    );
    const general = step(
      hazard({ state: 'reported' }),
      'assign',
      DOERS.assign,
      {},
      { ...BOUNDS, measures: false },
      NOW,
    );
    expect(general).toMatchObject({ ok: true, value: { to: 'assigned', deadline: NOW + 72 * HOUR } });
  });

  test('gets no later deadline than the rule gives, and no later one by being handed on', () => {
    const at = (state: HazardFacts['state'], deadline: number): string =>
      outcome(hazard({ state }), 'assign', DOERS.assign, { measures: 'x', deadline });
    expect(at('reported', NOW + 72 * HOUR)).toBe('assigned');
    expect(at('reported', NOW + 72 * HOUR + 1)).toBe('out-of-range deadline');
    expect(at('reported', NOW)).toBe('out-of-range deadline');
    expect(at('assigned', NOW + 10 * HOUR)).toBe('assigned');
    expect(at('assigned', NOW + 10 * HOUR + 1)).toBe('out-of-range deadline');
    // Overdue and handed on: overdue still.
    const late = step(hazard({ deadline: NOW - 1 }), 'assign', DOERS.assign, { measures: 'x' }, BOUNDS, NOW);
    expect(late).toMatchObject({ ok: true, value: { deadline: NOW - 1 } });
  });

  test('is extended by the manager alone, later and bounded, and never by who is measured by it', () => {
    const extend = (who: Doer, deadline: number): string =>
      outcome(hazard({ responsible: 'm' }), 'extend', who, { note: 'parts', deadline });
    expect(extend(user('s', 'supervisor'), NOW + 20 * HOUR)).toBe('not-allowed extend');
    expect(extend(user('m', 'manager'), NOW + 20 * HOUR)).toBe('own-work extend');
    expect(extend(user('a', 'admin'), NOW + 10 * HOUR)).toBe('out-of-range deadline');
    expect(extend(user('a', 'admin'), NOW + 110 * HOUR)).toBe('assigned');
    expect(extend(user('a', 'admin'), NOW + 110 * HOUR + 1)).toBe('out-of-range deadline');
  });

  test('has something due in every open state, by its grade, and nothing when it is over', () => {
    const rule = HAZARD_RULE.value;
    const due = (state: HazardFacts['state'], grade: 'general' | 'major') =>
      nextDue({ state, grade, since: NOW, deadline: NOW + 5 }, rule);
    expect(due('reported', 'general')).toEqual({ step: 'triage', at: NOW + 24 * HOUR });
    expect(due('reported', 'major')).toEqual({ step: 'triage', at: NOW + 2 * HOUR });
    expect(due('assigned', 'major')).toEqual({ step: 'mend', at: NOW + 5 });
    expect(due('mended', 'general')).toEqual({ step: 'recheck', at: NOW + 72 * HOUR });
    expect(due('cleared', 'major')).toBeUndefined();
    expect(due('dismissed', 'major')).toBeUndefined();
  });

  test('is at the same place on the same floor, or where the same words name it', () => {
    expect(spotOf({ building: 'b3', floor: 12, place: '电梯厅' })).toBe(spotOf({ building: 'b3', floor: 12 }));
    expect(spotOf({ place: ' 东 门 ' })).toBe(spotOf({ place: '东门' }));
    expect(spotOf({ building: 'b3', place: '东门' })).not.toBe(spotOf({ place: '东门' }));
    expect(spotOf({ building: 'b3' })).toBeUndefined();
  });
});
