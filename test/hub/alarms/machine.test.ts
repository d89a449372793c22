// Every state of an alarm against every event, as a table; and random histories against a model that knows only the
// signal, the latch, and who has seen it.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALARM_CLASSES, LATCHES, type AlarmClass, type Latch } from '../../../device-profiles/contract/signal.ts';
import { ALARM_STATES, type AlarmState } from '../../../hub/alarms/contract.ts';
import { begin, canHide, isUnacked, step, type AlarmEvent, type Episode } from '../../../hub/alarms/machine.ts';

const RULES = { resetHoldMs: 30_000 };
const AT = 1_000_000;

/** An episode in a state; `active` matters only where the state itself does not say it. */
function at(state: AlarmState, more: Partial<Episode> = {}): Episode {
  const active = state === 'unacked-active' || state === 'acked-active' || (more.active ?? false);
  const latch = more.latch ?? 'none';
  const isLatched = state.startsWith('latched') || (active && latch !== 'none');
  return {
    state,
    class: 'FAULT',
    latch: isLatched && latch === 'none' ? 'panel' : latch,
    latched: isLatched,
    resetAt: null,
    recurrences: 0,
    mode: state === 'suppressed' ? 'drill' : null,
    ...more,
    active,
  };
}

const EVENTS: Record<string, AlarmEvent> = {
  raise: { type: 'raise', at: AT },
  clear: { type: 'clear', at: AT },
  reset: { type: 'reset', at: AT },
  ack: { type: 'ack' },
  close: { type: 'close' },
  orphan: { type: 'close', orphaned: true },
  shelve: { type: 'shelve' },
  unshelve: { type: 'unshelve' },
  cover: { type: 'cover', mode: 'drill' },
  uncover: { type: 'uncover' },
  remove: { type: 'remove' },
  restore: { type: 'restore' },
};

const outcome = (e: Episode, event: AlarmEvent): string => {
  const done = step(e, event, RULES);
  if (!done.ok) return `! ${done.code}`;
  const { episode, acts } = done.value;
  return [episode.state, ...(acts.length > 0 ? [`(${acts.join(', ')})`] : [])].join(' ');
};

