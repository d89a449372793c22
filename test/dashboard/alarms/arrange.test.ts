// What the list shows and what waits: no line moves while it is held, a flood is rolled up, nothing is lost in either.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALARM_CLASSES, CLASS_RANK } from '../../../device-profiles/contract/signal.ts';
import { ALARM_STATES, type AlarmView } from '../../../hub/alarms/contract.ts';
import { arrange, NOTHING, type Arrangement, type ArrangeBy } from '../../../dashboard/src/alarms/arrange.ts';
import { compareAlarms } from '../../../dashboard/src/alarms/order.ts';
import { isFlood, zoneKey, type Line } from '../../../dashboard/src/alarms/zones.ts';
import { alarm, second } from './alarm.ts';

const by = (given: Partial<ArrangeBy>): ArrangeBy => ({
  held: false,
  flood: false,
  zoneMin: 3,
  opened: new Set(),
  closed: () => undefined,
  ...given,
});
const keys = (lines: readonly Line[]): string[] => lines.map((line) => line.key);
const ids = (alarms: readonly AlarmView[]): string[] => alarms.map((a) => a.id);
/** Every alarm that a line stands for; pinned ones stand among their own as well. */
const reached = ({ lines, waiting }: Arrangement): string[] => [
  ...lines.flatMap((line) => {
    if (line.kind === 'zone') return line.open ? [] : ids(line.zone.alarms);
    return [line.alarm.id];
  }),
  ...ids(waiting),
];

const anyAlarm = fc
  .record({
    id: fc.uuid(),
    class: fc.constantFrom(...ALARM_CLASSES),
    state: fc.constantFrom(...ALARM_STATES.filter((s) => s !== 'normal')),
    at: fc.integer({ min: 0, max: 59 }),
    building: fc.constantFrom('b1', 'b2', undefined),
    floor: fc.constantFrom(1, 2),
  })
  .map(({ class: c, at, building, floor, ...rest }) => {
    const received = { raisedAt: second(at), receivedAt: second(at) };
    return alarm({ ...rest, ...received, class: c, rank: CLASS_RANK[c], ...(building ? { building, floor } : {}) });
  });
const lists = fc
  .uniqueArray(anyAlarm, { selector: (a) => a.id, maxLength: 60 })
  .map((list) => [...list].sort(compareAlarms));

describe('arrangement', () => {
  test('while held, a new fire waits behind the bar and no row moves', () => {
    const [a, b] = [alarm({ id: 'a' }), alarm({ id: 'b' })];
    const before = arrange(NOTHING, [a, b], by({}));
    const fire = alarm({ id: 'fire', class: 'FIRE' });
    const held = arrange(before, [fire, a, b], by({ held: true }));
    expect(keys(held.lines)).toEqual(['a', 'b']);
    expect(ids(held.waiting)).toEqual(['fire']);
    expect(keys(arrange(held, [fire, a, b], by({})).lines)).toEqual(['fire', 'a', 'b']);
  });

  test('while held, a closed alarm keeps its place as what it was last', () => {
    const [a, b] = [alarm({ id: 'a' }), alarm({ id: 'b' })];
    const before = arrange(NOTHING, [a, b], by({}));
    const gone = alarm({ id: 'a', state: 'normal' });
    const held = arrange(before, [b], by({ held: true, closed: (id) => (id === 'a' ? gone : undefined) }));
    expect(held.lines).toMatchObject([{ alarm: gone }, { alarm: b }]);
  });

  test('an empty list holds nothing back', () => {
    expect(arrange(NOTHING, [alarm({ id: 'a' })], by({ held: true })).lines).toHaveLength(1);
  });

  test('whatever happens while held, lines stay, and lines and waiting together hold every open alarm once', () => {
    fc.assert(
      fc.property(lists, lists, fc.boolean(), (first, then, flood) => {
        const before = arrange(NOTHING, first, by({ flood }));
        const held = arrange(before, then, by({ flood, held: true }));
        expect(before.lines.length === 0 || keys(held.lines).join() === keys(before.lines).join()).toBe(true);
        const shown = reached(held).filter((id) => then.some((a) => a.id === id));
        expect(shown.toSorted()).toEqual(ids(then).toSorted());
      }),
    );
  });
});

