import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import {
  changeClocks,
  clockTimers,
  running,
  runsOutAt,
  startClocks,
  type Clock,
} from '../../../hub/work-orders/clocks.ts';
import type { ClockChange } from '../../../hub/work-orders/machine.ts';
import { DUTY_NORMS, holdMs, HOLD, pauseMax, WAIT_NORMS, dutyClassOf } from '../../../hub/work-orders/norms.ts';

const NORM = { priority: 'urgent', respond: 100, arrive: 200, restore: 1_000 } as const;
const T0 = 1_000_000;

const after = (...steps: readonly (readonly [at: number, change: ClockChange, pauseMax?: number])[]): Clock[] =>
  steps.reduce<Clock[]>(
    (clocks, [at, change, most = 500]) => changeClocks(clocks, [change], { norm: NORM, at: T0 + at, pauseMax: most }),
    startClocks(NORM, T0),
  );
const restore = (clocks: readonly Clock[]): Clock | undefined => clocks.find((c) => c.clock === 'restore');

describe('a clock', () => {
  test('is due its norm after the opening; one without a norm does not run', () => {
    expect(startClocks(NORM, T0).map((c) => [c.clock, c.dueAt - T0])).toEqual([
      ['respond', 100],
      ['arrive', 200],
      ['restore', 1_000],
    ]);
  });

  test('is put off by its pauses, each no longer than allowed', () => {
    const paused = { change: 'pause', clock: 'restore' } as const;
    const resumed = { change: 'resume', clock: 'restore' } as const;
    expect(restore(after([100, paused], [300, resumed]))).toMatchObject({ dueAt: T0 + 1_200, pausedMs: 200 });
    expect(restore(after([100, paused], [900, resumed]))).toMatchObject({ dueAt: T0 + 1_500, pausedMs: 500 });
    expect(restore(after([100, paused, 0], [900, resumed]))).toMatchObject({ dueAt: T0 + 1_000, pausedMs: 0 });
    const waiting = restore(after([100, paused]));
    expect(waiting && runsOutAt(waiting)).toBe(T0 + 1_500);
  });

  test('that was met and then undone runs towards its old due time', () => {
    const clocks = after([50, { change: 'done', clock: 'respond' }], [80, { change: 'undo', clock: 'respond' }]);
    const respond = clocks.find((c) => c.clock === 'respond');
    expect(respond).toMatchObject({ dueAt: T0 + 100 });
    expect(respond && running(respond)).toBe(true);
  });

  test('starts afresh with the next round when the order is reopened', () => {
    const clocks = after([50, { change: 'done', clock: 'respond' }], [400, { change: 'restart' }]);
    expect(clocks.map((c) => [c.dueAt - T0, c.round, c.doneAt])).toEqual([
      [500, 1, undefined],
      [600, 1, undefined],
      [1_400, 1, undefined],
    ]);
  });

  test('has a timer exactly while it can run out, whatever happens', () => {
    const change = fc.oneof(
      fc.constant<ClockChange>({ change: 'restart' }),
      fc.constant<ClockChange>({ change: 'stop' }),
      fc.record({
        change: fc.constantFrom('done', 'undo', 'pause', 'resume'),
        clock: fc.constantFrom('respond', 'arrive', 'restore'),
      }) as fc.Arbitrary<ClockChange>,
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), change), { maxLength: 40 }), (steps) => {
        let clocks: Clock[] = [];
        const timers = new Map<string, number>();
        const apply = (next: Clock[]): void => {
          for (const effect of clockTimers('o', 'c', clocks, next)) {
            if (effect.effect === 'timer') timers.set(effect.key, effect.dueAt);
            if (effect.effect === 'cancel-timer') timers.delete(effect.key);
          }
          clocks = next;
        };
        apply(startClocks(NORM, T0));
        let at = T0;
        for (const [ms, one] of steps) {
          at += ms;
          apply(changeClocks(clocks, [one], { norm: NORM, at, pauseMax: 30 }));
          const wanted = clocks.filter(running).map((c) => [`work-order.clock:o:${c.clock}`, runsOutAt(c)] as const);
          expect(new Map(wanted)).toEqual(timers);
        }
      }),
    );
  });
});

describe('norms', () => {
  test('[S5] a rescue: answer 30 s, contractor called 3 min, on site 30 min in town and 60 min outside', () => {
    const { rescue, 'rescue-outside': outside } = DUTY_NORMS.value;
    expect([rescue.respond, rescue.contractorCalled, rescue.arrive, outside.arrive]).toEqual([
      30_000, 180_000, 1_800_000, 3_600_000,
    ]);
  });

  test('nothing pauses for a life', () => {
    const waits = WAIT_NORMS.value;
    expect(pauseMax(waits, 'life', 'parts', true)).toBe(0);
    expect(pauseMax(waits, 'urgent', 'parts', false)).toBeGreaterThan(0);
    expect(pauseMax(waits, 'urgent', 'weather', false)).toBe(0);
    expect(pauseMax(waits, 'urgent', 'weather', true)).toBeGreaterThan(0);
  });

  test('every class has a hold time, and every alarm a duty class', () => {
    expect(holdMs(HOLD.value, 'FAULT')).toBe(HOLD.value.FAULT);
    expect(holdMs(HOLD.value, 'SUPERVISORY')).toBe(HOLD.value.other);
    expect(dutyClassOf('ENTRAPMENT', 'elevator', 'outside')).toBe('rescue-outside');
    expect(dutyClassOf('FAULT', 'fire-pump', 'town')).toBe('fire');
    expect(dutyClassOf('FAULT', 'environment', 'town')).toBe('general');
  });
});
