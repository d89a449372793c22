import * as fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, formatProblem } from '../../device-profiles/config-error.ts';
import { POINT_LIST_BYTES_MAX, loadPointList, parsePointList } from '../../device-profiles/point-list.ts';
import { tempDir } from '../helpers/temp.ts';

const parse = (text: string) => parsePointList('list.csv', text, ['loop', 'n']);
function problemsOf(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

describe('parsePointList', () => {
  it('reads ids, indices, names and places, with the line of each row', () => {
    const text =
      'point,name_zh,name_en,building,floor,place,loop,n,invert\n' +
      'det-01-001,"大堂, 东",Lobby,b1,-1,大堂,,,\n' +
      '\n' +
      ',,,,,,1,2,1\n';
    expect(parse(text)).toEqual([
      {
        file: 'list.csv',
        line: 2,
        point: 'det-01-001',
        indices: {},
        name: { zh: '大堂, 东', en: 'Lobby' },
        building: 'b1',
        floor: -1,
        place: '大堂',
      },
      { file: 'list.csv', line: 4, indices: { loop: 1, n: 2 }, invert: true },
    ]);
  });

  it('uses one language for both where only one is given', () => {
    expect(parse('point,name_zh\na,大堂\n')[0]?.name).toEqual({ zh: '大堂', en: '大堂' });
    expect(parse('point,name_en\na,Lobby\n')[0]?.name).toEqual({ zh: 'Lobby', en: 'Lobby' });
  });

  it('takes a byte order mark, CRLF and blanks around cells', () => {
    expect(parse('\uFEFFpoint,floor\r\na, 3 \r\n')).toEqual([
      { file: 'list.csv', line: 2, point: 'a', indices: {}, floor: 3 },
    ]);
  });

  it.each([
    ['', 'list.csv:1: empty; expected a header line'],
    ['piont,floor\na,1\n', 'list.csv:1: unknown column "piont"; expected one of point'],
    ['point,point\na,b\n', 'list.csv:1: column point stands twice'],
    ['point;floor\na;1\n', 'list.csv:1: unknown column "point;floor"'],
    ['point,floor\na\n', 'list.csv:2: expected 2 cells; found 1'],
    ['point,floor\na,1\nb,1,2\n', 'list.csv:3: expected 2 cells; found 3'],
    ['point,floor\na,eins\n', 'list.csv:2: floor: expected a whole number from -20 to 300; found "eins"'],
    ['point,floor\na,1.5\n', 'list.csv:2: floor: expected a whole number'],
    ['point,n\na,-1\n', 'list.csv:2: n: expected a whole number from 0 to'],
    ['point,invert\na,yes\n', 'list.csv:2: invert: expected 0 or 1; found "yes"'],
    [`point,place\na,${'x'.repeat(201)}\n`, 'list.csv:2: place: expected at most 200 characters'],
    ['point,place\na,"open\n', 'not CSV'],
  ])('refuses %j', (text, message) => {
    expect(problemsOf(text).filter((p) => p.includes(message))).toHaveLength(1);
  });

  it('reports every wrong row at once', () => {
    expect(problemsOf('point,floor\na,x\nb,1\nc,y\n')).toHaveLength(2);
  });

  it('refuses what is too large', () => {
    expect(problemsOf('x'.repeat(POINT_LIST_BYTES_MAX + 1))[0]).toContain('larger than');
  });

  it('never throws anything but the named error', () => {
    const line = fc.array(fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('point', 'n', '"', '1', '"a""b"')), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        fc.array(
          line.map((c) => c.join(',')),
          { maxLength: 8 },
        ),
        (lines) => {
          expect(Array.isArray(problemsOf(lines.join('\n')))).toBe(true);
        },
      ),
    );
  });
});

describe('loadPointList', () => {
  it('reads UTF-8, and GB 18030 as Chinese spreadsheets write it', () => {
    const dir = tempDir();
    // "point,name_zh" and "a,大堂" in GB 18030
    writeFileSync(
      join(dir, 'gb.csv'),
      Buffer.concat([Buffer.from('point,name_zh\na,'), Buffer.from([0xb4, 0xf3, 0xcc, 0xc3])]),
    );
    writeFileSync(join(dir, 'utf8.csv'), 'point,name_zh\na,大堂\n');
    expect(loadPointList(join(dir, 'gb.csv'), [])[0]?.name?.zh).toBe('大堂');
    expect(loadPointList(join(dir, 'utf8.csv'), [])[0]?.name?.zh).toBe('大堂');
  });

  it('says that a file can not be read', () => {
    expect(() => loadPointList('/nowhere.csv', [])).toThrow(/\/nowhere\.csv: point list can't be read \(ENOENT\)/);
  });
});
