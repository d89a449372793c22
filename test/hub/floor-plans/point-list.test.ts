// A point list of positions: read in any order of columns, refused with every line and column that is wrong.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLOOR_PLAN_LIMITS } from '../../../hub/floor-plans/limits.ts';
import { mistakesText, parsePositions, positionsCsv } from '../../../hub/floor-plans/point-list.ts';

const HEAD = 'device,point,building,floor,x,y';
const mistakes = (text: string): string => {
  const parsed = parsePositions(text);
  return 'mistakes' in parsed ? mistakesText(parsed.mistakes) : 'none';
};

describe('a list', () => {
  test('is read in any order of columns, with a byte-order mark, quotes and empty lines, and without points', () => {
    expect(parsePositions('\uFEFFX,y,Floor,building,device\r\n\r\n0.5,1,-1,"b,3",gw.pump\r\n')).toEqual({
      rows: [{ line: 3, device: 'gw.pump', point: '', building: 'b,3', floor: -1, x: 0.5, y: 1 }],
    });
  });

  test('comes back as it was given out', () => {
    const row = fc.record({
      device: fc.string({ minLength: 1, maxLength: 20 }).map((s) => `d${s.replaceAll(/\s/gu, '_')}`),
      point: fc.constantFrom('', 'dev-0001', 'a "b", c'),
      building: fc.constantFrom('b1', '1号楼'),
      floor: fc.integer({ min: -20, max: 300 }).filter((f) => f !== 0),
      x: fc.integer({ min: 0, max: 100_000 }).map((n) => n / 100_000),
      y: fc.integer({ min: 0, max: 100_000 }).map((n) => n / 100_000),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(row, { selector: (r) => `${r.device} ${r.point} ${r.building} ${r.floor}` }),
        (rows) => {
          const parsed = parsePositions(positionsCsv(rows));
          const back = 'rows' in parsed ? parsed.rows.map(({ line: _line, ...rest }) => rest) : parsed.mistakes;
          expect(back).toEqual(rows);
        },
      ),
    );
  });

  test('keeps a spreadsheet from taking a name for a formula', () => {
    expect(positionsCsv([{ device: '=1+1', point: '', building: 'b', floor: 1, x: 0, y: 0 }])).toContain("'=1+1,");
  });
});

describe('a mistake names line and column', () => {
  test.each([
    ['empty', '', 'line 1: empty'],
    ['an unknown column', `${HEAD},z\n`, 'line 1, column z: unknown'],
    ['a column twice', `${HEAD},x\n`, 'line 1, column x: stands twice'],
    ['a missing column', 'device,floor,x,y\n', 'line 1, column building: missing'],
    ['too few cells', `${HEAD}\ngw.a,,b1,1,0.5\n`, 'line 2: expected 6 cells, found 5'],
    ['no device', `${HEAD}\n,,b1,1,0.5,0.5\n`, 'line 2, column device: empty'],
    ['no floor', `${HEAD}\ngw.a,,b1,0,0.5,0.5\n`, 'line 2, column floor: "0" is not a floor'],
    ['a floor in words', `${HEAD}\ngw.a,,b1,B1,0.5,0.5\n`, 'line 2, column floor: "B1" is not a floor'],
    ['beyond the drawing', `${HEAD}\ngw.a,,b1,1,1.01,0.5\n`, 'line 2, column x: "1.01" is not a number from 0 to 1'],
    ['a decimal comma', `${HEAD}\ngw.a,,b1,1,"0,5",0.5\n`, 'line 2, column x: "0,5" is not a number'],
    ['not a number', `${HEAD}\ngw.a,,b1,1,NaN,1e-1\n`, 'line 2, column y: "1e-1" is not a number'],
    ['twice', `${HEAD}\ngw.a,,b1,1,0,0\ngw.a,,b1,1,1,1\n`, 'line 3, column device: stands in line 2 already'],
    ['no CSV', `${HEAD}\n"gw.a\n`, 'not CSV'],
  ])('%s', (_what, text, expected) => {
    expect(mistakes(text)).toContain(expected);
  });

  test('all of them, up to a bound', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `gw.${i},,b1,1,2,0`).join('\n');
    expect(mistakes(`${HEAD}\n${lines}\n`)).toMatch(/line 2, .*line 21, .*; and 10 more$/);
    const many = `gw.a,,b1,1,0,0\n`.repeat(FLOOR_PLAN_LIMITS.csvRowsMax + 1);
    expect(mistakes(`${HEAD}\n${many}`)).toBe('line 1: more than 20000 lines');
  });
});
