// The entrapment console over HTTP on a whole hub and a real database: view, refusals, penalty, timeline, export, proof.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../hub/clock.ts';
import { putDevices, putPoints } from '../../../hub/equipment/store.ts';
import { appendEvents } from '../../../hub/events/store.ts';
import type { ExportProof, ExportView, RescueItem, RescueTimeline, RescueView } from '../../../hub/read/contract.ts';
import type { OrderView } from '../../../hub/work-orders/contract.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import { alarm, MINUTE, NOON, raised } from '../t2-site.ts';
import { jpeg } from '../files/pictures.ts';

const LIFT = 'gw1.lift-1';
let hub: TestHub;
let clock: ManualClock;
let id: string;
const clients = new Map<string, Client>();
async function as(name: string): Promise<Client> {
  const known = clients.get(name) ?? (await hub.as(name));
  clients.set(name, known);
  return known;
}
const view = async (who = 'operator'): Promise<RescueView> =>
  (await (await as(who)).get<RescueView>(`/api/rescues/${id}`)).body;
const post = async (path: string, body: object, who = 'operator'): Promise<{ status: number; code: unknown }> => {
  const answer = await (await as(who)).post(`/api/work-orders/${id}/${path}`, body);
  return { status: answer.status, code: answer.body['code'] };
};

/** A lift in the register, and what history holds of it: it ran, stopped between floors, stood. */
async function installLift(): Promise<void> {
  const at = { building: null, floor: null, place: null };
  const name = { zh: '1号电梯', en: 'Elevator 1' };
  const device = { id: LIFT, community: TEST_COMMUNITY, gateway: 'gw1', kind: 'elevator', name, ...at };
  const about = { profile: 'terminal-json', vendor: 'v', model: 'm', evidence: 'B', link: 'field' };
  const point = (pid: string, lane: string) => ({
    ...at,
    device: LIFT,
    id: pid,
    name: { zh: pid, en: pid },
    type: 'int16',
    lane,
    unit: '',
    range: null,
    band: null,
    enum: null,
  });
  await hub.database.db.transaction(async (tx) => {
    await putDevices(tx, [{ ...device, ...about }], true, NOON);
    await putPoints(
      tx,
      [point('floor', 'telemetry'), point('moving', 'safety'), point('run-count', 'telemetry')],
      true,
      NOON,
    );
  });
  const sample = (pid: string, t: number, value: number) => ({
    series: { community: TEST_COMMUNITY, kind: 'elevator' as const, device: LIFT, point: pid, building: '' },
    t,
    value,
    quality: 'good' as const,
  });
  const told = [
    sample('floor', NOON - 20 * MINUTE, 1),
    sample('floor', NOON - 5 * MINUTE, 3),
    sample('moving', NOON - 5 * MINUTE, 1),
    sample('run-count', NOON - 4 * MINUTE, 7),
    sample('floor', NOON - 2 * MINUTE, 3),
    sample('moving', NOON - MINUTE, 0),
  ].map((s, i) => ({ ...s, n: i + 1 }));
  const writer = hub.hub.sensing.history.writer;
  if (writer === null) throw new Error('no history of our own');
  const stored = await writer.append({
    gateway: 'gw1',
    epoch: 'e1',
    lane: 'telemetry',
    first: 1,
    last: told.length,
    samples: told,
  });
  expect(stored.outcome).toBe('stored');
}

beforeAll(async () => {
  clock = new ManualClock(NOON);
  hub = await startTestHub({ clock });
  await hub.addCommunity('other');
  await installLift();
  const contracts = [
    {
      id: 'C-1',
      company: { zh: '维保单位', en: 'Lift company' },
      phone: '4000000000',
      lifts: [LIFT],
      penalty: { arriveMs: 30 * MINUTE, stepMs: 10 * MINUTE, perStepFen: 50_000, capFen: 500_000 },
    },
  ];
  const put = await (
    await as('manager')
  ).send('PUT', '/api/rules/work-orders.lift-contracts', { value: { contracts }, reason: 'signed today' });
  if (put.status !== 200) throw new Error(`the contract was refused: ${JSON.stringify(put.body)}`);
  const trapped = alarm({ community: TEST_COMMUNITY, class: 'ENTRAPMENT', deviceKind: 'elevator', device: LIFT });
  await hub.database.db.transaction((tx) => appendEvents(tx, [raised(trapped)], clock.now()));
  const operator = await as('operator');
  id = await until(async () => (await operator.get<{ items: RescueItem[] }>('/api/rescues')).body.items[0]?.id, {
    ms: 20_000,
    what: 'the rescue',
  });
}, 120_000);

