// Places: imported by people, made known by gateways, seen only within their community.
import { beforeAll, describe, expect, test } from 'vitest';
import { communityOf, ensurePlace, ensurePlaces } from '../../../hub/property/api.ts';
import type { BuildingView, CommunityView } from '../../../hub/property/contract.ts';
import { startTestHub, TEST_COMMUNITY, TEST_PASSWORD, type Client, type TestHub } from '../../helpers/hub.ts';

let hub: TestHub;
let admin: Client;
beforeAll(async () => {
  hub = await startTestHub();
  admin = await hub.as('admin');
});

const words = (text: string) => ({ zh: text, en: text });
const buildings = async (client: Client): Promise<BuildingView[]> =>
  (await client.get<{ items: BuildingView[] }>('/api/buildings')).body.items;
const places = () =>
  hub.database.db.transaction((tx) =>
    tx.query('SELECT building, floor, id, commissioned FROM property.place WHERE community = $1 ORDER BY id', [
      TEST_COMMUNITY,
    ]),
  );

describe('what a gateway names', () => {
  test('is made known once, uncommissioned, with floors called by their number', async () => {
    const { db } = hub.database;
    const where = [
      { building: 'b10', floor: -1, place: '泵房' },
      { building: 'b2', floor: 3 },
      { building: 'b2', floor: 3, place: '东走道' },
      { building: 'b2', floor: 0, place: '门厅' },
      { place: '大门' },
      {},
    ];
    await db.transaction((tx) => ensurePlaces(tx, TEST_COMMUNITY, where));
    await db.transaction((tx) => ensurePlaces(tx, TEST_COMMUNITY, where));
    const found = await buildings(admin);
    expect(found.map((b) => [b.id, b.commissioned, b.floors.map((f) => [f.floor, f.name.zh])])).toEqual([
      ['b2', false, [[3, '3层']]],
      ['b10', false, [[-1, '地下1层']]],
    ]);
    expect(await places()).toEqual([
      { building: 'b2', floor: 3, id: '东走道', commissioned: false },
      { building: null, floor: null, id: '大门', commissioned: false },
      { building: 'b10', floor: -1, id: '泵房', commissioned: false },
      { building: 'b2', floor: null, id: '门厅', commissioned: false },
    ]);
  });

  test('by many gateways at once is known once', async () => {
    const { db } = hub.database;
    const where = Array.from({ length: 20 }, (_, n) => ({ building: `r${n % 5}`, floor: (n % 7) + 1, place: `p${n}` }));
    const shuffled = (by: number) => where.toSorted((a, b) => ((a.floor * by) % 11) - ((b.floor * by) % 11));
    await Promise.all([1, 3, 5, 7].map((by) => db.ingest((tx) => ensurePlaces(tx, TEST_COMMUNITY, shuffled(by)))));
    expect((await buildings(admin)).filter((b) => b.id.startsWith('r'))).toHaveLength(5);
  });

  test('in a community that does not exist is an error', async () => {
    const lost = hub.database.db.transaction((tx) => ensurePlace(tx, 'nowhere', { building: 'b1' }));
    await expect(lost).rejects.toThrow('foreign key');
  });
});

describe('an import', () => {
  const b1 = {
    id: 'b1',
    name: words('1号楼'),
    floors: [{ floor: -1 }, { floor: 1, name: words('大堂'), places: [{ id: 'x', name: words('X') }] }],
  };

  test('adds and names buildings, floors and places, and confirms what a gateway has named', async () => {
    const given = {
      buildings: [b1, { id: 'b2', name: words('2号楼'), floors: [{ floor: 3, name: words('三层') }] }],
    };
    const answer = await admin.send('PUT', '/api/buildings', given);
    expect(answer).toMatchObject({ status: 200, body: { buildings: 2, floors: 3, places: 1 } });
    const found = await buildings(admin);
    const [first, second] = ['b2', 'b1'].map((id) => found.find((b) => b.id === id));
    expect(first).toMatchObject({ id: 'b2', commissioned: true, floors: [{ floor: 3, name: { zh: '三层' } }] });
    expect(second).toMatchObject({
      id: 'b1',
      floors: [
        { floor: -1, name: { zh: '地下1层', en: 'Basement 1' } },
        { floor: 1, name: { zh: '大堂' } },
      ],
    });
  });

  test.each([
    ['an id given twice', { buildings: [b1, b1] }],
    ['a floor given twice', { buildings: [{ ...b1, floors: [{ floor: 1 }, { floor: 1 }] }] }],
    ['floor 0', { buildings: [{ ...b1, floors: [{ floor: 0 }] }] }],
    ['an id with a slash', { buildings: [{ ...b1, id: 'a/b' }] }],
    ['no buildings', { buildings: [] }],
  ])('with %s is refused', async (_what, body) => {
    const answer = await admin.send('PUT', '/api/buildings', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad-request' } });
  });
});

describe('communities', () => {
  test('come with their first administrator, who sees nothing of others', async () => {
    const body = {
      id: 'next',
      name: words('下一个'),
      admin: { username: 'first', name: '甲', password: TEST_PASSWORD },
    };
    expect((await admin.post<CommunityView>('/api/communities', body)).body).toMatchObject({
      timeZone: 'Asia/Shanghai',
    });
    const first = await hub.as('first');
    expect((await first.get<CommunityView>('/api/communities/current')).body.id).toBe('next');
    expect(await buildings(first)).toEqual([]);
    const people = await first.get<{ items: { username: string }[] }>('/api/people');
    expect(people.body.items.map((p) => p.username)).toEqual(['first']);
  });

  test('are refused with an id or a user name that is taken, leaving nothing behind', async () => {
    const body = { id: 'third', name: words('三'), admin: { username: 'admin', name: '甲', password: TEST_PASSWORD } };
    expect((await admin.post('/api/communities', body)).body).toMatchObject({ code: 'duplicate', detail: 'username' });
    expect(await hub.database.db.read((tx) => communityOf(tx, 'third'))).toBeUndefined();
    const taken = { ...body, id: TEST_COMMUNITY, admin: { ...body.admin, username: 'fresh' } };
    expect((await admin.post('/api/communities', taken)).body).toMatchObject({ code: 'duplicate', detail: 'id' });
  });

  test('with a time zone that does not exist are refused', async () => {
    const answer = await admin.send('PATCH', '/api/communities/current', { timeZone: 'Mars/Olympus' });
    expect(answer).toMatchObject({ status: 400, body: { detail: 'timeZone' } });
  });
});
