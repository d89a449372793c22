// Effects are done in the command's own transaction: with it, or not at all.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../hub/clock.ts';
import type { Pools } from '../../hub/db/pool.ts';
import { makeEffects } from '../../hub/effects.ts';
import { ok, refuse } from '../../hub/errors.ts';
import type { Actor, Effect } from '../../hub/events/api.ts';
import { runCommand } from '../../hub/http/command.ts';
import { freshDatabase } from '../helpers/database.ts';

const clock = new ManualClock(1_700_000_000_000);
const user: Actor = { kind: 'user', id: 'u', name: 'U', role: 'operator', community: 'c' };
const system: Actor = { kind: 'system', id: 'policy' };
const told: unknown[] = [];
let blocked: string | undefined;
const runEffects = makeEffects({
  enqueue: async (_tx, notifications) => void told.push(...notifications),
  auditBlocked: () => blocked,
});

const audit: Effect = { effect: 'audit', community: 'c', action: 'a', entity: 'e', entityId: '1', after: { x: 1 } };
const event: Effect = {
  effect: 'event',
  event: { type: 'clock.jumped', community: 'c', subject: 's', payload: { jumpMs: 5, seenAt: 0 } },
};
const timer = (key: string, dueAt: number): Effect => ({
  effect: 'timer',
  key,
  kind: 'k',
  community: 'c',
  dueAt,
  basis: 'calendar',
  payload: {},
});
const notify: Effect = {
  effect: 'notify',
  key: 'n',
  community: 'c',
  to: { role: 'operator' },
  urgency: 'normal',
  message: 'm',
  args: {},
};

let db: Pools;
beforeEach(async () => {
  ({ db } = await freshDatabase());
  told.length = 0;
  blocked = undefined;
});
afterEach(() => db.close());

const command = (effects: readonly Effect[], actor: Actor = user, fails = false) =>
  runCommand(db, runEffects, { now: clock.now(), actor }, async (c) => {
    for (const effect of effects) c.emit(effect);
    return fails ? refuse('wrong-state') : ok(null);
  });
const count = (table: string) =>
  db.transaction(async (tx) => (await tx.one<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).n);
const done = async () => [
  await count('audit.entry'),
  await count('events.event'),
  await count('timers.timer'),
  told.length,
];

describe('effects', () => {
  test('of every kind are done in the commit', async () => {
    await command([audit, event, timer('t', 1), notify]);
    expect(await done()).toEqual([1, 1, 1, 1]);
  });

  test('of a refused command are not done', async () => {
    await expect(command([audit, event, timer('t', 1), notify], user, true)).rejects.toThrow('wrong-state');
    expect(await done()).toEqual([0, 0, 0, 0]);
  });

  test('on one timer end as the last of them says', async () => {
    const cancel: Effect = { effect: 'cancel-timer', key: 't' };
    await command([timer('t', 1), cancel]);
    expect(await count('timers.timer')).toBe(0);
    await command([cancel, timer('t', 1), timer('t', 2)]);
    const rows = await db.transaction((tx) => tx.query('SELECT key, due FROM timers.timer'));
    expect(rows).toEqual([{ key: 't', due: '2' }]);
    await command([cancel]);
    expect(await count('timers.timer')).toBe(0);
  });
});

test('while the audit fails, people’s audited acts are refused and the hub’s own go on', async () => {
  blocked = 'disk full';
  await expect(command([audit, event])).rejects.toThrow('unavailable: audit');
  expect(await done()).toEqual([0, 0, 0, 0]);
  await command([event]);
  await command([audit, event], system);
  expect(await done()).toEqual([1, 2, 0, 0]);
});
