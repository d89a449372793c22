// The fire authority as a reader: let in for a time, sees what an inspection asks for, writes nothing, and every look of
// theirs is kept.
import { io, type Socket } from 'socket.io-client';
import { beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../hub/clock.ts';
import { allows } from '../../../hub/http/guard.ts';
import { READINGS } from '../../../hub/http/reading.ts';
import type { ReadingPage } from '../../../hub/read/contract.ts';
import { keepReadings } from '../../../hub/read/readings.ts';
import type { OneTimePassword, PersonView } from '../../../hub/staff/contract.ts';
import { cookieOf, startTestHub, TEST_PASSWORD, type Client, type TestHub } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';

const DAY = 24 * 3_600_000;
/** 2027-01-15 16:00 in Shanghai. */
const NOW = Date.parse('2027-01-15T08:00:00Z');

let hub: TestHub;
let clock: ManualClock;
let admin: Client;
let authority: Client;
beforeAll(async () => {
  clock = new ManualClock(NOW);
  hub = await startTestHub({ clock });
  admin = await hub.as('admin');
  authority = await hub.as('authority');
});

const user = { id: 'x', username: 'x', name: 'x', role: 'authority', community: 'test' } as const;
const SAFE = ['GET', 'HEAD', 'OPTIONS'];
/** Signing in and out, setting one's own password: no writing of anything of the site. */
const OWN = ['/api/session', '/api/session/password', '/api/setup'];

type Heard = readonly [event: string, frame: object];
/** A screen on the live channel with everything it hears, from its first word on. */
async function listen(cookie: string): Promise<{ readonly screen: Socket; readonly heard: readonly Heard[] }> {
  const screen = io(hub.hub.url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: { cookie },
  });
  const heard: Heard[] = [];
  screen.onAny((event: string, frame: object) => heard.push([event, frame]));
  await until(() => heard.length > 0, { what: 'the first word' });
  return { screen, heard };
}

const readings = async (who: Client = admin, query = ''): Promise<ReadingPage> =>
  (await who.get<ReadingPage>(`/api/readings${query}`)).body;

