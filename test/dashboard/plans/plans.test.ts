// What a floor plan decides: zoom and pan, how a marker stands, which floor an alarm is on, what an editor changed.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ThingView } from '../../../hub/floor-plans/contract.ts';
import type { OverviewView } from '../../../hub/read/contract.ts';
import { draftOf, isDirty, nudge, place, positionsOf, redo, remove, undo } from '../../../dashboard/src/plans/draft.ts';
import { alarmsByThing, standingOf, thingKey, thingOf } from '../../../dashboard/src/plans/standing.ts';
import { floorOf, nextFloor } from '../../../dashboard/src/plans/target.ts';
import {
  centredOn,
  clamp,
  fitted,
  fitScale,
  panBy,
  shownAt,
  spotAt,
  ZOOM,
  zoomAt,
} from '../../../dashboard/src/plans/viewport.ts';
import { alarm } from '../alarms/alarm.ts';

const size = { width: 1000, height: 500 };
const frame = { width: 500, height: 500 };

describe('a view of the drawing', () => {
  test('fits it whole and in the middle', () => {
    expect(fitted(size, frame)).toEqual({ scale: 0.5, x: 0, y: 125 });
  });

  test('zooms about the pointer: what lies under it stays there, within the edges', () => {
    const before = zoomAt(fitted(size, frame), 4, 250, 250, size, frame);
    const under = spotAt(before, 300, 200, size);
    const after = zoomAt(before, 1.5, 300, 200, size, frame);
    expect(after.scale).toBeCloseTo(before.scale * 1.5);
    expect(shownAt(after, under, size).left).toBeCloseTo(300);
    expect(shownAt(after, under, size).top).toBeCloseTo(200);
  });

  test('never shows emptiness that it need not, and stays within its zoom', () => {
    const side = fc.integer({ min: 50, max: 3_000 });
    const sides = fc.record({ width: side, height: side });
    const moves = fc.array(fc.tuple(fc.double({ min: 0.2, max: 5, noNaN: true }), fc.integer({ min: -900, max: 900 })));
    fc.assert(
      fc.property(sides, sides, moves, (s, f, all) => {
        let view = fitted(s, f);
        for (const [factor, by] of all) view = panBy(zoomAt(view, factor, by, -by, s, f), by, by, s, f);
        const [w, h] = [s.width * view.scale, s.height * view.scale];
        const fit = fitScale(s, f);
        expect(view.scale).toBeGreaterThanOrEqual(fit * 0.999);
        expect(view.scale).toBeLessThanOrEqual(fit * ZOOM.max * 1.001);
        for (const [offset, drawn, room] of [
          [view.x, w, f.width],
          [view.y, h, f.height],
        ] as const) {
          const middle = (room - drawn) / 2;
          // What fits stands in the middle; what does not leaves no edge bare.
          const [least, most] = drawn <= room ? [middle, middle] : [room - drawn, 0];
          expect(offset).toBeGreaterThanOrEqual(least - 0.005);
          expect(offset).toBeLessThanOrEqual(most + 0.005);
        }
      }),
    );
  });

  test('jumps to a spot and shows it in the middle, or as near as the edge allows', () => {
    const scale = fitScale(size, frame) * 4;
    expect(shownAt(centredOn({ x: 0.5, y: 0.5 }, scale, size, frame), { x: 0.5, y: 0.5 }, size)).toEqual({
      left: 250,
      top: 250,
    });
    expect(centredOn({ x: 0, y: 0 }, scale, size, frame)).toMatchObject({ x: 0, y: 0 });
  });

  test('of nothing is harmless', () => {
    expect(clamp({ scale: 1, x: 5, y: 5 }, { width: 0, height: 0 }, frame).scale).toBe(1);
  });
});

const thing = (given: Partial<ThingView> = {}): ThingView => ({
  device: 'gw.panel',
  point: 'dev-0001',
  name: { zh: '感烟', en: 'smoke' },
  deviceName: { zh: '主机', en: 'panel' },
  kind: 'fire-panel',
  num: 7,
  value: 0,
  quality: 'good',
  sourceTime: '2026-11-22T08:00:00.000Z',
  proved: true,
  elsewhere: false,
  ...given,
});
const { point: _point, ...device } = thing();

