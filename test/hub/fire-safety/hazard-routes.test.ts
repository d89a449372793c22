// Hazards over HTTP: who sees which, who may send what, photos by hash, comments of the committee.
import { beforeAll, describe, expect, test } from 'vitest';
import type { HazardKinds, HazardPage, HazardView } from '../../../hub/fire-safety/contract.ts';
import { ok } from '../../../hub/errors.ts';
import { putFile } from '../../../hub/files/api.ts';
import { runCommand } from '../../../hub/http/command.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../helpers/hub.ts';

let hub: TestHub;
let owner: Client;
let supervisor: Client;
let committee: Client;
const photo = '5e'.repeat(32);

beforeAll(async () => {
  hub = await startTestHub();
  [owner, supervisor, committee] = [await hub.as('owner'), await hub.as('supervisor'), await hub.as('committee')];
  const actor = { kind: 'system', id: 'test' } as const;
  await runCommand(hub.hub.database.db, hub.hub.runEffects, { now: 0, actor }, async (c) => {
    const file = { sha256: photo, type: 'image/jpeg', bytes: Buffer.from('x'), community: TEST_COMMUNITY, by: 'test' };
    await putFile(c.tx, file, 0);
    return ok(null);
  });
});

const report = async (who: Client, more: object = {}): Promise<HazardView> => {
  const body = { kind: 'stored-goods', description: '走道堆物', place: '7层走道', ...more };
  const answer = await who.post<HazardView>('/api/hazards', body);
  expect(answer.status).toBe(200);
  return answer.body;
};
const codeOf = ({ body }: { readonly body: Record<string, unknown> }): unknown => body['code'];

describe('hazards over HTTP', () => {
  test('an owner sees what they reported, and nothing of others', async () => {
    const own = await report(owner, { photos: [photo] });
    const others = await report(await hub.as('guard'));
    expect(own).toMatchObject({ state: 'reported', reporter: { role: 'owner' }, may: ['comment'] });
    expect(own.number).toMatch(/^YH-\d{4}-\d{6}$/);
    const list = (await owner.get<HazardPage>('/api/hazards?state=all')).body;
    expect(list.items.map((h) => h.id)).toContain(own.id);
    expect(list.items.map((h) => h.id)).not.toContain(others.id);
    expect((await owner.get(`/api/hazards/${others.id}`)).status).toBe(404);
    expect((await owner.post(`/api/hazards/${others.id}/comment`, { note: 'x' })).status).toBe(404);
  });

  test('the committee sees all of them with their history, and writes comments alone', async () => {
    const { id } = await report(owner);
    const seen = (await committee.get<HazardView>(`/api/hazards/${id}`)).body;
    expect(seen.may).toEqual(['comment']);
    expect(
      (await committee.post<HazardView>(`/api/hazards/${id}/comment`, { note: '请尽快' })).body.events,
    ).toMatchObject([{ act: 'report' }, { act: 'comment', note: '请尽快', role: 'committee' }]);
    for (const act of ['assign', 'amend', 'order', 'mend', 'pass', 'fail', 'extend', 'dismiss', 'reopen'])
      expect(codeOf(await committee.post(`/api/hazards/${id}/${act}`, { note: 'x' }))).toBe('not-allowed');
  });

  test('goes its way: graded, mended, rechecked by somebody else', async () => {
    const { id } = await report(owner);
    const people = (await supervisor.get<{ items: { id: string; role: string }[] }>('/api/people')).body.items;
    const guard = people.find((p) => p.role === 'guard')?.id ?? '';
    const assigned = { responsible: guard, grade: 'major' };
    expect(codeOf(await supervisor.post(`/api/hazards/${id}/assign`, assigned))).toBe('note-required');
    const done = await supervisor.post<HazardView>(`/api/hazards/${id}/assign`, { ...assigned, measures: '专人看护' });
    expect(done.body).toMatchObject({ state: 'assigned', grade: 'major', responsible: { id: guard } });
    const mended = { note: '已清走', photos: [photo] };
    expect((await (await hub.as('guard')).post(`/api/hazards/${id}/mend`, mended)).status).toBe(200);
    expect((await supervisor.post<HazardView>(`/api/hazards/${id}/pass`, { photos: [photo] })).body.state).toBe(
      'cleared',
    );
  });

  test('refuses a photo that was never sent, a kind that the site lacks, and words without a letter', async () => {
    const body = { kind: 'e-bike', description: '充电' };
    expect(codeOf(await owner.post('/api/hazards', { ...body, photos: ['ab'.repeat(32)] }))).toBe('not-found');
    expect(codeOf(await owner.post('/api/hazards', { ...body, kind: 'ghosts' }))).toBe('not-found');
    expect(codeOf(await owner.post('/api/hazards', { ...body, description: '  ' }))).toBe('bad-request');
    const kinds = (await owner.get<HazardKinds>('/api/hazard-kinds')).body.items.map((k) => k.id);
    expect(kinds).toEqual(expect.arrayContaining(['blocked-exit', 'e-bike', 'propped-door', 'zone', 'escape-route']));
  });

  test('a contractor finds in the list what they reported and what they answer for, and counts nothing else', async () => {
    const contractor = await hub.as('contractor');
    const own = await report(contractor, { description: '泵房门前堆物' });
    const given = await report(owner, { description: '维保单位整改' });
    const other = await report(owner, { description: '与维保无关' });
    const people = (await supervisor.get<{ items: { id: string; role: string }[] }>('/api/people')).body.items;
    const responsible = people.find((p) => p.role === 'contractor')?.id ?? '';
    await supervisor.post(`/api/hazards/${given.id}/assign`, { responsible, grade: 'general' });
    const list = (await contractor.get<HazardPage>('/api/hazards')).body;
    expect(list.items.map((h) => h.id)).toEqual([given.id, own.id]);
    expect(list.counts.open).toBe(2);
    expect(list.items.map((h) => h.id)).not.toContain(other.id);
  });

  test('are all found page by page', async () => {
    const made: string[] = [];
    for (let k = 0; k < 5; k += 1) made.unshift((await report(supervisor, { place: `第 ${k} 处` })).id);
    const found: string[] = [];
    let next: string | null = '';
    for (let page = 0; page < 20 && next !== null; page += 1) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const { body } = await supervisor.get<HazardPage>(`/api/hazards?state=all&limit=2${cursor}`);
      found.push(...body.items.map((h) => h.id));
      next = body.next;
    }
    expect(found.slice(0, 5)).toEqual(made);
    expect(new Set(found).size).toBe(found.length);
    expect(next).toBeNull();
  });

  test('are those of one community', async () => {
    await hub.addCommunity('elsewhere');
    const { id } = await report(owner);
    const stranger = await hub.as('supervisor@elsewhere');
    expect((await stranger.get(`/api/hazards/${id}`)).status).toBe(404);
    expect((await stranger.get<HazardPage>('/api/hazards?state=all')).body.items).toEqual([]);
  });
});
