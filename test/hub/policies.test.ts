import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RUNNER_LIMITS } from '../../hub/events/runner.ts';
import { appendEvents } from '../../hub/events/store.ts';
import { textOf, type Words } from '../../hub/messages/text.ts';
import { POLICIES } from '../../hub/policies.ts';
import { alarm, cleared, HOUR, makeSite, MINUTE, NOON, raised, recurred, type Site } from './t2-site.ts';

let site: Site;

describe('[W1] an alarm opens', () => {
  beforeAll(async () => {
    site = await makeSite();
  });
  const rows = [
    ['FAULT', 'fire-panel', 'repair'],
    ['FAULT', 'gateway', 'repair'],
    ['PROCESS', 'extinguisher', 'repair'],
    ['PROCESS', 'water-tank', 'repair'],
    ['PROCESS', 'water-main', 'repair'],
    ['ENTRAPMENT', 'elevator', 'rescue'],
    ['PROCESS', 'environment', 'nothing'],
    ['FIRE', 'fire-panel', 'nothing'],
    ['SUPERVISORY', 'fire-panel', 'nothing'],
    ['COMMS', 'fire-panel', 'nothing'],
    ['DISABLED', 'fire-panel', 'nothing'],
    ['TEST', 'fire-panel', 'nothing'],
  ] as const;
  test.each(rows)('%s of a %s: %s', async (alarmClass, deviceKind, kind) => {
    const a = alarm({ class: alarmClass, deviceKind });
    await site.happen(raised(a));
    const orders = await site.orders({ alarm: a.alarm });
    expect(orders.map((o) => o.kind)).toEqual(kind === 'nothing' ? [] : [kind]);
  });
});