// One block a starting point: [title, episode, {event: outcome}]. Every event is in every block.
const SAME = { raise: '', clear: '', reset: '', cover: '', uncover: '' };
const CASES: readonly [string, Episode, Record<string, string>][] = [
  [
    'normal',
    at('normal'),
    {
      ...SAME,
      ack: '! already-done',
      close: '! already-done',
      orphan: '! already-done',
      shelve: '! wrong-state',
      unshelve: '! wrong-state',
      remove: '! wrong-state',
      restore: '! wrong-state',
    },
  ],
  [
    'unacked-active, no latch',
    at('unacked-active'),
    {
      ...SAME,
      clear: 'unacked-cleared (cleared)',
      ack: 'acked-active (acknowledged)',
      close: '! still-active',
      orphan: 'unacked-cleared (cleared)',
      shelve: 'shelved (shelved)',
      unshelve: '! wrong-state',
      cover: 'suppressed (suppressed)',
      remove: 'out-of-service (out-of-service)',
      restore: '! wrong-state',
    },
  ],
  [
    'unacked-active, latched by the panel',
    at('unacked-active', { latch: 'panel' }),
    {
      ...SAME,
      clear: 'latched-unacked (cleared)',
      reset: 'unacked-active (reset)',
      ack: 'acked-active (acknowledged)',
      close: '! still-active',
      orphan: 'unacked-cleared (cleared, unlatched)',
      shelve: 'shelved (shelved)',
      unshelve: '! wrong-state',
      cover: 'suppressed (suppressed)',
      remove: 'out-of-service (out-of-service)',
      restore: '! wrong-state',
    },
  ],
  [
    'unacked-active, the panel was just reset',
    at('unacked-active', { latch: 'panel', resetAt: AT - 30_000 }),
    { clear: 'unacked-cleared (cleared, unlatched)' },
  ],
  [
    'unacked-active, the panel was reset too long ago',
    at('unacked-active', { latch: 'panel', resetAt: AT - 30_001 }),
    { clear: 'latched-unacked (cleared)' },
  ],
  [
    'unacked-active, latched until a person closes it',
    at('unacked-active', { latch: 'manual' }),
    { clear: 'latched-unacked (cleared)', reset: '', close: '! still-active' },
  ],
  [
    'acked-active, no latch',
    at('acked-active'),
    {
      ...SAME,
      clear: 'normal (cleared, closed)',
      ack: '! already-done',
      close: '! still-active',
      orphan: 'normal (cleared, closed)',
      shelve: 'shelved (shelved)',
      unshelve: '! wrong-state',
      cover: 'suppressed (suppressed)',
      remove: 'out-of-service (out-of-service)',
      restore: '! wrong-state',
    },
  ],
  [
    'acked-active, latched by the panel',
    at('acked-active', { latch: 'panel' }),
    { clear: 'latched-acked (cleared)', reset: 'acked-active (reset)' },
  ],
  [
    'unacked-cleared',
    at('unacked-cleared'),
    {
      ...SAME,
      raise: 'unacked-active (recurred)',
      ack: 'normal (acknowledged, closed)',
      close: '! wrong-state',
      orphan: '! wrong-state',
      shelve: 'shelved (shelved)',
      unshelve: '! wrong-state',
      remove: 'out-of-service (out-of-service)',
      restore: '! wrong-state',
    },
  ],
  [
    'latched-unacked by the panel',
    at('latched-unacked'),
    {
      ...SAME,
      raise: 'unacked-active (recurred)',
      reset: 'unacked-cleared (unlatched)',
      ack: 'latched-acked (acknowledged)',
      close: 'unacked-cleared (unlatched)',
      orphan: 'unacked-cleared (unlatched)',
      shelve: 'shelved (shelved)',
      unshelve: '! wrong-state',
      remove: 'out-of-service (out-of-service)',
      restore: '! wrong-state',
    },
  ],
  [
    'unacked-cleared, in a drill',
    at('unacked-cleared', { mode: 'drill' }),
    { raise: 'suppressed (recurred, suppressed)', uncover: '' },
  ],
  [
    'latched-unacked, in a drill',
    at('latched-unacked', { mode: 'drill' }),
    { raise: 'suppressed (recurred, suppressed)' },
  ],
  ['latched-acked, in a drill', at('latched-acked', { mode: 'drill' }), { raise: 'suppressed (recurred, suppressed)' }],
  [
    'a FIRE that was gone, in a drill',
    at('latched-acked', { class: 'FIRE', mode: 'drill' }),
    { raise: 'unacked-active (recurred)' },
  ],
  ['latched-unacked until a person closes it', at('latched-unacked', { latch: 'manual' }), { reset: '' }],
  [
    'latched-acked by the panel',
    at('latched-acked'),
    {
      ...SAME,
      raise: 'unacked-active (recurred)',
      reset: 'normal (unlatched, closed)',
      ack: '! already-done',
      close: 'normal (unlatched, closed)',
      orphan: 'normal (unlatched, closed)',
      shelve: 'shelved (shelved)',
      unshelve: '! wrong-state',
      remove: 'out-of-service (out-of-service)',
      restore: '! wrong-state',
    },
  ],
  [
    'latched-acked until a person closes it',
    at('latched-acked', { latch: 'manual' }),
    { reset: '', close: 'normal (unlatched, closed)' },
  ],
  [
    'shelved, active',
    at('shelved', { active: true }),
    {
      ...SAME,
      clear: 'shelved (cleared)',
      ack: '! wrong-state',
      close: '! still-active',
      orphan: '! wrong-state',
      shelve: '! already-done',
      unshelve: 'unacked-active (released, returned)',
      remove: '! wrong-state',
      restore: '! wrong-state',
    },
  ],
  [
    'shelved, gone',
    at('shelved'),
    {
      ...SAME,
      raise: 'shelved (recurred)',
      ack: '! wrong-state',
      close: '! wrong-state',
      orphan: '! wrong-state',
      shelve: '! already-done',
      unshelve: 'normal (released, closed)',
      remove: '! wrong-state',
      restore: '! wrong-state',
    },
  ],
  [
    'shelved, gone but latched',
    at('shelved', { latch: 'panel', latched: true }),
    { unshelve: 'latched-unacked (released, returned)', reset: 'shelved (unlatched)' },
  ],
  [
    'shelved, active, in a drill',
    at('shelved', { active: true, mode: 'drill' }),
    { unshelve: 'suppressed (released, suppressed)' },
  ],
  [
    'suppressed, active',
    at('suppressed', { active: true }),
    {
      ...SAME,
      clear: 'suppressed (cleared)',
      ack: '! wrong-state',
      close: '! still-active',
      orphan: '! wrong-state',
      shelve: '! wrong-state',
      unshelve: '! wrong-state',
      uncover: 'unacked-active (released, returned)',
      remove: '! wrong-state',
      restore: '! wrong-state',
    },
  ],
  [
    'suppressed, gone',
    at('suppressed'),
    { raise: 'suppressed (recurred)', uncover: 'normal (released, closed)', close: '! wrong-state' },
  ],
  [
    'out of service, active',
    at('out-of-service', { active: true }),
    {
      ...SAME,
      clear: 'out-of-service (cleared)',
      ack: '! wrong-state',
      close: '! still-active',
      orphan: '! wrong-state',
      shelve: '! wrong-state',
      unshelve: '! wrong-state',
      remove: '! already-done',
      restore: 'unacked-active (in-service, returned)',
    },
  ],
  ['out of service, gone', at('out-of-service'), { restore: 'normal (in-service, closed)' }],
  [
    'a FIRE',
    at('unacked-active', { class: 'FIRE', latch: 'panel' }),
    { shelve: '! never-shelved', remove: '! never-shelved', cover: '' },
  ],
  [
    'an ENTRAPMENT',
    at('acked-active', { class: 'ENTRAPMENT', latch: 'manual' }),
    { shelve: '! never-shelved', remove: '! never-shelved', cover: '' },
  ],
];

