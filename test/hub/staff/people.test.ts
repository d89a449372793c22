// People and their certificates, within one community; another community's are not there.
import { beforeAll, describe, expect, test } from 'vitest';
import { certified, certifiedUntil, findUser, usersByRole } from '../../../hub/staff/api.ts';
import type { CertificateView, HeldCertificateView, OneTimePassword, PersonView } from '../../../hub/staff/contract.ts';
import { startTestHub, type Client, type TestHub } from '../../helpers/hub.ts';

let hub: TestHub;
let admin: Client;
let stranger: Client;
beforeAll(async () => {
  hub = await startTestHub();
  admin = await hub.as('admin');
  await hub.addCommunity('other');
  stranger = await hub.as('admin@other');
});

type List<T> = { items: T[] };
const people = async (client: Client, query = ''): Promise<PersonView[]> =>
  (await client.get<List<PersonView>>(`/api/people${query}`)).body.items;
const person = async (username: string): Promise<PersonView> => {
  const found = (await people(admin)).find((p) => p.username === username);
  if (found === undefined) throw new Error(`no ${username}`);
  return found;
};

describe('people', () => {
  test('are listed by role, of one’s own community only', async () => {
    const found = await people(admin, '?role=technician,contractor');
    expect(found.map((p) => p.username).toSorted()).toEqual(['contractor', 'technician']);
    expect((await people(stranger, '?role=technician')).map((p) => p.username)).toEqual(['technician@other']);
    expect((await admin.get('/api/people?role=king')).body).toMatchObject({
      code: 'bad-request',
      detail: 'role: king',
    });
  });

  test('are added with a password, a user name belongs to one person in the whole hub', async () => {
    const body = { username: 'zhang.wei', name: '张伟', role: 'technician', password: 'long enough' };
    expect((await admin.post('/api/people', body)).body).toMatchObject({ username: 'zhang.wei', active: true });
    expect((await admin.post('/api/people', body)).body).toMatchObject({ code: 'duplicate' });
    expect((await stranger.post('/api/people', body)).body).toMatchObject({ code: 'duplicate' });
    expect((await (await hub.as('zhang.wei', 'long enough')).get('/api/session')).status).toBe(200);
  });

  test('with a short password, an unknown role or a capital in the user name are refused', async () => {
    const body = { username: 'li.na', name: '李娜', role: 'technician', password: 'long enough' };
    for (const change of [{ password: 'short' }, { role: 'king' }, { username: 'Li' }, { community: 'other' }]) {
      expect((await admin.post('/api/people', { ...body, ...change })).status).toBe(400);
    }
  });

  test('of another community cannot be changed, or found out about', async () => {
    const { id } = await person('guard');
    const answers = [
      await stranger.send('PATCH', `/api/people/${id}`, { active: false }),
      await stranger.get(`/api/people/${id}/certificates`),
      await stranger.post(`/api/people/${id}/certificates`, { kind: 'electrician', no: '1', expires: '2030-01-01' }),
      await stranger.send('DELETE', `/api/people/${id}/certificates/none`),
    ];
    const unknown = await stranger.send('PATCH', '/api/people/no-such-person', { active: false });
    for (const answer of answers) {
      expect(answer.status).toBe(404);
      expect({ ...answer.body, request: '' }).toEqual({ ...unknown.body, request: '' });
    }
    expect((await person('guard')).active).toBe(true);
  });

  test('every change is in the audit with who did it, and never a password', async () => {
    const { id } = await person('legal');
    await admin.send('PATCH', `/api/people/${id}`, { name: '法务部', password: 'very secret words' });
    const { body } = await admin.get<List<{ action: string; content: string }>>(
      `/api/audit?entity=person&entityId=${id}`,
    );
    expect(body.items[0]?.action).toBe('person.changed');
    expect(JSON.parse(body.items[0]?.content ?? '')).toMatchObject({
      actor: { kind: 'user', role: 'admin' },
      before: { name: 'legal' },
      after: { name: '法务部', password: 'changed' },
    });
    expect(JSON.stringify(body)).not.toContain('very secret');
  });
});

