// The entry of writes: one transaction with its effects, refusals that roll back, and each key's work done once.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Type } from 'typebox';
import { ManualClock } from '../../../hub/clock.ts';
import { HTTP_LIMITS } from '../../../hub/config.ts';
import type { Pools } from '../../../hub/db/pool.ts';
import { ok, refuse } from '../../../hub/errors.ts';
import type { Effect } from '../../../hub/events/api.ts';
import { makeEntry } from '../../../hub/http/command.ts';
import { makeHealth } from '../../../hub/http/health.ts';
import { forgetKeys } from '../../../hub/http/idempotency-store.ts';
import { makeMetrics } from '../../../hub/http/metrics.ts';
import { buildServer } from '../../../hub/http/server.ts';
import type { SignedIn } from '../../../hub/http/entry.ts';
import { freshDatabase, silentLog } from '../../helpers/database.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { tempDir } from '../../helpers/temp.ts';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

const user = (id: string): SignedIn => ({ id, username: id, name: id, role: 'operator', community: 'c' });
const people = new Map(['ann', 'bob'].map((id) => [id, user(id)]));
const clock = new ManualClock(1_700_000_000_000);
const policy = { allow: 'signed-in' as const };
const Body = Type.Object({ add: Type.Integer(), outcome: Type.Optional(Type.String()) });

let db: Pools;
let app: FastifyInstance;
const ran: Effect[] = [];
/** Called inside the transaction, after the row is written. */
let inside: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  ({ db } = await freshDatabase());
  await db.transaction((tx) => tx.run('CREATE TABLE public.sum (n int NOT NULL)'));
  const entry = makeEntry({ db, clock, runEffects: async (_tx, effects) => void ran.push(...effects) });
  const routes: FastifyPluginAsync = async (server) => {
    for (const url of ['/api/sum', '/api/other']) {
      server.post<{ Body: { add: number; outcome?: string } }>(
        url,
        { config: { policy }, schema: { body: Body } },
        (request) =>
          entry.command(request, async (c) => {
            await c.tx.run('INSERT INTO sum VALUES ($1)', [request.body.add]);
            c.emit({ effect: 'cancel-timer', key: `${c.now}` });
            await inside();
            const { outcome } = request.body;
            if (outcome === 'refuse') return refuse('wrong-state', 'sum');
            if (outcome === 'throw') throw new Error('secret of the inside');
            const { total } = await c.tx.one<{ total: number }>('SELECT sum(n)::int AS total FROM sum');
            return ok({ total, by: c.actor.id, at: c.now });
          }),
      );
    }
  };
  app = await buildServer({
    log: silentLog,
    sessions: { find: async (token) => people.get(token) },
    keepReading: async () => undefined,
    health: makeHealth(clock),
    metrics: makeMetrics(),
    origins: [],
    trustProxy: [],
    dashboardDir: tempDir('dashboard'),
    version: '0',
    routes: [routes],
  });
  onCleanup(() => app.close());
});

beforeEach(async () => {
  ran.length = 0;
  inside = async () => undefined;
  await db.transaction((tx) => tx.run('TRUNCATE sum, http.idempotency'));
});

const post = async (
  payload: object,
  { key, as = 'ann', url = '/api/sum' }: { key?: string; as?: string; url?: string } = {},
) => {
  const headers = { cookie: `fengsui_session=${as}`, ...(key === undefined ? {} : { 'idempotency-key': key }) };
  const response = await app.inject({ method: 'POST', url, payload, headers });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
};
const rows = async (): Promise<number> =>
  (await db.transaction((tx) => tx.one<{ n: number }>('SELECT count(*)::int AS n FROM sum'))).n;

