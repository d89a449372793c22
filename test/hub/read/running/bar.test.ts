// One bar from many: the most important state of each moment, totals that add up, roles from a profile's signals.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandSignals } from '../../../../device-profiles/contract/conditions.ts';
import type { Signal } from '../../../../device-profiles/contract/signal.ts';
import { barOf, type Layer } from '../../../../hub/read/running/bar.ts';
import { DEVICE_STATES } from '../../../../hub/read/running/contract.ts';
import { roleOf } from '../../../../hub/read/running/roles.ts';

const RANGE = { from: 0, to: 100 };
const layer = (state: Layer['state'], from: number, to: number): Layer => ({ state, from, to });

describe('a bar', () => {
  test('shows the most important state and leaves open what nobody knows', () => {
    const { bar, totals, unknownMs } = barOf(
      [layer('normal', -10, 60), layer('running', 20, 30), layer('fault', 25, 40), layer('normal', 70, 200)],
      RANGE,
    );
    expect(bar.map((b) => [b.from, b.to, b.state])).toEqual([
      [0, 20, 'normal'],
      [20, 25, 'running'],
      [25, 40, 'fault'],
      [40, 60, 'normal'],
      [70, 100, 'normal'],
    ]);
    expect(totals).toEqual([
      { state: 'fault', ms: 15, times: 1 },
      { state: 'running', ms: 5, times: 1 },
      { state: 'normal', ms: 70, times: 3 },
    ]);
    expect(unknownMs).toBe(10);
  });
  test('a fire is shown also where the panel is not heard', () => {
    const { bar } = barOf([layer('offline', 0, 100), layer('fire', 10, 20)], RANGE);
    expect(bar.map((b) => b.state)).toEqual(['offline', 'fire', 'offline']);
  });
  test('of any layers is what a recount moment by moment says', () => {
    const layers = fc.array(
      fc.record({
        state: fc.constantFrom(...DEVICE_STATES),
        from: fc.integer({ min: -20, max: 99 }),
        length: fc.integer({ min: 1, max: 60 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(layers, (drawn) => {
        const all = drawn.map(({ state, from, length }) => layer(state, from, from + length));
        const { bar, totals, unknownMs } = barOf(all, RANGE);
        const then = (of: readonly Layer[], at: number): string | undefined =>
          DEVICE_STATES.find((s) => of.some((l) => l.state === s && l.from <= at && at < l.to));
        for (let at = 0; at < 100; at++) expect(then(bar, at)).toBe(then(all, at));
        expect(totals.reduce((sum, t) => sum + t.ms, unknownMs)).toBe(100);
      }),
      { numRuns: 60 },
    );
  });
});

describe('roles', () => {
  const text = { zh: 'x', en: 'x' };
  const signals = expandSignals(
    [
      { id: 'not-auto', class: 'MODE', point: 'not-auto-{n}', when: { eq: 1 }, text },
      { id: 'run', class: 'RUN', point: 'pump-{n}', when: { eq: 2 }, text },
      { id: 'started', class: 'ACTION', point: 'started-{n}', when: { eq: 1 }, text },
      { id: 'fault', class: 'FAULT', point: 'fault-{n}', when: { eq: 1 }, text },
    ] satisfies Signal[],
    ['not-auto-3', 'started-2', 'fault-5', 'pump-1'].map((id) => ({ id, template: id.replace(/\d/, '{n}') })),
  );
  const role = (id: string, kind = 'jockey-pump', type = 'bool') =>
    roleOf(
      { id, type },
      kind,
      signals.filter((s) => s.point === id),
    );
  test.each([
    ['online', 0, 'online', 'offline'],
    ['online', 1, 'online', 'normal'],
    ['not-auto-3', 1, 'manual', 'manual'],
    ['not-auto-3', 0, 'manual', undefined],
    ['started-2', 1, 'running', 'running'],
    ['pump-1', 2, 'running', 'running'],
    ['pump-1', 1, 'running', undefined],
    // An id says nothing: only what the profile declares.
    ['running-1', 1, 'other', undefined],
    ['fault-5', 1, 'other', undefined],
  ] as const)('%s at %d is %s: %s', (id, value, of, state) => {
    expect([role(id)?.role, role(id)?.means(value)]).toEqual([of, state]);
  });
  test('detectors of a panel are told by their alarms, quantities by trends', () => {
    expect(role('det-01-001', 'fire-panel')).toBeUndefined();
    expect(role('current', 'fire-pump', 'float32')).toBeUndefined();
  });
});
