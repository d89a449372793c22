// Plans over HTTP on a real database: who may what, versions, and which plan is in force where.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { planInForce, planKindOf } from '../../../hub/plans/api.ts';
import type { PlanList, VersionView } from '../../../hub/plans/contract.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../helpers/hub.ts';
import { fireBody } from './plan.ts';

// A loaded machine is slow; every deadline of the product here runs on the supplied clock.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let hub: TestHub;
let supervisor: Client;
let manager: Client;
let operator: Client;

beforeAll(async () => {
  hub = await startTestHub();
  [supervisor, manager, operator] = await Promise.all([hub.as('supervisor'), hub.as('manager'), hub.as('operator')]);
  const admin = await hub.as('admin');
  const floors = [{ floor: 1 }];
  const buildings = ['b1', 'b2'].map((id) => ({ id, name: { zh: id, en: id }, floors }));
  const made = await admin.send('PUT', '/api/buildings', { buildings });
  if (made.status !== 200) throw new Error(`buildings: ${JSON.stringify(made.body)}`);
});

const inForce = (building: string | undefined, kind = 'fire') =>
  hub.database.db.read((tx) => planInForce(tx, TEST_COMMUNITY, building, kind));
const code = (answer: { readonly body: unknown }): unknown => (answer.body as { readonly code?: unknown }).code;

/** A version in force, by two people. */
async function enforce(body: object): Promise<VersionView> {
  const draft = await supervisor.post<VersionView>('/api/plans', body);
  await manager.post(`/api/plan-versions/${draft.body.id}/approve`);
  const done = await manager.post<VersionView>(`/api/plan-versions/${draft.body.id}/put-in-force`);
  if (done.status !== 200) throw new Error(`${JSON.stringify(draft.body)}: ${JSON.stringify(done.body)}`);
  return done.body;
}

describe('[W9] plans', () => {
  test('a draft is approved by somebody else and then holds; until then none is in force', async () => {
    const draft = await supervisor.post<VersionView>('/api/plans', { kind: 'fire', body: fireBody() });
    expect(draft.body).toMatchObject({ state: 'draft', number: 1, kind: 'fire' });
    const path = `/api/plan-versions/${draft.body.id}`;
    expect(code(await supervisor.post(`${path}/approve`))).toBe('own-work');
    expect(code(await manager.post(`${path}/put-in-force`))).toBe('wrong-state');
    expect((await manager.post(`${path}/approve`)).status).toBe(200);
    expect(await inForce('b1')).toBeUndefined();
    expect(code(await supervisor.send('PUT', path, fireBody('other')))).toBe('wrong-state');
    expect((await manager.post(`${path}/put-in-force`)).status).toBe(200);
    expect(await inForce('b1')).toMatchObject({ number: 1, title: '火灾处置预案' });
  });

  test('the next version takes its place, and the old one stays readable as it was', async () => {
    const next = await enforce({ kind: 'fire', body: fireBody('火灾处置预案（修订）') });
    expect(next.number).toBe(2);
    const all = await operator.get<{ items: VersionView[] }>(`/api/plans/${next.plan}/versions`);
    expect(all.body.items.map((v) => [v.number, v.state, v.body.title])).toEqual([
      [2, 'in-force', '火灾处置预案（修订）'],
      [1, 'retired', '火灾处置预案'],
    ]);
    const [, old] = all.body.items;
    const change = hub.database.db.transaction((tx) =>
      tx.run(`update plans.version set body = '{}' where id = $1`, [old?.id]),
    );
    await expect(change).rejects.toThrow(/not changed/);
  });

  test('a building’s own plan goes before the community’s', async () => {
    await enforce({ kind: 'fire', building: 'b2', body: fireBody('2号楼火灾预案') });
    expect((await inForce('b2'))?.title).toBe('2号楼火灾预案');
    expect((await inForce('b1'))?.title).toBe('火灾处置预案（修订）');
    expect((await inForce(undefined))?.title).toBe('火灾处置预案（修订）');
    const shown = await operator.get<{ title: string }>('/api/plans/in-force?kind=fire&building=b2');
    expect(shown.body.title).toBe('2号楼火灾预案');
    expect((await operator.get('/api/plans/in-force?kind=gas')).status).toBe(404);
  });

  test('kinds are data of the community: its own kind has a plan beside its alarms', async () => {
    const kinds = [{ id: 'e-bike', name: { zh: '电动车起火', en: 'E-bike fire' }, classes: ['FIRE'], deviceKinds: [] }];
    const path = '/api/rules/plans.kinds';
    const set = await manager.send('PUT', path, { value: { kinds }, reason: '车棚' });
    expect(set.status).toBe(200);
    await enforce({ kind: 'e-bike', body: fireBody('电动车起火') });
    const fire = { class: 'FIRE', deviceKind: 'fire-panel' };
    const kind = await hub.database.db.read((tx) => planKindOf(tx, TEST_COMMUNITY, fire));
    expect(kind).toBe('e-bike');
    expect(code(await supervisor.post('/api/plans', { kind: 'fire', body: fireBody() }))).toBe('bad-request');
    const list = await operator.get<PlanList>('/api/plans');
    expect(list.body.kinds.map((k) => k.id)).toEqual(['e-bike']);
    expect(list.body.items.length).toBe(3);
  });

  test('refuses what does not fit, and says where', async () => {
    const kind = 'e-bike';
    const nowhere = await supervisor.post('/api/plans', { kind, building: 'b9', body: fireBody() });
    expect(nowhere.body).toMatchObject({ code: 'not-found', detail: 'building: b9' });
    const twice = fireBody();
    const steps = twice.steps.map((s) => ({ ...s, id: 'same' }));
    const same = await supervisor.post('/api/plans', { kind, body: { ...twice, steps } });
    expect(same.body).toMatchObject({ code: 'bad-request' });
    const documents = [{ title: '平面图', file: 'a'.repeat(64) }];
    const paper = await supervisor.post('/api/plans', { kind, body: { ...fireBody(), documents } });
    expect(paper.body).toMatchObject({ code: 'not-found' });
    expect((await supervisor.post('/api/plans', { kind, body: fireBody() })).status).toBe(200);
    expect(code(await manager.post('/api/plans', { kind, body: fireBody() }))).toBe('duplicate');
    expect(code(await operator.post('/api/plans', { kind, body: fireBody() }))).toBe('not-allowed');
  });

  test('another community sees none of it', async () => {
    await hub.addCommunity('other');
    const stranger = await hub.as('operator@other');
    const list = await stranger.get<PlanList>('/api/plans');
    expect(list.body.items).toEqual([]);
  });
});
