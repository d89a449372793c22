// The steps of handling, read off an alarm's record.
import { describe, expect, test } from 'vitest';
import { stepsOf } from '../../../dashboard/src/alarms/steps.ts';
import { alarm } from './alarm.ts';

const acked = { by: 'u', name: '王建国', at: '2026-11-21T19:01:00.000Z' };
const summary = (given: Parameters<typeof alarm>[0]): string[] =>
  stepsOf(alarm(given)).map((s) => `${s.id}:${s.status}`);

describe('[S3] handling of a fire', () => {
  test('new: acknowledge is next, by the fastest means', () => {
    expect(summary({ id: 'a', class: 'FIRE' })).toEqual(['received:done', 'acked:now', 'verdict:later', 'reset:later']);
    expect(stepsOf(alarm({ id: 'a', class: 'FIRE' }))[1]?.reminders).toEqual(['confirm-fastest']);
  });

  test('acknowledged: the verdict is next, with what the standard asks for when it is real', () => {
    const given = { id: 'a', class: 'FIRE', state: 'acked-active', acked } as const;
    expect(summary(given)).toEqual(['received:done', 'acked:done', 'verdict:now', 'reset:later']);
    expect(stepsOf(alarm(given))[2]?.reminders).toEqual(['linkage-auto', 'call-119', 'evacuate', 'report-manager']);
  });

  test('judged false: find the cause', () => {
    const verdict = { ...acked, verdict: 'false', note: '粉尘' } as const;
    expect(stepsOf(alarm({ id: 'a', class: 'FIRE', state: 'acked-active', acked, verdict }))[2]?.reminders).toEqual([
      'find-cause',
    ]);
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