describe('policies', () => {
  beforeEach(async () => {
    site = await makeSite();
  });

  test('audit entries that were deleted are a FAULT of the hub', async () => {
    await site.happen({ type: 'audit.lost', community: 'c1', subject: 'audit', payload: { count: 2 } });
    expect(site.world.faults).toMatchObject([
      { community: 'c1', signal: 'audit', text: { zh: expect.stringContaining('2') as string } },
    ]);
  });

  test('a jump of the wall clock moves since when signals are known to be gone', async () => {
    await site.happen({
      type: 'clock.jumped',
      community: 'c1',
      subject: 'hub',
      payload: { jumpMs: 5_000, seenAt: NOON },
    });
    expect(site.world.steadyShifts).toEqual([5_000]);
  });

  test('the order carries what the technician needs, is dispatched to those on duty, and the alarm knows it', async () => {
    const a = alarm({ place: '水泵房', text: { zh: '压力低', en: 'Pressure low' } });
    await site.happen(raised(a));
    const [order] = await site.orders();
    expect(order).toMatchObject({
      number: 'WO-2026-000001',
      state: 'dispatched',
      source: { kind: 'alarm', id: a.alarm },
      title: { zh: '压力低', en: 'Pressure low' },
      priority: 'urgent',
      dutyClass: 'fire',
      device: a.device,
      point: 'p1',
      building: 'b1',
      floor: 3,
      place: '水泵房',
      alarms: [a.alarm],
    });
    expect(order?.events.map((e) => e.act)).toEqual(['open', 'dispatch']);
    expect(order?.clocks.map((c) => [c.clock, Date.parse(c.dueAt) - NOON])).toEqual([
      ['respond', 30 * MINUTE],
      ['arrive', 45 * MINUTE],
      ['restore', 12 * HOUR],
    ]);
    expect(site.world.links.get(a.alarm)).toBe(order?.id);
    const { audits } = await site.database.db.transaction((tx) =>
      tx.one<{ audits: number }>(`select count(*)::integer as audits from audit.entry where entity = 'work-order'`),
    );
    expect(audits).toBe(2);
  });

  describe('exactly one order', () => {
    test('[promise 3] however often the episode is told', async () => {
      const a = alarm();
      await site.happen(raised(a), raised(a));
      await site.happen(raised(a));
      expect(await site.orders()).toHaveLength(1);
    });

    test('related faults of one device join its order, and both sides know', async () => {
      const [a, b] = [alarm({ device: 'gw1.panel' }), alarm({ device: 'gw1.panel', signal: 'mains-lost' })];
      await site.happen(raised(a), raised(b), raised(alarm({ device: 'gw1.other' })));
      expect(await site.orders()).toHaveLength(2);
      const [order] = await site.orders({ alarm: b.alarm });
      expect(order?.alarms).toEqual([a.alarm, b.alarm]);
      expect(order?.events.map((e) => e.act)).toContain('join');
      expect(site.world.links.get(b.alarm)).toBe(order?.id);
    });

    test('after the books were lost (restored from an older copy), replayed events open nothing twice', async () => {
      const a = alarm();
      await site.happen(raised(a));
      await site.database.db.transaction(async (tx) => {
        await tx.run(`truncate events.done, events.cursor`);
      });
      await site.happen();
      expect(await site.orders()).toHaveLength(1);
    });

    test('when two hubs work on the same events at once', async () => {
      const faults = Array.from({ length: 12 }, (_, i) => alarm({ device: `gw1.d${i % 4}`, signal: `s${i}` }));
      const { db } = site.database;
      const other = site.restart();
      await db.ingest(async (tx) => {
        await appendEvents(tx, faults.map(raised), NOON);
      });
      await Promise.all([site.policies.runAll(), other.policies.runAll()]);
      const orders = await site.orders();
      expect(orders).toHaveLength(4);
      expect(orders.flatMap((o) => o.alarms).toSorted()).toEqual(faults.map((f) => f.alarm).toSorted());
    });
  });

  const pages = async (): Promise<Words[]> => {
    const rows = await site.database.db.transaction((tx) =>
      tx.query<{ message: string; args: Record<string, string> }>('select message, args from notify.notification'),
    );
    return rows.map((r) => textOf(r.message, r.args));
  };

  test('an alarm in a drill or under maintenance opens nothing and pages nobody', async () => {
    await site.happen(
      raised(alarm({ mode: 'drill' })),
      raised(alarm({ mode: 'maintenance', class: 'PROCESS', deviceKind: 'extinguisher' })),
      raised(alarm({ mode: 'drill', class: 'COMMS' })),
    );
    await site.pass(2 * HOUR);
    expect(await site.orders()).toEqual([]);
    expect(await pages()).toEqual([]);
  });

  test.each([
    ['drill', '演练模式', 'A drill is on'],
    ['maintenance', '维护模式', 'Maintenance mode is on'],
  ] as const)(
    '[S5] an entrapment in mode %s is rescued and paged as in any other hour, and the pages name the mode',
    async (mode, zh, en) => {
      const a = alarm({ mode, class: 'ENTRAPMENT', deviceKind: 'elevator', text: { zh: '困人', en: 'Trapped' } });
      await site.happen(raised(a));
      expect((await site.orders({ alarm: a.alarm })).map((o) => o.kind)).toEqual(['rescue']);
      const told = await pages();
      expect(told.length).toBeGreaterThanOrEqual(3);
      for (const page of told) {
        expect(page.zh).toContain(`${zh}期间，按真实困人处置：困人`);
        expect(page.en).toContain(`${en}; take this for real: Trapped`);
      }
      // The mode ends: nothing was held back, so nothing happens a second time.
      const { mode: _, ...over } = a;
      await site.happen(raised(over));
      expect(await site.orders()).toHaveLength(1);
      expect(await pages()).toHaveLength(told.length);
    },
  );

  describe('silence and disablement have patience', () => {
    test.each([
      ['COMMS', 10 * MINUTE],
      ['DISABLED', HOUR],
    ] as const)('%s opens an order after %i ms and not before', async (alarmClass, patience) => {
      const a = alarm({ class: alarmClass });
      site.world.active.add(a.alarm);
      await site.happen(raised(a));
      await site.pass(patience - 1);
      expect(await site.orders()).toEqual([]);
      await site.pass(1);
      expect(await site.orders({ alarm: a.alarm })).toHaveLength(1);
    });

    test('cleared before: no order; back again: patience starts afresh', async () => {
      const a = alarm({ class: 'COMMS' });
      site.world.active.add(a.alarm);
      await site.happen(raised(a));
      await site.pass(9 * MINUTE);
      await site.happen(cleared(a));
      await site.pass(HOUR);
      expect(await site.orders()).toEqual([]);
      await site.happen(recurred(a));
      await site.pass(9 * MINUTE);
      expect(await site.orders()).toEqual([]);
      await site.pass(MINUTE);
      expect(await site.orders()).toHaveLength(1);
    });

    test('patience outlives a restart', async () => {
      const a = alarm({ class: 'COMMS' });
      site.world.active.add(a.alarm);
      await site.happen(raised(a));
      site.clock.advance(10 * MINUTE);
      await site.restart().timers.runDue();
      expect(await site.orders()).toHaveLength(1);
    });
  });

  describe('[S5] an entrapment', () => {
    test('opens a rescue with its clocks and milestones and pages duty, contractor and manager for a life', async () => {
      const a = alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator' });
      await site.happen(raised(a));
      const [rescue] = await site.orders();
      expect(rescue).toMatchObject({ kind: 'rescue', priority: 'life', state: 'dispatched', dutyClass: 'rescue' });
      expect(rescue?.milestones.map((m) => [m.milestone, m.dueAt && Date.parse(m.dueAt) - NOON])).toEqual([
        ['answered', 30_000],
        ['contractor-called', 3 * MINUTE],
        ['on-site', 30 * MINUTE],
        ['released', undefined],
      ]);
      const pages = await site.database.db.transaction((tx) =>
        tx.query<{ recipient: string }>(`select recipient from notify.notification where urgency = 'life'`),
      );
      const { operator, operator2, contractor, manager } = site.people;
      expect(pages.map((p) => p.recipient).toSorted()).toEqual(
        [operator.id, operator2.id, contractor.id, manager.id].toSorted(),
      );
    });

    test('a second signal of the same lift merges into the running rescue', async () => {
      const [a, b] = [
        alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator', device: 'gw1.lift' }),
        alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator', device: 'gw1.lift', signal: 'button' }),
      ];
      await site.happen(raised(a), raised(b));
      const orders = await site.orders();
      expect(orders.map((o) => o.alarms)).toEqual([[a.alarm, b.alarm]]);
    });

    test('pages people even while orders cannot be opened', async () => {
      site.world.broken = 'orders are broken';
      await site.happen(raised(alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator' })));
      expect(await site.orders()).toEqual([]);
      const { pages } = await site.database.db.transaction((tx) =>
        tx.one<{ pages: number }>(`select count(*)::integer as pages from notify.notification where urgency = 'life'`),
      );
      expect(pages).toBe(4);
    });
  });

  test('a rule that keeps failing raises one FAULT of the hub, and the order is there once it works again', async () => {
    site.world.broken = 'orders are broken';
    const a = alarm();
    await site.happen(raised(a));
    for (const ms of RUNNER_LIMITS.retryMs.slice(0, 3)) await site.pass(ms);
    expect(site.world.faults).toEqual([]);
    site.world.broken = undefined;
    await site.pass(RUNNER_LIMITS.retryMs[3]);
    expect(await site.orders({ alarm: a.alarm })).toHaveLength(1);

    site.world.broken = 'still broken';
    await site.happen(raised(alarm()));
    for (const ms of RUNNER_LIMITS.retryMs) await site.pass(ms);
    expect(site.world.faults).toMatchObject([{ signal: 'policy', community: 'c1' }]);
    expect(site.world.faults[0]?.text.en).toContain('fault-opens-order');
  });

  test('an order that nobody on duty can take stays open and pages the supervisor', async () => {
    site = await makeSite({ duty: false });
    await site.happen(raised(alarm()));
    const [order] = await site.orders();
    expect(order?.state).toBe('open');
    const told = await site.database.db.transaction((tx) =>
      tx.query<{ recipient: string; message: string }>(`select recipient, message from notify.notification`),
    );
    expect(told).toEqual([{ recipient: site.people.supervisor.id, message: 'notify.order-unattended' }]);
  });
});

test('the table names each rule once', () => {
  expect(new Set(POLICIES.map((p) => p.rule)).size).toBe(POLICIES.length);
  expect(POLICIES.length).toBeGreaterThan(20);
});