describe('[S2] every state and event', () => {
  const rows = CASES.flatMap(([title, episode, outcomes]) =>
    Object.entries(outcomes).map(([event, expected]) => [title, event, expected || episode.state, episode] as const),
  );
  test.each(rows)('%s + %s → %s', (_title, event, expected, episode) => {
    const given = EVENTS[event];
    if (!given) throw new Error(`no event ${event}`);
    expect(outcome(episode, given)).toBe(expected);
  });

  test('the table has a block with every event for every state', () => {
    for (const state of ALARM_STATES) {
      const blocks = CASES.filter(([, episode]) => episode.state === state);
      const seen = new Set(blocks.flatMap(([, , outcomes]) => Object.keys(outcomes)));
      expect([state, ...seen].toSorted()).toEqual([state, ...Object.keys(EVENTS)].toSorted());
    }
  });

  test('a mode marks what it covers and takes the mark away again', () => {
    const fire = at('unacked-active', { class: 'FIRE', latch: 'panel' });
    const covered = step(fire, { type: 'cover', mode: 'maintenance' }, RULES);
    expect(covered).toMatchObject({ ok: true, value: { episode: { state: 'unacked-active', mode: 'maintenance' } } });
    const again = covered.ok ? covered.value.episode : fire;
    expect(step(again, { type: 'uncover' }, RULES)).toMatchObject({ value: { episode: { mode: null } } });
  });

  test('an alarm that begins in a drill is suppressed and marked; a FIRE is marked and sounds all the same', () => {
    expect(begin({ class: 'FAULT', latch: 'none', mode: 'drill' })).toMatchObject({
      episode: { state: 'suppressed', mode: 'drill' },
      acts: ['raised', 'suppressed'],
    });
    expect(begin({ class: 'FIRE', latch: 'panel', mode: 'drill' })).toMatchObject({
      episode: { state: 'unacked-active', mode: 'drill' },
      acts: ['raised'],
    });
  });
});

