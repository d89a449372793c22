// A rescue's calls, people and steps on a real database: what a call implies, and the next call that is due.
import { beforeEach, describe, expect, test } from 'vitest';
import type { OrderView } from '../../../hub/work-orders/contract.ts';
import { logCall, recordPeople, recordStep } from '../../../hub/work-orders/rescue-commands.ts';
import { rescueRecord, type RescueRecord } from '../../../hub/work-orders/rescue-store.ts';
import { alarm, makeSite, MINUTE, NOON, raised, type PersonName, type Site } from '../t2-site.ts';

let site: Site;
let id: string;
beforeEach(async () => {
  site = await makeSite();
  const a = alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator' });
  await site.happen(raised(a));
  const [order] = await site.orders({ alarm: a.alarm });
  if (!order) throw new Error('no order');
  id = order.id;
});

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
const call = (body: Parameters<typeof logCall>[3], who: PersonName = 'operator'): Promise<OrderView> =>
  site.command(site.people[who], (c) => logCall(c, site.ports, id, body));
const stepDone = (body: Parameters<typeof recordStep>[3], who: PersonName = 'operator'): Promise<string> =>
  site.command(site.people[who], (c) => recordStep(c, site.ports, id, body)).then(() => 'ok', codeOf);
const record = (): Promise<RescueRecord> => site.database.db.read((tx) => rescueRecord(tx, id));
const breaches = (): Promise<{ clock: string; at: number }[]> =>
  site.database.db.read((tx) =>
    tx.query(
      `select payload->>'clock' as clock, (extract(epoch from at) * 1000)::float8 as at from events.event
       where type = 'order.breached' order by id`,
    ),
  );
const late = async (clock: string): Promise<number[]> =>
  (await breaches()).filter((b) => b.clock === clock).map((b) => (b.at - NOON) / MINUTE);

describe('[S5] a call', () => {
  test('that reaches the people inside answers their signal; one that nobody answers does not', async () => {
    await site.pass(10_000);
    const silent = await call({ party: 'inside', outcome: 'not-reached' });
    expect(silent.milestones.find((m) => m.milestone === 'answered')?.at).toBeUndefined();
    await site.pass(10_000);
    const heard = await call({ party: 'inside', outcome: 'reached', note: 'two people, calm' });
    const answered = heard.milestones.find((m) => m.milestone === 'answered');
    expect(Date.parse(answered?.at ?? '') - NOON).toBe(20_000);
    expect(answered?.by).toBe('operator');
    expect((await record()).calls.map((k) => `${k.outcome} ${k.byName} ${k.at - NOON}`)).toEqual([
      'not-reached operator 10000',
      'reached operator 20000',
    ]);
  });

  test.each([
    ['reached', true],
    ['refused', true],
    ['not-reached', false],
  ] as const)('to the maintenance company with outcome %s: called is %s', async (outcome, called) => {
    const order = await call({ party: 'contractor', outcome, number: '4000000000' });
    expect(order.milestones.find((m) => m.milestone === 'contractor-called')?.at !== undefined).toBe(called);
  });

  test('is of a rescue that goes on, by someone of it, and of this community', async () => {
    await expect(call({ party: 'inside', outcome: 'reached' }, 'owner').catch(codeOf)).resolves.toBe('not-allowed');
    await site.act('contractor', id, { act: 'accept' });
    await expect(call({ party: 'inside', outcome: 'reached' }, 'tina').catch(codeOf)).resolves.toBe('not-allowed');
    await site.act('operator', id, { act: 'milestone', milestone: 'released' });
    await site.act('manager', id, { act: 'cancel', note: 'freed by the fire brigade' });
    await expect(call({ party: 'inside', outcome: 'reached' }).catch(codeOf)).resolves.toBe('wrong-state');
  });

  test('leaves its mark in the audit', async () => {
    await call({ party: 'centre', outcome: 'refused', number: '96333' });
    const rows = await site.database.db.transaction((tx) =>
      tx.query<{ content: string }>(
        `select c.content from audit.entry e join audit.content c on c.entry = e.id where e.action = 'rescue.call'`,
      ),
    );
    expect(rows.map((r) => (JSON.parse(r.content) as { after: unknown }).after)).toEqual([
      { party: 'centre', outcome: 'refused', number: '96333' },
    ]);
  });
});

describe('[S5] the next call to the people inside', () => {
  test('is due every five minutes, a minute after one that nobody answered, and escalates until somebody calls', async () => {
    await call({ party: 'inside', outcome: 'reached' });
    expect((await record()).recall).toMatchObject({ dueAt: NOON + 5 * MINUTE, unanswered: 0 });
    await site.pass(4 * MINUTE);
    expect(await late('recall')).toEqual([]);
    await call({ party: 'inside', outcome: 'not-reached' });
    expect((await record()).recall).toMatchObject({ dueAt: NOON + 5 * MINUTE, unanswered: 1 });
    await site.pass(MINUTE);
    expect(await late('recall')).toEqual([5]);
    await site.pass(4 * MINUTE);
    expect(await late('recall')).toEqual([5]);
    await site.pass(MINUTE);
    expect(await late('recall')).toEqual([5, 10]);
    await call({ party: 'inside', outcome: 'reached' });
    await site.pass(4 * MINUTE);
    expect(await late('recall')).toEqual([5, 10]);
    const told = await site.database.db.transaction((tx) =>
      tx.query<{ role: string }>(
        `select distinct p.role from notify.notification n join staff.person p on p.id = n.recipient
         where n.message = 'notify.order-breached' and n.args->>'clock' = 'recall' order by 1`,
      ),
    );
    expect(told.map((r) => r.role)).toEqual(['manager', 'operator', 'supervisor']);
  });

  test('is not due any more once everyone is out', async () => {
    await call({ party: 'inside', outcome: 'reached' });
    await site.act('operator', id, { act: 'milestone', milestone: 'released' });
    await site.pass(30 * MINUTE);
    expect(await late('recall')).toEqual([]);
  });

  test('moves with the wall clock when someone sets it', async () => {
    await call({ party: 'inside', outcome: 'reached' });
    await site.happen({
      type: 'clock.jumped',
      community: site.people.operator.community,
      subject: 'clock',
      payload: { jumpMs: 60 * MINUTE, seenAt: NOON },
    });
    expect((await record()).recall?.dueAt).toBe(NOON + 65 * MINUTE);
  });
});

