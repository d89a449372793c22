// People and their certificates, within one community; another community's are not there.
import { beforeAll, describe, expect, test } from 'vitest';
import { certified, certifiedUntil, findUser, usersByRole } from '../../../hub/staff/api.ts';
import type { CertificateView, PersonView } from '../../../hub/staff/contract.ts';
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

describe('certificates', () => {
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
