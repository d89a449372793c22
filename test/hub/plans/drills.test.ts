// Plans that are run and drills over HTTP on a clock of its own: turns, times, the mode, attendance, findings, overdue.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { ModeView } from '../../../hub/alarms/contract.ts';
import type { HazardView } from '../../../hub/fire-safety/contract.ts';
import type { DrillList, DrillView, RunView, VersionView } from '../../../hub/plans/contract.ts';
import type { Client } from '../../helpers/hub.ts';
import { codeOf, MINUTE, SECOND, sceneHub, type SceneHub } from '../scene.ts';
import { describeWith } from '../../helpers/needs.ts';
import { readPdf } from '../../helpers/pdf.ts';
import { fireBody } from './plan.ts';

const DAY = 24 * 60 * MINUTE;
// A loaded machine is slow; every deadline of the product here runs on the supplied clock.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let hub: SceneHub;
let supervisor: Client;
let guard: Client;
let operator: Client;
let plan = '';

beforeAll(async () => {
  hub = await sceneHub();
  [supervisor, guard, operator] = await Promise.all([hub.as('supervisor'), hub.as('guard'), hub.as('operator')]);
  const manager = await hub.as('manager');
  const draft = await supervisor.post<VersionView>('/api/plans', { kind: 'fire', body: fireBody() });
  await manager.post(`/api/plan-versions/${draft.body.id}/approve`);
  await manager.post(`/api/plan-versions/${draft.body.id}/put-in-force`);
  plan = draft.body.plan;
});

const states = (run: RunView): string[] => run.steps.map((s) => s.state);

describe('[W9] a plan that is run for real', () => {
  let id = '';
  const act = (who: Client, step: string, body: object) =>
    who.post<RunView>(`/api/plan-runs/${id}/steps/${step}`, body);

  test('gives the first steps at once to their people, and one alarm one run', async () => {
    const wish = { kind: 'fire', building: 'b1', floor: 1, alarm: 'alarm-1' };
    const run = await operator.post<RunView>('/api/plan-runs', wish);
    id = run.body.id;
    expect(run.body).toMatchObject({ mode: 'real', number: 1, alarm: 'alarm-1' });
    expect(states(run.body)).toEqual(['open', 'open', 'waiting']);
    expect(codeOf(await operator.post('/api/plan-runs', wish))).toBe('already-done');
    expect(codeOf(await operator.post('/api/plan-runs', { kind: 'gas' }))).toBe('not-found');
    await hub.pass(0);
    expect(await hub.told(guard)).toEqual(['notify.plan-turn']);
  });

  test('a step past its time is told to the supervisor at that moment, and once', async () => {
    await hub.pass(60 * SECOND - 1);
    expect(await hub.told(supervisor)).not.toContain('notify.plan-step-late');
    await hub.pass(1);
    expect((await hub.told(supervisor)).filter((m) => m === 'notify.plan-step-late')).toHaveLength(1);
    await hub.pass(60 * SECOND);
    expect((await hub.told(supervisor)).filter((m) => m === 'notify.plan-step-late')).toHaveLength(1);
  });

  test('steps are done with who and when; the next come when all of an order are finished', async () => {
    const called = await act(operator, 'call', { act: 'done' });
    expect(called.body.steps[0]).toMatchObject({ state: 'done', seconds: 120, finished: { name: 'operator' } });
    expect(called.body.steps[0]?.lateAt).toBeDefined();
    expect(states(called.body)).toEqual(['done', 'open', 'waiting']);
    expect(codeOf(await act(guard, 'evacuate', { act: 'skip' }))).toBe('note-required');
    await act(guard, 'evacuate', { act: 'take' });
    const done = await act(guard, 'evacuate', { act: 'done', photo: hub.photo });
    expect(states(done.body)).toEqual(['done', 'done', 'open']);
    expect(codeOf(await act(guard, 'evacuate', { act: 'done' }))).toBe('already-done');
    expect(codeOf(await act(guard, 'nothing', { act: 'done' }))).toBe('not-found');
  });

  test('ends with a reason for what was left undone, and its clocks end too', async () => {
    expect(codeOf(await guard.post(`/api/plan-runs/${id}/end`, { note: '完' }))).toBe('not-allowed');
    const ended = await operator.post<RunView>(`/api/plan-runs/${id}/end`, { note: '消防队接管' });
    expect(ended.body.steps[2]).toMatchObject({ state: 'skipped', note: '消防队接管' });
    expect(codeOf(await act(guard, 'meet', { act: 'done' }))).toBe('already-done');
    await hub.pass(10 * MINUTE);
    expect((await hub.told(supervisor)).filter((m) => m === 'notify.plan-step-late')).toHaveLength(1);
  });
});

