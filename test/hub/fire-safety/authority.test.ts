// What the authority wants put right: the table, and visits, papers, deadlines and rechecks on a real database.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { actOnItem, enterNotice, enterVisit, itemsOf } from '../../../hub/fire-safety/api.ts';
import {
  ITEM_ACTS,
  ITEM_STATES,
  ITEM_TRANSITIONS,
  itemActs,
  stepItem,
  type ItemAct,
  type ItemBrought,
  type ItemFacts,
} from '../../../hub/fire-safety/authority-machine.ts';
import { nextTelling } from '../../../hub/fire-safety/authority.ts';
import type { ActItem, VisitSummary, VisitView } from '../../../hub/fire-safety/contract.ts';
import type { Doer } from '../../../hub/fire-safety/machine.ts';
import { ok, type Result } from '../../../hub/errors.ts';
import type { CommandContext } from '../../../hub/events/api.ts';
import { putFile } from '../../../hub/files/api.ts';
import { runCommand } from '../../../hub/http/command.ts';
import { startTestHub, TEST_COMMUNITY, type TestHub } from '../../helpers/hub.ts';
import { HOUR, makeSite, NOON, type PersonName, type Site } from '../t2-site.ts';

const DAY = 24 * HOUR;
const user = (id: string, role: string): Doer => ({ kind: 'user', id, role });

describe('[F7] a demand of the authority', () => {
  const facts = (more: Partial<ItemFacts> = {}): ItemFacts => ({
    state: 'assigned',
    responsible: 'tina',
    doers: [],
    deadline: NOON + DAY,
    ...more,
  });
  const whole = (act: ItemAct): ItemBrought => ({
    note: 'as the paper says',
    files: 1,
    ...(act === 'ask' ? { deadline: NOON + 2 * DAY } : {}),
  });
  const asked = (act: ItemAct): Partial<ItemFacts> =>
    act === 'grant' || act === 'deny' ? { askedUntil: NOON + 3 * DAY } : {};
  const outcome = (item: ItemFacts, act: ItemAct, who: Doer, brought = whole(act)): string => {
    const done = stepItem(item, act, who, brought, NOON);
    return done.ok ? done.value.to : `${done.code} ${done.detail ?? ''}`;
  };
  const doer = (act: ItemAct): Doer => (act === 'do' ? user('tina', 'technician') : user('s', 'supervisor'));

  test.each(ITEM_ACTS.flatMap((act) => ITEM_STATES.map((state) => [act, state] as const)))(
    '%s in state %s does what the table says and nothing else',
    (act, state) => {
      const expected = ITEM_TRANSITIONS[act][state] ?? `wrong-state ${state}`;
      expect(outcome(facts({ state, ...asked(act) }), act, doer(act))).toBe(expected);
    },
  );

  test('is done by who is named, and its recheck entered by somebody else, with proof', () => {
    expect(outcome(facts(), 'do', user('otto', 'technician'))).toBe('not-allowed do');
    expect(outcome(facts(), 'do', doer('do'), { note: 'x' })).toBe('photo-required files');
    const done = facts({ state: 'done', doers: ['s'] });
    expect(outcome(done, 'accept', user('s', 'supervisor'))).toBe('own-work accept');
    expect(outcome(done, 'accept', user('m', 'manager'), { note: 'x' })).toBe('photo-required files');
    expect(outcome(done, 'accept', user('i', 'inspector'))).toBe('not-allowed accept');
    expect(itemActs(done, user('s', 'supervisor'))).toEqual([]);
    expect(itemActs(done, user('c', 'committee'))).toEqual([]);
  });

  test('gets more time by the authority’s answer alone', () => {
    const s = user('s', 'supervisor');
    const ask = stepItem(facts(), 'ask', s, whole('ask'), NOON);
    expect(ask).toMatchObject({ value: { deadline: NOON + DAY, askedUntil: NOON + 2 * DAY } });
    expect(outcome(facts(), 'ask', s, { note: 'x', deadline: NOON + DAY })).toBe('out-of-range deadline');
    expect(outcome(facts({ askedUntil: NOON + 2 * DAY }), 'ask', s)).toBe('wrong-state asked already');
    expect(outcome(facts(), 'grant', s)).toBe('wrong-state nothing was asked');
    const waiting = facts({ askedUntil: NOON + 2 * DAY });
    expect(stepItem(waiting, 'grant', s, whole('grant'), NOON)).toMatchObject({
      value: { deadline: NOON + 2 * DAY, askedUntil: undefined },
    });
    expect(stepItem(waiting, 'deny', s, whole('deny'), NOON)).toMatchObject({
      value: { deadline: NOON + DAY, askedUntil: undefined },
    });
  });

  test('is told while it is nobody’s, ahead of its deadline, and from then on', () => {
    const rule = { assignHours: 24, remindDays: [7, 1] };
    const at = (state: ItemFacts['state'], now: number) =>
      nextTelling({ state, since: NOON, deadline: NOON + 10 * DAY }, rule, now);
    expect(at('open', NOON)).toEqual({ step: 'assign', at: NOON + DAY });
    expect(at('assigned', NOON)).toEqual({ step: 'soon', at: NOON + 3 * DAY });
    expect(at('assigned', NOON + 3 * DAY)).toEqual({ step: 'soon', at: NOON + 9 * DAY });
    expect(at('assigned', NOON + 9 * DAY)).toEqual({ step: 'overdue', at: NOON + 10 * DAY });
    expect(at('done', NOON)).toBeUndefined();
  });
});

