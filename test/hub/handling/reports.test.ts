// What a person tells of as an alarm like any other: shown and escalated at once, ended by a finding, joined to the panel's.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { FireView } from '../../../hub/handling/contract.ts';
import { startTestHub, TEST_COMMUNITY, type Client } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import { panel, type Site } from '../alarms/site.ts';
import { idOf, inbox, startFires, type Fires } from './desk.ts';

const MINUTE = 60_000;
const PANELS = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7'];
let fires: Fires;
let site: Site;
let guard: Client;
let operator: Client;
let supervisor: Client;
let p = '';
const unused = [...PANELS];
beforeAll(async () => {
  fires = await startFires(PANELS.map((id) => panel(id)));
  ({ site, guard, operator, supervisor } = fires);
}, 120_000);
beforeEach(() => {
  p = unused.shift() ?? '';
});

const raise = (): Promise<AlarmView> => fires.raise(p);
const viewOf = (fire: string): Promise<FireView> => fires.view(fire);
const opened = (fire: string): Promise<void> => fires.opened(fire);
const act: Fires['act'] = (...of) => fires.act(...of);
const judge: Fires['judge'] = (...of) => fires.judge(...of);

describe('[S6] a fire that somebody tells of', () => {
  const report = (who: Client, body: object, headers = {}) =>
    who.post<{ alarm: string; fire: string; code: string; detail: string }>('/api/fires/reports', body, headers);
  const alarmOf = (id: string): Promise<AlarmView> => fires.alarm(id);

  test('stands in the alarm list at once as FIRE, escalates as one, and pages control room and gate with proof', async () => {
    const frontdesk = await site.hub.as('frontdesk');
    const body = {
      via: 'phone',
      sight: 'smoke',
      building: 'r1',
      floor: 3,
      place: '301 室',
      callerName: '王女士',
      callerNumber: '139',
    };
    const made = await report(frontdesk, body);
    expect(made.status).toBe(200);
    const alarm = await alarmOf(made.body.alarm);
    expect(alarm).toMatchObject({
      class: 'FIRE',
      deviceKind: 'fire-report',
      state: 'unacked-active',
      condition: 'unknown',
      building: 'r1',
      floor: 3,
      place: '301 室',
      text: { zh: '报告有烟' },
      pointName: { zh: '电话报告' },
      incident: made.body.fire,
    });
    expect((await site.open('?class=FIRE')).map((a) => a.id)).toContain(made.body.alarm);
    for (const who of [operator, guard])
      await until(async () => (await inbox(who)).some((text) => text.includes('人工报警') && text.includes('301 室')), {
        what: 'the page',
      });
    const view = await viewOf(made.body.fire);
    expect(view.fire).toMatchObject({ source: 'report', phase: 'confirming' });
    expect(view.pages.map((page) => page.about)).toEqual(expect.arrayContaining(['reported']));
    expect(view.pages.filter((page) => page.name === 'guard')).toMatchObject([{ state: 'delivered' }]);
    expect(view.entries.find((e) => e.kind === 'reported')).toMatchObject({
      name: 'frontdesk',
      body: { callerName: '王女士' },
    });
    // Nobody acknowledges it: it goes further like a detector's.
    await site.pass(30_000);
    await site.pass(30_000);
    await until(async () => (await inbox(supervisor)).some((text) => text.includes('报告有烟')), {
      what: 'the supervisor is paged',
    });
  });

  test('ends by a finding and an acknowledgement, never by a closing or a reset alone', async () => {
    const { alarm, fire } = (await report(guard, { via: 'passer-by', sight: 'smell', place: '北门垃圾房' })).body;
    expect((await operator.post<{ code: string }>(`/api/alarms/${alarm}/close`, { note: 'x' })).body.code).toBe(
      'still-active',
    );
    expect(
      (await operator.post<{ code: string }>(`/api/alarms/${alarm}/shelve`, { minutes: 5, reason: 'x' })).body.code,
    ).toBe('never-shelved');
    await judge(operator, await alarmOf(alarm), { verdict: 'false', note: '烧烤摊', cause: 'cooking' });
    expect(await alarmOf(alarm)).toMatchObject({ state: 'unacked-cleared', condition: 'false' });
    await operator.post(`/api/alarms/${alarm}/ack`);
    expect(await alarmOf(alarm)).toMatchObject({ state: 'normal' });
    expect((await viewOf(fire)).fire.phase).toBe('false');
  });

  test('that is real stands until the fire is out', async () => {
    const { alarm, fire } = (await report(guard, { via: 'staff', sight: 'fire', building: 'r2', floor: 1 })).body;
    await operator.post(`/api/alarms/${alarm}/ack`);
    await judge(guard, await alarmOf(alarm), { verdict: 'real', note: '到场见明火' });
    expect(await alarmOf(alarm)).toMatchObject({ state: 'acked-active' });
    await act(guard, fire, { act: 'fire-out', note: '灭火器扑灭' });
    expect(await alarmOf(alarm)).toMatchObject({ state: 'normal' });
  });

  test('joins the incident of its place when the panel has one, however old, and asks it anew', async () => {
    const panelAlarm = await raise();
    const fire = idOf(panelAlarm);
    await opened(fire);
    await judge(operator, panelAlarm, { verdict: 'false', note: '油烟', cause: 'cooking' });
    site.clock.advance(20 * MINUTE);
    const told = (await report(guard, { via: 'phone', sight: 'fire', building: p, floor: 12 })).body;
    expect(told.fire).toBe(fire);
    expect((await viewOf(fire)).fire.phase).toBe('confirming');
    expect((await viewOf(fire)).alarms).toMatchObject({ all: 2, open: 2 });
    // Elsewhere, and without a building, it is an incident of its own.
    const far = (await report(guard, { via: 'phone', sight: 'fire', building: p, floor: 2 })).body;
    const out = (await report(guard, { via: 'phone', sight: 'fire', place: '河边' })).body;
    const out2 = (await report(guard, { via: 'phone', sight: 'fire', place: '南门' })).body;
    expect(new Set([fire, far.fire, out.fire, out2.fire]).size).toBe(4);
    // One act for the whole incident.
    await judge(operator, panelAlarm, { verdict: 'real', note: '厨房起火', whole: true });
    expect((await alarmOf(told.alarm)).verdict).toMatchObject({ verdict: 'real' });
  });

  test('is asked where it is, told once for one key, and taken by staff alone', async () => {
    expect((await report(guard, { via: 'phone', sight: 'fire' })).body).toMatchObject({
      code: 'bad-request',
      detail: 'building or place',
    });
    expect((await report(guard, { via: 'phone', sight: 'fire', floor: 3, place: 'x' })).body.code).toBe('bad-request');
    const body = { via: 'chat', sight: 'smoke', place: '东门' };
    const [one, two] = [
      await report(guard, body, { 'idempotency-key': 'r-1' }),
      await report(guard, body, { 'idempotency-key': 'r-1' }),
    ];
    expect(two.body).toEqual(one.body);
    for (const role of ['owner', 'committee', 'contractor'])
      expect((await report(await site.hub.as(role), body)).status).toBe(403);
    expect((await report(await site.hub.as('steward'), body)).status).toBe(200);
  });

  test('survives a restart of the hub as it stood', async () => {
    const { alarm, fire } = (await report(guard, { via: 'phone', sight: 'smoke', building: 'r9', floor: 2 })).body;
    await site.hub.stop();
    const again = await startTestHub({
      database: site.hub.database,
      clock: site.clock,
      config: { community: TEST_COMMUNITY },
    });
    const desk = await again.as('operator');
    expect((await desk.get<AlarmView>(`/api/alarms/${alarm}`)).body).toMatchObject({
      state: 'unacked-active',
      condition: 'unknown',
    });
    expect((await desk.post(`/api/alarms/${alarm}/ack`)).status).toBe(200);
    expect((await desk.get<FireView>(`/api/fires/${fire}`)).body.fire.phase).toBe('confirming');
  });
});
