// Work orders, checks, duty, rules and notifications over HTTP: who may, what is refused and how, pages, repeats.
import { beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../hub/clock.ts';
import type { OrderView } from '../../../hub/work-orders/contract.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import { NOON } from '../t2-site.ts';

interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

let test1: TestHub;
let clock: ManualClock;
const clients = new Map<string, Client>();
async function as(name: string): Promise<Client> {
  const known = clients.get(name) ?? (await test1.as(name));
  clients.set(name, known);
  return known;
}

beforeAll(async () => {
  clock = new ManualClock(NOON);
  test1 = await startTestHub({ clock });
  await test1.addCommunity('other');
}, 120_000);

async function openedByHand(title: string, who = 'manager'): Promise<OrderView> {
  const answer = await (await as(who)).post<OrderView>('/api/work-orders', { title });
  expect(answer).toMatchObject({ status: 200, body: { kind: 'request', source: { kind: 'hand' } } });
  return answer.body;
}

describe('an order over HTTP', () => {
  test('[promise 13] of another community is not there: not in the list, not by its id, not to act on', async () => {
    const { id } = await openedByHand('a lamp');
    const foreign = await as('manager@other');
    expect((await foreign.get<Page<OrderView>>('/api/work-orders?state=all')).body.items).toEqual([]);
    expect(await foreign.get(`/api/work-orders/${id}`)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    const worker = await as('technician@other');
    expect(await worker.post(`/api/work-orders/${id}/accept`, {})).toMatchObject({ status: 404 });
    expect(await foreign.post(`/api/work-orders/${id}/cancel`, { note: 'x' })).toMatchObject({ status: 404 });
  });

  test('is for those whose work it is: others are refused by their role', async () => {
    for (const role of ['owner', 'finance', 'legal', 'collector', 'committee'])
      expect((await (await as(role)).get('/api/work-orders')).status, role).toBe(403);
    expect((await test1.anonymous.get('/api/work-orders')).status).toBe(401);
  });

  test('[fault 72] with an Idempotency-Key is opened once, and the key with other words is refused', async () => {
    const client = await as('manager');
    const key = { 'idempotency-key': 'wish-1' };
    const [one, two] = [
      await client.post<OrderView>('/api/work-orders', { title: 'a door' }, key),
      await client.post<OrderView>('/api/work-orders', { title: 'a door' }, key),
    ];
    expect(two.body).toEqual(one.body);
    expect(await client.post('/api/work-orders', { title: 'a window' }, key)).toMatchObject({ status: 422 });
  });

  test('refuses what does not fit the schema and what the state does not allow, and says which', async () => {
    const { id } = await openedByHand('a pipe');
    const manager = await as('manager');
    for (const body of [{ assignee: 5 }, {}, { assignee: 'x', extra: true }])
      expect((await manager.post(`/api/work-orders/${id}/assign`, body)).status).toBe(400);
    expect(await manager.post(`/api/work-orders/${id}/assign`, { assignee: 'nobody' })).toMatchObject({
      status: 404,
      body: { code: 'not-found', detail: 'assignee: nobody' },
    });
    const technician = await as('technician');
    expect(await technician.post(`/api/work-orders/${id}/start`, {})).toMatchObject({ status: 403 });
    expect(await manager.post(`/api/work-orders/${id}/cancel`, {})).toMatchObject({
      status: 422,
      body: { code: 'note-required' },
    });
    expect(await manager.post(`/api/work-orders/${id}/wait`, { reason: 'mood', note: 'x' })).toMatchObject({
      status: 400,
    });
  });

  test('is listed newest first in pages that neither repeat nor miss', async () => {
    const made: string[] = [];
    for (let i = 0; i < 7; i += 1) {
      // Some at the same moment: the cursor must tell them apart.
      if (i % 3 === 0) clock.advance(1);
      made.push((await openedByHand(`page ${i}`)).id);
    }
    const client = await as('operator');
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = `limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page: Page<OrderView> = (await client.get<Page<OrderView>>(`/api/work-orders?${query}`)).body;
      seen.push(...page.items.map((o) => o.id));
      cursor = page.next;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => made.includes(id))).toHaveLength(7);
    expect(await client.get('/api/work-orders?cursor=nonsense')).toMatchObject({ status: 400 });
  });

  test('assigned to me is found by me, and by nobody who has no part in it', async () => {
    const { id } = await openedByHand('a pump');
    const { body } = await (await as('technician')).get<{ id: string }>('/api/session');
    await (await as('supervisor')).post(`/api/work-orders/${id}/assign`, { assignee: body.id });
    const mine = await (await as('technician')).get<Page<OrderView>>('/api/work-orders?assignee=me');
    expect(mine.body.items.map((o) => o.id)).toContain(id);
    expect(await (await as('contractor')).get(`/api/work-orders/${id}`)).toMatchObject({ status: 404 });
    const told = await until(
      async () => {
        const answer = await (await as('technician')).get<Page<{ text: { en: string } }>>('/api/notifications');
        return answer.body.items.find((n) => n.text.en.includes('assigned to you'));
      },
      { what: 'the technician is told' },
    );
    expect(told.text.en).toContain('a pump');
  });
});

describe('notifications over HTTP', () => {
  test('are one’s own, are delivered by being fetched, and read when one says so', async () => {
    const technician = await as('technician');
    await until(async () => Number((await technician.get('/api/notifications')).body['unread']) > 0, {
      what: 'a page',
    });
    const owner = await as('owner');
    expect((await owner.get<Page<unknown>>('/api/notifications')).body.items).toEqual([]);
    const states = await test1.database.db.transaction((tx) =>
      tx.query<{ state: string }>(`select distinct n.state from notify.notification n
        join staff.person p on p.id = n.recipient where p.username = 'technician'`),
    );
    expect(states).toEqual([{ state: 'delivered' }]);
    await technician.post('/api/notifications/read', { ids: 'all' });
    expect((await technician.get('/api/notifications?unread=true')).body).toMatchObject({ items: [], unread: 0 });
    expect((await technician.post('/api/notifications/read', { ids: ['x'] })).status).toBe(400);
  });

  test('web hooks are the administrator’s, and show neither key nor path', async () => {
    const admin = await as('admin');
    const url = 'https://hooks.example.com/send?key=s3cret';
    const made = await admin.post<{ secret: string; hook: object }>('/api/hooks', { name: 'chat', url });
    expect(made).toMatchObject({ status: 200, body: { hook: { origin: 'https://hooks.example.com' } } });
    const listed = await admin.get('/api/hooks');
    expect(JSON.stringify(listed.body)).not.toContain('s3cret');
    expect(JSON.stringify(listed.body)).not.toContain(made.body.secret);
    expect((await (await as('manager')).get('/api/hooks')).status).toBe(403);
    expect(await admin.post('/api/hooks', { name: 'x', url: 'http://127.0.0.1:9/' })).toMatchObject({ status: 400 });
  });
});

describe('rules over HTTP', () => {
  test('show their sources, are set by a manager with a reason, and that is audited', async () => {
    const manager = await as('manager');
    const rules = (await manager.get<Page<{ id: string; source: string }>>('/api/rules')).body.items;
    expect(rules.map((r) => r.id)).toContain('work-orders.patience');
    const put = (value: unknown, who = manager) =>
      who.send('PUT', '/api/rules/work-orders.patience', { value, reason: 'a long line' });
    expect(await put({ COMMS: 60_000, DISABLED: 60_000 })).toMatchObject({ status: 200, body: { version: 'site-1' } });
    expect(await put({ COMMS: 0, DISABLED: 60_000 })).toMatchObject({ status: 400 });
    expect((await put({ COMMS: 60_000, DISABLED: 60_000 }, await as('technician'))).status).toBe(403);
    const { n } = await test1.database.db.transaction((tx) =>
      tx.one<{ n: number }>(
        `select count(*)::integer as n from audit.entry where action = 'rule.set' and community = $1`,
        [TEST_COMMUNITY],
      ),
    );
    expect(n).toBe(1);
  });
});

describe('checks and duty over HTTP', () => {
  test('[F4] a failed check opens one order, which the check then shows', async () => {
    const inspector = await as('inspector');
    const body = { item: '应急照明', outcome: 'fail', note: 'dark', building: 'b1', floor: 2 };
    const key = { 'idempotency-key': 'check-1' };
    const check = await inspector.post<{ id: string }>('/api/checks', body, key);
    expect(check).toMatchObject({ status: 200, body: { workOrder: null } });
    expect((await inspector.post('/api/checks', body, key)).body).toEqual(check.body);
    const order = await until(
      async () =>
        (
          await inspector.get<Page<{ id: string; workOrder: string | null }>>('/api/checks?outcome=fail')
        ).body.items.find((c) => c.id === check.body.id)?.workOrder,
      { what: 'the check shows its order' },
    );
    expect(await inspector.get(`/api/work-orders/${order}`)).toMatchObject({ status: 200, body: { building: 'b1' } });
    expect(await inspector.post('/api/checks', { ...body, outcome: 'maybe' })).toMatchObject({ status: 400 });
    expect((await (await as('owner')).post('/api/checks', body)).status).toBe(403);
  });

  test('who is on duty now is seen by staff, and shifts are planned by supervisors', async () => {
    expect(await (await as('guard')).get('/api/duty/current')).toMatchObject({
      status: 200,
      body: { qualified: 0, minimum: 2, shifts: [] },
    });
    const { body } = await (await as('technician')).get<{ id: string }>('/api/session');
    const shift = {
      kind: 'maintenance',
      from: new Date(clock.now()).toISOString(),
      to: new Date(clock.now() + 3_600_000).toISOString(),
      people: [body.id],
    };
    expect((await (await as('technician')).post('/api/duty/shifts', shift)).status).toBe(403);
    expect(await (await as('supervisor')).post('/api/duty/shifts', shift)).toMatchObject({
      status: 200,
      body: { people: [{ role: 'technician', certified: null }] },
    });
    expect((await (await as('guard')).get('/api/duty/current')).body['shifts']).toHaveLength(1);
    expect((await (await as('owner')).get('/api/duty/current')).status).toBe(403);
  });
});
