// A blocked fire lane over HTTP on a real database and a clock of its own: report, owner, clock, repeats, thanks.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { openBlockages } from '../../../hub/lanes/api.ts';
import type { BlockageList, BlockageView, VehicleImportView } from '../../../hub/lanes/contract.ts';
import { TEST_COMMUNITY, type Client } from '../../helpers/hub.ts';
import { codeOf, MINUTE, sceneHub, type SceneHub } from '../scene.ts';

// A loaded machine is slow; every deadline of the product here runs on the supplied clock.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let hub: SceneHub;
let guard: Client;
let operator: Client;
let supervisor: Client;

beforeAll(async () => {
  hub = await sceneHub();
  [guard, operator, supervisor] = await Promise.all([hub.as('guard'), hub.as('operator'), hub.as('supervisor')]);
});

const report = (more: object = {}) =>
  guard.post<BlockageView>('/api/lanes', { place: '东门消防车道', building: 'b1', photo: hub.photo, ...more });
const openNow = () => hub.database.db.read((tx) => openBlockages(tx, TEST_COMMUNITY));

describe('[S7] a blocked fire lane', () => {
  test('the owner stands beside the report when the plate is in the imported register', async () => {
    const csv = '车牌,楼栋,房号,车主,电话\n京A12345,b1,1203,业主甲,13800000000\n';
    const preview = await supervisor.post<VehicleImportView>('/api/vehicles/import', { csv, apply: false });
    expect(preview.body).toMatchObject({ added: 1, applied: false });
    const wrong = await supervisor.post<VehicleImportView>('/api/vehicles/import', { csv: `${csv}abc\n`, apply: true });
    expect(wrong.body).toMatchObject({ applied: false, mistakes: [{ line: 3 }] });
    await supervisor.post('/api/vehicles/import', { csv, apply: true });
    expect(codeOf(await guard.post('/api/vehicles/import', { csv, apply: true }))).toBe('not-allowed');
    const made = await report({ plate: '京a·12345' });
    expect(made.body).toMatchObject({
      state: 'open',
      plate: '京A12345',
      vehicle: { unit: '1203', phone: '13800000000' },
      plateBefore: 0,
    });
    expect(codeOf(await report({ plate: '京A12345', place: '别处' }))).toBe('duplicate');
    await hub.pass(0);
    expect(await hub.told(operator)).toContain('notify.lane-reported');
    expect(await openNow()).toMatchObject([{ place: '东门消防车道', plate: '京A12345', building: 'b1' }]);
  });

  test('not clear after ten minutes it is told to supervisor and desk, then to the manager, and again', async () => {
    const manager = await hub.as('manager');
    await hub.pass(10 * MINUTE - 1);
    expect(await hub.told(supervisor)).not.toContain('notify.lane-overdue');
    await hub.pass(1);
    expect(await hub.told(supervisor)).toContain('notify.lane-overdue');
    expect(await hub.told(manager)).not.toContain('notify.lane-overdue');
    await hub.pass(5 * MINUTE);
    expect((await hub.told(supervisor)).filter((m) => m === 'notify.lane-overdue')).toHaveLength(2);
    expect(await hub.told(manager)).toContain('notify.lane-overdue');
    const list = await operator.get<BlockageList>('/api/lanes');
    expect(list.body.items[0]?.breachedAt).toBeDefined();
  });

  test('calls are logged with what came of them; clearing wants a photo, ends the clock and thanks the reporter', async () => {
    const [open] = await openNow();
    const path = `/api/lanes/${open?.id}`;
    await guard.post(`${path}/contact`, { how: 'phone', result: 'no-answer', whom: '业主甲' });
    const called = await guard.post<BlockageView>(`${path}/contact`, {
      how: 'phone',
      result: 'coming',
      note: '五分钟到',
    });
    expect(called.body).toMatchObject({ state: 'coming', contacts: [{ result: 'no-answer' }, { result: 'coming' }] });
    expect(codeOf(await guard.post(`${path}/clear`, {}))).toBe('photo-required');
    expect(codeOf(await guard.post(`${path}/clear`, { photo: 'a'.repeat(64) }))).toBe('not-found');
    const done = await guard.post<BlockageView>(`${path}/clear`, { photo: hub.photo });
    expect(done.body).toMatchObject({ state: 'cleared', ended: { name: 'guard', photo: hub.photo } });
    expect(done.body.thankedAt).toBeDefined();
    await hub.pass(60 * MINUTE);
    expect((await hub.told(supervisor)).filter((m) => m === 'notify.lane-overdue')).toHaveLength(2);
    expect(await hub.told(guard)).toContain('notify.lane-thanks');
    expect(await openNow()).toEqual([]);
    expect(codeOf(await guard.post(`${path}/contact`, { how: 'door', result: 'left' }))).toBe('already-done');
  });

  test('the third time is seen: more patrols are proposed, and asked for as a work order', async () => {
    for (const place of ['东门消防车道', '北门']) {
      const made = await report({ plate: '京A12345', place });
      if (place === '东门消防车道') await operator.post(`/api/lanes/${made.body.id}/clear`, { photo: hub.photo });
    }
    await hub.pass(0);
    expect(await hub.told(supervisor)).toContain('notify.lane-repeated');
    const [third] = (await operator.get<BlockageList>('/api/lanes')).body.items;
    expect(third).toMatchObject({ plateBefore: 2, patrolProposed: true });
    const asked = await supervisor.post<BlockageView>(`/api/lanes/${third?.id}/patrol`, {});
    const order = await supervisor.get<{ title: { zh: string } }>(`/api/work-orders/${asked.body.patrolOrder}`);
    expect(order.body.title.zh).toContain('加密巡逻');
    expect(codeOf(await supervisor.post(`/api/lanes/${third?.id}/patrol`, {}))).toBe('already-done');
    expect(codeOf(await operator.post(`/api/lanes/${third?.id}/void`, { note: '' }))).toBe('bad-request');
    expect(codeOf(await guard.post(`/api/lanes/${third?.id}/void`, { note: 'x' }))).toBe('not-allowed');
    expect((await operator.post(`/api/lanes/${third?.id}/void`, { note: '已驶离' })).status).toBe(200);
  });

  test('a passer-by told the desk: the plate comes later, and they are thanked in person', async () => {
    const told = await operator.post<BlockageView>('/api/lanes', {
      place: '西侧',
      reporterName: '住户',
      reporterPhone: '139',
    });
    const path = `/api/lanes/${told.body.id}`;
    const named = await guard.post<BlockageView>(`${path}/plate`, { plate: '京A12345' });
    expect(named.body.vehicle).toMatchObject({ owner: '业主甲' });
    expect(codeOf(await guard.post(`${path}/thank`, {}))).toBe('wrong-state');
    const clear = await guard.post<BlockageView>(`${path}/clear`, { photo: hub.photo });
    expect(clear.body.thankedAt).toBeUndefined();
    expect((await guard.post<BlockageView>(`${path}/thank`, {})).body.thankedAt).toBeDefined();
    expect(codeOf(await guard.post(`${path}/thank`, {}))).toBe('already-done');
  });

  test('refuses a building that is not there, and shows another community nothing', async () => {
    expect((await report({ building: 'b9' })).body).toMatchObject({ code: 'not-found', detail: 'building: b9' });
    await hub.addCommunity('other');
    const stranger = await hub.as('guard@other');
    expect((await stranger.get<BlockageList>('/api/lanes')).body.items).toEqual([]);
    const [any] = (await operator.get<BlockageList>('/api/lanes')).body.items;
    expect((await stranger.get(`/api/lanes/${any?.id}`)).status).toBe(404);
  });
});
