import { describe, expect, test } from 'vitest';
import { LANE_STATES, type LaneState } from '../../../hub/lanes/contract.ts';
import { isRepeated, looksLikePlate, plateOf, stepLane, type LaneEvent } from '../../../hub/lanes/machine.ts';
import { readVehicles } from '../../../hub/lanes/vehicle-list.ts';

const EVENTS: Readonly<Record<string, LaneEvent>> = {
  'the driver comes': { type: 'contact', result: 'coming' },
  'no answer': { type: 'contact', result: 'no-answer' },
  refused: { type: 'contact', result: 'refused' },
  'a notice is left': { type: 'contact', result: 'left' },
  'the plate is read': { type: 'identify' },
  'cleared with a photo': { type: 'clear', photo: true },
  'cleared without': { type: 'clear', photo: false },
  'void with a reason': { type: 'void', note: '卸货，已离开' },
  'void without': { type: 'void', note: ' ' },
  'time is over': { type: 'overdue' },
};
const OPEN: Readonly<Record<string, string>> = {
  'the driver comes': 'coming',
  'no answer': 'open',
  refused: 'open',
  'a notice is left': 'open',
  'the plate is read': 'open',
  'cleared with a photo': 'cleared',
  'cleared without': 'photo-required',
  'void with a reason': 'void',
  'void without': 'note-required',
  'time is over': 'open',
};
const COMING = { ...OPEN, 'a notice is left': 'coming', 'the plate is read': 'coming', 'time is over': 'coming' };
const OVER = Object.fromEntries(Object.keys(OPEN).map((name) => [name, 'already-done']));
const TABLE: Readonly<Record<LaneState, Readonly<Record<string, string>>>> = {
  open: OPEN,
  coming: COMING,
  cleared: OVER,
  void: OVER,
};
const EVERY = LANE_STATES.flatMap((state) =>
  Object.entries(EVENTS).map(([name, event]) => [state, name, event, TABLE[state][name]] as const),
);

describe('[S7] a blocked lane', () => {
  test.each(EVERY)('%s, %s', (state, _, event, expected) => {
    const done = stepLane(state, event);
    expect(done.ok ? done.value : done.code).toBe(expected);
  });
});

test.each([
  ['京A·12345', '京A12345'],
  [' 沪b 88888 ', '沪B88888'],
  ['粤Ｂ１２３４５', '粤B12345'],
])('[S7] the plate %s is compared as %s', (text, expected) => expect(plateOf(text)).toBe(expected));

test.each([
  ['京A12345', true],
  ['京AD12345', true],
  ['粤B1234学', true],
  ['12345', false],
  ['A12345', false],
  ['京A123', false],
])('%s looks like a plate: %s', (plate, expected) => expect(looksLikePlate(plate)).toBe(expected));

test.each([
  [0, 0, false],
  [1, 1, false],
  [2, 0, true],
  [0, 2, true],
])('[S7] %i times the plate and %i times the place before: more patrols %s', (plate, place, expected) => {
  expect(isRepeated({ plate, place }, 3)).toBe(expected);
});

describe('[S7] the register of vehicles', () => {
  test('is read from a Chinese list', () => {
    const csv = '\uFEFF车牌,楼栋,房号,车主,电话\n京A·12345,b1,1203,业主甲,13800000000\n\n沪B88888,,,,\n';
    expect(readVehicles(csv, ['b1'])).toEqual({
      vehicles: [
        { plate: '京A12345', building: 'b1', unit: '1203', owner: '业主甲', phone: '13800000000', note: '' },
        { plate: '沪B88888', unit: '', owner: '', phone: '', note: '' },
      ],
      mistakes: [],
    });
  });

  test('tells every mistake with its line and column', () => {
    const csv = '车牌,楼栋\n12345,b1\n京A12345,b9\n京A12345,b1\n京A·12345,b1\n';
    expect(readVehicles(csv, ['b1']).mistakes.map((m) => [m.line, m.column])).toEqual([
      [2, 'plate'],
      [3, 'building'],
      [5, 'plate'],
    ]);
    expect(readVehicles('电话\n138\n', []).mistakes).toMatchObject([{ line: 1 }]);
    expect(readVehicles('车牌\n"京A12345\n', []).mistakes).toHaveLength(1);
  });
});
