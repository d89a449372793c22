// The section: which cell shows what, what is believed, where the arrows lead.
import { describe, expect, test } from 'vitest';
import {
  beliefOf,
  buildingKey,
  deviceKey,
  floorKey,
  labelled,
  levelMark,
  levels,
  neighbour,
  tally,
  troubles,
  type OverviewBuilding,
} from '../../../dashboard/src/building/section.ts';
import { floorWords, joinPlace, placeWords } from '../../../dashboard/src/site/place.ts';
import { alarm } from '../alarms/alarm.ts';

const building = (id: string, floors: readonly number[]): OverviewBuilding => ({
  id,
  name: { zh: id, en: id },
  floors: floors.map((floor) => ({ floor, name: { zh: '', en: '' }, points: 1, unknown: 0, unproved: 0 })),
  panels: [],
  elevators: [],
});

describe('troubles', () => {
  const found = troubles([
    alarm({ id: '1', class: 'FAULT', building: 'b3', floor: 12 }),
    alarm({ id: '2', class: 'FIRE', building: 'b3', floor: 12, state: 'acked-active' }),
    alarm({ id: '3', class: 'COMMS', building: 'b6', device: 'g.panel-6' }),
    alarm({ id: '4', class: 'FIRE', building: 'b4', floor: 2, state: 'suppressed' }),
  ]);
  test('a cell shows the worst class, how many, and whether any is unacknowledged', () => {
    expect(found.get(floorKey('b3', 12))).toMatchObject({ worst: 'FIRE', count: 2, unacked: true });
  });
  test('a flood on one floor is a count by class, the worst first, however many there are', () => {
    const flood = Array.from({ length: 10_000 }, (_, i) =>
      alarm({
        id: String(i),
        class: (['FAULT', 'FIRE', 'FEEDBACK', 'FAULT'] as const)[i % 4] ?? 'FAULT',
        building: 'b3',
        floor: 12,
      }),
    );
    const at = troubles(flood);
    const expected = [
      ['FIRE', 2_500],
      ['FEEDBACK', 2_500],
      ['FAULT', 5_000],
    ];
    for (const key of [floorKey('b3', 12), buildingKey('b3')]) {
      const trouble = at.get(key);
      expect(trouble?.count).toBe(10_000);
      expect(trouble && tally(trouble)).toEqual(expected);
    }
  });
  test('a place at which nothing changed is given back as it was, so that it is not drawn anew', () => {
    const [a, b] = [alarm({ id: '1', building: 'b3', floor: 12 }), alarm({ id: '2', building: 'b4', floor: 1 })];
    const before = troubles([a, b]);
    const after = troubles([a, { ...b, state: 'acked-active' }], before);
    expect(after.get(floorKey('b3', 12))).toBe(before.get(floorKey('b3', 12)));
    expect(after.get(floorKey('b4', 1))).toMatchObject({ unacked: false, count: 1 });
  });
  test('an alarm without a floor shows on its building and its device', () => {
    expect(found.get(buildingKey('b6'))?.worst).toBe('COMMS');
    expect(found.get(deviceKey('g.panel-6'))?.count).toBe(1);
  });
  test('what is set aside colours nothing', () => {
    expect(found.has(floorKey('b4', 2))).toBe(false);
  });
});

describe('belief', () => {
  test.each([
    [{ points: 0, unknown: 0 }, false, 'empty'],
    [{ points: 4, unknown: 0 }, false, 'known'],
    [{ points: 4, unknown: 1 }, false, 'partly'],
    [{ points: 4, unknown: 4 }, false, 'unknown'],
    [{ points: 4, unknown: 0 }, true, 'unknown'],
  ] as const)('%o frozen %s: %s', (floor, frozen, belief) => {
    expect(beliefOf(floor, frozen)).toBe(belief);
  });
});

describe('levels', () => {
  const site = [building('a', [1, 2, 3]), building('b', [-1, 1, 2]), building('pumps', [-2])];
  test('one height for all buildings, from the top down', () => {
    expect(levels(site)).toEqual([3, 2, 1, -1, -2]);
  });
  test('labels at fives, ends, ground and trouble', () => {
    const all = [26, 25, 12, 1, -1];
    expect([...labelled([...all, -2], new Set([12]))].toSorted((x, y) => y - x)).toEqual([26, 25, 12, 1, -2]);
    expect([levelMark(12), levelMark(-1)]).toEqual(['12', 'B1']);
  });
  test('labels that would overlap give way to trouble first, then to the ends', () => {
    const all = Array.from({ length: 26 }, (_, k) => 26 - k);
    const marks = labelled(all, new Set([24]), 3);
    expect([...marks].toSorted((x, y) => y - x)).toEqual([24, 20, 15, 10, 5, 1]);
    expect([...labelled(all, new Set(all), 10)]).toEqual([26, 16, 6]);
  });
  test('arrows lead to the nearest cell there is, and stop at the edge', () => {
    expect(neighbour(site, { column: 0, level: 3 }, 'ArrowDown')).toEqual({ column: 0, level: 2 });
    expect(neighbour(site, { column: 0, level: 3 }, 'ArrowUp')).toBeNull();
    expect(neighbour(site, { column: 0, level: 3 }, 'ArrowRight')).toEqual({ column: 1, level: 2 });
    expect(neighbour(site, { column: 1, level: 1 }, 'ArrowDown')).toEqual({ column: 1, level: -1 });
    expect(neighbour(site, { column: 2, level: -2 }, 'ArrowRight')).toBeNull();
    expect(neighbour(site, { column: 0, level: 3 }, 'Enter')).toBeNull();
  });
});

describe('places', () => {
  const t = (key: string, args?: object): string => `${key}${JSON.stringify(args)}`;
  const speech = { t, words: (w: { zh: string }): string => w.zh };
  test('building, floor and place in words; an unknown building by its id', () => {
    const names = { building: (id: string) => (id === 'b3' ? { zh: '3 号楼', en: '3' } : undefined) };
    expect(placeWords({ building: 'b3', floor: 12, place: '走道' }, names, speech)).toBe(
      '3 号楼 ui.floor{"n":12} 走道',
    );
    expect(placeWords({ building: 'b9' }, names, speech)).toBe('b9');
    expect(placeWords({}, names, speech)).toBe('');
  });
  test('a place that only repeats the floor is left out', () => {
    const names = { building: () => undefined };
    expect(placeWords({ floor: 12, place: '12层' }, names, speech)).toBe('ui.floor{"n":12}');
    expect(placeWords({ floor: 12, place: '12层走道' }, names, speech)).toContain('12层走道');
  });
  test.each([
    [['1号楼', '12 层', '12层', '12层电梯厅感烟'], '1号楼 12层电梯厅感烟'],
    [['1号楼', '1号电梯', '1号电梯'], '1号楼 1号电梯'],
    [['Building 1', 'Floor 1', 'Floor 1 lobby'], 'Building 1 Floor 1 lobby'],
    [['Building 1', 'Floor 1', 'Floor 12 lobby'], 'Building 1 Floor 1 Floor 12 lobby'],
    [['3号楼', '地下 1 层', '消防泵房', '喷淋泵'], '3号楼 地下 1 层 消防泵房 喷淋泵'],
    [['', ' '], ''],
  ])('%j reads %s', (parts, text) => {
    expect(joinPlace(parts)).toBe(text);
  });
  test('basements count downwards', () => {
    expect(floorWords(-2, t)).toBe('ui.floor.basement{"n":2}');
  });
});
