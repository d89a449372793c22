import { beforeEach, describe, expect, test } from 'vitest';
import type { OrderView } from '../../../hub/work-orders/contract.ts';
import { HOLD } from '../../../hub/work-orders/norms.ts';
import { VERIFY_RECHECK_MAX_MS } from '../../../hub/work-orders/verify.ts';
import { alarm, cleared, finish, HOUR, makeSite, MINUTE, NOON, raised, recurred, type Site } from '../t2-site.ts';
import type { AlarmFact } from '../../../hub/events/api.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});

/** Raises an alarm and gives its order. */
async function opened(a: AlarmFact = alarm()): Promise<OrderView> {
  await site.happen(raised(a));
  const [order] = await site.orders({ alarm: a.alarm });
  if (!order) throw new Error('no order');
  return order;
}

const events = (o: OrderView): string[] => o.events.map((e) => `${e.act}${e.implied === true ? '*' : ''}`);
const goneNow = (a: AlarmFact): void =>
  void site.world.goneSince.set(`${a.device} ${a.point} ${a.signal}`, site.clock.now());

/** Tina does it all, up to the finish. */
async function finished(a: AlarmFact = alarm()): Promise<OrderView> {
  const { id } = await opened(a);
  await site.act('tina', id, { act: 'accept' });
  await site.act('tina', id, { act: 'arrive' });
  const done = await site.act('tina', id, finish(await site.photo()));
  await site.pass(0);
  return done;
}

describe('[W1] the life of an order', () => {
  test('from the alarm to closed, verified by live data, every step on record', async () => {
    const a = alarm();
    const { id } = await opened(a);
    await site.act('tina', id, { act: 'accept' });
    await site.act('tina', id, { act: 'depart' });
    await site.act('tina', id, { act: 'arrive' });
    await site.act('tina', id, { act: 'start' });
    goneNow(a);
    await site.happen(cleared(a));
    await site.pass(10 * MINUTE);
    await site.act('tina', id, finish(await site.photo()));
    await site.pass(0);
    const verified = await site.order(id);
    expect(verified).toMatchObject({ state: 'verified', result: 'replaced', verification: { by: 'live-data' } });
    const closed = await site.act('operator', id, { act: 'close' });
    expect(closed).toMatchObject({ state: 'closed', photos: [{ phase: 'after' }] });
    expect(closed.closedAt).toBe(new Date(NOON + 10 * MINUTE).toISOString());
    expect(events(closed)).toEqual([
      'open',
      'dispatch',
      'accept',
      'depart',
      'arrive',
      'start',
      'signal-cleared',
      'finish',
      'verify',
      'close',
    ]);
    expect(closed.clocks.every((c) => c.doneAt !== undefined && c.breachedAt === undefined)).toBe(true);
  });

  test('arrive from accepted and finish from on-site imply the steps between, and say so', async () => {
    const order = await finished();
    expect(events(order)).toEqual(['open', 'dispatch', 'accept', 'depart*', 'arrive', 'start*', 'finish']);
    expect(order.version).toBe(5);
  });

  test('a finish needs a photo that was uploaded', async () => {
    const { id } = await opened();
    await site.act('tina', id, { act: 'accept' });
    await site.act('tina', id, { act: 'arrive' });
    expect(await site.tryAct('tina', id, finish('0'.repeat(64)))).toBe('photo-required');
    const before = { act: 'finish', result: 'x', photos: [{ file: await site.photo(), phase: 'before' }] } as const;
    expect(await site.tryAct('tina', id, before)).toBe('photo-required');
    expect((await site.order(id)).state).toBe('on-site');
  });

  test('refused and handed over with reasons; the next one takes it', async () => {
    const { id } = await opened();
    await site.act('tina', id, { act: 'accept' });
    const back = await site.act('tina', id, { act: 'refuse', note: 'no ladder' });
    expect(back).toMatchObject({ state: 'dispatched' });
    expect(back.assignee).toBeUndefined();
    await site.act('otto', id, { act: 'accept' });
    const over = { act: 'assign', assignee: site.people.tina.id, note: 'my shift ends' } as const;
    expect(await site.act('otto', id, over)).toMatchObject({ state: 'dispatched', assignee: { name: 'tina' } });
    expect(await site.tryAct('otto', id, { act: 'accept' })).toBe('conflict');
    expect(await site.act('tina', id, { act: 'accept' })).toMatchObject({ state: 'accepted' });
  });
});

