// Text that PostgreSQL can't store is the caller's mistake, on every route, and never a failure of the hub.
import { beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type Client, type TestHub } from '../../helpers/hub.ts';

let hub: TestHub;
let admin: Client;
beforeAll(async () => {
  hub = await startTestHub();
  admin = await hub.as('admin');
});

interface Answer {
  readonly status: number;
  readonly detail?: string;
}

async function call(method: string, url: string, payload?: object, cookie = admin.cookie): Promise<Answer> {
  const response = await hub.hub.app.inject({
    method: method as 'GET',
    url,
    headers: { cookie },
    ...(payload === undefined ? {} : { payload }),
  });
  const problem = String(response.headers['content-type']).includes('problem');
  return { status: response.statusCode, ...(problem ? response.json<{ detail?: string }>() : {}) };
}

const LONE = '\ud800';

describe.each([
  ['NUL', 'a\0'],
  ['half a surrogate pair', `a${LONE}`],
])('%s', (_name, text) => {
  test('in a body is refused where it stands, before login too', async () => {
    expect(await call('POST', '/api/session', { username: text, password: 'x' }, '')).toMatchObject({
      status: 400,
      detail: 'body/username holds a character that no text has',
    });
    expect(await call('POST', '/api/modes', { scope: { devices: ['ok', text] } })).toMatchObject({
      status: 400,
      detail: 'body/scope/devices/1 holds a character that no text has',
    });
    expect(await call('POST', '/api/modes', { [text]: 1 })).toMatchObject({ status: 400 });
  });
});

test('NUL in a path or a query makes no route fail', async () => {
  const failed: string[] = [];
  let walked = 0;
  for (const { method, url } of hub.hub.app.declaredRoutes) {
    if (!/^(GET|POST|PUT|PATCH|DELETE)$/.test(method) || (method === 'DELETE' && url === '/api/session')) continue;
    const path = url.replaceAll(/:\w+/g, 'x%00');
    const { status } = await call(method, `${path}?device=%00`, method === 'GET' ? undefined : {});
    walked++;
    // 403: the role is asked before.
    if (![400, 403, 429].includes(status)) failed.push(`${method} ${url}: ${status}`);
  }
  expect(failed).toEqual([]);
  expect(walked).toBeGreaterThan(80);
}, 120_000);

test('what people write goes through: emoji, Chinese, line ends', async () => {
  const { status, detail } = await call('POST', '/api/session', { username: '值班 👩‍🚒\n', password: '😀' }, '');
  expect({ status, detail }).not.toMatchObject({ status: 400 });
});
