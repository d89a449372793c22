// Places as a list: read in either language, every mistake by line, nothing taken while one is in it.
import { beforeAll, describe, expect, test } from 'vitest';
import type { BuildingView, ImportListView } from '../../../hub/property/contract.ts';
import { floorsOfText, planList, readList } from '../../../hub/property/list.ts';
import { startTestHub, type Client } from '../../helpers/hub.ts';

const mistakes = (csv: string): string[] =>
  readList(csv).mistakes.map((m) => `${m.line} ${m.column} ${m.problem} ${m.given}`.trim());

describe('a list', () => {
  test.each([
    ['3', [3]],
    ['-1', [-1]],
    ['B2', [-2]],
    ['地下1层', [-1]],
    ['12层', [12]],
    ['-2~3', [-2, -1, 1, 2, 3]],
    ['-2..-1; 1～3、5至6', [-2, -1, 1, 2, 3, 5, 6]],
    ['0', [0]],
    ['3~1', undefined],
    ['1~2~3', undefined],
    ['顶', undefined],
    ['1~999', undefined],
  ] as const)('reads the floors %s', (text, floors) => {
    expect(floorsOfText(text)).toEqual(floors);
  });

  test('names every mistake by line and column', () => {
    const csv = [
      'building,building_zh,floor,floor_zh,place_zh',
      ',一号楼,1,,',
      'b 1,一号楼,1,,',
      'b2,二号楼,0,,',
      'b2,二栋,1,,',
      'b3,,1~3,,水泵房',
      'b3,,1~3,大堂,',
      'b3,,x,,',
      'b3,,1,,水/泵',
    ].join('\r\n');
    expect(mistakes(csv)).toEqual([
      '2 building missing',
      '3 building bad-id b 1',
      '4 floor floor-zero 0',
      '5 building_zh two-names 二栋',
      '6 floor one-floor 1~3',
      '7 floor_zh one-floor 大堂',
      '8 floor bad-floor x',
      '9 place_zh bad-id 水/泵',
    ]);
  });

  test('names what is wrong with its header, and with no list at all', () => {
    expect(mistakes('floor,size\n1,2')).toEqual(['1 size unknown-column', '1 building no-column']);
    expect(mistakes('building,楼栋\nb1,b1')).toEqual(['1 building column-twice']);
    expect(mistakes('building\n')).toEqual(['1  empty']);
    expect(mistakes('building\n"b1')).toEqual(['2  not-csv']);
  });

  test('leaves names alone that it does not give, and says what is new', () => {
    const existing: BuildingView[] = [
      {
        id: 'b1',
        name: { zh: '老名', en: 'Old name' },
        order: 4,
        commissioned: true,
        floors: [{ floor: 1, name: { zh: '大堂', en: 'Lobby' }, places: [] }],
      },
    ];
    const read = readList('楼栋\t楼栋名称\t楼层\t地点\nb1\t\t1\t水泵房\nb1\t\t2\t\nb2\t二号楼\t1~3\t\n');
    const { change, plan } = planList(read.buildings ?? new Map(), existing);
    expect(plan).toEqual([
      {
        id: 'b1',
        name: { zh: '老名', en: 'Old name' },
        change: 'same',
        floors: { new: 1, renamed: 0, same: 1 },
        places: { new: 1, renamed: 0, same: 0 },
      },
      {
        id: 'b2',
        name: { zh: '二号楼', en: '二号楼' },
        change: 'new',
        floors: { new: 3, renamed: 0, same: 0 },
        places: { new: 0, renamed: 0, same: 0 },
      },
    ]);
    expect(change.buildings.map((b) => [b.id, b.order, b.floors.map((f) => f.name?.en)])).toEqual([
      ['b1', 4, ['Lobby', 'Floor 2']],
      ['b2', 5, ['Floor 1', 'Floor 2', 'Floor 3']],
    ]);
  });
});

describe('the hub', () => {
  let admin: Client;
  beforeAll(async () => {
    admin = await (await startTestHub()).as('admin');
  });
  const send = (csv: string, apply: boolean) =>
    admin.post<ImportListView>(
      '/api/buildings/import',
      { csv, apply },
      { 'idempotency-key': `${csv}${apply}`.length.toString() },
    );
  const buildings = async () => (await admin.get<{ items: BuildingView[] }>('/api/buildings')).body.items;

  test('shows what a list would do without doing it, then does it, and knows it again', async () => {
    const csv = '楼栋,楼栋名称,楼层,地点名称\nb1,一号楼,-1~3,\nb1,,-1,水泵房\n';
    const preview = await send(csv, false);
    expect(preview.body).toMatchObject({ applied: false, mistakes: [], plan: [{ id: 'b1', change: 'new' }] });
    expect(await buildings()).toEqual([]);
    expect((await send(csv, true)).body).toMatchObject({ applied: true });
    expect(await buildings()).toMatchObject([
      {
        id: 'b1',
        name: { zh: '一号楼' },
        commissioned: true,
        floors: [{ floor: -1, places: [{ id: '水泵房' }] }, {}, {}, {}],
      },
    ]);
    expect((await send(csv, false)).body.plan[0]).toMatchObject({ change: 'same', places: { new: 0, same: 1 } });
  });

  test('takes nothing of a list with a mistake', async () => {
    const answer = await send('building,floor\nb7,1\nb8,0\n', true);
    expect(answer.body).toMatchObject({ applied: false, mistakes: [{ line: 3, problem: 'floor-zero' }] });
    expect((await buildings()).map((b) => b.id)).not.toContain('b7');
  });
});