describe('the fire authority', () => {
  test('is refused by every route that writes', async () => {
    const writing = hub.hub.app.declaredRoutes.filter((r) => !SAFE.includes(r.method) && !OWN.includes(r.url));
    expect(writing.length).toBeGreaterThan(100);
    const letIn: string[] = [];
    for (const { method, url } of writing) {
      const path = url.replaceAll(/:\w+/g, 'no-such-thing').replace('*', 'x');
      const answer = await authority.send(method as 'POST', path, {});
      if (answer.status !== 403) letIn.push(`${method} ${url} ${answer.status}`);
    }
    expect(letIn).toEqual([]);
  });

  test('reads the screens of an inspection, and is declared for no list of people, rules, gateways or orders', async () => {
    const open = [
      'archive',
      'archive/chapters/posts',
      'authority/visits',
      'trainings',
      'publicity',
      'hazards',
      'plans',
    ];
    const more = [
      'drills',
      'duty/shifts',
      'duty/records',
      'duty/certificates',
      'fires',
      'linkage',
      'records?log=safety',
    ];
    for (const path of [...open, ...more])
      expect([path, (await authority.get(`/api/${path}`)).status]).toEqual([path, 200]);
    const shut = ['people', 'certificates', 'rules', 'gateways', 'audit', 'readings', 'work-orders', 'lane-vehicles'];
    const routes = hub.hub.app.declaredRoutes.filter((r) => r.method === 'GET' && allows(r.policy, user) === 'yes');
    const reached = routes.filter((r) => shut.some((s) => r.url === `/api/${s}` || r.url.startsWith(`/api/${s}/`)));
    expect(reached).toEqual([]);
  });

  test('leaves an entry of what it asks for on every route that shows anything, whether or not it exists', async () => {
    const span = 'from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z';
    const words: Readonly<Record<string, string>> = {
      '/api/records': '?log=safety',
      '/api/records/export': '?log=safety&format=csv',
      '/api/duty/form/print': `?${span}`,
      '/api/duty/shifts': `?${span}`,
      '/api/duty/records': `?${span}`,
      '/api/archive/search': '?text=x',
    };
    const showing = hub.hub.app.declaredRoutes.filter((r) => r.reading !== undefined && r.reading !== 'everyday');
    expect(new Set(showing.map((r) => r.reading)).size).toBe(READINGS.length - 1);
    const newest = async (): Promise<unknown> => (await readings(admin, '?limit=1')).items[0];
    const unkept: string[] = [];
    for (const { method, url, reading } of showing) {
      const path = url.replace(':sha256', 'a'.repeat(64)).replaceAll(/:\w+/g, 'no-such-thing') + (words[url] ?? '');
      const before = (await readings(admin, '?limit=200')).items.length;
      const { statusCode } = await hub.hub.app.inject({
        method: method as 'GET',
        url: path,
        headers: { cookie: authority.cookie },
      });
      const after = (await readings(admin, '?limit=200')).items.length;
      const kept = (await newest()) as { reading: string } | undefined;
      if (after !== before + 1 || kept?.reading !== reading) unkept.push(`${method} ${path} ${statusCode}`);
    }
    expect(unkept).toEqual([]);
  });

  test('leaves its entries on their own screen: none is copied into the logs of the control room', async () => {
    await authority.get('/api/hazards');
    const log = await admin.get<{ items: { code: string }[] }>('/api/records?log=upkeep&limit=500');
    expect(log.body.items.some((r) => r.code === 'audit.session.opened')).toBe(true);
    expect(log.body.items.filter((r) => r.code.startsWith('audit.reading'))).toEqual([]);
    expect((await admin.get<{ missing: number }>('/api/records/state')).body.missing).toBe(0);
  });

  test('is refused beyond the most looks of a day, and let in again when they are past', async () => {
    const { database, runEffects } = hub.hub;
    const later = new ManualClock(clock.now());
    const keep = keepReadings({ db: database.db, clock: later, runEffects }, 2);
    const who = { ...user, id: 'busy-reader' };
    await keep(who, 'hazards', {});
    await keep(who, 'hazards', {});
    await expect(keep(who, 'hazards', {})).rejects.toMatchObject({ code: 'too-many-looks' });
    await keep({ ...who, id: 'another-reader' }, 'hazards', {});
    later.advance(DAY + 1);
    await keep(who, 'hazards', {});
    expect((await readings(admin, '?person=busy-reader')).items).toHaveLength(3);
  });

  test('is listed with what was asked for, to administrator and manager alone', async () => {
    const before = (await readings(admin, '?limit=200')).items.length;
    await authority.get('/api/archive/chapters/posts?text=%E7%94%B2&limit=10');
    await authority.get('/api/records/export?log=safety&format=csv');
    await authority.get('/api/session');
    await authority.get('/api/buildings');
    const { items } = await readings(await hub.as('manager'), '?limit=200');
    expect(items.length - before).toBe(2);
    expect(items.slice(0, 2)).toMatchObject([
      {
        reading: 'records-export',
        taken: true,
        name: 'authority',
        asked: expect.arrayContaining([{ key: 'log', value: 'safety' }]),
      },
      {
        reading: 'archive',
        taken: false,
        asked: [
          { key: 'chapter', value: 'posts' },
          { key: 'text', value: '甲' },
        ],
      },
    ]);
    for (const role of ['committee', 'operator', 'supervisor'] as const)
      expect((await (await hub.as(role)).get('/api/readings')).status).toBe(403);
  });

  test('is turned by pages of looks, and by person', async () => {
    await authority.get('/api/hazards');
    const first = await readings(admin, '?limit=1');
    const [newest] = first.items;
    expect(newest).toMatchObject({ reading: 'hazards' });
    const second = await readings(admin, `?limit=1&cursor=${first.next ?? ''}`);
    expect(second.items[0]?.id).not.toBe(newest?.id);
    expect((await readings(admin, '?person=nobody')).items).toEqual([]);
    expect((await readings(admin, `?person=${newest?.person ?? ''}`)).items[0]?.id).toBe(newest?.id);
  });

  test('does not learn which owner reported a hazard, neither by name nor by id, nor find it by either', async () => {
    const kinds = await admin.get<{ items: { id: string }[] }>('/api/hazard-kinds');
    const body = { kind: kinds.body.items[0]?.id, description: '楼道堆物', photos: [] };
    const owner = await hub.as('owner');
    const made = await owner.post<{ id: string; reporter: { id: string } }>('/api/hazards', body);
    const ownerId = made.body.reporter.id;
    expect(made.status).toBe(200);
    const seen = await authority.get<{ reporter: { name: string; role: string } }>(`/api/hazards/${made.body.id}`);
    expect(seen.body.reporter).toEqual({ id: '', name: '', role: 'owner' });
    const list = await authority.get<{ items: { reporter: { name: string } }[] }>('/api/hazards');
    expect(list.body.items.map((h) => h.reporter.name)).toEqual(['']);
    expect(JSON.stringify([seen.body, list.body])).not.toContain(ownerId);
    const log = await authority.get<{ items: { name?: string }[] }>('/api/records?log=safety');
    expect(log.body.items.filter((r) => r.name === 'owner')).toEqual([]);
    // Signing in leaves the id of who did in the log of upkeep.
    const upkeep = await admin.get('/api/records?log=upkeep&limit=500');
    expect(JSON.stringify(upkeep.body)).toContain(`session ${ownerId}`);
    const told = await authority.get('/api/records?log=upkeep&limit=500');
    expect(JSON.stringify(told.body)).not.toContain(ownerId);
    const own = await admin.get<{ items: { name?: string }[] }>('/api/records?log=safety');
    expect(own.body.items.some((r) => r.name === 'owner')).toBe(true);
    const found = async (who: Client, query: string): Promise<string[]> =>
      (await who.get<{ items: { code: string }[] }>(`/api/records?${query}`)).body.items.map((r) => r.code);
    expect(await found(authority, 'log=safety&person=owner')).toEqual([]);
    for (const text of ['owner', ownerId])
      for (const log of ['safety', 'upkeep'])
        expect([text, log, await found(authority, `log=${log}&text=${text}`)]).toEqual([text, log, []]);
    expect(await found(admin, 'log=safety&text=owner')).toEqual(['audit.hazard.report']);
    // What an owner did is found by what it was and what it was about, as everything else is.
    for (const text of [made.body.id, encodeURIComponent('上报隐患')]) {
      expect(await found(authority, `log=safety&text=${text}`)).toEqual(['audit.hazard.report']);
      const sheet = await authority.get<string>(`/api/records/export?log=safety&format=csv&language=zh&text=${text}`);
      expect(sheet.body).toContain('上报隐患或违章');
      expect(sheet.body).not.toMatch(/owner/);
    }
  });

  test('hears live that its screen is alive and nothing else', async () => {
    const { screen, heard } = await listen(authority.cookie);
    await until(() => heard.length > 2, { what: 'three beats' });
    expect(new Set(heard.map(([event]) => event))).toEqual(new Set(['alive']));
    for (const [, frame] of heard) expect(Object.keys(frame).toSorted()).toEqual(['beat', 'blind', 'linkage', 'time']);
    screen.disconnect();
  });
});