describe('two at once', () => {
  test('[fault 74] two accept at the same moment: one wins, the other learns who', async () => {
    const { id } = await opened();
    const tries = await Promise.allSettled([
      site.act('tina', id, { act: 'accept' }),
      site.act('otto', id, { act: 'accept' }),
    ]);
    expect(tries.map((t) => t.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const lost = tries.find((t) => t.status === 'rejected');
    const winner = (await site.order(id)).assignee?.name ?? '';
    expect(lost).toMatchObject({ reason: { code: 'conflict', detail: `assignee: ${winner}` } });
    expect(events(await site.order(id)).filter((e) => e === 'accept')).toHaveLength(1);
  });

  test('[fault 73] a double tap is one event with one answer', async () => {
    const { id } = await opened();
    const [one, two] = await Promise.all([
      site.act('tina', id, { act: 'accept' }),
      site.act('tina', id, { act: 'accept' }),
    ]);
    expect(one).toEqual(two);
    expect(events(one).filter((e) => e === 'accept')).toHaveLength(1);
  });

  test('an order finished twice from a phone that lost the reply: the same answer, one event', async () => {
    const { id } = await opened();
    await site.act('tina', id, { act: 'accept' });
    await site.act('tina', id, { act: 'arrive' });
    const photo = await site.photo();
    const first = await site.act('tina', id, finish(photo, { capturedAt: NOON + 1 }));
    const again = await site.act('tina', id, finish(photo, { capturedAt: NOON + 1 }));
    expect(again).toEqual(first);
    expect(await site.act('tina', id, finish(photo))).toEqual(first);
    expect(await site.tryAct('tina', id, finish(photo, { result: 'something else' }))).toBe('already-done');
    expect(events(await site.order(id)).filter((e) => e === 'finish')).toHaveLength(1);
  });

  test('the answer is the same even after live data has verified it', async () => {
    const a = alarm();
    const { id } = await opened(a);
    await site.act('tina', id, { act: 'accept' });
    await site.act('tina', id, { act: 'arrive' });
    const photo = await site.photo();
    goneNow(a);
    await site.pass(HOUR);
    await site.act('tina', id, finish(photo, { capturedAt: NOON + HOUR }));
    await site.pass(0);
    expect(await site.act('tina', id, finish(photo, { capturedAt: NOON + HOUR }))).toMatchObject({ state: 'verified' });
  });
});

describe('a phone that was offline', () => {
  test('sends what it did with the version it knew: accepted, with the times it captured', async () => {
    const { id, version } = await opened();
    site.clock.advance(40 * MINUTE);
    const photo = await site.photo();
    await site.act('tina', id, { act: 'accept', version, capturedAt: NOON + 2 * MINUTE });
    await site.act('tina', id, { act: 'arrive', version, capturedAt: NOON + 20 * MINUTE });
    const done = await site.act('tina', id, { ...finish(photo, { capturedAt: NOON + 30 * MINUTE }), version });
    const at = Object.fromEntries(done.clocks.map((c) => [c.clock, Date.parse(c.doneAt ?? '') - NOON]));
    expect(at).toEqual({ respond: 2 * MINUTE, arrive: 20 * MINUTE, restore: 30 * MINUTE });
    expect(done.events.at(-1)).toMatchObject({ at: new Date(NOON + 40 * MINUTE).toISOString() });
  });

  test('learns of a conflict when someone else changed the order meanwhile', async () => {
    const { id, version } = await opened();
    await site.act('supervisor', id, { act: 'assign', assignee: site.people.otto.id });
    expect(await site.tryAct('tina', id, { act: 'accept', version })).toBe('conflict');
    await site.act('supervisor', id, { act: 'assign', assignee: site.people.tina.id });
    expect(await site.tryAct('tina', id, { act: 'accept', version })).toBe('conflict');
    const { version: now } = await site.order(id);
    expect(await site.tryAct('tina', id, { act: 'accept', version: now })).toBe('ok');
  });

  test('is not held up by what the hub noted about the alarm', async () => {
    const a = alarm();
    const { id, version } = await opened(a);
    await site.happen(cleared(a), recurred(a));
    expect(await site.tryAct('tina', id, { act: 'accept', version })).toBe('ok');
  });

  test('[fault 23] cannot set times in the future or before the order’s last act', async () => {
    const { id } = await opened();
    await site.act('tina', id, { act: 'accept', capturedAt: NOON + HOUR });
    await site.pass(20 * MINUTE);
    const back = await site.act('tina', id, { act: 'arrive', capturedAt: NOON - HOUR });
    expect(back.clocks.map((c) => c.doneAt && Date.parse(c.doneAt) - NOON)).toEqual([0, 0, undefined]);
  });
});

describe('verification', () => {
  test('is refused while the signal is there, and after it is gone for less than its hold time', async () => {
    const a = alarm();
    const { id } = await finished(a);
    expect(await site.tryAct('operator', id, { act: 'verify' })).toBe('still-active');
    goneNow(a);
    site.clock.advance(HOLD.value.FAULT - 1);
    expect(await site.tryAct('operator', id, { act: 'verify' })).toBe('still-active');
    site.clock.advance(1);
    expect(await site.act('operator', id, { act: 'verify' })).toMatchObject({
      state: 'verified',
      verification: { by: 'live-data', name: 'operator' },
    });
  });

  test('comes by itself once the signal has stayed gone', async () => {
    const a = alarm();
    const { id } = await finished(a);
    goneNow(a);
    await site.happen(cleared(a));
    await site.pass(HOLD.value.FAULT - 1);
    expect((await site.order(id)).state).toBe('done');
    await site.pass(1);
    expect((await site.order(id)).state).toBe('verified');
  });

  test('is asked again without any event, when the signal was unknown for a while', async () => {
    const a = alarm();
    const { id } = await finished(a);
    site.world.goneSince.set(`${a.device} ${a.point} ${a.signal}`, NOON - HOUR);
    await site.pass(VERIFY_RECHECK_MAX_MS);
    expect((await site.order(id)).state).toBe('verified');
  });

  test('needs every joined alarm to be gone', async () => {
    const [a, b] = [alarm({ device: 'gw1.x' }), alarm({ device: 'gw1.x', signal: 'mains-lost' })];
    await site.happen(raised(a), raised(b));
    const { id } = await finished(a);
    goneNow(a);
    site.clock.advance(HOUR);
    expect(await site.tryAct('operator', id, { act: 'verify' })).toBe('still-active');
    goneNow(b);
    site.clock.advance(HOUR);
    expect(await site.tryAct('operator', id, { act: 'verify' })).toBe('ok');
  });

  test('nobody verifies their own work; a waiver needs a supervisor or manager and its reason is kept', async () => {
    const { id } = await finished();
    expect(await site.tryAct('tina', id, { act: 'verify' })).toBe('not-allowed');
    expect(await site.tryAct('operator', id, { act: 'verify', waiver: 'sensor is off' })).toBe('not-allowed');
    expect(await site.act('manager', id, { act: 'verify', waiver: 'panel is being replaced' })).toMatchObject({
      verification: { by: 'waiver', name: 'manager', note: 'panel is being replaced' },
    });
  });

  test('an order without a signal is verified by a person who looked', async () => {
    await site.happen({
      type: 'check.failed',
      community: 'c1',
      subject: 'check-1',
      payload: { check: 'check-1', item: '消火栓', note: 'seal broken', by: 'x' },
    });
    const [order] = await site.orders();
    const id = order?.id ?? '';
    expect(order).toMatchObject({ kind: 'inspection-fault', source: { kind: 'check', id: 'check-1' } });
    await site.act('tina', id, { act: 'accept' });
    await site.act('tina', id, { act: 'arrive' });
    await site.act('tina', id, finish(await site.photo()));
    expect(await site.act('inspector', id, { act: 'verify' })).toMatchObject({ verification: { by: 'person' } });
  });
});

describe('a fault that comes back', () => {
  test('within the episode reopens what was verified or closed', async () => {
    const a = alarm();
    const { id } = await finished(a);
    goneNow(a);
    await site.happen(cleared(a));
    await site.pass(MINUTE);
    await site.act('operator', id, { act: 'close' });
    site.world.goneSince.clear();
    await site.happen(recurred(a));
    const order = await site.order(id);
    expect(order).toMatchObject({ state: 'dispatched', alarms: [a.alarm] });
    expect([order.assignee, order.verification, order.closedAt, order.result]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(order.clocks.map((c) => Date.parse(c.dueAt) - site.clock.now())).toEqual([
      30 * MINUTE,
      45 * MINUTE,
      12 * HOUR,
    ]);
    expect(await site.orders()).toHaveLength(1);
  });

  test('as a new episode while the work waits for verification joins and reopens it', async () => {
    const a = alarm();
    const { id } = await finished(a);
    await site.happen(raised({ ...a, alarm: 'again' }));
    expect(await site.order(id)).toMatchObject({ state: 'dispatched', alarms: [a.alarm, 'again'] });
  });

  test('as a new episode after the order is verified opens a new one', async () => {
    const a = alarm();
    const { id } = await finished(a);
    await site.act('manager', id, { act: 'verify', waiver: 'x' });
    await site.happen(raised({ ...a, alarm: 'again' }));
    expect((await site.orders()).map((o) => o.state).toSorted()).toEqual(['dispatched', 'verified']);
  });
});

describe('clocks', () => {
  const breaches = async (): Promise<string[]> => {
    const rows = await site.database.db.transaction((tx) =>
      tx.query<{ clock: string }>(
        `select payload->>'clock' as clock from events.event where type = 'order.breached' order by id`,
      ),
    );
    return rows.map((r) => r.clock);
  };
  const clockOf = async (id: string, clock: string) => (await site.order(id)).clocks.find((c) => c.clock === clock);

  test('run out once, are told upwards, and stay on record when met later', async () => {
    const { id } = await opened();
    await site.pass(30 * MINUTE - 1);
    expect(await breaches()).toEqual([]);
    await site.pass(1);
    await site.pass(10 * MINUTE);
    expect(await breaches()).toEqual(['respond']);
    const told = await site.database.db.transaction((tx) =>
      tx.query<{ recipient: string }>(
        `select recipient from notify.notification where message = 'notify.order-breached'`,
      ),
    );
    expect(told.map((t) => t.recipient).toSorted()).toEqual(
      [site.people.supervisor.id, site.people.manager.id].toSorted(),
    );
    await site.act('tina', id, { act: 'accept' });
    expect(await clockOf(id, 'respond')).toMatchObject({
      breachedAt: new Date(NOON + 30 * MINUTE).toISOString(),
      doneAt: new Date(NOON + 40 * MINUTE).toISOString(),
    });
  });

  test('outlive a restart in the middle, and are told once by two hubs', async () => {
    await opened();
    site.clock.advance(31 * MINUTE);
    const [one, two] = [site.restart(), site.restart()];
    await Promise.all([one.timers.runDue(), two.timers.runDue()]);
    await Promise.all([one.policies.runAll(), two.policies.runAll()]);
    expect(await breaches()).toEqual(['respond']);
  });

  test('pause for an approved wait, no longer than it may last', async () => {
    const { id } = await opened();
    await site.act('tina', id, { act: 'accept' });
    await site.act('tina', id, { act: 'arrive' });
    await site.act('tina', id, { act: 'wait', reason: 'parts', note: 'a fuse' });
    expect(await clockOf(id, 'restore')).toMatchObject({ pausedSince: new Date(NOON).toISOString() });
    await site.pass(20 * HOUR);
    expect(await breaches()).toEqual([]);
    const on = await site.act('tina', id, { act: 'resume' });
    expect(on.clocks.find((c) => c.clock === 'restore')).toMatchObject({
      pausedMs: 20 * HOUR,
      dueAt: new Date(NOON + 32 * HOUR).toISOString(),
    });
    await site.act('tina', id, { act: 'wait', reason: 'parts', note: 'another' });
    await site.pass(12 * HOUR + 72 * HOUR - 1);
    expect(await breaches()).toEqual([]);
    await site.pass(1);
    expect(await breaches()).toEqual(['restore']);
  });

  test('do not pause for a wait that nobody approved, unless a supervisor orders it', async () => {
    const { id } = await opened();
    await site.act('tina', id, { act: 'accept' });
    await site.act('tina', id, { act: 'arrive' });
    await site.act('tina', id, { act: 'wait', reason: 'weather', note: 'rain' });
    expect((await clockOf(id, 'restore'))?.pausedSince).toBeUndefined();
    await site.act('tina', id, { act: 'resume' });
    await site.act('supervisor', id, { act: 'wait', reason: 'weather', note: 'typhoon' });
    expect((await clockOf(id, 'restore'))?.pausedSince).toBeDefined();
  });

  test('[fault 21] move with the wall clock when someone sets it', async () => {
    const { id } = await opened();
    site.clock.jump(24 * HOUR);
    await site.pass(0);
    expect(await breaches()).toEqual([]);
    expect((await clockOf(id, 'respond'))?.dueAt).toBe(new Date(NOON + 24.5 * HOUR).toISOString());
    await site.pass(30 * MINUTE);
    expect(await breaches()).toEqual(['respond']);
  });

  test('of a cancelled order do not run out', async () => {
    const { id } = await opened();
    await site.act('supervisor', id, { act: 'cancel', note: 'opened twice' });
    await site.pass(24 * HOUR);
    expect(await breaches()).toEqual([]);
  });
});

describe('who sees what', () => {
  test('technicians see what is free and their own; the desk sees all', async () => {
    const [free, tinas, ottos] = [await opened(), await opened(), await opened()];
    await site.act('tina', tinas.id, { act: 'accept' });
    await site.act('otto', ottos.id, { act: 'accept' });
    const ids = async (who: 'tina' | 'operator' | 'contractor'): Promise<string[]> =>
      (await site.orders({}, who)).map((o) => o.id).toSorted();
    expect(await ids('tina')).toEqual([free.id, tinas.id].toSorted());
    expect(await ids('operator')).toEqual([free.id, tinas.id, ottos.id].toSorted());
    expect(await ids('contractor')).toEqual([]);
  });
});

test('a timer that meets an order in use waits for nobody, and does its work a moment later', async () => {
  const { id } = await opened();
  const { db } = site.database;
  site.clock.advance(30 * MINUTE);
  await db.transaction(async (tx) => {
    await tx.run(`select 1 from work_orders.work_order where id = $1 for update`, [id]);
    expect(await site.timers.runDue()).toBe(1);
  });
  const respond = async () => (await site.order(id)).clocks.find((c) => c.clock === 'respond');
  expect((await respond())?.breachedAt).toBeUndefined();
  await site.pass(200);
  expect((await respond())?.breachedAt).toBeDefined();
});
