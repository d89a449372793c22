// Fires over HTTP on a whole hub and a real database: the procedure of a real and of a false alarm, every refusal, two
// desks, clocks.
import { io, type Socket } from 'socket.io-client';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { FireItem, FireView, TimelineItem } from '../../../hub/handling/contract.ts';
import type { SceneFrame, ServerEvents } from '../../../hub/live/contract.ts';
import type { OrderView } from '../../../hub/work-orders/contract.ts';
import type { Client } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import { panel, type Site } from '../alarms/site.ts';
import { ONLINE, OFFLINE, signal } from '../ingest/rig.ts';
import { idOf, inbox, startFires, type Fires } from './desk.ts';

const MINUTE = 60_000;
const PANELS = Array.from({ length: 24 }, (_, k) => `p${k}`);
const TWO = {
  ...panel('two', 'two'),
  points: [...panel('two').points, { id: 'z2' }],
  signals: [
    ...panel('two').signals,
    signal({ id: 'fire-2', class: 'FIRE', point: 'z2', when: { eq: 1 }, latch: 'panel' }),
  ],
};
const CONTACTS = {
  id: 'io',
  kind: 'io-module' as const,
  building: 'plant',
  points: [ONLINE, { id: 'not-auto' }],
  signals: [OFFLINE, signal({ id: 'mode', class: 'MODE', point: 'not-auto', when: { eq: 1 } })],
};

let fires: Fires;
let site: Site;
let guard: Client;
let manager: Client;
let operator: Client;
let supervisor: Client;
let p = '';
const unused = [...PANELS];
beforeAll(async () => {
  fires = await startFires([...PANELS.map((id) => panel(id)), TWO, CONTACTS]);
  ({ site, guard, manager, operator, supervisor } = fires);
}, 120_000);
beforeEach(() => {
  p = unused.shift() ?? '';
});

