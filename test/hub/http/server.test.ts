// The web server: refusals in two languages, security headers, limits, Origins, the API's description.
import { beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../helpers/hub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub({ config: { origins: ['https://trusted.example'] } });
});

describe('a refusal', () => {
  test('is problem+json with a code, in Chinese first and in English when asked', async () => {
    const answer = await hub.anonymous.get('/api/buildings');
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer).toMatchObject({ status: 401, body: { code: 'not-signed-in', title: '请先登录', status: 401 } });
    expect(answer.headers['x-request-id']).toBe(answer.body['request']);
    const english = await hub.anonymous.get('/api/buildings', { 'accept-language': 'fr, en;q=0.8, zh;q=0.7' });
    expect(english.body['title']).toBe('Sign in first');
  });

  test('of a body that breaks the schema names the field', async () => {
    const answer = await hub.anonymous.post('/api/session', { username: 'x', password: 'y', more: 1 });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'bad-request', detail: 'body must not have additional properties: more' },
    });
    const missing = await hub.anonymous.post('/api/session', { username: 'x' });
    expect(missing.body['detail']).toBe('body must have required properties password');
    const long = await hub.anonymous.post('/api/session', { username: '', password: 5 });
    expect(long.body['detail']).toMatch(/^body\/username .+; body\/password must be string$/);
  });

  test('of malformed JSON, a forbidden key, a wrong content type or a body too large changes nothing', async () => {
    const send = (payload: string, type = 'application/json') =>
      hub.hub.app.inject({ method: 'POST', url: '/api/session', payload, headers: { 'content-type': type } });
    expect((await send('{"username": ')).json()).toMatchObject({ status: 400, code: 'bad-request' });
    expect((await send('{"__proto__": {"x": 1}, "username": "a", "password": "b"}')).json()).toMatchObject({
      status: 400,
    });
    expect((await send('<a/>', 'text/xml')).json()).toMatchObject({ status: 400, code: 'bad-request' });
    expect((await send(JSON.stringify({ username: 'x'.repeat(2_000_000) }))).json()).toMatchObject({
      status: 413,
      code: 'too-large',
    });
  });

  test('of an unknown API path is not-found, never the dashboard', async () => {
    for (const url of ['/api/nothing', '/api', '/api/', '/socket.io/x']) {
      expect({ url, ...(await hub.anonymous.get(url)).body }).toMatchObject({ url, status: 404, code: 'not-found' });
    }
  });
});

test('security headers stand on every answer', async () => {
  const { headers } = await hub.anonymous.get('/api/health');
  expect(headers['content-security-policy']).toContain("default-src 'self'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['content-security-policy']).not.toContain('unsafe-eval');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['strict-transport-security']).toBeUndefined();
});

describe('Origin', () => {
  const rename = { name: { zh: '新', en: 'New' } };
  test('a foreign page cannot use a session, our own and trusted ones can, tools without an Origin can', async () => {
    const admin = await hub.as('admin');
    const from = async (headers: Record<string, string>) =>
      (await admin.send('PATCH', '/api/communities/current', rename, { host: 'hub.example:8080', ...headers })).status;
    expect(await from({ origin: 'http://evil.example' })).toBe(403);
    expect(await from({ origin: 'null' })).toBe(403);
    expect(await from({ origin: 'https://hub.example:8080' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await from({ origin: 'http://hub.example:8080' })).toBe(200);
    expect(await from({ origin: 'https://trusted.example' })).toBe(200);
    expect(await from({})).toBe(200);
  });

  test('a foreign page cannot sign a browser in either', async () => {
    const answer = await hub.anonymous.post(
      '/api/session',
      { username: 'admin', password: 'x' },
      { origin: 'http://evil.example' },
    );
    expect(answer).toMatchObject({ status: 403, body: { code: 'foreign-origin' } });
  });
});

test('the API describes itself with every declared route', async () => {
  const { body } = await hub.anonymous.get<{ openapi: string; paths: Record<string, unknown> }>('/api/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  const hidden = ['/metrics', '/api/openapi.json', '/assets/*'];
  const declared = hub.hub.app.declaredRoutes
    .filter((r) => r.method !== 'HEAD' && !hidden.includes(r.url))
    .map((r) => r.url.replaceAll(/:(\w+)/g, '{$1}'));
  expect(Object.keys(body.paths).toSorted()).toEqual([...new Set(declared)].toSorted());
});

describe('health and metrics', () => {
  test('health names its components without login', async () => {
    const { status, body } = await hub.anonymous.get('/api/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'ok', components: { database: { status: 'ok' }, audit: { status: 'ok' } } });
  });

  test('metrics are in the format of Prometheus and count requests', async () => {
    await hub.anonymous.get('/api/health');
    const { body, headers } = await hub.anonymous.get<string>('/metrics');
    expect(headers['content-type']).toContain('text/plain');
    expect(body).toMatch(/fengsui_http_request_seconds_count\{route="\/api\/health",method="GET",status="200"\} \d+/);
  });
});