describe('[S5] the console', () => {
  test('shows the lift, its clocks by the rules, who is to be called, and what is missing', async () => {
    const shown = await view();
    expect(shown).toMatchObject({
      now: new Date(NOON).toISOString(),
      lift: { device: LIFT, name: { en: 'Elevator 1' }, online: false },
      contract: { phone: '4000000000' },
      numbers: { fire: '119', centre: '96333' },
      penalty: { status: 'not-told', fen: 0 },
      people: null,
      lacks: ['released', 'service-state', 'finish', 'verify'],
    });
    const due = shown.clocks.map((c) => `${c.clock} ${(Date.parse(c.dueAt) - NOON) / 1000}`);
    expect(due).toEqual(['respond 30', 'contractor-called 180', 'arrive 1800']);
  });

  test('is for those of the rescue, and of no other community', async () => {
    expect((await (await as('owner')).get(`/api/rescues/${id}`)).status).toBe(403);
    expect((await hub.anonymous.get(`/api/rescues/${id}`)).status).toBe(401);
    expect((await (await as('manager@other')).get(`/api/rescues/${id}`)).status).toBe(404);
    expect((await (await as('manager@other')).get<{ items: unknown[] }>('/api/rescues')).body.items).toEqual([]);
    expect((await (await as('manager@other')).get(`/api/rescues/${id}/timeline`)).status).toBe(404);
    expect((await (await as('manager@other')).post(`/api/rescues/${id}/exports`, { format: 'json' })).status).toBe(404);
    expect((await (await as('contractor')).get(`/api/rescues/${id}`)).status).toBe(200);
  });

  test('[X6] is led from the signal to the closing, refuses on the way what is missing, and computes the penalty', async () => {
    clock.advance(20_000);
    expect(await post('rescue/call', { party: 'inside', outcome: 'reached', note: '=2 people' })).toMatchObject({
      status: 200,
    });
    expect(await post('rescue/people', { count: 2, elderly: 1 })).toMatchObject({ status: 200 });
    clock.advance(60_000);
    expect(await post('rescue/call', { party: 'contractor', outcome: 'reached' })).toMatchObject({ status: 200 });
    expect(await post('accept', {}, 'contractor')).toMatchObject({ status: 200 });
    clock.advance(43 * MINUTE);
    expect((await view()).penalty).toMatchObject({ status: 'running', lateMs: 13 * MINUTE, steps: 2, fen: 100_000 });
    expect(await post('arrive', {}, 'contractor')).toMatchObject({ status: 200 });
    clock.advance(20 * MINUTE);
    expect((await view()).penalty).toMatchObject({ status: 'final', lateMs: 13 * MINUTE, steps: 2, fen: 100_000 });
    expect((await view()).clocks.find((c) => c.clock === 'recall')).toBeDefined();

    const upload = await uploaded('contractor');
    expect(
      await post('finish', { result: 'reset', photos: [{ file: upload, phase: 'after' }] }, 'contractor'),
    ).toMatchObject({ status: 200 });
    expect(await post('verify', { waiver: 'seen by myself' }, 'manager')).toMatchObject({ status: 200 });
    expect(await post('close', {})).toEqual({ status: 422, code: 'release-required' });
    expect((await view()).lacks).toEqual(['released', 'service-state']);
    expect(await post('milestone', { milestone: 'released' })).toMatchObject({ status: 200 });
    expect(await post('close', {})).toEqual({ status: 422, code: 'service-state-required' });
    expect((await view()).lacks).toEqual(['service-state']);
    const back = { milestone: 'released', serviceState: 'in-service' };
    expect(await post('milestone', back)).toMatchObject({ status: 200 });
    expect(await post('close', {})).toEqual({ status: 422, code: 'inspection-required' });
    expect((await view()).lacks).toEqual(['inspection']);
    expect(await post('rescue/step', { step: 'inspection', note: 'ten runs' })).toMatchObject({ status: 200 });
    expect((await view()).lacks).toEqual([]);
    expect(await post('close', {})).toMatchObject({ status: 200 });
  });

  test('[X6] a contract that is changed later does not change an old penalty', async () => {
    const manager = await as('manager');
    const none = { value: { contracts: [] }, reason: 'ended' };
    expect((await manager.send('PUT', '/api/rules/work-orders.lift-contracts', none)).status).toBe(200);
    expect((await view()).penalty).toMatchObject({ status: 'final', fen: 100_000 });
  });
});

