// Every route × every role: who is let in is exactly who is declared. Generated from the running hub's own routes.
import { beforeAll, describe, expect, test } from 'vitest';
import { allows } from '../../../hub/http/guard.ts';
import { ROLES, type Role } from '../../../hub/http/policy.ts';
import { startTestHub, type Client, type TestHub } from '../../helpers/hub.ts';

let hub: TestHub;
const clients = new Map<Role, Client>();

beforeAll(async () => {
  hub = await startTestHub();
  for (const role of ROLES) clients.set(role, await hub.as(role));
});

/** What a role must never reach, whatever a route declares (threat model). */
const NEVER: Readonly<Partial<Record<Role, RegExp>>> = {
  owner: /^(POST|PUT|PATCH|DELETE) \/api\/(alarms|work-orders|people|communities|buildings|rules|gateways)/,
  committee: /^(POST|PUT|PATCH|DELETE) \/api\/(alarms|work-orders|people|communities|buildings|rules|gateways|checks)/,
  // Reads, and writes nothing at all but its own password.
  authority: /^(POST|PUT|PATCH|DELETE) (?!\/api\/(session|setup)(\/|$))/,
  operator: /^(POST|PUT|PATCH|DELETE) \/api\/(people|communities|rules|gateways)/,
  technician: /^(POST|PUT|PATCH|DELETE) \/api\/(people|communities|rules|gateways)/,
};

const PUBLIC = [
  'GET /api/health',
  'GET /api/openapi.json',
  'GET /assets/*',
  'GET /metrics',
  'POST /api/session',
  // Closed for ever by the first administrator, who needs what the hub printed when it started.
  'GET /api/setup',
  'POST /api/setup',
  'DELETE /api/session',
];

/** Calls a route with ids that do not exist and no body: what it answers beyond the guard does not matter here. */
async function call(client: Client, method: string, url: string): Promise<string | undefined> {
  const path = url.replaceAll(/:\w+/g, 'no-such-thing').replace('*', 'x');
  const response = await hub.hub.app.inject({
    method: method as 'GET',
    url: path,
    headers: { cookie: client.cookie, 'content-type': 'application/json' },
    ...(method === 'GET' || method === 'HEAD' || method === 'DELETE' ? {} : { payload: 'no JSON' }),
  });
  const type = String(response.headers['content-type'] ?? '');
  return type.includes('problem') && response.body !== '' ? response.json<{ code: string }>().code : undefined;
}

describe('the matrix', () => {
  test('covers the hub', () => {
    expect(hub.hub.app.declaredRoutes.length).toBeGreaterThan(20);
  });

  test('only what must be open is public', () => {
    const open = hub.hub.app.declaredRoutes.filter((r) => r.policy.allow === 'public' && r.method !== 'HEAD');
    for (const route of open) expect(PUBLIC).toContain(`${route.method} ${route.url}`);
  });

  test('lets in exactly who is declared, and nobody without a session', async () => {
    const wrong: string[] = [];
    for (const { method, url, policy } of hub.hub.app.declaredRoutes) {
      // Signing out would end the session that the rest of the matrix needs.
      if (url === '/api/session' && method === 'DELETE') continue;
      for (const [role, client] of clients) {
        const code = await call(client, method, url);
        const user = { id: 'x', username: 'x', name: 'x', role, community: 'x' };
        const expected = allows(policy, user) === 'yes';
        // HEAD has no body to tell by; it is declared as its GET.
        if (method !== 'HEAD' && expected === (code === 'not-allowed')) wrong.push(`${method} ${url} ${role}: ${code}`);
      }
      const nobody = await call(hub.anonymous, method, url);
      if (method !== 'HEAD' && policy.allow !== 'public' && nobody !== 'not-signed-in')
        wrong.push(`${method} ${url} nobody`);
    }
    expect(wrong).toEqual([]);
  }, 480_000);

  test('never lets a role reach what the threat model forbids it', () => {
    const wrong = hub.hub.app.declaredRoutes.flatMap(({ method, url, policy }) =>
      ROLES.filter((role) => {
        const user = { id: 'x', username: 'x', name: 'x', role, community: 'x' };
        return (NEVER[role]?.test(`${method} ${url}`) ?? false) && allows(policy, user) === 'yes';
      }).map((role) => `${method} ${url} ${role}`),
    );
    expect(wrong).toEqual([]);
  });
});