describe('a command', () => {
  test('commits with its effects, knowing who asks and when', async () => {
    expect(await post({ add: 2 })).toEqual({ status: 200, body: { total: 2, by: 'ann', at: clock.now() } });
    expect(ran).toEqual([{ effect: 'cancel-timer', key: String(clock.now()) }]);
  });

  test('that refuses changes nothing, runs no effect and answers with the code', async () => {
    expect(await post({ add: 2, outcome: 'refuse' })).toMatchObject({
      status: 409,
      body: { code: 'wrong-state', detail: 'sum' },
    });
    expect([await rows(), ran]).toEqual([0, []]);
  });

  test('that breaks answers `internal` without its inside', async () => {
    const answer = await post({ add: 2, outcome: 'throw' });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect(await rows()).toBe(0);
  });

  test('that meets a deadlock is done again, once', async () => {
    let tries = 0;
    inside = async () => {
      tries += 1;
      if (tries === 1) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    };
    expect((await post({ add: 1 })).status).toBe(200);
    expect([tries, await rows(), ran.length]).toEqual([2, 1, 1]);
  });

  test('that finds the database gone says `unavailable`', async () => {
    inside = async () => {
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    };
    expect(await post({ add: 1 })).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  });
});

describe('an Idempotency-Key', () => {
  test('does the work once and answers each repeat alike', async () => {
    const first = await post({ add: 5 }, { key: 'k1' });
    clock.advance(60_000);
    expect(await post({ add: 5 }, { key: 'k1' })).toEqual(first);
    expect([await rows(), ran.length]).toEqual([1, 1]);
  });

  test('with another body, or on another route, is refused and changes nothing', async () => {
    await post({ add: 5 }, { key: 'k1' });
    expect(await post({ add: 6 }, { key: 'k1' })).toMatchObject({ status: 422, body: { code: 'key-reused' } });
    expect(await post({ add: 5 }, { key: 'k1', url: '/api/other' })).toMatchObject({ status: 422 });
    expect(await rows()).toBe(1);
  });

  test('belongs to its user', async () => {
    await post({ add: 5 }, { key: 'k1' });
    expect(await post({ add: 7 }, { key: 'k1', as: 'bob' })).toMatchObject({ status: 200, body: { by: 'bob' } });
  });

  test('of a refused command can be used again: nothing was done', async () => {
    inside = async () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNRESET' }));
    expect((await post({ add: 5 }, { key: 'k1' })).status).toBe(503);
    inside = async () => undefined;
    expect((await post({ add: 5 }, { key: 'k1' })).status).toBe(200);
    expect(await rows()).toBe(1);
  });

  test('sent by twenty at once does the work once; all get the same answer', async () => {
    let running = 0;
    let most = 0;
    inside = async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post({ add: 3 }, { key: 'race' })));
    expect(new Set(answers.map((a) => JSON.stringify(a))).size).toBe(1);
    expect([answers[0]?.status, await rows(), most]).toEqual([200, 1, 1]);
  });

  test('when the first of a race fails, exactly one other does the work', async () => {
    let calls = 0;
    inside = async () => {
      calls += 1;
      if (calls === 1) throw Object.assign(new Error('x'), { code: 'ECONNRESET' });
    };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post({ add: 3 }, { key: 'race' })));
    expect(answers.map((a) => a.status).toSorted()).toEqual([200, 200, 200, 200, 200, 200, 200, 503]);
    expect([await rows(), calls]).toEqual([1, 2]);
  });

  test('that is no key is refused', async () => {
    for (const key of ['two words', 'é', 'x'.repeat(HTTP_LIMITS.idempotencyKeyCharsMax + 1)]) {
      expect(await post({ add: 1 }, { key })).toMatchObject({ status: 400, body: { detail: 'Idempotency-Key' } });
    }
    expect(await rows()).toBe(0);
  });

  test('is forgotten after its time', async () => {
    await post({ add: 5 }, { key: 'k1' });
    clock.advance(HTTP_LIMITS.idempotencyKeepMs + 1);
    const before = clock.now() - HTTP_LIMITS.idempotencyKeepMs;
    expect(await db.transaction((tx) => forgetKeys(tx, before))).toBe(1);
    expect((await post({ add: 6 }, { key: 'k1' })).status).toBe(200);
  });
});

test('a route without a policy keeps the server from being built', async () => {
  const building = buildServer({
    log: silentLog,
    sessions: { find: async () => undefined },
    keepReading: async () => undefined,
    health: makeHealth(clock),
    metrics: makeMetrics(),
    origins: [],
    trustProxy: [],
    dashboardDir: '/nowhere',
    version: '0',
    routes: [async (server) => void server.get('/api/open', () => 'secret')],
  });
  await expect(building).rejects.toThrow('route GET /api/open declares no policy');
});
