import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import { ok } from '../../../hub/errors.ts';
import type { Effect } from '../../../hub/events/api.ts';
import { HOOK_RETRY_MS, HOOK_TARGETS, NOTIFY_LIMITS, SEEN_WITHIN } from '../../../hub/notify/norms.ts';
import { makeHook } from '../../../hub/notify/routes.ts';
import { NotifyRunner } from '../../../hub/notify/runner.ts';
import { listFor, listUndelivered, markSeen } from '../../../hub/notify/store.ts';
import { setRule } from '../../../hub/rules/routes.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { silentLog } from '../../helpers/database.ts';
import { alarm, makeSite, NOON, raised, SYSTEM, type Site } from '../t2-site.ts';

type Page = Omit<Extract<Effect, { effect: 'notify' }>, 'effect'>;
const page = (more: Partial<Page> = {}): Page => ({
  key: 'k1',
  community: 'c1',
  to: { role: 'manager' },
  urgency: 'normal',
  message: 'notify.check-failed',
  args: { item: '灭火器' },
  ...more,
});

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});

const send = (...pages: Page[]): Promise<null> =>
  site.command(SYSTEM, async (c) => {
    for (const p of pages) c.emit({ effect: 'notify', ...p });
    return ok(null);
  });
const inbox = (person: string) =>
  site.database.db.transaction((tx) => listFor(tx, person, { unread: false, before: undefined, limit: 50 }));
const lost = () => site.database.db.transaction((tx) => listUndelivered(tx, 'c1', undefined, 50));
const undeliveredEvents = async (): Promise<number> =>
  (
    await site.database.db.transaction((tx) =>
      tx.one<{ n: number }>(`select count(*)::integer as n from events.event where type = 'notify.undelivered'`),
    )
  ).n;

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}
interface Receiver {
  readonly url: string;
  readonly host: string;
  readonly received: Received[];
  /** What to answer to the next calls; afterwards 200. `drop` closes the connection, `hang` never answers. */
  readonly answers: (number | 'drop')[];
}

