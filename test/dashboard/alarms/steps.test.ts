// The steps of handling, read off an alarm's record.
import { describe, expect, test } from 'vitest';
import { stepsOf } from '../../../dashboard/src/alarms/steps.ts';
import { alarm } from './alarm.ts';

const acked = { by: 'u', name: '王建国', at: '2026-11-21T19:01:00.000Z' };
const summary = (given: Parameters<typeof alarm>[0]): string[] =>
  stepsOf(alarm(given)).map((s) => `${s.id}:${s.status}`);

describe('handling of any alarm', () => {
  test('new: acknowledge is next', () => {
    expect(summary({ id: 'a', class: 'FIRE' })).toEqual(['received:done', 'acked:now', 'verdict:later', 'reset:later']);
  });

  test('acknowledged: the verdict is next', () => {
    const given = { id: 'a', class: 'FIRE', state: 'acked-active', acked } as const;
    expect(summary(given)).toEqual(['received:done', 'acked:done', 'verdict:now', 'reset:later']);
  });

  test('back after the acknowledgement: it is to be acknowledged again', () => {
    expect(summary({ id: 'a', class: 'FIRE', acked })[1]).toBe('acked:now');
  });

  test('over: nothing is next and nothing is reminded of', () => {
    const steps = stepsOf(
      alarm({ id: 'a', class: 'FIRE', state: 'normal', acked, verdict: { ...acked, verdict: 'real', note: 'x' } }),
    );
    expect(steps.every((s) => s.status === 'done' && s.reminders.length === 0)).toBe(true);
  });
});

test('[S5] an entrapment ends with the release, not with the signal', () => {
  expect(
    summary({
      id: 'a',
      class: 'ENTRAPMENT',
      state: 'latched-acked',
      acked,
      verdict: { ...acked, verdict: 'real', note: 'x' },
    }),
  ).toEqual(['received:done', 'acked:done', 'verdict:done', 'released:now']);
});