describe('the last day of access', () => {
  const reader = { name: '检查员', role: 'authority', password: TEST_PASSWORD };
  test('is wanted of a reader from outside, not over, and of nobody else', async () => {
    const add = (body: object) => admin.post<{ code?: string }>('/api/people', { ...reader, ...body });
    expect((await add({ username: 'ending' })).body).toMatchObject({ code: 'bad-request' });
    expect((await add({ username: 'ending', accessUntil: '2027-01-14' })).body).toMatchObject({ code: 'bad-request' });
    expect((await add({ username: 'ending', role: 'guard', accessUntil: '2027-02-01' })).body).toMatchObject({
      code: 'bad-request',
    });
    // In Shanghai it is the 15th already.
    const made = await add({ username: 'ending', accessUntil: '2027-01-15' });
    expect(made.body).toMatchObject({ accessUntil: '2027-01-15' });
    const { id } = made.body as PersonView;
    const change = (body: object) => admin.send<PersonView>('PATCH', `/api/people/${id}`, body);
    expect((await change({ name: '检查员乙' })).body).toMatchObject({ accessUntil: '2027-01-15' });
    expect((await change({ accessUntil: '2026-12-01' })).status).toBe(400);
    expect((await change({ role: 'guard' })).body.accessUntil).toBeUndefined();
    expect((await change({ role: 'authority' })).status).toBe(400);
  });

  test('ends a running session with that day, and says clearly at the door why', async () => {
    const body = { ...reader, username: 'visitor', accessUntil: '2027-01-16' };
    const made = await admin.post<PersonView>('/api/people', body);
    const sign = () =>
      hub.anonymous.post<{ code?: string }>('/api/session', { username: 'visitor', password: TEST_PASSWORD });
    // Sixteen o'clock of the 15th; the 16th ends at 16:00 UTC of the 16th.
    clock.advance(DAY);
    const session = await sign();
    expect(session.status).toBe(200);
    expect(session.body).toMatchObject({ expiresAt: '2027-01-16T16:00:00.000Z' });
    const inside = (): Promise<number> =>
      hub.hub.app
        .inject({ method: 'GET', url: '/api/archive', headers: { cookie: cookieOf(session) } })
        .then((r) => r.statusCode);
    expect(await inside()).toBe(200);
    clock.advance(8 * 3_600_000);
    expect(await inside()).toBe(401);
    expect((await sign()).body).toMatchObject({ status: 403, code: 'access-ended' });
    const wrong = { username: 'visitor', password: 'not the password' };
    expect((await hub.anonymous.post('/api/session', wrong)).body).toMatchObject({ code: 'wrong-credentials' });
    // Let in for longer by the administrator, who signs in anew as well: their own session has idled away.
    const again = await hub.as('admin');
    const longer = await again.send('PATCH', `/api/people/${made.body.id}`, { accessUntil: '2027-01-20' });
    expect(longer.status).toBe(200);
    expect((await sign()).status).toBe(200);
  });

  test('ends the live channel too', async () => {
    const boss = await hub.as('admin');
    const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(clock.now());
    const made = await boss.post('/api/people', { ...reader, username: 'watcher', accessUntil: today });
    expect(made.status).toBe(200);
    const session = await hub.anonymous.post('/api/session', { username: 'watcher', password: TEST_PASSWORD });
    const { screen, heard } = await listen(cookieOf(session));
    clock.advance(60_000);
    const seen = heard.length;
    await until(() => heard.length > seen + 1, { what: 'two more beats: the day is not over' });
    expect(screen.connected).toBe(true);
    clock.advance(DAY);
    await until(() => !screen.connected, { ms: 10_000, what: 'the screen is disconnected' });
    screen.disconnect();
  });

  test('does not keep the administrator from ending it at once', async () => {
    const boss = await hub.as('admin');
    const body = { ...reader, username: 'guest', accessUntil: '2027-01-31' };
    const { id } = (await boss.post<PersonView>('/api/people', body)).body;
    const given = (await boss.post<OneTimePassword>(`/api/people/${id}/password`)).body;
    const session = await hub.anonymous.post('/api/session', { username: 'guest', password: given.password });
    const cookie = { cookie: cookieOf(session) };
    const ask = async (method: 'GET' | 'PUT', url: string, payload?: object): Promise<number> =>
      (await hub.hub.app.inject({ method, url, headers: cookie, ...(payload ? { payload } : {}) })).statusCode;
    const own = { old: given.password, new: 'a password of my own' };
    expect(await ask('PUT', '/api/session/password', own)).toBe(200);
    expect(await ask('GET', '/api/archive')).toBe(200);
    await boss.send('PATCH', `/api/people/${id}`, { active: false });
    expect(await ask('GET', '/api/archive')).toBe(401);
  });
});
