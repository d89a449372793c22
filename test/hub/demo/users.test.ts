// The demo's users: one a role, one password, in a demo data directory and nowhere else.
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../hub/clock.ts';
import type { Pools } from '../../../hub/db/pool.ts';
import { demoPassword, DEMO_USERS, ensureDemo } from '../../../hub/demo/users.ts';
import { makeEffects } from '../../../hub/effects.ts';
import { runCommand } from '../../../hub/http/command.ts';
import { ROLES } from '../../../hub/http/policy.ts';
import { certified, findByUsername, makeFirstAdmin, makePasswords } from '../../../hub/staff/api.ts';
import { freshDatabase } from '../../helpers/database.ts';
import { tempDir } from '../../helpers/temp.ts';

const clock = new ManualClock(1_800_000_000_000);
const passwords = makePasswords();
const community = { id: 'xingfuli', name: { zh: '幸福里', en: 'Xingfuli' }, timeZone: 'Asia/Shanghai' };
const runEffects = makeEffects({ enqueue: async () => undefined, auditBlocked: () => undefined });
const actor = { kind: 'system' as const, id: 'test' };

let db: Pools;
beforeEach(async () => {
  ({ db } = await freshDatabase());
});
afterEach(() => db.close());

const demo = (password: string) =>
  runCommand(db, runEffects, { now: clock.now(), actor }, (c) =>
    ensureDemo(c, community, {
      hash: () => passwords.hash(password),
      fits: async (stored) => (await passwords.fits(stored, password)) ?? false,
    }),
  );
const signsIn = async (username: string, password: string): Promise<boolean | undefined> => {
  const person = await db.transaction((tx) => findByUsername(tx, username));
  return passwords.fits(person?.hash, password);
};

describe('a demo', () => {
  test('has every role, and operators with a certificate', async () => {
    expect(await demo('one')).toEqual({ first: true });
    expect(new Set(DEMO_USERS.map((u) => u.role))).toEqual(new Set(ROLES));
    for (const { username } of DEMO_USERS) expect(await signsIn(username, 'one')).toBe(true);
    const operator = await db.transaction((tx) => findByUsername(tx, 'operator2'));
    const valid = await db.read((tx) => certified(tx, operator?.id ?? '', 'fire-control-operator', clock.now()));
    expect(valid).toBe(true);
  });

  test('stays as it is at the next start, and takes a changed password', async () => {
    await demo('one');
    expect(await demo('one')).toEqual({ first: false });
    expect(await demo('two')).toEqual({ first: false });
    expect([await signsIn('owner', 'one'), await signsIn('owner', 'two')]).toEqual([false, true]);
  });

  test('is refused where real people are', async () => {
    const hash = await passwords.hash('a real password');
    await runCommand(db, runEffects, { now: clock.now(), actor }, (c) => makeFirstAdmin(c, { community: 'c', hash }));
    await expect(demo('one')).rejects.toThrow('wrong-state: this data directory is not a demo');
    expect(await signsIn('operator', 'one')).toBe(false);
    expect(await signsIn('admin', 'a real password')).toBe(true);
  });
});

describe('its password', () => {
  test('is made once, kept for us alone, and told where it is', () => {
    const dir = join(tempDir('demo'), 'data');
    const first = demoPassword(dir, undefined);
    expect(first).toMatchObject({ fresh: true, file: join(dir, 'demo-password') });
    expect(first.password).toMatch(/^[\w-]{12}$/);
    expect(statSync(join(dir, 'demo-password')).mode & 0o077).toBe(0);
    expect(demoPassword(dir, undefined)).toEqual({ ...first, fresh: false });
    rmSync(join(dir, 'demo-password'));
    expect(demoPassword(dir, undefined).password).not.toBe(first.password);
  });

  test('is the setting where there is one, and is then not written down', () => {
    const dir = tempDir('demo');
    expect(demoPassword(dir, 'given')).toEqual({ password: 'given', fresh: false });
    expect(() => readFileSync(join(dir, 'demo-password'))).toThrow('ENOENT');
  });
});