describe('[S2] random histories', () => {
  const eventArb = fc.record({
    name: fc.constantFrom(...Object.keys(EVENTS)),
    gap: fc.integer({ min: 0, max: 60_000 }),
  });
  const start = fc.record({
    class: fc.constantFrom<AlarmClass>(...ALARM_CLASSES),
    latch: fc.constantFrom<Latch>(...LATCHES),
    mode: fc.constantFrom<'drill' | null>('drill', null),
  });
  type History = readonly { readonly name: string; readonly gap: number }[];
  type Start = { class: AlarmClass; latch: Latch; mode: 'drill' | null };
  interface Moment {
    readonly before: Episode;
    readonly event: AlarmEvent;
    readonly after: Episode;
    readonly acts: readonly string[];
  }

  /** Every step of a history that was not refused. */
  function play(of: Start, history: History): Moment[] {
    const moments: Moment[] = [];
    let now = AT;
    let before = begin(of).episode;
    for (const { name, gap } of history) {
      now += gap;
      const given = EVENTS[name];
      if (!given) continue;
      const event = 'at' in given ? { ...given, at: now } : given;
      const done = step(before, event, RULES);
      if (!done.ok) continue;
      moments.push({ before, event, after: done.value.episode, acts: done.value.acts });
      before = done.value.episode;
    }
    return moments;
  }

  const HIDDEN: readonly AlarmState[] = ['shelved', 'suppressed', 'out-of-service'];
  const ACTIVE: readonly AlarmState[] = ['unacked-active', 'acked-active'];

  /** What a moment breaks; `acked`: somebody acknowledged this occurrence. */
  function broken({ before, event, after }: Moment, of: Start, acked: boolean): string[] {
    const closes = after.state === 'normal' && before.state !== 'normal';
    const orphaned = event.type === 'close' && event.orphaned === true;
    const shown = !HIDDEN.includes(after.state) && after.state !== 'normal';
    const rules: Record<string, boolean> = {
      'a closed episode came back': before.state === 'normal' && after !== before,
      'FIRE or ENTRAPMENT was hidden': !canHide(of.class) && HIDDEN.includes(after.state),
      'closed while raised or latched': closes && (after.active || after.latched),
      'closed by a person while raised': closes && before.active && event.type !== 'clear' && !orphaned,
      'closed unseen': closes && !acked && !HIDDEN.includes(before.state),
      'the state denies the signal': shown && ACTIVE.includes(after.state) !== after.active,
      'the state denies the latch': shown && after.state.startsWith('latched') !== (after.latched && !after.active),
      'asks again for what was acknowledged': isUnacked(after.state) && acked,
    };
    return Object.keys(rules).filter((name) => rules[name]);
  }

  test('no history hides, closes or forgets what it must not', () => {
    fc.assert(
      fc.property(start, fc.array(eventArb, { maxLength: 60 }), (of, history) => {
        let acked = false;
        for (const moment of play(of, history)) {
          if (moment.acts.includes('recurred') || moment.acts.includes('returned')) acked = false;
          if (moment.acts.includes('acknowledged')) acked = true;
          expect(broken(moment, of, acked)).toEqual([]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('a signal that comes and goes leaves the same flags whatever people do with the episode', () => {
    fc.assert(
      fc.property(start, fc.array(eventArb, { maxLength: 60 }), (of, history) => {
        let model = { active: true, recurrences: 0 };
        for (const { before, event, after } of play(of, history)) {
          if (before.state === 'normal') break;
          if (event.type === 'raise' && !model.active) model = { active: true, recurrences: model.recurrences + 1 };
          if (event.type === 'clear' || event.type === 'close') model = { ...model, active: false };
          expect({ active: after.active, recurrences: after.recurrences }).toEqual(model);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
