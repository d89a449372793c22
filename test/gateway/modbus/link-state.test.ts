import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MODBUS_LIMITS } from '../../../gateway/modbus/limits.ts';
import {
  backoffMs,
  IDLE,
  LINK_STATES,
  nextTick,
  step,
  type LinkEvent,
  type LinkState,
  type LinkTimes,
} from '../../../gateway/modbus/link-state.ts';

const TIMES: LinkTimes = { ...MODBUS_LIMITS, settleMs: 0 };
const lost = (replies = 0, reason: 'link-down' | 'timeout' = 'link-down'): LinkEvent => ({
  type: 'lost',
  reason,
  replies,
  random: 0,
});

/** Applies events at their times; returns the last state and all effects. */
function run(
  events: readonly (readonly [number, LinkEvent])[],
  times = TIMES,
): { state: LinkState; effects: string[] } {
  let state = IDLE;
  const effects: string[] = [];
  for (const [now, event] of events) {
    const next = step(state, event, now, times);
    state = next.state;
    effects.push(...next.effects.map((e) => e.do));
  }
  return { state, effects };
}

describe('the state machine of a link', () => {
  test('start, connect, answer: open, ready, up', () => {
    const { state, effects } = run([
      [0, { type: 'start' }],
      [10, { type: 'connected' }],
      [20, { type: 'proved' }],
    ]);
    expect(state.name).toBe('ready');
    expect(effects).toEqual(['open', 'ready', 'up']);
  });

  test('a device that wants a pause after connecting gets it before the first request', () => {
    const times = { ...TIMES, settleMs: 1_500 };
    const connected = run(
      [
        [0, { type: 'start' }],
        [10, { type: 'connected' }],
        [1_509, { type: 'tick' }],
      ],
      times,
    );
    expect(connected.state.name).toBe('settling');
    expect(nextTick(connected.state, times)).toBe(1_510);
    const ready = step(connected.state, { type: 'tick' }, 1_510, times);
    expect(ready.state.name).toBe('ready');
    expect(ready.effects).toEqual([{ do: 'ready' }]);
  });

  test('waits double from 1 s to 60 s for ever, jitter takes up to half of them', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((n) => backoffMs(n, 0, TIMES))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, random) => {
          const full = backoffMs(n, 0, TIMES);
          expect(backoffMs(n, random, TIMES)).toBeGreaterThanOrEqual(full / 2);
          expect(backoffMs(n, random, TIMES)).toBeLessThanOrEqual(full);
        },
      ),
    );
  });

  test('a refused connection is tried again after its wait, never before', () => {
    const { state } = run([
      [0, { type: 'start' }],
      [5, lost()],
      [1_004, { type: 'tick' }],
    ]);
    expect(state).toMatchObject({ name: 'backing-off', failures: 1, until: 1_005 });
    expect(step(state, { type: 'tick' }, 1_005, TIMES).effects).toEqual([{ do: 'open' }]);
  });

  test('a server that accepts and hangs up is not steady: its waits grow', () => {
    let state = step(IDLE, { type: 'start' }, 0, TIMES).state;
    const waits: number[] = [];
    for (let now = 0; waits.length < 4;) {
      state = step(state, { type: 'connected' }, now, TIMES).state;
      state = step(state, lost(1), now, TIMES).state;
      waits.push(state.until - now);
      now = state.until;
      state = step(state, { type: 'tick' }, now, TIMES).state;
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  test('after enough good replies a lost connection is replaced at once', () => {
    const { state } = run([
      [0, { type: 'start' }],
      [5, { type: 'connected' }],
      [6, { type: 'proved' }],
      [100, lost(MODBUS_LIMITS.steadyReplies)],
    ]);
    expect(state).toMatchObject({ failures: 0, until: 100 + MODBUS_LIMITS.resetPauseMs });
  });

  test('being down is declared once, after downAfterMs without an answer, and taken back by an answer only', () => {
    const down = run([
      [0, { type: 'start' }],
      [5, lost()],
      [1_005, { type: 'tick' }],
      [1_010, lost()],
      [3_000, { type: 'tick' }],
      [3_010, { type: 'tick' }],
    ]);
    expect(down.effects.filter((e) => e === 'down')).toHaveLength(1);
    expect(down.state.declaredDown).toBe(true);
    const accepted = step({ ...down.state, name: 'connecting' }, { type: 'connected' }, 4_000, TIMES).state;
    expect(accepted).toMatchObject({ name: 'ready', declaredDown: true });
    expect(step(accepted, { type: 'proved' }, 4_001, TIMES)).toMatchObject({
      state: { declaredDown: false },
      effects: [{ do: 'up' }],
    });
  });

  test('stopped is final', () => {
    const { state, effects } = run([
      [0, { type: 'start' }],
      [1, { type: 'stop' }],
      [2, { type: 'connected' }],
      [3, lost()],
      [4, { type: 'tick' }],
      [5, { type: 'start' }],
    ]);
    expect(state.name).toBe('stopped');
    expect(effects).toEqual(['open', 'close']);
  });

  test('whatever happens, it never hangs: unless stopped, idle or ready it always wants a tick or has a connection under way', () => {
    const event = fc.oneof(
      fc.constantFrom<LinkEvent>({ type: 'connected' }, { type: 'proved' }, { type: 'tick' }),
      fc.record({
        type: fc.constant('lost' as const),
        reason: fc.constantFrom('link-down' as const, 'timeout' as const, 'crc' as const),
        replies: fc.nat(20),
        random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      }),
    );
    const steps = fc.array(fc.tuple(fc.nat(100_000), event), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat(3_000), (list, settleMs) => {
        const times = { ...TIMES, settleMs };
        let now = 0;
        let state = step(IDLE, { type: 'start' }, now, times).state;
        for (const [ms, e] of list) {
          now += ms;
          state = step(state, e, now, times).state;
          expect(LINK_STATES).toContain(state.name);
          const waits = state.name === 'settling' || state.name === 'backing-off';
          const at = nextTick(state, times) ?? Infinity;
          expect(waits && at > now + Math.max(settleMs, TIMES.backoffMaxMs)).toBe(false);
        }
      }),
    );
  });
});
