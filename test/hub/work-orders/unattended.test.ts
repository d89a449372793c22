// An order opened while nobody is on duty is offered and told again until someone has it.
import { beforeEach, describe, expect, test } from 'vitest';
import { planShift } from '../../../hub/duty/api.ts';
import { UNATTENDED } from '../../../hub/work-orders/norms.ts';
import { alarm, HOUR, makeSite, raised, type Site } from '../t2-site.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite({ duty: false });
});

const AGAIN = UNATTENDED.value.again;
/** Who was told that nobody is there to take the order, in order. */
const told = async (): Promise<string[]> => {
  const rows = await site.database.db.transaction((tx) =>
    tx.query<{ username: string }>(
      `select p.username from notify.notification n join staff.person p on p.id = n.recipient
       where n.message = 'notify.order-unattended' order by n.id`,
    ),
  );
  return rows.map((r) => r.username);
};
const state = async (): Promise<string | undefined> => (await site.orders())[0]?.state;

describe('[W1] an order that nobody is on duty to take', () => {
  beforeEach(async () => {
    await site.happen(raised(alarm()));
  });

  test('is told again to the supervisor, and from then on to the manager too', async () => {
    expect(await state()).toBe('open');
    await site.pass(AGAIN - 1);
    expect(await told()).toEqual(['supervisor']);
    await site.pass(1);
    expect((await told()).slice(1)).toEqual(['supervisor']);
    await site.pass(AGAIN);
    expect((await told()).slice(2)).toEqual(['supervisor', 'manager']);
    await site.pass(AGAIN);
    expect((await told()).slice(4)).toEqual(['supervisor', 'manager']);
  });

  test('goes to whoever comes on duty, and is told no more', async () => {
    const from = site.clock.now() + AGAIN / 2;
    const people = [site.people.tina.id];
    await site.command(site.people.manager, (c) =>
      planShift(c, { community: 'c1', kind: 'maintenance', from, to: from + HOUR, people }),
    );
    await site.pass(AGAIN);
    expect(await state()).toBe('dispatched');
    await site.pass(AGAIN);
    expect(await told()).toEqual(['supervisor']);
  });

  test('is told no more once someone has taken it, whoever is on duty', async () => {
    const [order] = await site.orders();
    await site.act('otto', order?.id ?? '', { act: 'accept' });
    await site.pass(2 * AGAIN);
    expect(await told()).toEqual(['supervisor']);
  });
});
