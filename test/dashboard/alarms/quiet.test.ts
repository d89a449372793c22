// Green only with fresh proof: each single doubt takes it away and has its name.
import { describe, expect, test } from 'vitest';
import type { BeatFrame } from '../../../hub/live/contract.ts';
import { DOUBTS, quiet, type QuietFacts } from '../../../dashboard/src/alarms/quiet.ts';

const beat: BeatFrame = {
  beat: 1,
  time: 1_000,
  seq: 0,
  open: 0,
  digest: '0'.repeat(16),
  lamps: {},
  blind: [],
  awaited: [],
  panels: { online: 6, all: 6 },
  points: { all: 100, fresh: 100, unknown: 0, unproved: 12 },
  oldestMs: 100,
  drills: 0,
  linkage: '',
};
const proved: QuietFacts = { link: 'live', loaded: true, matches: true, open: 0, beat };
const withBeat = (change: Partial<BeatFrame>): QuietFacts => ({ ...proved, beat: { ...beat, ...change } });

describe('[S2] never shows silence as safety', () => {
  test('with everything proved it is quiet, at the hub’s time', () => {
    expect(quiet(proved)).toEqual({ is: 'quiet', at: 1_000 });
  });

  const doubts: readonly (readonly [string, QuietFacts, (typeof DOUBTS)[number]])[] = [
    ['a late link', { ...proved, link: 'late' }, 'link'],
    ['a dead link', { ...proved, link: 'dead' }, 'link'],
    ['no beat yet', { ...proved, link: 'starting', beat: null }, 'link'],
    ['alarms not fetched', { ...proved, loaded: false }, 'not-loaded'],
    ['another digest than the hub’s', { ...proved, matches: false }, 'mismatch'],
    ['a silent gateway', withBeat({ blind: [{ gateway: 'g', since: 0, reason: 'gateway-silent' }] }), 'blind-gateway'],
    [
      'a gateway that this hub has not heard yet',
      withBeat({ blind: [{ gateway: 'g', since: 0, reason: 'gateway-missed' }] }),
      'missed-gateway',
    ],
    [
      'a hub that cannot store',
      withBeat({ blind: [{ gateway: 'g', since: 0, reason: 'hub-cannot-store' }] }),
      'not-stored',
    ],
    [
      'a gateway whose disk refuses',
      withBeat({ blind: [{ gateway: 'g', since: 0, reason: 'gateway-cannot-store' }] }),
      'not-kept',
    ],
    ['no panel at all', withBeat({ panels: { online: 0, all: 0 } }), 'no-panel'],
    ['a panel offline', withBeat({ panels: { online: 5, all: 6 } }), 'panel-offline'],
    ['no point at all', withBeat({ points: { all: 0, fresh: 0, unknown: 0, unproved: 0 } }), 'no-points'],
    ['an unknown point', withBeat({ points: { all: 100, fresh: 99, unknown: 1, unproved: 0 } }), 'unknown-points'],
    ['a point never heard', withBeat({ points: { all: 100, fresh: 99, unknown: 0, unproved: 0 } }), 'unknown-points'],
  ];
  test.each(doubts)('%s', (_, facts, doubt) => {
    expect(quiet(facts)).toEqual({ is: 'unproved', doubts: [doubt] });
  });

  test('every doubt has a case here', () => {
    expect(new Set(doubts.map(([, , doubt]) => doubt))).toEqual(new Set(DOUBTS));
  });

  test('alarms are alarms, whatever is in doubt', () => {
    expect(quiet({ ...proved, link: 'dead', open: 1 })).toEqual({ is: 'alarms' });
  });
});