describe('a one-time password', () => {
  test('lets a person in to set their own and to nothing else, and ends what they had open', async () => {
    const made = await admin.post<PersonView>('/api/people', { username: 'wang', name: '王', role: 'technician' });
    const { id } = made.body;
    const nobody = await hub.anonymous.post('/api/session', { username: 'wang', password: 'anything at all' });
    expect(nobody.body).toMatchObject({ code: 'wrong-credentials' });
    const given = await admin.post<OneTimePassword>(`/api/people/${id}/password`);
    const wang = await hub.as('wang', given.body.password);
    expect((await wang.get('/api/session')).body).toMatchObject({ mustChangePassword: true });
    expect((await wang.get('/api/devices')).body).toMatchObject({ code: 'password-change-required' });
    const [old, fresh] = [given.body.password, 'my own password'];
    expect((await wang.send('PUT', '/api/session/password', { old, new: old })).status).toBe(400);
    expect((await wang.send('PUT', '/api/session/password', { old, new: fresh })).status).toBe(200);
    expect((await wang.get('/api/devices')).status).toBe(200);
    expect((await wang.get('/api/session')).body).not.toHaveProperty('mustChangePassword');
    await admin.post(`/api/people/${id}/password`);
    expect((await wang.get('/api/session')).status).toBe(401);
  });

  test('is another each time, even for a repeat under one key, and is kept nowhere', async () => {
    const { id } = await person('guard');
    const headers = { 'idempotency-key': 'again' };
    const [first, second] = [
      await admin.post<OneTimePassword>(`/api/people/${id}/password`, {}, headers),
      await admin.post<OneTimePassword>(`/api/people/${id}/password`, {}, headers),
    ];
    expect(first.body.password).not.toBe(second.body.password);
    const refused = await hub.anonymous.post('/api/session', { username: 'guard', password: first.body.password });
    expect(refused.body).toMatchObject({ code: 'wrong-credentials' });
    await hub.as('guard', second.body.password);
    const kept = await hub.database.db.transaction((tx) => tx.query('SELECT answer::text FROM http.idempotency'));
    expect(JSON.stringify(kept)).not.toContain(second.body.password);
  });

  test('is refused for oneself, for who has left, and to all but administrators', async () => {
    const me = await person('admin');
    expect((await admin.post(`/api/people/${me.id}/password`)).body).toMatchObject({ code: 'not-allowed' });
    const gone = await person('collector');
    await admin.send('PATCH', `/api/people/${gone.id}`, { active: false });
    expect((await admin.post(`/api/people/${gone.id}/password`)).body).toMatchObject({ code: 'wrong-state' });
    expect((await stranger.post(`/api/people/${gone.id}/password`)).status).toBe(404);
    expect((await stranger.send('DELETE', `/api/people/${gone.id}/sessions`)).status).toBe(404);
    expect((await (await hub.as('manager')).post(`/api/people/${gone.id}/password`)).status).toBe(403);
  });
});

describe('who runs the site', () => {
  test('sees who has left and how to reach people; others do not', async () => {
    const { id } = await person('steward');
    await admin.send('PATCH', `/api/people/${id}`, { phone: '138 0000 0000' });
    await admin.send('PATCH', `/api/people/${id}`, { active: false });
    const manager = await hub.as('manager');
    expect((await people(manager, '?all=true')).find((p) => p.id === id)).toMatchObject({
      active: false,
      phone: '138 0000 0000',
    });
    expect((await people(manager)).some((p) => p.id === id)).toBe(false);
    const inspector = await hub.as('inspector');
    expect((await inspector.get('/api/people?all=true')).body).toMatchObject({ code: 'not-allowed' });
    await admin.send('PATCH', `/api/people/${id}`, { active: true });
    expect((await people(inspector)).find((p) => p.id === id)).not.toHaveProperty('phone');
    expect((await admin.send('PATCH', `/api/people/${id}`, { phone: 'call me' })).status).toBe(400);
  });

  test('ends all sessions of a person', async () => {
    const { id } = await person('frontdesk');
    const desk = await hub.as('frontdesk');
    expect((await admin.send('DELETE', `/api/people/${id}/sessions`)).body).toEqual({ ended: 1 });
    expect((await desk.get('/api/session')).status).toBe(401);
  });
});

