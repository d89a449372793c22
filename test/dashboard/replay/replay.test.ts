// A replay moment by moment: which alarms stood, what was known of a thing, where a step leads.
import { describe, expect, test } from 'vitest';
import {
  alarmsThen,
  carFloor,
  carMoments,
  floorsOf,
  momentAt,
  momentsOf,
  sampleThen,
  stepFrom,
  worstOn,
} from '../../../dashboard/src/replay/replay.ts';
import type { ReplayAlarm, ReplayLift } from '../../../hub/read/replay/contract.ts';

const T = Date.UTC(2026, 10, 22, 2);
const iso = (s: number): string => new Date(T + s * 1_000).toISOString();
const text = { zh: 'x', en: 'x' };
const alarm = (
  id: string,
  floor: number,
  c: ReplayAlarm['class'],
  ...changes: [number, ReplayAlarm['changes'][number]['state']][]
): ReplayAlarm => ({
  id,
  class: c,
  device: 'gw.p',
  deviceName: text,
  deviceKind: 'fire-panel',
  point: id,
  pointName: text,
  text,
  building: 'b1',
  floor,
  changes: changes.map(([s, state]) => ({ at: iso(s), state })),
});
const ALARMS = [
  alarm('a', 3, 'FIRE', [0, 'unacked-active'], [20, 'acked-active'], [60, 'normal']),
  alarm('b', 4, 'FAULT', [10, 'unacked-active']),
];

describe('alarms', () => {
  test.each([
    [-1, []],
    [0, [['a', 'unacked-active']]],
    [
      20,
      [
        ['a', 'acked-active'],
        ['b', 'unacked-active'],
      ],
    ],
    [60, [['b', 'unacked-active']]],
  ] as const)('at %d s stood as they were then', (s, found) => {
    expect(alarmsThen(ALARMS, T + s * 1_000).map((a) => [a.id, a.state])).toEqual(found);
  });
  test('are told by floor, the worst first', () => {
    expect(floorsOf(ALARMS).map((f) => f.floor)).toEqual([4, 3]);
    const then = alarmsThen(ALARMS, T + 15_000);
    expect([worstOn(then, { building: 'b1', floor: 3 }), worstOn(then, { building: 'b1', floor: 9 })]).toEqual([
      'FIRE',
      null,
    ]);
  });
});

describe('what was known of a thing', () => {
  const runs = [
    { from: iso(0), to: iso(30), value: 0 },
    { from: iso(30), to: iso(40), value: 1 },
  ];
  test.each([
    [-1, 'never', null],
    [0, 'good', 0],
    [35, 'good', 1],
    [40, 'stale', 1],
    [500, 'stale', 1],
  ] as const)('at %d s is %s', (s, quality, value) => {
    expect(sampleThen(runs, T + s * 1_000)).toMatchObject({ quality, value });
  });
});

describe('steps', () => {
  const moments = momentsOf({
    items: [{ at: iso(5) }, { at: iso(9) }],
    rescue: [{ n: 1, at: iso(7), kind: 'call', code: 'inside/reached', who: '', text: '' }],
  });
  test('lead from one thing that happened to the next, and stop at the ends', () => {
    expect(moments.map((m) => (m.at - T) / 1_000)).toEqual([5, 7, 9]);
    expect([
      stepFrom(moments, T, 'on'),
      stepFrom(moments, T + 7_000, 'on'),
      stepFrom(moments, T + 9_000, 'on'),
    ]).toEqual([T + 5_000, T + 9_000, null]);
    expect([stepFrom(moments, T + 7_000, 'back'), stepFrom(moments, T, 'back')]).toEqual([T + 5_000, null]);
    expect([momentAt(moments, T), momentAt(moments, T + 7_500)]).toEqual([-1, 1]);
  });
});

describe('a lift', () => {
  const run = (from: number, to: number, value: number) => ({ from: iso(from), to: iso(to), value });
  const LIFT: ReplayLift = {
    device: 'gw.l1',
    name: text,
    building: 'b1',
    floors: [3, 5],
    position: 'floor',
    points: [
      {
        id: 'floor',
        name: text,
        type: 'int16',
        unit: '',
        runs: [run(-10, 5, 3), run(5, 8, 5), run(30, 40, 5)],
        more: false,
      },
    ],
  };
  test.each([
    [0, 3],
    [6, 5],
    [20, null],
    [35, 5],
  ] as const)('at %d s its car stood at floor %s, where anybody knew', (s, floor) => {
    expect(carFloor(LIFT, T + s * 1_000)).toBe(floor);
  });
  const { floor: _, ...trapped } = alarm('t', 0, 'ENTRAPMENT', [1, 'unacked-active'], [20, 'acked-active']);
  const TRAPPED: ReplayAlarm = { ...trapped, device: 'gw.l1' };
  const over: ReplayAlarm = { ...TRAPPED, changes: [...TRAPPED.changes, { at: iso(3), state: 'normal' }] };
  test('adds the floors at which its car stood meanwhile, and what stands on it to the floor of its car', () => {
    expect(floorsOf([...ALARMS, TRAPPED], [LIFT]).map((f) => f.floor)).toEqual([5, 4, 3]);
    expect(floorsOf([over], [LIFT]).map((f) => f.floor)).toEqual([3]);
    expect(floorsOf(ALARMS, [LIFT]).map((f) => f.floor)).toEqual([4, 3]);
    const then = alarmsThen([TRAPPED], T + 6_000);
    const at = (floor: number) => worstOn(then, { building: 'b1', floor }, () => carFloor(LIFT, T + 6_000));
    expect([at(5), at(3)]).toEqual(['ENTRAPMENT', null]);
  });
  test('tells each change while something stood on it once: what was first known, and the same after a gap, is none', () => {
    expect(carMoments([LIFT], [TRAPPED]).map((m) => [(m.at - T) / 1_000, m.car?.value])).toEqual([[5, 5]]);
    expect(carMoments([LIFT], [over])).toEqual([]);
  });
});