describe('a marker', () => {
  test('shows the worst open alarm of its point; of a device, what no point of it shows by itself', () => {
    const things = [thing(), device];
    const found = alarmsByThing(
      [
        alarm({ id: '1', device: 'gw.panel', point: 'dev-0001', class: 'FAULT' }),
        alarm({ id: '2', device: 'gw.panel', point: 'dev-0001', class: 'FIRE', state: 'acked-active' }),
        alarm({ id: '3', device: 'gw.panel', point: 'mains', class: 'FAULT' }),
        alarm({ id: '4', device: 'gw.panel', point: 'dev-0001', class: 'TEST', state: 'shelved' }),
        alarm({ id: '5', device: 'gw.other', point: 'x' }),
      ],
      things,
    );
    const of = (t: ThingView) => standingOf(t, found.get(thingKey(t)) ?? [], null, false);
    expect(of(thing())).toMatchObject({ alarm: 'FIRE', alarms: 2, unacked: true });
    expect(of(device)).toMatchObject({ alarm: 'FAULT', alarms: 1 });
    expect([...found.keys()]).toHaveLength(2);
  });

  test.each([
    ['good', 1, 'gw.panel online', device, 'fresh'],
    ['good', 0, 'device that does not answer', device, 'offline'],
    ['good', 0, 'quiet detector', thing(), 'fresh'],
    ['stale', 0, 'stale detector', thing(), 'stale'],
    ['bad', 0, 'bad detector', thing(), 'bad'],
    ['never', null, 'detector never heard', thing(), 'never'],
  ] as const)('%s with %s: %s', (quality, value, _what, of, belief) => {
    const sample = { quality, value, time: 5 };
    expect(standingOf(of, [], sample, false)).toMatchObject({ belief, since: quality === 'never' ? null : 5 });
    expect(standingOf({ ...of, quality, value }, [], null, false).belief).toBe(belief);
  });

  test('says nothing while the screen is frozen, and keeps what is unproved apart', () => {
    expect(standingOf(thing(), [], { quality: 'good', value: 0, time: 5 }, true).belief).toBe('never');
    expect(standingOf(thing({ proved: false }), [], null, false).proved).toBe(false);
  });

  test('of an alarm is its own point, else its device, else none', () => {
    const of = { device: 'gw.panel', point: 'dev-0001' };
    expect(thingOf(of, [device, thing()])).toEqual(thing());
    expect(thingOf(of, [device])).toEqual(device);
    expect(thingOf(of, [thing({ device: 'gw.x' })])).toBeNull();
  });
});

describe('the floor of an alarm', () => {
  const floor = (n: number): OverviewView['buildings'][number]['floors'][number] => ({
    floor: n,
    name: { zh: `${n}`, en: `${n}` },
    points: 1,
    unknown: 0,
    unproved: 0,
  });
  const name = { zh: '1号楼', en: 'Building 1' };
  const buildings = [
    { id: 'b1', name, floors: [-1, 1, 2, 5].map(floor), panels: [], elevators: [] },
    { id: 'b2', name, floors: [3, 4].map(floor), panels: [], elevators: [] },
  ];
  const at = (building: string | undefined, level: number | undefined, car: number | null = null) =>
    floorOf({ ...(building && { building }), ...(level && { floor: level }), device: 'd' }, buildings, () => car)
      ?.floor;

  test('is its own; of a lift, where the car is; else the ground floor, or what there is', () => {
    expect([
      at('b1', 5),
      at('b1', undefined, 2),
      at('b1', undefined),
      at('b1', undefined, 99),
      at('b2', undefined),
    ]).toEqual([5, 2, 1, 1, 3]);
    expect([at(undefined, 5), at('b9', 5)]).toEqual([undefined, undefined]);
  });

  test('has neighbours, over gaps, and ends', () => {
    const next = (level: number, way: 'up' | 'down') => nextFloor(buildings, { building: 'b1', floor: level }, way);
    expect([next(-1, 'up'), next(2, 'up'), next(5, 'up'), next(1, 'down'), next(-1, 'down')]).toEqual([
      1,
      5,
      null,
      -1,
      null,
    ]);
  });
});

describe('a draft', () => {
  const start = draftOf([thing({ at: { x: 0.5, y: 0.5 } }), device]);
  const key = thingKey(thing());

  test('places, moves by arrows, removes; held to the drawing', () => {
    let draft = place(start, thingKey(device), { x: 1.5, y: -1 });
    draft = nudge(draft, key, 'ArrowRight', false);
    draft = nudge(draft, key, 'ArrowUp', true);
    expect(positionsOf(draft)).toEqual([
      { device: 'gw.panel', point: 'dev-0001', x: 0.51, y: 0.499 },
      { device: 'gw.panel', x: 1, y: 0 },
    ]);
    expect(positionsOf(remove(draft, key))).toEqual([{ device: 'gw.panel', x: 1, y: 0 }]);
    expect(nudge(start, thingKey(device), 'ArrowUp', false)).toBe(start);
    expect(nudge(start, key, 'Enter', false)).toBe(start);
    expect(remove(start, thingKey(device))).toBe(start);
  });

  test('is unsaved until it is as it was, and a row of arrows is taken back at once', () => {
    expect(isDirty(start)).toBe(false);
    const moved = ['ArrowLeft', 'ArrowLeft', 'ArrowUp'].reduce((d, arrow) => nudge(d, key, arrow, false), start);
    expect(isDirty(moved)).toBe(true);
    expect(isDirty(undo(moved))).toBe(false);
    expect(positionsOf(redo(undo(moved)))).toEqual(positionsOf(moved));
    expect(isDirty(nudge(nudge(start, key, 'ArrowLeft', false), key, 'ArrowRight', false))).toBe(false);
    expect(undo(start)).toBe(start);
  });

  test('taken back act by act is as it was, whatever was done', () => {
    const act = fc.oneof(
      fc.record({ x: fc.double({ min: 0, max: 1, noNaN: true }), y: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.constantFrom('ArrowLeft', 'remove'),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        let draft = start;
        for (const one of acts)
          draft =
            typeof one !== 'string'
              ? place(draft, key, one)
              : one === 'remove'
                ? remove(draft, key)
                : nudge(draft, key, one, false);
        const end = draft;
        while (draft.before.length > 0) draft = undo(draft);
        expect(positionsOf(draft)).toEqual(positionsOf(start));
        while (draft.after.length > 0) draft = redo(draft);
        expect(positionsOf(draft)).toEqual(positionsOf(end));
      }),
    );
  });
});