describe('certificates', () => {
  test('have a level, and all that are held are listed, the first to run out first', async () => {
    const { id } = await person('inspector');
    const kind = 'fire-control-operator';
    await admin.post(`/api/people/${id}/certificates`, { kind, no: 'L-2', expires: '2031-01-01' });
    await admin.post(`/api/people/${id}/certificates`, { kind, no: 'L-1', level: '四级', expires: '2029-01-01' });
    const { body } = await admin.get<List<HeldCertificateView>>('/api/certificates');
    expect(body.items.filter((c) => c.person === id)).toMatchObject([
      { no: 'L-1', level: '四级', expires: '2029-01-01' },
      { no: 'L-2' },
    ]);
    expect((await stranger.get<List<HeldCertificateView>>('/api/certificates')).body.items).toEqual([]);
  });

  test('are valid to the end of their last day in the community’s time zone', async () => {
    const { id } = await person('operator');
    const body = { kind: 'fire-control-operator', no: 'A-1', expires: '2030-05-31' };
    expect((await admin.post(`/api/people/${id}/certificates`, body)).status).toBe(200);
    expect((await admin.post(`/api/people/${id}/certificates`, body)).body).toMatchObject({ code: 'duplicate' });
    // 2030-06-01 00:00 in Shanghai.
    const end = Date.UTC(2030, 4, 31, 16);
    const at = (ms: number) => hub.database.db.read((tx) => certified(tx, id, 'fire-control-operator', ms));
    expect([await at(end - 1), await at(end)]).toEqual([true, false]);
    expect(await hub.database.db.read((tx) => certifiedUntil(tx, id, 'fire-control-operator'))).toBe(end);
    expect(await hub.database.db.read((tx) => certified(tx, id, 'electrician', 0))).toBe(false);
  });

  test('revoked ones no longer count, once', async () => {
    const { id } = await person('supervisor');
    const made = await admin.post<{ id: string }>(`/api/people/${id}/certificates`, {
      kind: 'fire-supervisor',
      no: 'S-1',
      expires: '2030-01-01',
    });
    const url = `/api/people/${id}/certificates/${made.body.id}`;
    expect([(await admin.send('DELETE', url)).status, (await admin.send('DELETE', url)).status]).toEqual([200, 404]);
    expect(await hub.database.db.read((tx) => certified(tx, id, 'fire-supervisor', 0))).toBe(false);
    const { body } = await admin.get<List<CertificateView>>(`/api/people/${id}/certificates`);
    expect(body.items[0]?.revokedAt).toBeDefined();
  });

  test('with a day that does not exist are refused', async () => {
    const { id } = await person('operator');
    const answer = await admin.post(`/api/people/${id}/certificates`, {
      kind: 'electrician',
      no: '2',
      expires: '2030-02-31',
    });
    expect(answer.status).toBe(400);
  });
});

test('other domains find people by id and by role', async () => {
  const { id } = await person('technician');
  const { found, byRole } = await hub.database.db.read(async (tx) => ({
    found: await findUser(tx, id),
    byRole: await usersByRole(tx, 'test', ['finance']),
  }));
  expect(found).toEqual({
    id,
    username: 'technician',
    name: 'technician',
    role: 'technician',
    community: 'test',
    active: true,
  });
  expect(byRole.map((u) => u.username)).toEqual(['finance']);
});
