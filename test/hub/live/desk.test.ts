// Whether a desk answers, decided: what its reports say, how long silence is borne, which desk is enough.
import { describe, expect, test } from 'vitest';
import { DESK_RULE, deskWord, heardAgain, judgeDesks, type Desk } from '../../../hub/live/desk.ts';

const RULE = DESK_RULE.value;
const SILENT = { silentMs: RULE.silentMs };
const judge = (desks: readonly Desk[], now: number, graceMs = 0): ReturnType<typeof judgeDesks> =>
  judgeDesks(
    desks.map((d) => ({ ...d, qualified: !d.person.startsWith('visitor') })),
    RULE,
    now,
    graceMs,
  );

describe('a report', () => {
  test.each([
    [{ audio: 'running', visible: true, beat: 100 }, true, undefined],
    [{ audio: 'running', visible: true }, true, undefined],
    [{ audio: 'running', visible: true, beat: 94 }, false, undefined],
    // The hub was started anew and counts from the beginning: this screen has not heard it yet.
    [{ audio: 'running', visible: true, beat: 5_000 }, false, undefined],
    [{ audio: 'suspended', visible: true, beat: 99 }, true, 'mute'],
    [{ audio: 'none', visible: false, beat: 99 }, true, 'hidden'],
    [null, true, 'hidden'],
    ['running', true, 'hidden'],
  ])('%j is fresh: %s, impaired: %s', (report, fresh, impaired) => {
    expect(deskWord(report, 100)).toEqual({ fresh, impaired });
  });

  test('that is impaired counts from the first of its kind in a row, and anew after an absence', () => {
    const mute = { fresh: true, impaired: 'mute' } as const;
    const first = heardAgain(undefined, 'li', mute, { now: 1_000, ...SILENT });
    const second = heardAgain(first, 'li', mute, { now: 4_000, ...SILENT });
    expect(second).toEqual({ person: 'li', seenAt: 4_000, impaired: { by: 'mute', since: 1_000 } });
    const well = heardAgain(second, 'li', { fresh: true, impaired: undefined }, { now: 7_000, ...SILENT });
    expect(well).toEqual({ person: 'li', seenAt: 7_000 });
    const later = heardAgain(second, 'li', mute, { now: 60_000, ...SILENT });
    expect(later.impaired).toEqual({ by: 'mute', since: 60_000 });
  });
});

describe('desks are', () => {
  test('[S2] answered by any one, for as long as the best of them has left', () => {
    const desks = [
      { person: 'li', seenAt: 0 },
      { person: 'wang', seenAt: 7_000 },
    ];
    expect(judge(desks, 9_999)).toEqual({ state: 'answered', forMs: 7_001 });
    expect(judge(desks, 16_999)).toEqual({ state: 'answered', forMs: 1 });
    expect(judge(desks, 17_000)).toEqual({ state: 'silent', why: 'none' });
  });

  test('[S2] silent when the only one is mute or hidden for too long, or not of somebody qualified', () => {
    const mute: Desk = { person: 'li', seenAt: 60_000, impaired: { by: 'mute', since: 1_000 } };
    expect(judge([mute], 60_999)).toEqual({ state: 'answered', forMs: 1 });
    expect(judge([mute], 61_000)).toEqual({ state: 'silent', why: 'mute' });
    expect(judge([{ person: 'visitor', seenAt: 60_000 }], 61_000)).toEqual({ state: 'silent', why: 'unqualified' });
    expect(judge([mute, { person: 'wang', seenAt: 60_500 }], 61_000)).toEqual({ state: 'answered', forMs: 9_500 });
  });

  test('given time after the beginning of hub or shift', () => {
    expect(judge([], 5_000, 3_000)).toEqual({ state: 'patient', forMs: 3_000 });
    expect(judge([], 8_000)).toEqual({ state: 'silent', why: 'none' });
  });
});