const raise = (): Promise<AlarmView> => fires.raise(p);
const viewOf = (fire: string): Promise<FireView> => fires.view(fire);
const opened = (fire: string): Promise<void> => fires.opened(fire);
const act: Fires['act'] = (...of) => fires.act(...of);
const judge: Fires['judge'] = (...of) => fires.judge(...of);
const statusOf = (view: FireView, step: string): string | undefined => view.steps.find((s) => s.step === step)?.status;
const CALL = {
  address: '望江路 88 号',
  seat: 'p 12 层',
  material: '电动车电池',
  size: '约 2 平方米',
  trapped: '无',
  callerName: 'operator',
  callerNumber: '0571-1',
  gate: '东门',
  lane: '畅通',
};
describe('[S3] a real fire', () => {
  test('runs from the signal to the end: every step with who and when, and one timeline to read', async () => {
    const alarm = await raise();
    const fire = idOf(alarm);
    await opened(fire);
    await operator.post(`/api/alarms/${alarm.id}/ack`);
    const sent = await act(operator, fire, { act: 'send', means: 'guard', whom: '东门岗' });
    const { id: ref } = sent.body.entries.at(-1) ?? { id: '' };
    site.clock.advance(40_000);
    const answered = await act(guard, fire, { act: 'answer', sent: ref, finding: 'fire', note: '走道有明火' });
    expect(answered.body.entries.at(-1)).toMatchObject({
      kind: 'answered',
      name: 'guard',
      body: { sent: ref, finding: 'fire' },
    });
    expect((await judge(operator, alarm, { verdict: 'real', note: '东门岗到场见明火' })).body).toMatchObject({
      verdict: { verdict: 'real' },
    });
    expect((await viewOf(fire)).clocks.map((k) => k.clock)).toEqual(['linkage', 'call-119', 'evacuation', 'report']);

    expect((await act(operator, fire, { act: 'linkage', result: 'switched', note: '主机由手动改为自动' })).status).toBe(
      200,
    );
    await act(operator, fire, { act: 'call-119', call: CALL });
    const out = await act(operator, fire, { act: 'evacuation' });
    expect(out.body.evacuation).toBe('before');
    const plan = await act(operator, fire, { act: 'plan', note: '按值班长口头布置' });
    expect(plan.body.entries.at(-1)?.body).toEqual({ plan: null, note: '按值班长口头布置' });
    await act(operator, fire, { act: 'report', means: 'page' });
    await until(async () => (await inbox(manager)).some((text) => text.includes('消防控制室向您报告')), {
      what: 'the page',
    });
    for (const what of ['brigade-arrived', 'fire-out', 'brigade-left'])
      expect((await act(operator, fire, { act: what })).status).toBe(200);

    const early = await operator.post<{ code: string; detail: string }>(`/api/fires/${fire}/close`, { reasons: {} });
    expect(early).toMatchObject({ status: 422, body: { code: 'reason-required', detail: 'restored' } });
    await site.tell(site.gateway.sample(p, 'zone', 0), site.gateway.sample(p, 'key', 1));
    await until(async () => (await viewOf(fire)).alarms.open === 0, { what: 'the panel is reset' });
    const closed = await operator.post<FireView>(`/api/fires/${fire}/close`, { reasons: {} });
    expect(closed.body.fire).toMatchObject({ phase: 'closed', result: 'real' });
    expect(closed.body.steps.every((s) => s.status === 'done')).toBe(true);
    expect(closed.body.pages).toMatchObject([{ about: 'told', name: 'manager', state: 'delivered' }]);

    const { items } = (await operator.get<{ items: TimelineItem[] }>(`/api/fires/${fire}/timeline`)).body;
    expect(items.flatMap((i) => i.entry?.kind ?? [])).toEqual([
      'opened',
      'sent',
      'answered',
      'judged',
      'linkage',
      'call-119',
      'evacuation',
      'plan',
      'told',
      'brigade-arrived',
      'fire-out',
      'brigade-left',
      'closed',
    ]);
    expect(items.flatMap((i) => i.alarm?.act ?? [])).toEqual([
      'raised',
      'acknowledged',
      'cleared',
      'unlatched',
      'closed',
    ]);
    expect(items.map((i) => i.at)).toEqual(items.map((i) => i.at).toSorted());
    const admin = await site.hub.hub.database.db.read((tx) =>
      tx.query<{ action: string }>(
        `select action from audit.entry where entity = 'fire' and entity_id = $1 order by id`,
        [fire],
      ),
    );
    expect(admin.map((a) => a.action)).toContain('fire.call-119');
  });

  test('steps are taken in any order, before the finding too; what happens once is refused with who did it', async () => {
    const alarm = await raise();
    const fire = idOf(alarm);
    // At once, whether or not the procedure has begun by itself.
    expect((await act(guard, fire, { act: 'evacuation' })).status).toBe(200);
    expect((await act(operator, fire, { act: 'call-119', call: CALL })).status).toBe(200);
    const twice = await act(operator, fire, { act: 'evacuation' });
    expect(twice).toMatchObject({ status: 409, body: { code: 'already-done' } });
    expect(twice.body.detail).toContain('guard');
    await judge(operator, alarm, { verdict: 'real', note: '监控见火光' });
    const view = await viewOf(fire);
    expect([statusOf(view, 'call-119'), statusOf(view, 'evacuation'), statusOf(view, 'linkage')]).toEqual([
      'done',
      'done',
      'missing',
    ]);
    expect(view.clocks.map((k) => k.clock)).toEqual(['linkage', 'report']);
  });

  test('an evacuation that begins after the brigade came is taken down as late', async () => {
    const fire = idOf(await raise());
    await act(operator, fire, { act: 'brigade-arrived' });
    site.clock.advance(1_000);
    const late = await act(operator, fire, { act: 'evacuation' });
    expect(late.body).toMatchObject({ evacuation: 'late' });
    expect(late.body.entries.at(-1)?.body).toEqual({ late: true });
  });

  test('linkage is checked from live points: what is manual, unknown or does not tell is named with its device', async () => {
    const fire = idOf(await raise());
    await opened(fire);
    const state = async () => (await viewOf(fire)).linkage.devices.find((d) => d.device === 'gw.io')?.state;
    expect(await state()).toBe('auto');
    expect((await viewOf(fire)).linkage).toMatchObject({ fine: false });
    expect((await viewOf(fire)).linkage.devices.find((d) => d.device === `gw.${p}`)?.state).toBe('not-told');
    await site.tell(site.gateway.sample('io', 'not-auto', 1));
    expect(await state()).toBe('not-auto');
    await site.tell(site.gateway.sample('io', 'online', 0));
    expect(await state()).toBe('unknown');
    const bare = await act(operator, fire, { act: 'linkage', result: 'not-auto' });
    expect(bare).toMatchObject({ status: 422, body: { code: 'note-required' } });
    const told = await act(operator, fire, { act: 'linkage', result: 'switched', note: '已到泵房切换' });
    expect(told.body.entries.at(-1)?.body).toMatchObject({ result: 'switched', fine: false });
    expect(JSON.stringify(told.body.entries.at(-1)?.body)).toContain('"gw.io"');
    await site.tell(site.gateway.sample('io', 'online', 1), site.gateway.sample('io', 'not-auto', 0));
  });

  test('a clock that runs out is kept once and told to desk and manager; one that is met is not', async () => {
    const alarm = await raise();
    const fire = idOf(alarm);
    await opened(fire);
    await site.pass(3 * MINUTE);
    const breaches = async (): Promise<unknown[]> =>
      (await viewOf(fire)).entries.filter((e) => e.kind === 'breach').map((e) => e.body['clock']);
    await until(async () => (await breaches()).length > 0, { what: 'the breach' });
    await until(async () => (await inbox(manager)).some((t) => t.includes('火警确认超时')), {
      what: 'the manager is told',
    });
    await until(async () => (await inbox(operator)).some((t) => t.includes('火警确认超时')), {
      what: 'the desk is told',
    });
    await judge(operator, alarm, { verdict: 'real', note: '真实' });
    await act(operator, fire, { act: 'call-119', call: CALL });
    await site.pass(MINUTE);
    await until(async () => (await breaches()).includes('linkage'), { what: 'the second breach' });
    expect(await breaches()).toEqual(['confirm', 'linkage']);
  });
});

