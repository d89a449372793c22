// One open rescue a lift: a button and a rule that tell of the same people open it once.
import { beforeEach, describe, expect, test } from 'vitest';
import type { AlarmFact } from '../../../hub/events/api.ts';
import { insertOrder } from '../../../hub/work-orders/store.ts';
import { DUTY_NORMS } from '../../../hub/work-orders/norms.ts';
import { alarm, finish, makeSite, raised, recurred, type Site } from '../t2-site.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});

const LIFT = 'gw1.lift-1';
const trapped = (point: string, more: Partial<AlarmFact> = {}): AlarmFact =>
  alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator', device: LIFT, point, signal: point, ...more });
const rescues = async () => (await site.orders({ device: LIFT })).filter((o) => o.kind === 'rescue');

/** Rescues the people of an order, up to `done`. */
async function rescued(id: string): Promise<void> {
  await site.act('contractor', id, { act: 'accept' });
  await site.act('contractor', id, { act: 'arrive' });
  await site.act('operator', id, { act: 'milestone', milestone: 'released', serviceState: 'stopped' });
  await site.act('contractor', id, finish(await site.photo()));
}

describe('[S5] entrapments of one lift', () => {
  test('told by the button and by the rule are one rescue that shows both', async () => {
    const button = trapped('alarm-button');
    const rule = trapped('stopped-with-person');
    await site.happen(raised(button));
    await site.pass(57_000);
    await site.happen(raised(rule));
    const [order, ...more] = await rescues();
    expect(more).toEqual([]);
    expect(order?.alarms).toEqual([button.alarm, rule.alarm]);
    expect(order?.events.map((e) => e.act)).toContain('join');
    expect(site.world.links.get(rule.alarm)).toBe(order?.id);
  });

  test('told in one moment are one rescue', async () => {
    const both = [trapped('alarm-button'), trapped('stopped-with-person')];
    await site.happen(...both.map(raised));
    expect((await rescues()).map((o) => o.alarms)).toEqual([both.map((a) => a.alarm)]);
  });

  test.each(['done', 'verified'] as const)('begin the rescue anew while it is %s', async (state) => {
    await site.happen(raised(trapped('alarm-button')));
    const [first] = await rescues();
    const id = first?.id ?? '';
    await rescued(id);
    if (state === 'verified') await site.act('manager', id, { act: 'verify', waiver: 'seen by myself' });
    await site.pass(60_000);
    const again = trapped('stopped-with-person');
    await site.happen(raised(again));
    const [order, ...more] = await rescues();
    expect(more).toEqual([]);
    expect(order).toMatchObject({ id, state: 'dispatched' });
    expect(order?.alarms).toContain(again.alarm);
    expect(order?.serviceState).toBeUndefined();
    expect(order?.milestones.filter((m) => m.at !== undefined)).toEqual([]);
    expect(order?.clocks.every((c) => c.doneAt === undefined)).toBe(true);
  });

  test('begin a new rescue once the first is closed, and the first can no longer be opened beside it', async () => {
    const first = trapped('alarm-button');
    await site.happen(raised(first));
    const id = (await rescues())[0]?.id ?? '';
    await rescued(id);
    await site.act('manager', id, { act: 'verify', waiver: 'seen by myself' });
    await site.act('operator', id, { act: 'close' });
    await site.happen(raised(trapped('stopped-with-person')));
    const open = (await rescues()).filter((o) => o.state !== 'closed');
    expect(open).toHaveLength(1);
    expect(open[0]?.id).not.toBe(id);
    expect(await site.tryAct('manager', id, { act: 'reopen', note: 'wrong' })).toBe('conflict');
    await site.happen(recurred(first));
    expect((await site.order(id)).state).toBe('closed');
    expect((await site.order(open[0]?.id ?? '')).events.map((e) => e.act)).toContain('signal-returned');
  });

  test('of two lifts are two rescues', async () => {
    await site.happen(raised(trapped('alarm-button')), raised(trapped('alarm-button', { device: 'gw1.lift-2' })));
    expect((await site.orders()).filter((o) => o.kind === 'rescue')).toHaveLength(2);
  });

  test('the database refuses a second open rescue of a lift', async () => {
    await site.happen(raised(trapped('alarm-button')));
    const second = site.database.db.transaction((tx) =>
      insertOrder(tx, {
        community: 'c1',
        kind: 'rescue',
        source: { kind: 'alarm', id: 'another' },
        title: { zh: '困人', en: 'Trapped' },
        detail: '',
        dutyClass: 'rescue',
        norm: DUTY_NORMS.value.rescue,
        normVersion: 'x',
        priority: 'life',
        spot: { device: LIFT },
        now: site.clock.now(),
      }),
    );
    await expect(second).rejects.toMatchObject({ code: '23505' });
  });
});