describe('[W9] a drill', () => {
  let id = '';
  const act = (path: string, body: object = {}, who: Client = supervisor) =>
    who.post<DrillView>(`/api/drills/${id}/${path}`, body);

  test('is announced before it is run, and runs under the mode that marks everything', async () => {
    const at = new Date(hub.clock.now() + 60 * MINUTE).toISOString();
    const wish = { plan, building: 'b1', at, minutes: 30 };
    expect(codeOf(await guard.post('/api/drills', wish))).toBe('not-allowed');
    expect(codeOf(await supervisor.post('/api/drills', { ...wish, building: 'b9' }))).toBe('not-found');
    id = (await supervisor.post<DrillView>('/api/drills', wish)).body.id;
    expect(codeOf(await act('start'))).toBe('wrong-state');
    expect(codeOf(await act('attend', {}, guard))).toBe('wrong-state');
    await act('announce');
    await hub.pass(0);
    expect(await hub.told(guard)).toContain('notify.drill-announced');
    const started = await act('start');
    expect(started.body).toMatchObject({ state: 'running' });
    const modes = await operator.get<{ items: ModeView[] }>('/api/modes');
    expect(modes.body.items[0]).toMatchObject({ mode: 'drill', building: 'b1' });
    await hub.pass(0);
    expect((await hub.told(guard))[0]).toBe('notify.plan-turn-drill');
  });

  test('people sign in by phone once, or by hand; findings become work orders', async () => {
    await act('attend', {}, guard);
    expect(codeOf(await act('attend', {}, guard))).toBe('already-done');
    const signed = await act('attend', { name: '住户代表', party: '1203' });
    expect(signed.body.attendance.map((a) => [a.name, a.how])).toEqual([
      ['guard', 'phone'],
      ['住户代表', 'hand'],
    ]);
    const found = await act('findings', { text: '2层常闭防火门未关', step: 'evacuate', place: '2层', order: true });
    const [finding] = found.body.findings;
    const order = await supervisor.get<{ title: { zh: string } }>(`/api/work-orders/${finding?.workOrder}`);
    expect(order.body.title.zh).toBe('2层常闭防火门未关');
  });

  test('the fire authority learns that somebody was signed in by hand, not who and from where', async () => {
    const authority = await hub.as('authority');
    const one = await authority.get<DrillView>(`/api/drills/${id}`);
    const list = await authority.get<DrillList>('/api/drills');
    for (const seen of [one.body, list.body.items.find((d) => d.id === id)])
      expect(seen?.attendance.map((a) => [a.name, a.party, a.how])).toEqual([
        ['guard', '', 'phone'],
        ['', '', 'hand'],
      ]);
    expect(JSON.stringify([one.body, list.body])).not.toMatch(/住户代表|1203/);
    expect(JSON.stringify((await guard.get(`/api/drills/${id}`)).body)).toMatch(/住户代表.*1203/);
  });

  describeWith(['poppler'], 'its paper', () => {
    test('says no more to the fire authority', async () => {
      const paperOf = async (who: Client): Promise<string> => {
        const url = `/api/drills/${id}/print?language=zh`;
        const { rawPayload } = await hub.hub.app.inject({ method: 'GET', url, headers: { cookie: who.cookie } });
        return readPdf(rawPayload).text;
      };
      expect(await paperOf(supervisor)).toMatch(/住户代表/);
      const seen = await paperOf(await hub.as('authority'));
      expect(seen).toContain('不具名');
      expect(seen).not.toMatch(/住户代表|1203/);
    });
  });

  test('a finding that is a hazard is followed as one, at the place of the drill, and has no second order', async () => {
    const wish = { text: '3层防火门被木楔顶住', place: '3层', order: false };
    expect(codeOf(await act('findings', { ...wish, hazard: 'no-such-kind' }))).toBe('not-found');
    expect(codeOf(await act('findings', { ...wish, hazard: 'propped-door', order: true }))).toBe('bad-request');
    const found = await act('findings', { ...wish, hazard: 'propped-door' });
    const finding = found.body.findings.at(-1);
    expect(found.body.findings).toHaveLength(2);
    expect(finding).toMatchObject({ text: wish.text, hazard: { number: expect.stringMatching(/^YH-/) as string } });
    expect(finding?.workOrder).toBeUndefined();
    const hazard = await supervisor.get<HazardView>(`/api/hazards/${finding?.hazard?.id}`);
    expect(hazard.body).toMatchObject({
      kind: 'propped-door',
      state: 'reported',
      description: wish.text,
      building: 'b1',
      place: '3层',
      reporter: { name: 'supervisor' },
    });
    // Somebody has to take it on, and is told when nobody does.
    expect(hazard.body.may).toContain('assign');
  });

  test('ends with its report: the run, the mode and its cycle end with it', async () => {
    const done = await act('end', { note: '疏散用时 4 分钟，达标' });
    expect(done.body).toMatchObject({ state: 'done', report: '疏散用时 4 分钟，达标' });
    const run = await operator.get<RunView>(`/api/plan-runs/${done.body.run}`);
    expect(run.body.ended).toBeDefined();
    const modes = await operator.get<{ items: ModeView[] }>('/api/modes');
    expect(modes.body.items[0]?.endedAt).toBeDefined();
    const list = await operator.get<DrillList>('/api/drills');
    expect(list.body.due).toMatchObject([{ plan, months: 12, overdue: false }]);
    expect(codeOf(await act('end', { note: 'again' }))).toBe('wrong-state');
  });

  test('that is due is told a month ahead, overdue each week, and to the manager from the second week', async () => {
    const manager = await hub.as('manager');
    const count = async (who: Client, message: string): Promise<number> =>
      (await hub.told(who)).filter((m) => m === message).length;
    // The hub's own timers run beside ours: what one of them has taken is told a moment later.
    const becomes = (who: Client, message: string, n: number) =>
      expect.poll(() => count(who, message), { timeout: 10_000 }).toBe(n);
    await hub.pass(330 * DAY);
    expect(await count(supervisor, 'notify.drill-due')).toBe(0);
    await hub.pass(6 * DAY);
    await becomes(supervisor, 'notify.drill-due', 1);
    await hub.pass(30 * DAY);
    await becomes(supervisor, 'notify.drill-overdue', 1);
    expect(await count(manager, 'notify.drill-overdue')).toBe(0);
    await hub.pass(7 * DAY);
    await becomes(supervisor, 'notify.drill-overdue', 2);
    await becomes(manager, 'notify.drill-overdue', 1);
  });
});
