// Which alarms become one incident: cases as a table, and random floods that lose none.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALARM_CLASSES } from '../../../device-profiles/contract/signal.ts';
import { group, GROUPING, type GroupedAlarm, type Grouped } from '../../../hub/incidents/grouping.ts';

const RULE = GROUPING.value;
let ids = 0;
const newId = (): string => `incident-${++ids}`;
const alarm = (more: Partial<GroupedAlarm>): GroupedAlarm => ({
  id: `alarm-${++ids}`,
  community: 'xfl',
  class: 'FIRE',
  device: 'gw.panel',
  building: '1',
  floor: 12,
  at: 1_000_000,
  ...more,
});
const FIRST = alarm({});
/** Whether an alarm joins the incident that FIRST began. */
function joins(more: Partial<GroupedAlarm>): boolean {
  const next = alarm(more);
  const { of } = group([], [FIRST, next], RULE, newId);
  return of.get(FIRST.id) === of.get(next.id);
}

describe('two alarms', () => {
  test.each<[string, Partial<GroupedAlarm>, boolean]>([
    ['the same place and time', {}, true],
    ['another class of fire', { class: 'FEEDBACK' }, true],
    ['a fault', { class: 'FAULT' }, false],
    ['the last moment of the window', { at: FIRST.at + RULE.windowMs }, true],
    ['a moment later', { at: FIRST.at + RULE.windowMs + 1 }, false],
    ['near floors', { floor: 12 + RULE.floors }, true],
    ['far floors', { floor: 13 + RULE.floors }, false],
    ['a floor unknown', { floor: null }, true],
    ['another building', { building: '2' }, false],
    ['no building', { building: null }, false],
    ['another community', { community: 'other' }, false],
  ])('%s', (_title, more, expected) => {
    expect(joins(more)).toBe(expected);
  });

  test('people trapped in two lifts of one building are two incidents', () => {
    const lifts = ['gw.lift1', 'gw.lift2'].map((device) => alarm({ class: 'ENTRAPMENT', device }));
    expect(new Set(group([], lifts, RULE, newId).of.values()).size).toBe(2);
  });

  test('a fire that spreads floor by floor stays one, pinned to its first alarm', () => {
    const spread = [12, 15, 18, 21].map((floor, k) => alarm({ floor, at: FIRST.at + k * 60_000 }));
    const { changed } = group([], spread, RULE, newId);
    expect(changed).toMatchObject([{ firstAlarm: spread[0]?.id, floorLow: 12, floorHigh: 21 }]);
  });
});

test('random floods: each alarm is in one incident of its own community and family, in one go or in pieces', () => {
  const arb = fc.array(
    fc.record({
      class: fc.constantFrom(...ALARM_CLASSES),
      building: fc.constantFrom('1', '2', null),
      floor: fc.integer({ min: 1, max: 26 }),
      community: fc.constantFrom('a', 'b'),
      gap: fc.integer({ min: 0, max: 400_000 }),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(arb, fc.nat({ max: 40 }), (list, cut) => {
      let at = 0;
      const alarms = list.map(({ gap, ...more }) => alarm({ ...more, at: (at += gap) }));
      const shape = (...parts: Grouped[]): string => {
        const of = new Map(parts.flatMap((p) => [...p.of]));
        const order = new Map<string, number>();
        return alarms
          .map((a) => {
            const incident = of.get(a.id) ?? 'none';
            if (!order.has(incident)) order.set(incident, order.size);
            return incident === 'none' ? 'none' : String(order.get(incident));
          })
          .join(' ');
      };
      const whole = group([], alarms, RULE, newId);
      const head = group([], alarms.slice(0, cut), RULE, newId);
      const tail = group(head.changed, alarms.slice(cut), RULE, newId);
      expect(shape(head, tail)).toBe(shape(whole));
      expect(shape(whole)).not.toContain('none');
      const incidents = new Map(whole.changed.map((i) => [i.id, i]));
      for (const a of alarms) expect(incidents.get(whole.of.get(a.id) ?? '')?.community).toBe(a.community);
    }),
    { numRuns: 500 },
  );
});