describe('rolled up', () => {
  test('[S2] every alarm is in a row of its own or counted in one zone, and each zone opens to exactly its own', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const rolled = arrange(NOTHING, list, by({ flood: true }));
        expect(reached(rolled).toSorted()).toEqual(ids(list).toSorted());
        const zones = rolled.lines.filter((line) => line.kind === 'zone');
        const opened = new Set(keys(zones));
        const open = arrange(NOTHING, list, by({ flood: true, opened }));
        expect(reached(open).toSorted()).toEqual(ids(list).toSorted());
        for (const line of zones) {
          const inside = open.lines.filter((other) => other.kind === 'alarm' && other.zone === line.key);
          expect(keys(inside)).toEqual(ids(line.zone.alarms));
        }
      }),
    );
  });

  test('[S2] the first that nobody has acknowledged of each class is pinned, in the order of the lamps', () => {
    const list = [
      alarm({ id: 'fault-2', receivedAt: second(9) }),
      alarm({ id: 'fault-1', receivedAt: second(3) }),
      alarm({ id: 'fault-0', receivedAt: second(1), state: 'acked-active' }),
      alarm({ id: 'fire-2', class: 'FIRE', receivedAt: second(8) }),
      alarm({ id: 'fire-1', class: 'FIRE', receivedAt: second(7) }),
      alarm({ id: 'test', class: 'TEST', state: 'acked-active' }),
    ].sort(compareAlarms);
    const { pinned } = arrange(NOTHING, list, by({ flood: true }));
    expect(pinned).toMatchObject([
      { key: 'first:FIRE', alarm: { id: 'fire-1' } },
      { key: 'first:FAULT', alarm: { id: 'fault-1' } },
    ]);
  });

  test('[S2] a zone stays where its first alarm put it, however many follow, and counts them while it is held', () => {
    const at = (id: string, n: number, floor: number): AlarmView =>
      alarm({ id, building: 'b1', floor, receivedAt: second(n) });
    const early = ['a1', 'a2', 'a3'].map((id, k) => at(id, k, 1));
    const late = ['b1', 'b2', 'b3'].map((id, k) => at(id, 10 + k, 2));
    const first = [...early, ...late].sort(compareAlarms);
    const before = arrange(NOTHING, first, by({ flood: true }));
    const more = [...first, at('a4', 50, 1)].sort(compareAlarms);
    const after = arrange(before, more, by({ flood: true }));
    expect(keys(after.lines)).toEqual(keys(before.lines));
    const held = arrange(before, more, by({ flood: true, held: true }));
    expect(held.waiting).toEqual([]);
    const counts = held.lines.map((line) => (line.kind === 'zone' ? line.zone.alarms.length : 1));
    expect(counts).toEqual([3, 4]);
  });

  test('so many alarms of a class in one place become one row as the site wants', () => {
    const list = [0, 1].map((k) => alarm({ id: `${k}`, building: 'b1', floor: 1, receivedAt: second(k) }));
    const lines = (zoneMin: number) => arrange(NOTHING, list, by({ flood: true, zoneMin })).lines.map((l) => l.kind);
    expect([lines(2), lines(3)]).toEqual([['zone'], ['alarm', 'alarm']]);
  });

  test('opening a zone by hand moves nothing above it and lets nothing in that waits', () => {
    const zone = (c: 'FIRE' | 'FAULT', floor: number): AlarmView[] =>
      [0, 1, 2].map((k) => alarm({ id: `${c}-${floor}-${k}`, class: c, building: 'b1', floor, receivedAt: second(k) }));
    const list = [...zone('FIRE', 1), ...zone('FIRE', 2), ...zone('FAULT', 1)].sort(compareAlarms);
    const before = arrange(NOTHING, list, by({ flood: true }));
    const [top, middle] = keys(before.lines);
    const more = [...list, ...zone('FIRE', 9)].sort(compareAlarms);
    const opened = new Set([middle ?? '']);
    const open = arrange(before, more, by({ flood: true, held: true, opened }));
    expect(keys(open.lines).slice(0, 5)).toEqual([top, middle, 'FIRE-2-0', 'FIRE-2-1', 'FIRE-2-2']);
    expect(open.waiting).toHaveLength(3);
    expect(keys(arrange(open, more, by({ flood: true, held: true })).lines)).toEqual(keys(before.lines));
  });

  test('what a drill suppressed or somebody shelved is a zone of its own', () => {
    const [counts, aside] = [
      alarm({ id: 'a', building: 'b1' }),
      alarm({ id: 'b', building: 'b1', state: 'suppressed' }),
    ];
    expect(zoneKey(counts)).not.toBe(zoneKey(aside));
  });

  test('a flood begins above one number and ends at a lower one, so that the list does not flicker', () => {
    const rule = { rollAbove: 60, rollUntil: 30, zoneMin: 3 };
    expect([60, 61].map((n) => isFlood(n, false, rule))).toEqual([false, true]);
    expect([30, 31].map((n) => isFlood(n, true, rule))).toEqual([false, true]);
    // A site that wants it to end above where it begins gets one line.
    expect([60, 61].map((n) => isFlood(n, true, { ...rule, rollUntil: 90 }))).toEqual([false, true]);
  });
});