describe('[F7] an inspection', () => {
  let site: Site;
  beforeEach(async () => {
    site = await makeSite();
  });
  const try_ = async <T>(who: PersonName, work: (c: CommandContext) => Promise<Result<T>>): Promise<string> =>
    site.command(site.people[who], work).then(
      () => 'ok',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
  const visit = async (): Promise<string> => {
    const at = new Date(NOON - HOUR).toISOString();
    const body = { kind: 'routine', authority: 'brigade', inspectors: 'two', at, summary: 'three things' } as const;
    return (await site.command(site.people.supervisor, (c) => enterVisit(c, body))).id;
  };
  const notice = async (id: string, number: string, days: number): Promise<string> => {
    const [issuedAt, deadline] = [new Date(NOON - HOUR).toISOString(), new Date(NOON + days * DAY).toISOString()];
    const body = {
      kind: 'by-date',
      number,
      issuedAt,
      deadline,
      files: [await site.photo('paper')],
      items: ['door'],
    } as const;
    return try_('supervisor', (c) => enterNotice(c, id, { ...body, files: [...body.files], items: ['door'] }));
  };
  const item = async (id: string) => {
    const [found] = await site.database.db.read((tx) => itemsOf(tx, [id]));
    if (!found) throw new Error('no item');
    return found;
  };
  const act = async (who: PersonName, visitId: string, name: ItemAct, more: ActItem = {}): Promise<string> => {
    const { id } = await item(visitId);
    const files = [await site.photo(`${name} ${who}`)];
    return try_(who, (c) => actOnItem(c, id, name, { note: 'said', files, ...more }));
  };
  const paged = async (message: string): Promise<string[]> => {
    const rows = await site.database.db.transaction((tx) =>
      tx.query<{ recipient: string }>(`select recipient from notify.notification where message = $1`, [message]),
    );
    const names = new Map(Object.entries(site.people).map(([name, p]) => [p.id, name]));
    return rows.map((r) => names.get(r.recipient) ?? r.recipient).toSorted();
  };

  test('has its paper entered once, and each demand followed to its recheck, back once when that fails', async () => {
    const id = await visit();
    expect(await notice(id, 'No. 1', 10)).toBe('ok');
    expect(await notice(id, 'No. 1', 10)).toBe('duplicate');
    await site.pass(1);
    expect(await paged('notify.rectification-demanded')).toEqual(['manager', 'supervisor']);
    const to = { responsible: site.people.tina.id, measure: 'new closer' };
    expect(await act('supervisor', id, 'assign', { ...to, measure: ' ' })).toBe('note-required');
    expect(await act('supervisor', id, 'assign', { ...to, responsible: site.people.owner.id })).toBe('not-found');
    expect(await act('supervisor', id, 'assign', to)).toBe('ok');
    expect(await act('tina', id, 'do')).toBe('ok');
    expect(await act('manager', id, 'refuse')).toBe('ok');
    expect(await act('tina', id, 'do')).toBe('ok');
    expect(await act('manager', id, 'accept')).toBe('ok');
    expect(await item(id)).toMatchObject({ state: 'accepted', refused: 1, responsibleName: 'tina' });
    await site.pass(20 * DAY);
    expect(await paged('notify.rectification-overdue')).toEqual([]);
  });

  test('is told ahead and when overdue, further each day, and less once the authority gave more time', async () => {
    const id = await visit();
    await notice(id, 'No. 1', 4);
    await act('supervisor', id, 'assign', { responsible: site.people.tina.id, measure: 'new closer' });
    await site.pass(DAY);
    expect(await paged('notify.rectification-soon')).toEqual(['supervisor', 'tina']);
    expect(await act('supervisor', id, 'ask', { deadline: new Date(NOON + 6 * DAY).toISOString() })).toBe('ok');
    await site.pass(2 * DAY);
    await site.pass(DAY);
    expect(await paged('notify.rectification-overdue')).toEqual(['supervisor', 'tina']);
    await site.pass(DAY);
    expect(await paged('notify.rectification-overdue')).toEqual([
      'manager',
      'supervisor',
      'supervisor',
      'tina',
      'tina',
    ]);
    expect(await act('supervisor', id, 'grant')).toBe('ok');
    expect(await item(id)).toMatchObject({ deadline: NOON + 6 * DAY, extended: 1, askedUntil: undefined });
    const before = await paged('notify.rectification-overdue');
    await site.pass(DAY - 1);
    expect(await paged('notify.rectification-overdue')).toEqual(before);
    await site.pass(1);
    expect(await paged('notify.rectification-overdue')).toEqual([...before, 'supervisor', 'tina'].toSorted());
  });
});

describe('[F7] inspections over HTTP', () => {
  let hub: TestHub;
  const paper = '7a'.repeat(32);
  beforeAll(async () => {
    hub = await startTestHub();
    const actor = { kind: 'system', id: 'test' } as const;
    await runCommand(hub.hub.database.db, hub.hub.runEffects, { now: 0, actor }, async (c) => {
      const file = { sha256: paper, type: 'application/pdf', bytes: Buffer.from('x'), by: 'test' };
      await putFile(c.tx, { ...file, community: TEST_COMMUNITY }, 0);
      return ok(null);
    });
  });

  test('are entered by the supervisor, read by staff and committee, hidden from owners and other communities', async () => {
    const supervisor = await hub.as('supervisor');
    const body = { kind: 'routine', authority: 'brigade', inspectors: 'two', summary: 'one thing' };
    const made = await supervisor.post<VisitView>('/api/authority/visits', { ...body, at: '2026-01-05T02:00:00Z' });
    expect(made.body.number).toMatch(/^JC-\d{4}-\d{6}$/);
    const served = await supervisor.post<VisitView>(`/api/authority/visits/${made.body.id}/notices`, {
      kind: 'by-date',
      number: 'No. 7',
      issuedAt: '2026-01-05T02:00:00Z',
      deadline: '2026-01-20T15:59:00Z',
      files: [paper],
      items: ['door', 'sign'],
    });
    expect(served.body.notices[0]).toMatchObject({ number: 'No. 7', files: [paper], items: [{ overdue: true }, {}] });
    const committee = await hub.as('committee');
    const list = (await committee.get<{ items: VisitSummary[] }>('/api/authority/visits')).body.items;
    expect(list).toMatchObject([{ items: 2, open: 2, overdue: 2, notices: ['No. 7'] }]);
    const owner = await hub.as('owner');
    expect((await owner.get('/api/authority/visits')).status).toBe(403);
    expect((await committee.post('/api/authority/visits', body)).status).toBe(403);
    await hub.addCommunity('elsewhere');
    const stranger = await hub.as('supervisor@elsewhere');
    expect((await stranger.get(`/api/authority/visits/${made.body.id}`)).status).toBe(404);
  });
});