async function uploaded(who: string): Promise<string> {
  const bytes = jpeg();
  const boundary = 'x-boundary';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\ncontent-type: image/jpeg\r\n\r\n`;
  const answer = await hub.hub.app.inject({
    method: 'POST',
    url: '/api/files',
    headers: { cookie: (await as(who)).cookie, 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  });
  expect(answer.statusCode).toBe(200);
  return answer.json<{ sha256: string }>().sha256;
}

describe('[S5] the timeline', () => {
  const exported = async (format: string): Promise<ExportView> =>
    (await (await as('manager')).post<ExportView>(`/api/rescues/${id}/exports`, { format })).body;
  const proof = async (text: string, who = 'committee'): Promise<ExportProof> => {
    const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
    return (await (await as(who)).get<ExportProof>(`/api/rescue-exports/${sha256}`)).body;
  };

  test('holds signal, telemetry from ten minutes before, acts, calls and escalations in one order', async () => {
    const { body } = await (await as('manager')).get<RescueTimeline>(`/api/rescues/${id}/timeline`);
    expect(body.telemetry).toMatchObject({ status: 'ok', from: new Date(NOON - 10 * MINUTE).toISOString() });
    const told = body.entries.map((e) => `${e.kind} ${e.code}`);
    expect(body.entries.filter((e) => e.kind === 'telemetry').map((e) => `${e.code} ${e.value}`)).toEqual([
      'floor 3',
      'moving 1',
      'moving 0',
    ]);
    for (const wanted of [
      'act open',
      'call inside/reached',
      'milestone answered',
      'milestone released',
      'step inspection',
      'act close',
    ])
      expect(told).toContain(wanted);
    expect(told.some((t) => t.startsWith('page notify.entrapment'))).toBe(true);
    expect(body.entries.map((e) => e.at)).toEqual(body.entries.map((e) => e.at).toSorted());
  });

  test('is exported with a hash that the audit chain holds; a changed file is not known', async () => {
    for (const format of ['json', 'csv']) {
      const made = await exported(format);
      expect(createHash('sha256').update(made.text, 'utf8').digest('hex')).toBe(made.sha256);
      const known = await until(
        async () => {
          const answer = await proof(made.text);
          return typeof answer.audit?.seq === 'number' ? answer : undefined;
        },
        { ms: 10_000, what: 'the seal of the export' },
      );
      expect(known).toMatchObject({ known: true, order: id, format, entries: made.entries });
      expect(await proof(made.text.replace('reached', 'not-reached'))).toEqual({ known: false });
      expect(await proof(made.text, 'manager@other')).toEqual({ known: false });
      expect((await exported(format)).sha256).toBe(made.sha256);
    }
    expect((await view()).exports).toHaveLength(2);
    expect((await exported('csv')).text).toContain("'=2 people");
  });

  test('a hash slipped into the record behind the audit is told apart', async () => {
    const forged = 'a forged timeline';
    const sha256 = createHash('sha256').update(forged).digest('hex');
    await hub.database.db.transaction((tx) =>
      tx.run(
        `insert into work_orders.rescue_export (work_order, sha256, format, entries, at, by, by_name)
         values ($1, $2, 'json', 1, now(), 'x', 'x')`,
        [id, sha256],
      ),
    );
    expect(await proof(forged)).toMatchObject({ known: true, audit: null });
  });

  test('is for the desk to export, and for the owners’ committee to check', async () => {
    expect((await (await as('committee')).post(`/api/rescues/${id}/exports`, { format: 'json' })).status).toBe(403);
    expect((await (await as('contractor')).post(`/api/rescues/${id}/exports`, { format: 'json' })).status).toBe(403);
    expect((await (await as('owner')).get(`/api/rescue-exports/${'0'.repeat(64)}`)).status).toBe(403);
    const { body } = await (await as('manager')).get<OrderView>(`/api/work-orders/${id}`);
    expect(body.state).toBe('closed');
  });
});
