// Signing in and staying signed in: what opens a session, what ends it, what stops guessing.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../hub/clock.ts';
import { STAFF_LIMITS } from '../../../hub/config.ts';
import { PERSON_CHANGED_CHANNEL } from '../../../hub/staff/api.ts';
import type { SessionView } from '../../../hub/staff/contract.ts';
import { freshDatabase } from '../../helpers/database.ts';
import { cookieOf, startTestHub, TEST_PASSWORD, type TestHub } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';

let hub: TestHub;
let clock: ManualClock;
beforeAll(async () => {
  clock = new ManualClock(1_800_000_000_000);
  hub = await startTestHub({ clock });
});
// What earlier tests mistyped no longer counts.
beforeEach(() => clock.advance(STAFF_LIMITS.loginWindowMs + 1));

const login = (username: string, password: string, remoteAddress = '10.0.0.1') =>
  hub.hub.app
    .inject({ method: 'POST', url: '/api/session', payload: { username, password }, remoteAddress })
    .then((r) => ({ status: r.statusCode, code: r.json<{ code?: string }>().code }));

describe('a session', () => {
  test('says who one is, and its cookie is out of reach of pages', async () => {
    const answer = await hub.anonymous.post<SessionView>('/api/session', {
      username: 'Operator ',
      password: TEST_PASSWORD,
    });
    expect(answer.body).toMatchObject({ username: 'operator', role: 'operator', community: 'test', qualified: false });
    expect(answer.headers['set-cookie']).toMatch(
      /^fengsui_session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(answer.body.expiresAt).toBe(new Date(clock.now() + STAFF_LIMITS.sessionIdleMs).toISOString());
  });

  test('has a Secure cookie behind TLS', async () => {
    const behind = await startTestHub({ config: { trustProxy: ['127.0.0.1'] } });
    const answer = await behind.anonymous.post(
      '/api/session',
      { username: 'operator', password: TEST_PASSWORD },
      { 'x-forwarded-proto': 'https' },
    );
    expect(answer.headers['set-cookie']).toContain('; Secure');
    await behind.stop();
  });

  test('is kept in the database only as a hash', async () => {
    const operator = await hub.as('operator');
    const token = operator.cookie.split('=')[1] ?? '';
    const rows = await hub.database.db.transaction((tx) => tx.query('SELECT s::text AS row FROM staff.session s'));
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(token).toString('hex'));
  });

  test('goes on while it is used and ends when it is not', async () => {
    const operator = await hub.as('operator');
    for (let i = 0; i < 3; i += 1) {
      clock.advance(STAFF_LIMITS.sessionIdleMs - 1_000);
      expect((await operator.get('/api/session')).status).toBe(200);
    }
    clock.advance(STAFF_LIMITS.sessionIdleMs + 1_000);
    expect((await operator.get('/api/session')).body).toMatchObject({ status: 401, code: 'not-signed-in' });
  });

  test('ends some time after signing in, however much it is used', async () => {
    const operator = await hub.as('operator');
    const step = STAFF_LIMITS.sessionIdleMs / 2;
    for (let passed = 0; passed + step < STAFF_LIMITS.sessionMsMax; passed += step) {
      clock.advance(step);
      expect((await operator.get('/api/session')).status).toBe(200);
    }
    clock.advance(step);
    expect((await operator.get('/api/session')).status).toBe(401);
  });

  test('ends with signing out, which may be said twice', async () => {
    const operator = await hub.as('operator');
    const again = await hub.as('operator');
    expect((await operator.send('DELETE', '/api/session')).status).toBe(204);
    expect((await operator.get('/api/session')).status).toBe(401);
    expect((await operator.send('DELETE', '/api/session')).status).toBe(204);
    expect((await again.get('/api/session')).status).toBe(200);
  });

  test('is another one at each sign-in, and a made-up one is nobody', async () => {
    const one = await hub.as('operator');
    const two = await hub.as('operator');
    expect(one.cookie).not.toBe(two.cookie);
    const made = await hub.anonymous.get('/api/session', { cookie: 'fengsui_session=' });
    const guessed = await hub.anonymous.get('/api/session', { cookie: `fengsui_session=${'A'.repeat(43)}` });
    expect([made.status, guessed.status]).toEqual([401, 401]);
  });
});