async function receiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers: (number | 'drop')[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => {
      received.push({ headers: request.headers, text });
      const answer = answers.shift() ?? 200;
      if (answer === 'drop') request.socket.destroy();
      else response.writeHead(answer, answer === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onCleanup(() => void server.closeAllConnections());
  onCleanup(() => void server.close());
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return { url: `http://${host}/hook?key=s3cret`, host, received, answers };
}

/** Lets the site call this host, and makes a hook to it. */
async function hookTo(to: Receiver, more: { role?: string; urgency?: 'life' | 'urgent' | 'normal' } = {}) {
  const admin = { ...site.people.manager, role: 'admin' };
  const targets = { schemes: ['https'], hosts: [to.host] };
  await site.command(admin, (c) => setRule(c, [HOOK_TARGETS], HOOK_TARGETS.id, { value: targets, reason: 'test' }));
  return site.command(admin, (c) => makeHook(c, { name: 'duty chat', url: to.url, ...more }));
}

describe('in-app', () => {
  test('everyone of the role gets the page, once, however often it is told', async () => {
    await send(page({ to: { role: 'operator' } }));
    await send(page({ to: { role: 'operator' } }), page({ to: { user: site.people.operator.id } }));
    for (const { id } of [site.people.operator, site.people.operator2]) {
      expect(await inbox(id)).toMatchObject([{ message: 'notify.check-failed', state: 'pending' }]);
    }
    expect(await inbox(site.people.manager.id)).toEqual([]);
  });

  test('[promise 8] a page that is not seen in time is shown as undelivered, once; seen late it is delivered', async () => {
    await send(page({ urgency: 'life' }));
    site.clock.advance(SEEN_WITHIN.value.life - 1);
    await site.notify.runDue();
    expect(await lost()).toEqual([]);
    site.clock.advance(1);
    await site.notify.runDue();
    await site.notify.runDue();
    const { id } = site.people.manager;
    expect(await lost()).toMatchObject([{ recipient: id, channel: 'in-app', error: 'not seen in time' }]);
    expect(await undeliveredEvents()).toBe(1);
    const [mine] = await inbox(id);
    await site.database.db.transaction((tx) => markSeen(tx, id, [mine?.id ?? ''], site.clock.now()));
    expect(await lost()).toEqual([]);
  });

  test('a role that nobody has is undelivered at once', async () => {
    await send(page({ to: { role: 'legal' } }));
    expect(await lost()).toMatchObject([{ recipient: 'role:legal', error: 'nobody has this role' }]);
    expect(await undeliveredEvents()).toBe(1);
  });

  test('[S5] a page for a life that reached nobody at all raises a FAULT; one that someone saw does not', async () => {
    await site.happen(raised(alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator' })));
    const { id } = site.people.contractor;
    const [mine] = await inbox(id);
    await site.database.db.transaction((tx) => markSeen(tx, id, [mine?.id ?? ''], site.clock.now()));
    site.clock.advance(SEEN_WITHIN.value.life);
    await site.notify.runDue();
    await site.policies.runAll();
    // Duty and manager did not see theirs; those are pages of their own keys.
    expect(site.world.faults.map((f) => f.signal)).toContain('page');
    site.world.faults.length = 0;
    await send(page({ urgency: 'life', key: 'shared', to: { role: 'operator' } }));
    const [his] = await inbox(site.people.operator.id);
    await site.database.db.transaction((tx) =>
      markSeen(tx, site.people.operator.id, [his?.id ?? ''], site.clock.now()),
    );
    site.clock.advance(SEEN_WITHIN.value.life);
    await site.notify.runDue();
    await site.policies.runAll();
    expect(site.world.faults).toEqual([]);
  });
});

describe('a web hook', () => {
  test('is called once with a body that its receiver can prove, and holds both languages', async () => {
    const to = await receiver();
    const { secret, hook } = await hookTo(to);
    expect(hook.origin).toBe(`http://${to.host}`);
    await send(page({ link: '/checks' }));
    await site.notify.runDue();
    await site.notify.runDue();
    expect(to.received).toHaveLength(1);
    const [{ headers, text } = { headers: {}, text: '' }] = to.received;
    expect(JSON.parse(text)).toMatchObject({
      key: 'k1',
      community: 'c1',
      urgency: 'normal',
      at: new Date(NOON).toISOString(),
      text: { zh: '巡检不合格：灭火器。请安排处理', en: 'Inspection failed: 灭火器. Please have it put right' },
      link: '/checks',
    });
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-fengsui-signature'])) ?? [];
    expect(v1).toBe(createHmac('sha256', secret).update(`${t}.${text}`).digest('hex'));
    expect(await lost()).toMatchObject([]);
  });

  test('[promise 8] that fails is called again after its pauses, with the same id, and delivered in the end', async () => {
    const to = await receiver();
    await hookTo(to);
    to.answers.push(500, 'drop', 302, 404);
    await send(page());
    for (const ms of [0, ...HOOK_RETRY_MS.normal.slice(0, 4)]) {
      site.clock.advance(ms);
      await site.notify.runDue();
    }
    expect(to.received).toHaveLength(5);
    expect(new Set(to.received.map((r) => r.headers['x-fengsui-id'])).size).toBe(1);
    expect(site.notify.counters()).toMatchObject({ delivered: 1, failed: 4, undelivered: 0 });
  });

  test('that never answers well is given up visibly, without its key in the error', async () => {
    const to = await receiver();
    await hookTo(to);
    to.answers.push(...Array.from({ length: 20 }, () => 503));
    await send(page({ urgency: 'life' }));
    for (const ms of [0, ...HOOK_RETRY_MS.life, 3_600_000]) {
      site.clock.advance(ms);
      await site.notify.runDue();
    }
    expect(to.received).toHaveLength(HOOK_RETRY_MS.life.length + 1);
    const hook = (await lost()).find((l) => l.channel === 'webhook');
    expect(hook).toMatchObject({ error: `${to.host} answered 503`, attempts: 6 });
    expect(JSON.stringify(await lost())).not.toContain('s3cret');
  });

  test('is called again when the hub died after the call, before it could write it down', async () => {
    const to = await receiver();
    await hookTo(to);
    await send(page());
    const { db } = site.database;
    // From the call on, its connection to the database is gone.
    const transaction: typeof db.transaction = async (work) => {
      if (to.received.length > 0) throw new Error('killed');
      return db.transaction(work);
    };
    const killed = new NotifyRunner({ db: { ...db, transaction }, clock: site.clock, log: silentLog });
    await expect(killed.runDue()).rejects.toThrow('killed');
    expect(to.received).toHaveLength(1);
    await site.notify.runDue();
    expect(to.received).toHaveLength(1);
    site.clock.advance(NOTIFY_LIMITS.claimMs);
    await site.notify.runDue();
    expect(to.received).toHaveLength(2);
    expect(to.received[0]?.text).toBe(to.received[1]?.text);
    expect(site.notify.counters()).toMatchObject({ delivered: 1 });
  });

  test('hears only its role and what is urgent enough', async () => {
    const to = await receiver();
    await hookTo(to, { role: 'technician', urgency: 'urgent' });
    await send(
      page({ key: 'a', to: { role: 'technician' }, urgency: 'urgent' }),
      page({ key: 'b', to: { user: site.people.tina.id }, urgency: 'life' }),
      page({ key: 'c', to: { role: 'technician' }, urgency: 'normal' }),
      page({ key: 'd', to: { role: 'manager' }, urgency: 'life' }),
    );
    await site.notify.runDue();
    const keys = to.received.map((r) => (JSON.parse(r.text) as { key: string }).key);
    expect(keys.toSorted()).toEqual(['a', 'b']);
  });

  test('is not called any more when the site takes its host off the list', async () => {
    const to = await receiver();
    await hookTo(to);
    const admin = { ...site.people.manager, role: 'admin' };
    const value = { schemes: ['https'], hosts: [] };
    await site.command(admin, (c) => setRule(c, [HOOK_TARGETS], HOOK_TARGETS.id, { value, reason: 'test' }));
    await send(page());
    await site.notify.runDue();
    expect(to.received).toEqual([]);
  });
});
