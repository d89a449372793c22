// The small page from which a person starts scenarios, and the same as HTTP for tests:
// GET /scenarios, POST /scenarios/{name} {building, floor, …}, POST /field-mqtt {url}, POST /gb26875 {url},
// GET /state.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Choice } from './scenarios/scenarios.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';
import type { SimulatedSite } from './site.ts';

const BODY_MAX = 16 * 1024;

export interface Page {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startPage(site: SimulatedSite, host: string, port: number): Promise<Page> {
  const server = createServer((request, response) => {
    answer(site, request, response).catch((error: unknown) => {
      send(response, 400, { error: error instanceof Error ? error.message : String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const taken = address !== null && typeof address === 'object' ? address.port : port;
  return {
    url: `http://${host}:${taken}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(site: SimulatedSite, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (request.method === 'GET' && path === '/') return html(site, response);
  if (request.method === 'GET' && path === '/scenarios')
    return send(
      response,
      200,
      SCENARIOS.map(({ name, text, takes }) => ({ name, text, takes })),
    );
  if (request.method === 'GET' && path === '/state') return send(response, 200, site.state());
  // A page of another origin must not be able to start a fire drill: browsers send Origin with every POST.
  const origin = request.headers.origin;
  if (request.method === 'POST' && (origin === undefined || origin === `http://${request.headers.host}`)) {
    const body = await readBody(request);
    if (path === '/field-mqtt') {
      site.connectField(String(body['url']));
      return send(response, 200, { ok: true });
    }
    if (path === '/gb26875') {
      site.connectTransmission(String(body['url']));
      return send(response, 200, { ok: true });
    }
    const name = /^\/scenarios\/([a-z-]+)$/.exec(path)?.[1];
    if (name !== undefined) {
      const seconds = site.play(name, toChoice(body));
      return send(response, 200, { ok: true, scenario: name, seconds });
    }
  }
  return send(response, 404, { error: `nothing at ${request.method} ${path}` });
}

function toChoice(body: Record<string, unknown>): Choice {
  const text = (key: string): string | undefined =>
    typeof body[key] === 'string' && body[key] !== '' ? body[key] : undefined;
  const number = (key: string): number | undefined => {
    if (body[key] === undefined || body[key] === '') return undefined;
    const value = Number(body[key]);
    if (!Number.isInteger(value))
      throw new Error(`${key}: expected a whole number, found ${JSON.stringify(body[key])}`);
    return value;
  };
  const [building, lift, device] = [text('building'), text('lift'), text('device')];
  const [floor, count] = [number('floor'), number('count')];
  return {
    ...(building === undefined ? {} : { building }),
    ...(lift === undefined ? {} : { lift }),
    ...(device === undefined ? {} : { device }),
    ...(floor === undefined ? {} : { floor }),
    ...(count === undefined ? {} : { count }),
  };
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_MAX) throw new Error(`body over ${BODY_MAX} bytes`);
  }
  if (text === '') return {};
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(text));
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error('body: expected an object');
  return { ...parsed };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

const FIELDS: Readonly<Record<keyof Choice, readonly [label: string, example: string]>> = {
  building: ['楼栋 building', 'b1'],
  floor: ['楼层 floor', '12'],
  lift: ['电梯 lift', 'lift-b1-1'],
  device: ['设备 device', 'ext-001'],
  count: ['数量 count', '400'],
};

function html(site: SimulatedSite, response: ServerResponse): void {
  const rows = SCENARIOS.map((s) => {
    const inputs = s.takes
      .map((key) => {
        const [label, example] = FIELDS[key];
        return `<label>${label} <input name="${key}" placeholder="${example}" size="10"></label>`;
      })
      .join(' ');
    return `<form method="post" action="/scenarios/${s.name}" target="out"><button>${s.text.zh}<br><small>${s.text.en}</small></button> ${inputs}</form>`;
  }).join('\n');
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>烽燧 · 模拟场景</title><style>
body{font:16px/1.5 "Noto Sans CJK SC",system-ui,sans-serif;max-width:820px;margin:24px auto;padding:0 16px;background:#eceeef;color:#1d2429}
form{display:flex;flex-wrap:wrap;gap:12px;align-items:center;margin:8px 0}button{font:inherit;min-width:320px;text-align:left;padding:8px 14px;border:1px solid #9aa2a8;border-radius:3px;background:#f6f7f7}
button:focus-visible,input:focus-visible{outline:2px solid #1c5f9e}small{color:#4a545c}input{font:inherit;padding:6px;border:1px solid #9aa2a8;border-radius:3px}
iframe{width:100%;height:60px;border:1px solid #c2c7cb;background:#fff}</style>
<h1>模拟场景 Scenarios</h1><p>${site.communityName} · 只影响模拟设备。Only simulated devices are affected.</p>
${rows}<h2>结果 Result</h2><iframe name="out" title="结果 result"></iframe></html>`);
}