describe('guessing passwords', () => {
  test('is stopped for that user from that address, even with the right password, and then goes on', async () => {
    for (let i = 0; i < STAFF_LIMITS.loginFailuresPerUserAndAddressMax; i += 1) {
      expect(await login('manager', `guess ${i}`)).toEqual({ status: 401, code: 'wrong-credentials' });
    }
    expect(await login('manager', TEST_PASSWORD)).toEqual({ status: 429, code: 'too-many-tries' });
    expect((await login('manager', TEST_PASSWORD, '10.0.0.2')).status).toBe(200);
    expect((await login('finance', TEST_PASSWORD)).status).toBe(200);
    clock.advance(STAFF_LIMITS.loginWindowMs + 1);
    expect((await login('manager', TEST_PASSWORD)).status).toBe(200);
  });

  test('many at once get no more tries than one after another', async () => {
    const tries = await Promise.all(Array.from({ length: 15 }, (_, i) => login('manager', `guess ${i}`)));
    const checked = tries.filter((t) => t.code === 'wrong-credentials').length;
    expect(checked).toBeLessThanOrEqual(STAFF_LIMITS.loginFailuresPerUserAndAddressMax);
    expect((await login('manager', TEST_PASSWORD)).status).toBe(429);
  });

  test('of many users from one address is stopped', async () => {
    await hub.database.db.transaction((tx) =>
      tx.run(
        `INSERT INTO staff.failed_login (username, address, at)
         SELECT 'user' || n, '10.0.0.9', to_timestamp($1::float8 / 1000) FROM generate_series(1, $2::int) n`,
        [clock.now(), STAFF_LIMITS.loginFailuresPerAddressMax],
      ),
    );
    expect((await login('manager', TEST_PASSWORD, '10.0.0.9')).status).toBe(429);
    expect((await login('manager', TEST_PASSWORD, '10.0.0.8')).status).toBe(200);
  });

  test('a success forgives the mistypings before it', async () => {
    const round = async () => {
      for (let i = 1; i < STAFF_LIMITS.loginFailuresPerUserAndAddressMax; i += 1) await login('manager', 'oops');
      return (await login('manager', TEST_PASSWORD)).status;
    };
    expect([await round(), await round()]).toEqual([200, 200]);
  });

  test('a user who does not exist answers like one who does', async () => {
    expect(await login('nobody-here', 'x')).toEqual(await login('manager', 'x'));
  });
});

describe('losing rights', () => {
  const idOf = async (username: string): Promise<string> => {
    const { body } = await (await hub.as('admin')).get<{ items: { id: string; username: string }[] }>('/api/people');
    return body.items.find((p) => p.username === username)?.id ?? '';
  };

  test.each([
    ['a new role', 'steward', { role: 'guard' }],
    ['being switched off', 'inspector', { active: false }],
    ['a new password', 'legal', { password: 'another password' }],
  ])('%s ends all sessions at once, and whoever holds a socket hears of it', async (_what, who, change) => {
    const admin = await hub.as('admin');
    const person = await hub.as(who);
    const heard: string[] = [];
    const stop = await hub.database.db.listen(PERSON_CHANGED_CHANNEL, (id) => heard.push(id));
    const id = await idOf(who);
    expect((await admin.send('PATCH', `/api/people/${id}`, change)).status).toBe(200);
    expect((await person.get('/api/session')).status).toBe(401);
    await until(() => heard.includes(id), { what: 'the change is told' });
    expect(heard).toContain(id);
    await stop();
  });

  test('who was switched off cannot sign in', async () => {
    const admin = await hub.as('admin');
    await admin.send('PATCH', `/api/people/${await idOf('contractor')}`, { active: false });
    expect(await login('contractor', TEST_PASSWORD)).toEqual({ status: 401, code: 'wrong-credentials' });
  });

  test('nobody changes their own rights', async () => {
    const admin = await hub.as('admin');
    const id = await idOf('admin');
    expect((await admin.send('PATCH', `/api/people/${id}`, { role: 'finance' })).body).toMatchObject({
      code: 'not-allowed',
    });
    expect((await admin.send('PATCH', `/api/people/${id}`, { active: false })).status).toBe(403);
    expect((await admin.get('/api/session')).status).toBe(200);
  });

  test('a new password of one’s own needs the old one and ends one’s other sessions', async () => {
    const here = await hub.as('collector');
    const there = await hub.as('collector');
    const change = (old: string) => here.send('PUT', '/api/session/password', { old, new: 'a new password' });
    expect((await change('wrong')).body).toMatchObject({ code: 'wrong-credentials' });
    expect((await change(TEST_PASSWORD)).status).toBe(200);
    expect([(await here.get('/api/session')).status, (await there.get('/api/session')).status]).toEqual([200, 401]);
    expect((await login('collector', 'a new password')).status).toBe(200);
  });
});

test('an empty hub makes `admin` from the setting, once, and keeps its password afterwards', async () => {
  const database = await freshDatabase();
  const first = await startTestHub({ database, config: { adminPassword: 'first password', community: 'estate' } });
  const { body } = await (await first.as('admin', 'first password')).get<SessionView>('/api/session');
  expect(body).toMatchObject({ role: 'admin', community: 'estate' });
  await first.stop();
  const second = await startTestHub({ database, config: { adminPassword: 'second password', community: 'estate' } });
  await expect(second.as('admin', 'second password')).rejects.toThrow('wrong-credentials');
  expect((await second.as('admin', 'first password')).cookie).not.toBe('');
  await second.stop();
});

test('cookies of answers are read by the helper as sent', () => {
  expect(cookieOf({ status: 200, body: {}, headers: { 'set-cookie': 'a=b; Path=/' } })).toBe('a=b');
});