describe('[S3] a false alarm', () => {
  test('is one act with its verdict, ends only with its cause, and asks for what is missing', async () => {
    const alarm = await raise();
    const fire = idOf(alarm);
    expect((await judge(operator, alarm, { verdict: 'real', note: 'x', cause: 'dust' })).body.code).toBe('bad-request');
    expect((await judge(operator, alarm, { verdict: 'false', note: 'x', cause: 'ghosts' })).body.code).toBe(
      'bad-request',
    );
    expect((await operator.post<{ code: string }>(`/api/fires/${fire}/close`, { reasons: {} })).body.code).toBe(
      'verdict-required',
    );
    await judge(guard, alarm, { verdict: 'false', note: '到场无火情' });
    expect((await viewOf(fire)).fire).toMatchObject({ phase: 'false', result: 'false' });
    expect((await operator.post<{ code: string }>(`/api/fires/${fire}/close`, { reasons: {} })).body.code).toBe(
      'cause-required',
    );
    expect((await act(guard, fire, { act: 'cause', cause: 'ghosts', note: 'x' })).body.code).toBe('bad-request');
    expect((await act(guard, fire, { act: 'cause', cause: 'dust', note: '住户搬家扬尘' })).body).toMatchObject({
      cause: 'dust',
    });
    const refused = await operator.post<{ code: string; detail: string }>(`/api/fires/${fire}/close`, {
      reasons: { acked: '已在主机消音' },
    });
    expect(refused.body).toMatchObject({ code: 'reason-required', detail: 'confirm, restored' });
    const closed = await operator.post<FireView>(`/api/fires/${fire}/close`, {
      reasons: { acked: '主机处确认', confirm: '由巡逻人员直接到场', restored: '待探头清洁后复位' },
    });
    expect(closed.body.fire.phase).toBe('closed');
    expect(closed.body.steps.find((s) => s.step === 'confirm')).toMatchObject({
      status: 'skipped',
      reason: '由巡逻人员直接到场',
    });
    expect((await act(operator, fire, { act: 'evacuation' })).body.code).toBe('wrong-state');
    expect((await act(operator, fire, { act: 'remark', note: '事后补记' })).status).toBe(200);
  });

  test('by a faulty detector opens a work order by the usual way, and the alarm carries it', async () => {
    const alarm = await raise();
    const done = await judge(operator, alarm, { verdict: 'false', note: '探头误报', cause: 'detector', order: true });
    expect(done.status).toBe(200);
    await until(async () => (await operator.get<AlarmView>(`/api/alarms/${alarm.id}`)).body.workOrder !== null, {
      what: 'the order',
    });
    const orders = await operator.get<{ items: OrderView[] }>(`/api/work-orders?alarm=${alarm.id}`);
    expect(orders.body.items).toMatchObject([{ source: { kind: 'alarm', id: alarm.id } }]);
  });

  test('is asked anew when another alarm of its place comes, closed or not, and a later finding corrects an earlier', async () => {
    p = 'two';
    const first = await raise();
    const fire = idOf(first);
    await opened(fire);
    await judge(operator, first, { verdict: 'false', note: '油烟', cause: 'cooking' });
    expect((await viewOf(fire)).fire.phase).toBe('false');
    site.clock.advance(1_000);
    await site.tell(site.gateway.sample('two', 'z2', 1));
    const second = await site.alarm('two', 'fire-2');
    expect(idOf(second)).toBe(fire);
    await until(async () => (await viewOf(fire)).fire.phase === 'confirming', { what: 'it is asked anew' });
    await judge(operator, second, { verdict: 'real', note: '厨房起火' });
    expect((await viewOf(fire)).fire).toMatchObject({ phase: 'real' });
    // One of two is taken back: the other still says fire.
    await judge(operator, first, { verdict: 'false', note: '第一处确为油烟' });
    expect((await viewOf(fire)).fire).toMatchObject({ phase: 'real' });
  });
});

