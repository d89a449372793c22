// Rate limits: floods are slowed, each caller by itself, and nothing ever slows what shows and acknowledges alarms.
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { Type } from 'typebox';
import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../../hub/clock.ts';
import { makeHealth } from '../../../hub/http/health.ts';
import { makeMetrics } from '../../../hub/http/metrics.ts';
import type { Role } from '../../../hub/http/policy.ts';
import { buildServer } from '../../../hub/http/server.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { silentLog } from '../../helpers/database.ts';

const perMinute = { user: 6, anonymous: 3 };
const signedIn = { policy: { allow: 'signed-in' as const } };

let app: FastifyInstance;
let looks: Readonly<Record<string, string>>[];
beforeEach(async () => {
  looks = [];
  const routes: FastifyPluginAsync = async (server) => {
    server.get('/api/open', { config: { policy: { allow: 'public' } } }, () => 'open');
    for (const url of ['/api/things', '/api/alarms', '/api/alarms-report', '/api/alarms/:id/ack', '/api/session']) {
      server.get(url, { config: signedIn }, () => 'ok');
    }
    const schema = {
      params: Type.Object({ id: Type.String() }),
      querystring: Type.Object({ text: Type.Optional(Type.String()), limit: Type.Optional(Type.Integer()) }),
    };
    const policy = { allow: ['authority' as const] };
    server.get('/api/papers/:id', { config: { policy, reading: 'records' }, schema }, () => 'shown');
  };
  app = await buildServer({
    log: silentLog,
    sessions: {
      find: async (id) => {
        const role: Role = id === 'reader' ? 'authority' : 'operator';
        return { id, username: id, name: id, role, community: 'c' };
      },
    },
    keepReading: async (_, __, asked) => void looks.push(asked),
    health: makeHealth(new ManualClock(0)),
    metrics: makeMetrics(),
    origins: [],
    trustProxy: [],
    dashboardDir: '/nowhere',
    version: '0',
    perMinute,
    routes: [routes],
  });
  onCleanup(() => app.close());
});

async function statuses(count: number, url: string, who: { user?: string; address?: string }): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const { statusCode } = await app.inject({
      url,
      remoteAddress: who.address ?? '10.0.0.1',
      headers: who.user === undefined ? {} : { cookie: `fengsui_session=${who.user}` },
    });
    all.push(statusCode);
  }
  return all;
}

test('an address that floods is slowed, others are not', async () => {
  expect(await statuses(5, '/api/open', { address: '10.0.0.1' })).toEqual([200, 200, 200, 429, 429]);
  expect(await statuses(1, '/api/open', { address: '10.0.0.2' })).toEqual([200]);
});

test('a refusal is told as one of the table', async () => {
  await statuses(3, '/api/open', {});
  const refused = await app.inject({ url: '/api/open', remoteAddress: '10.0.0.1' });
  expect(refused.json()).toMatchObject({ status: 429, code: 'too-many-tries' });
});

test('users are counted as users, wherever they are', async () => {
  expect((await statuses(7, '/api/things', { user: 'ann' })).filter((s) => s === 429)).toHaveLength(1);
  expect(await statuses(1, '/api/things', { user: 'ann', address: '10.0.0.9' })).toEqual([429]);
  expect(await statuses(1, '/api/things', { user: 'bob' })).toEqual([200]);
});

test('what shows and acknowledges alarms is never slowed for who is signed in', async () => {
  await statuses(7, '/api/things', { user: 'ann' });
  for (const url of ['/api/alarms', '/api/alarms?state=open', '/api/alarms/a1/ack', '/api/session']) {
    expect(await statuses(10, url, { user: 'ann' })).toEqual(Array.from({ length: 10 }, () => 200));
  }
});

test('what only begins with the same letters is', async () => {
  expect((await statuses(8, '/api/alarms-report', { user: 'ann' })).at(-1)).toBe(429);
});

test('health is never slowed: whoever watches the hub must see it', async () => {
  expect(new Set(await statuses(10, '/api/health', {}))).toEqual(new Set([200]));
});

test('what is refused for being one too many is not kept as a look of a reader from outside', async () => {
  const all = await statuses(20, '/api/papers/p1', { user: 'reader' });
  expect(all.filter((s) => s === 429)).toHaveLength(14);
  expect(looks).toHaveLength(6);
});

test('of what a reader from outside asks only the words that the route knows are kept, each within its bound', async () => {
  const url = `/api/papers/p1?text=${'x'.repeat(500)}&limit=5&${'unknown'.repeat(300)}=${'y'.repeat(5_000)}`;
  expect(await statuses(1, url, { user: 'reader' })).toEqual([200]);
  expect(looks).toEqual([{ id: 'p1', text: 'x'.repeat(200) }]);
});
