// Someone sets the hub's clock: what was running goes on as before, what began after it keeps its own time, people stay
// signed in, and a FAULT tells of it.
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { findSession, insertSession } from '../../../hub/staff/store.ts';
import { alarm, HOUR, makeSite, MINUTE, raised, type Site } from '../t2-site.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});

/** An order for a new fault; answers how long it has until each of its clocks runs out, ms. */
async function open(): Promise<() => Promise<Record<string, number>>> {
  const a = alarm();
  await site.happen(raised(a));
  return async () => {
    const [order] = await site.orders({ alarm: a.alarm });
    const clocks = order?.clocks ?? [];
    return Object.fromEntries(clocks.map((c) => [c.clock, Date.parse(c.dueAt) - site.clock.now()]));
  };
}

describe.each([6 * HOUR, -6 * HOUR])('a jump of %i ms', (jumpMs) => {
  test('leaves an order as long as it had, and does not touch one that was opened after it', async () => {
    const before = await open();
    await site.pass(MINUTE);
    const left = await before();
    site.clock.jump(jumpMs);
    // The jump is noticed at the next look; the order comes in between.
    site.clock.advance(5);
    const after = await open();
    const whole = await after();
    await site.pass(0);
    const of = (ms: Record<string, number>): number[] => Object.values(ms);
    expect(of(await before())).toEqual(of(left).map((ms) => ms - 5));
    expect(await after()).toEqual(whole);
    // The same class of fault: as long as the first had at its start.
    expect(of(whole)).toEqual(of(left).map((ms) => ms + MINUTE));
  });

  test('is a FAULT that tells by how much', async () => {
    await site.pass(MINUTE);
    site.clock.jump(jumpMs);
    await site.pass(0);
    expect(site.world.faults).toMatchObject([
      { signal: 'clock', text: { zh: expect.stringContaining(String(jumpMs / 1_000)) as string } },
    ]);
  });

  test('signs nobody out, and gives nobody more time than they had', async () => {
    const tokenHash = randomBytes(32);
    const { db } = site.database;
    const session = { tokenHash, person: site.people.operator.id, expiresAt: site.clock.now() + HOUR };
    await db.transaction((tx) => insertSession(tx, session, site.clock.now()));
    await site.pass(MINUTE);
    site.clock.jump(jumpMs);
    await site.pass(0);
    const found = () => db.transaction((tx) => findSession(tx, tokenHash, site.clock.now()));
    expect(await found()).toBeDefined();
    await site.pass(58 * MINUTE);
    expect(await found()).toBeDefined();
    await site.pass(2 * MINUTE);
    expect(await found()).toBeUndefined();
  });
});
