// A whole hub for tests, on a fresh database, with one user a role; requests go in without a socket.
import type { OutgoingHttpHeaders } from 'node:http';
import type { Clock } from '../../hub/clock.ts';
import { readConfig, type Config } from '../../hub/config.ts';
import { ok } from '../../hub/errors.ts';
import type { Actor } from '../../hub/events/api.ts';
import { runCommand } from '../../hub/http/command.ts';
import { ROLES, type Role } from '../../hub/http/policy.ts';
import { startHub, type Hub } from '../../hub/main.ts';
import { createCommunity } from '../../hub/property/api.ts';
import { READ_ONLY } from '../../hub/http/reading.ts';
import { addPerson } from '../../hub/staff/api.ts';
import { onCleanup } from './cleanup.ts';
import { freshDatabase, silentLog, type TestDatabase } from './database.ts';
import { tempDir } from './temp.ts';

export const TEST_COMMUNITY = 'test';
export const TEST_PASSWORD = 'a test password';

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  readonly headers: OutgoingHttpHeaders;
}

type Headers = Readonly<Record<string, string>>;

/** Someone's browser or tool: every request carries its session. */
export interface Client {
  readonly cookie: string;
  get<Body = Record<string, unknown>>(url: string, headers?: Headers): Promise<Answer<Body>>;
  send<Body = Record<string, unknown>>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    body?: object,
    headers?: Headers,
  ): Promise<Answer<Body>>;
  post<Body = Record<string, unknown>>(url: string, body?: object, headers?: Headers): Promise<Answer<Body>>;
}

export interface TestHub {
  readonly hub: Hub;
  readonly config: Config;
  readonly database: TestDatabase;
  /** Signs in as the user of that name (made for each role). */
  as(username: Role | (string & {}), password?: string): Promise<Client>;
  /** Nobody's. */
  readonly anonymous: Client;
  /** Adds a community with a user a role, named `<role>@<community>`. */
  addCommunity(id: string): Promise<void>;
  /** Stops the hub; the same database can then be given to another. */
  stop(): Promise<void>;
}

const SYSTEM: Actor = { kind: 'system', id: 'test' };

function clientOf(hub: Hub, cookie: string): Client {
  const request = async <Body>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    body: object | undefined,
    headers: Headers,
  ): Promise<Answer<Body>> => {
    const response = await hub.app.inject({
      method,
      url,
      headers: { ...(cookie === '' ? {} : { cookie }), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const json = /json/.test(String(response.headers['content-type'] ?? ''));
    return {
      status: response.statusCode,
      body: (json ? response.json() : response.body) as Body,
      headers: response.headers,
    };
  };
  return {
    cookie,
    get: (url, headers = {}) => request('GET', url, undefined, headers),
    send: (method, url, body, headers = {}) => request(method, url, body, headers),
    post: (url, body, headers = {}) => request('POST', url, body, headers),
  };
}

async function seed(hub: Hub, community: string, suffix: string, now: number): Promise<void> {
  const hash = await hub.passwords.hash(TEST_PASSWORD);
  await runCommand(hub.database.db, hub.runEffects, { now, actor: SYSTEM }, async (c) => {
    const name = { zh: community, en: community };
    const made = await createCommunity(c, { id: community, name, timeZone: 'Asia/Shanghai' });
    if (!made.ok) return made;
    for (const role of ROLES) {
      const until = READ_ONLY.includes(role) ? { accessUntil: '2099-12-31' } : {};
      const added = await addPerson(c, community, { username: `${role}${suffix}`, name: role, role, ...until }, hash);
      if (!added.ok) return added;
    }
    return ok(null);
  });
}

/** The session cookie of an answer to POST /api/session, as a request sends it. */
export function cookieOf(answer: Answer<unknown>): string {
  const [set] = [answer.headers['set-cookie']].flat();
  return String(set ?? '').split(';')[0] ?? '';
}

export interface TestHubOptions {
  readonly clock?: Clock;
  readonly config?: Partial<Config>;
  /** A database of an earlier hub, with its users; default: a fresh one, with one user a role. */
  readonly database?: TestDatabase;
  readonly dataDir?: string;
}

/** Starts a hub that ends with the test file. */
export async function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const database = options.database ?? (await freshDatabase());
  const config: Config = {
    ...readConfig({ HTTP_PORT: '0', MQTT_PORT: '0', FENGSUI_DATA: options.dataDir ?? tempDir('hub') }),
    databaseUrl: database.url,
    ...options.config,
  };
  const hub = await startHub(config, {
    log: silentLog,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= hub.stop());
  onCleanup(stop);
  const now = (): number => options.clock?.now() ?? Date.now();
  if (options.database === undefined) await seed(hub, TEST_COMMUNITY, '', now());
  const anonymous = clientOf(hub, '');
  return {
    hub,
    config,
    database,
    anonymous,
    as: async (username, password = TEST_PASSWORD) => {
      const answer = await anonymous.post('/api/session', { username, password });
      if (answer.status !== 200) throw new Error(`${username} cannot sign in: ${JSON.stringify(answer.body)}`);
      return clientOf(hub, cookieOf(answer));
    },
    addCommunity: (id) => seed(hub, id, `@${id}`, now()),
    stop,
  };
}
