// The request to a history server and every way its answer can be wrong. The server is a scripted one, since no package
// brings InfluxDB 2 or 3: what they expect is their documents' word, what 1.x does is proved in influx.test.ts.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { InfluxHttp, type InfluxOptions } from '../../../hub/history/influx-http.ts';
import { HISTORY_LIMITS, type HistoryLimits } from '../../../hub/history/limits.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { within } from '../../helpers/wait.ts';

interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (reply: ServerResponse, request: IncomingMessage) => void;
const json =
  (body: unknown, status = 200): Answer =>
  (reply) => {
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

async function scripted(answer: Answer): Promise<{ readonly url: string; readonly heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer((request, reply) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, url, headers } = request;
      heard.push({ method, url, authorization: headers.authorization, body: Buffer.concat(parts).toString() });
      answer(reply, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onCleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, heard };
}

const http = (options: InfluxOptions, limits: Partial<HistoryLimits> = {}): InfluxHttp =>
  new InfluxHttp(options, { ...HISTORY_LIMITS, ...limits });

const EMPTY = { results: [{ statement_id: 0 }] };

test.each([
  ['a token', (url: string) => ({ url, token: 's3cret' }), 'Token s3cret'],
  [
    'a user in the address',
    (url: string) => ({ url: url.replace('://', '://me:p%40ss@') }),
    `Basic ${btoa('me:p@ss')}`,
  ],
  ['nothing', (url: string) => ({ url }), undefined],
])(
  'asks with %s as its authority, names the bucket, and keeps secrets out of the address',
  async (_, options, authority) => {
    const { url, heard } = await scripted(json(EMPTY));
    await http({ ...options(`${url}/influx/`), bucket: 'fire & water' }).query(['SELECT 1']);
    expect(heard).toEqual([
      { method: 'POST', url: '/influx/query?db=fire+%26+water', authorization: authority, body: 'q=SELECT+1' },
    ]);
  },
);

test('several statements are one request, and each gets its own tables', async () => {
  const table = { columns: ['time', 'num'], values: [['2026-03-02T02:00:00Z', 1]] };
  const { url, heard } = await scripted(json({ results: [{ statement_id: 0, series: [table] }, { statement_id: 1 }] }));
  expect(await http({ url, bucket: 'b' }).query(['A', 'B'])).toEqual([[table], []]);
  expect(heard[0]?.body).toBe('q=A%3BB');
});

test.each<[string, Answer, Record<string, unknown>]>([
  [
    'an error of the server',
    json({ error: 'unauthorized access' }, 401),
    { code: 'unavailable', message: 'the history server refused: 401 {"error":"unauthorized access"}' },
  ],
  [
    'an error in the reply',
    json({ error: 'database not found: b' }),
    { code: 'unavailable', message: 'the history server refused: database not found: b' },
  ],
  [
    'an error of one statement',
    json({ results: [{ error: 'timeout' }] }),
    { code: 'unavailable', message: 'the history server refused: timeout' },
  ],
  [
    'a reply that was cut',
    json({ results: [{ series: [{ columns: [], values: [], partial: true }] }] }),
    { code: 'too-much' },
  ],
  [
    'an answer too few',
    json({ results: [] }),
    { code: 'unavailable', message: 'the history server left a question unanswered' },
  ],
  ['no JSON', (reply) => reply.end('<html>'), { code: 'unavailable', message: expect.stringContaining('not JSON') }],
  [
    'a redirect',
    (reply) => reply.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    { code: 'unavailable', message: 'the history server cannot be reached' },
  ],
  [
    'a connection cut short',
    (reply) => reply.writeHead(200).write('{"res', () => reply.destroy()),
    { code: 'unavailable' },
  ],
  [
    'a reply without end',
    (reply) => reply.writeHead(200).end('x'.repeat(2_000)),
    { code: 'too-much', message: "the history server's reply exceeds 1000 bytes" },
  ],
])('%s is an error with its name', async (_, answer, expected) => {
  const { url } = await scripted(answer);
  const client = http({ url, bucket: 'b' }, { replyBytes: 1_000 });
  await expect(client.query(['SELECT 1'])).rejects.toMatchObject({ name: 'HistoryError', ...expected });
  expect(client.counters.queryFailures).toBe(1);
});

test('a server that hangs is given up at the deadline', async () => {
  const { url } = await scripted(() => undefined);
  const client = http({ url, bucket: 'b' }, { requestTimeoutMs: 50 });
  const asked = within(client.query(['SELECT 1']), { ms: 5_000, what: 'the query ends' });
  await expect(asked).rejects.toMatchObject({
    code: 'unavailable',
    message: 'the history server did not answer within 50 ms',
  });
  expect(client.counters).toMatchObject({ queryTimeouts: 1, queryFailures: 1 });
});

test('more questions than may wait are refused before they are sent', async () => {
  const open: ServerResponse[] = [];
  const { url, heard } = await scripted((reply) => void open.push(reply));
  const client = http({ url, bucket: 'b' }, { waitingQueries: 2, requestTimeoutMs: 200 });
  const asked = await Promise.allSettled([1, 2, 3].map(() => client.query(['SELECT 1'])));
  expect(asked[2]).toMatchObject({ status: 'rejected', reason: { message: 'too many history queries wait' } });
  expect(heard).toHaveLength(2);
  expect(client.counters.queriesRefused).toBe(1);
});

test('no error tells the token or the password', async () => {
  const { url } = await scripted(json({ error: 'no' }, 401));
  const secret = http({ url: url.replace('://', '://me:hidden@'), token: 'hidden', bucket: 'b' });
  const error: unknown = await secret.query(['SELECT 1']).catch((e: unknown) => e);
  expect(String(error)).toContain('401');
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error)).not.toContain('hidden');
});