describe('[S5] what is known and done', () => {
  test('of the people inside every report stands, and more elderly and children than people is refused', async () => {
    const tell = (body: Parameters<typeof recordPeople>[3]): Promise<string> =>
      site.command(site.people.operator, (c) => recordPeople(c, site.ports, id, body)).then(() => 'ok', codeOf);
    expect(await tell({ count: 2, elderly: 2, children: 1 })).toBe('out-of-range');
    expect(await tell({ count: 2, elderly: 1 })).toBe('ok');
    expect(await tell({ count: 3, unwell: true, note: 'one is short of breath' })).toBe('ok');
    const { people } = await record();
    expect(people.map(({ count, elderly, unwell }) => ({ count, elderly, unwell }))).toEqual([
      { count: 2, elderly: 1, unwell: undefined },
      { count: 3, elderly: undefined, unwell: true },
    ]);
  });

  test('each step once, with words where a tick says nothing, and some only after the release', async () => {
    expect(await stepDone({ step: 'condition', condition: 'unhurt' })).toBe('release-required');
    expect(await stepDone({ step: 'inspection', note: 'ran ten times' })).toBe('release-required');
    expect(await stepDone({ step: 'leader' })).toBe('note-required');
    expect(await stepDone({ step: 'leader', note: 'the manager is at the lift' })).toBe('ok');
    expect(await stepDone({ step: 'leader', note: 'again' })).toBe('already-done');
    expect(await stepDone({ step: 'contractor-arrived' })).toBe('ok');
    const { milestones } = await site.order(id);
    expect(milestones.find((m) => m.milestone === 'on-site')?.at).toBeDefined();
    await site.act('operator', id, { act: 'milestone', milestone: 'released' });
    expect(await stepDone({ step: 'condition' })).toBe('bad-request');
    expect(await stepDone({ step: 'condition', condition: 'unhurt' })).toBe('ok');
  });

  test('back in service is closed only with an inspection; the explanation may follow the closing', async () => {
    await site.act('contractor', id, { act: 'accept' });
    await site.act('contractor', id, { act: 'arrive' });
    await site.act('contractor', id, {
      act: 'finish',
      result: 'door operator replaced',
      photos: [{ file: await site.photo(), phase: 'after' }],
      serviceState: 'in-service',
    });
    await site.act('manager', id, { act: 'verify', waiver: 'seen by myself' });
    expect(await site.tryAct('operator', id, { act: 'close' })).toBe('release-required');
    await site.act('operator', id, { act: 'milestone', milestone: 'released' });
    expect(await site.tryAct('operator', id, { act: 'close' })).toBe('inspection-required');
    expect(await stepDone({ step: 'inspection', note: 'ten runs, all doors' })).toBe('ok');
    expect(await site.tryAct('operator', id, { act: 'close' })).toBe('ok');
    expect(await stepDone({ step: 'explained-owners', note: 'notice on the board' })).toBe('ok');
    expect(await stepDone({ step: 'condition', condition: 'unhurt' })).toBe('wrong-state');
  });

  test('begins anew with the rescue when people are inside again: nothing of before counts, all stays on record', async () => {
    await call({ party: 'inside', outcome: 'reached' });
    await site.act('contractor', id, { act: 'accept' });
    await site.act('contractor', id, { act: 'arrive' });
    await site.act('operator', id, { act: 'milestone', milestone: 'released', serviceState: 'in-service' });
    expect(await stepDone({ step: 'inspection', note: 'ten runs' })).toBe('ok');
    await site.act('contractor', id, {
      act: 'finish',
      result: 'reset',
      photos: [{ file: await site.photo(), phase: 'after' }],
    });
    await site.pass(MINUTE);
    const { device } = await site.order(id);
    await site.happen(
      raised(alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator', device: device ?? '', signal: 'x' })),
    );
    const anew = await record();
    expect(anew).toMatchObject({ round: 1, beganAt: NOON + MINUTE });
    expect(anew.recall).toBeUndefined();
    expect(anew.steps).toMatchObject([{ step: 'inspection', round: 0 }]);
    await site.act('operator', id, { act: 'milestone', milestone: 'released', serviceState: 'in-service' });
    await site.act('contractor', id, { act: 'accept' });
    await site.act('contractor', id, { act: 'arrive' });
    await site.act('contractor', id, {
      act: 'finish',
      result: 'reset again',
      photos: [{ file: await site.photo('b'), phase: 'after' }],
    });
    await site.act('manager', id, { act: 'verify', waiver: 'seen by myself' });
    expect(await site.tryAct('operator', id, { act: 'close' })).toBe('inspection-required');
    expect(await stepDone({ step: 'inspection', note: 'ten runs more' })).toBe('ok');
    expect(await site.tryAct('operator', id, { act: 'close' })).toBe('ok');
  });

  test('of a work order that is no rescue nothing is recorded', async () => {
    const fault = alarm();
    await site.happen(raised(fault));
    const [repair] = await site.orders({ alarm: fault.alarm });
    id = repair?.id ?? '';
    await expect(call({ party: 'inside', outcome: 'reached' }).catch(codeOf)).resolves.toBe('wrong-state');
  });
});