describe('who may', () => {
  test('reads it', async () => {
    const fire = idOf(await raise());
    await opened(fire);
    for (const role of ['committee', 'contractor', 'owner', 'frontdesk', 'steward'])
      expect((await (await site.hub.as(role)).get(`/api/fires/${fire}`)).status).toBe(403);
    expect(
      (await (await site.hub.as('committee')).get<{ items: FireItem[] }>('/api/fires')).body.items.map((f) => f.id),
    ).toContain(fire);
    await site.hub.addCommunity('other');
    expect((await (await site.hub.as('operator@other')).get(`/api/fires/${fire}`)).status).toBe(404);
  });

  test('[S3] act: everyone there, and at the panel only who is qualified at that moment', async () => {
    const alarm = await raise();
    const fire = idOf(alarm);
    await opened(fire);
    expect((await act(guard, fire, { act: 'call-119', call: CALL })).status).toBe(200);
    expect((await act(manager, fire, { act: 'linkage', result: 'auto' })).body.code).toBe('not-qualified');
    expect((await manager.post<{ code: string }>(`/api/fires/${fire}/close`, { reasons: {} })).body.code).toBe(
      'not-qualified',
    );
    expect((await act(supervisor, fire, { act: 'linkage', result: 'auto' })).status).toBe(200);
    expect((await act(operator, fire, { act: 'answer', sent: '999999', finding: 'fire' })).body.code).toBe('not-found');
  });

  test('[S3] an act sent twice under one key is one entry; two answers to one who was sent are one', async () => {
    const fire = idOf(await raise());
    const key = { 'idempotency-key': `once-${fire}` };
    const body = { act: 'send', means: 'camera' };
    await act(operator, fire, body, key);
    const { entries } = (await act(operator, fire, body, key)).body;
    expect(entries.filter((e) => e.kind === 'sent')).toHaveLength(1);
    const answer = { act: 'answer', sent: entries.find((e) => e.kind === 'sent')?.id, finding: 'nothing' };
    expect((await act(operator, fire, answer)).status).toBe(200);
    expect((await act(supervisor, fire, answer)).body.code).toBe('already-done');
  });
});

test('[S3] every desk hears of every step at once', async () => {
  const fire = idOf(await raise());
  const heard: SceneFrame[] = [];
  const screen: Socket<ServerEvents> = io(site.hub.hub.url, {
    transports: ['websocket'],
    forceNew: true,
    extraHeaders: { cookie: supervisor.cookie },
  });
  await new Promise((resolve) => screen.on('beat', resolve));
  screen.on('scene', (frame) => heard.push(frame));
  await act(operator, fire, { act: 'evacuation' });
  await until(() => heard.length > 0, { what: 'the other desk hears it' });
  expect(heard).toContainEqual({ what: 'fire' });
  screen.disconnect();
});

test('entries of a fire can never be changed or deleted, whoever tries', async () => {
  const fire = idOf(await raise());
  await act(operator, fire, { act: 'evacuation' });
  const { db } = site.hub.hub.database;
  await expect(db.transaction((tx) => tx.run(`delete from handling.entry where fire = $1`, [fire]))).rejects.toThrow(
    'append-only',
  );
  await expect(
    db.transaction((tx) => tx.run(`update handling.entry set by = null where fire = $1`, [fire])),
  ).rejects.toThrow('append-only');
});
