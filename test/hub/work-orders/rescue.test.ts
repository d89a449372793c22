import { beforeEach, describe, expect, test } from 'vitest';
import type { AlarmFact } from '../../../hub/events/api.ts';
import type { OrderView } from '../../../hub/work-orders/contract.ts';
import { alarm, finish, HOUR, makeSite, MINUTE, NOON, raised, type Site } from '../t2-site.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});

/** Raises an alarm and gives its order. */
async function opened(a: AlarmFact): Promise<OrderView> {
  await site.happen(raised(a));
  const [order] = await site.orders({ alarm: a.alarm });
  if (!order) throw new Error('no order');
  return order;
}

describe('[S5] a rescue', () => {
  const trapped = (): AlarmFact => alarm({ class: 'ENTRAPMENT', deviceKind: 'elevator' });

  test('has its clocks met by milestones, and each late one is told once', async () => {
    const { id } = await opened(trapped());
    await site.pass(20_000);
    await site.act('operator', id, { act: 'milestone', milestone: 'answered', note: 'two people, calm' });
    await site.pass(4 * MINUTE);
    await site.act('operator', id, { act: 'milestone', milestone: 'contractor-called' });
    await site.act('contractor', id, { act: 'accept' });
    await site.pass(10 * MINUTE);
    const onSite = await site.act('contractor', id, { act: 'arrive' });
    expect(onSite.milestones.map((m) => [m.milestone, m.at && Date.parse(m.at) - NOON])).toEqual([
      ['answered', 20_000],
      ['contractor-called', 20_000 + 4 * MINUTE],
      ['on-site', 20_000 + 14 * MINUTE],
      ['released', undefined],
    ]);
    await site.pass(HOUR);
    const late = await site.database.db.transaction((tx) =>
      tx.query<{ clock: string }>(`select payload->>'clock' as clock from events.event where type = 'order.breached'`),
    );
    expect(late).toEqual([{ clock: 'contractor-called' }]);
  });

  test('cannot be closed before the release and the state of the lift are on record', async () => {
    const a = trapped();
    const { id } = await opened(a);
    await site.act('contractor', id, { act: 'accept' });
    await site.act('contractor', id, { act: 'arrive' });
    await site.act('contractor', id, finish(await site.photo()));
    await site.act('manager', id, { act: 'verify', waiver: 'seen by myself' });
    expect(await site.tryAct('operator', id, { act: 'close' })).toBe('release-required');
    await site.act('operator', id, { act: 'milestone', milestone: 'released' });
    expect(await site.tryAct('operator', id, { act: 'close' })).toBe('service-state-required');
    const told = { act: 'milestone', milestone: 'released', serviceState: 'stopped' } as const;
    expect(await site.act('operator', id, told)).toMatchObject({ serviceState: 'stopped' });
    expect(await site.tryAct('operator', id, { act: 'close' })).toBe('ok');
  });
});
