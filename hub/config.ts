// The hub's settings from the environment, validated once, and the platform's named maximums (hard rule 10).
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One setting: its name in the environment, what it means, and its default as `--help` prints it. */
interface Setting {
  readonly name: string;
  readonly help: string;
  readonly default?: string;
  /** Never printed. */
  readonly secret?: boolean;
}

export const SETTINGS: readonly Setting[] = [
  { name: 'HOST', help: 'address that the web and MQTT servers bind to', default: '127.0.0.1' },
  { name: 'HTTP_PORT', help: 'web port; 0 picks a free one', default: '8080' },
  { name: 'MQTT_PORT', help: "port of the hub's own broker for gateways; 0 picks a free one", default: '1883' },
  { name: 'FENGSUI_DATA', help: 'directory of everything the hub stores itself', default: './data' },
  {
    name: 'DATABASE_URL',
    help: 'a PostgreSQL of yours; without it the bundled one runs in FENGSUI_DATA',
    secret: true,
  },
  { name: 'MQTT_URL', help: 'a broker of yours; without it the hub runs its own', secret: true },
  { name: 'INFLUX_URL', help: 'InfluxDB for history; without it history is kept in DuckDB in FENGSUI_DATA' },
  { name: 'INFLUX_TOKEN', help: 'token for InfluxDB', secret: true },
  { name: 'INFLUX_ORG', help: 'organisation in InfluxDB' },
  { name: 'INFLUX_BUCKET', help: 'bucket (1.x: database) in InfluxDB', default: 'fengsui' },
  { name: 'FENGSUI_ADMIN_PASSWORD', help: 'makes the user `admin` in an empty hub', secret: true },
  { name: 'FENGSUI_COMMUNITY', help: 'id of the community that an empty hub makes', default: 'community' },
  { name: 'FENGSUI_DEMO_PASSWORD', help: 'password of the demo users; else one is made at first start', secret: true },
  { name: 'FENGSUI_DEMO_COMMUNITY', help: 'YAML of a demo community: makes an empty hub a demo (npm start sets it)' },
  { name: 'FENGSUI_DEMO_PAST_DAYS', help: 'days of alarms before its first start that a demo shows (npm start: 14)' },
  { name: 'FENGSUI_DEMO_GATEWAYS', help: 'more gateways that a demo enrols by itself, separated by spaces' },
  { name: 'FENGSUI_ORIGINS', help: 'more web origins to trust, separated by spaces (behind a proxy: its address)' },
  { name: 'FENGSUI_TRUST_PROXY', help: 'addresses of proxies in front whose X-Forwarded-* count, separated by commas' },
  { name: 'LOG_LEVEL', help: 'fatal, error, warn, info, debug or trace', default: 'info' },
];

export interface Config {
  readonly host: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Absolute path. */
  readonly dataDir: string;
  readonly databaseUrl?: string;
  readonly mqttUrl?: string;
  readonly influx?: {
    readonly url: string;
    readonly token?: string;
    readonly org?: string;
    readonly bucket: string;
  };
  readonly adminPassword?: string;
  /** Id of the first community. */
  readonly community: string;
  readonly demoPassword?: string;
  /** Absolute path of the YAML of a demo community. */
  readonly demoCommunity?: string;
  readonly demoGateways: readonly string[];
  /** Days of alarms before its first start; 0: none. */
  readonly demoPastDays: number;
  readonly origins: readonly string[];
  readonly trustProxy: readonly string[];
  readonly logLevel: string;
  /** The built dashboard. */
  readonly dashboardDir: string;
}

const DASHBOARD = fileURLToPath(new URL('../dashboard/dist', import.meta.url));

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** What is wrong with the settings; every line names one. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

type Env = Readonly<Record<string, string | undefined>>;

/** Collects every mistake instead of stopping at the first. */
class Reader {
  readonly mistakes: string[] = [];
  readonly #env: Env;
  constructor(env: Env) {
    this.#env = env;
  }
  text(name: string): string | undefined {
    const value = this.#env[name] ?? SETTINGS.find((s) => s.name === name)?.default;
    return value === undefined || value === '' ? undefined : value;
  }
  port(name: string): number {
    const text = this.text(name) ?? '';
    const port = Number(text);
    if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
    this.mistakes.push(`${name}: expected a port from 0 to 65535`);
    return 0;
  }
  url(name: string, schemes: readonly string[]): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    // The value may carry a password, so the message never repeats it.
    if (URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1))) return text;
    this.mistakes.push(`${name}: expected a URL that starts with ${schemes.map((s) => `${s}://`).join(' or ')}`);
    return undefined;
  }
  list(name: string, separator: RegExp): string[] {
    return (this.text(name) ?? '').split(separator).filter((part) => part !== '');
  }
  origins(name: string): string[] {
    return this.list(name, /\s+/).map((part) => {
      if (URL.canParse(part) && new URL(part).origin !== 'null') return new URL(part).origin;
      this.mistakes.push(`${name}: ${part} is not an origin such as https://hub.example`);
      return part;
    });
  }
  id(name: string): string {
    const text = this.text(name) ?? '';
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(text)) this.mistakes.push(`${name}: expected small letters, digits and -`);
    return text;
  }
  days(name: string): number {
    const text = this.text(name) ?? '0';
    if (/^\d{1,3}$/.test(text)) return Number(text);
    this.mistakes.push(`${name}: expected a number of days from 0 to 999`);
    return 0;
  }
  level(name: string): string {
    const text = this.text(name) ?? 'info';
    if (!LOG_LEVELS.includes(text)) this.mistakes.push(`${name}: expected one of ${LOG_LEVELS.join(', ')}`);
    return text;
  }
}

const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

/** Reads the settings. @throws ConfigError that names every bad one */
export function readConfig(env: Env): Config {
  const read = new Reader(env);
  const influxUrl = read.url('INFLUX_URL', ['http', 'https']);
  const influx =
    influxUrl === undefined
      ? undefined
      : {
          url: influxUrl,
          ...given('token', read.text('INFLUX_TOKEN')),
          ...given('org', read.text('INFLUX_ORG')),
          bucket: read.text('INFLUX_BUCKET') ?? 'fengsui',
        };
  const demoCommunity = read.text('FENGSUI_DEMO_COMMUNITY');
  const config: Config = {
    host: read.text('HOST') ?? '127.0.0.1',
    httpPort: read.port('HTTP_PORT'),
    mqttPort: read.port('MQTT_PORT'),
    dataDir: resolve(read.text('FENGSUI_DATA') ?? './data'),
    ...given('databaseUrl', read.url('DATABASE_URL', ['postgres', 'postgresql'])),
    ...given('mqttUrl', read.url('MQTT_URL', ['mqtt', 'mqtts', 'ws', 'wss'])),
    ...given('influx', influx),
    ...given('adminPassword', read.text('FENGSUI_ADMIN_PASSWORD')),
    community: read.id('FENGSUI_COMMUNITY'),
    ...given('demoPassword', read.text('FENGSUI_DEMO_PASSWORD')),
    ...given('demoCommunity', demoCommunity === undefined ? undefined : resolve(demoCommunity)),
    demoGateways: read.list('FENGSUI_DEMO_GATEWAYS', /\s+/),
    demoPastDays: read.days('FENGSUI_DEMO_PAST_DAYS'),
    origins: read.origins('FENGSUI_ORIGINS'),
    trustProxy: read.list('FENGSUI_TRUST_PROXY', /\s*,\s*/),
    logLevel: read.level('LOG_LEVEL'),
    dashboardDir: DASHBOARD,
  };
  if (read.mistakes.length > 0) throw new ConfigError(read.mistakes.join('\n'));
  return config;
}

/** The settings as `--help` prints them. */
export function settingsHelp(): string {
  const width = Math.max(...SETTINGS.map((s) => s.name.length));
  return SETTINGS.map(
    (s) => `  ${s.name.padEnd(width)}  ${s.help}${s.default === undefined ? '' : ` (default ${s.default})`}`,
  ).join('\n');
}

/** PostgreSQL: connections and time limits. */
export const DB_LIMITS = {
  /** Connections for commands, policies and timers. */
  mainConnectionsMax: 10,
  /** Connections that only ingest uses (T1 never waits behind T2 or reports). */
  ingestConnectionsMax: 2,
  readConnectionsMax: 4,
  /** Longest wait for a free or new connection. */
  connectMsMax: 10_000,
  statementMsMax: 30_000,
  ingestStatementMsMax: 10_000,
  readStatementMsMax: 10_000,
  lockMsMax: 10_000,
  idleInTransactionMsMax: 60_000,
  /** The client gives up on an answer this long after the server should have. */
  answerGraceMs: 5_000,
  /** Distinct statements that get a name, so that each connection parses them once. */
  preparedStatementsMax: 500,
  /** Tries of a transaction that met a deadlock or a serialisation failure. */
  conflictTriesMax: 4,
  relistenMs: 500,
} as const;

/** The bundled PostgreSQL server. */
export const BUNDLED_LIMITS = {
  connectionsMax: 40,
  sharedBuffersMb: 64,
  startMsMax: 60_000,
  initMsMax: 120_000,
  /** Waits before each next step of a stop: fast, immediate, kill. */
  stopFastMsMax: 20_000,
  stopImmediateMsMax: 5_000,
  restartBackoffMs: [100, 500, 2_000, 5_000],
  /** Characters of the server's messages kept for an error at start. */
  startOutputCharsMax: 4_000,
} as const;

/** The web server. */
export const HTTP_LIMITS = {
  /** Bytes of a JSON body. */
  bodyBytesMax: 1024 * 1024,
  /** A client that sends its request slower than this is cut off. */
  requestMsMax: 30_000,
  keepAliveMs: 72_000,
  pathParamCharsMax: 300,
  /** Requests a minute of one signed-in user; alarms are never counted. */
  userRequestsPerMinuteMax: 600,
  /** Requests a minute of one address that is not signed in. */
  anonymousRequestsPerMinuteMax: 300,
  /** Callers whose counts are remembered. */
  countedCallersMax: 5_000,
  /** Length of an Idempotency-Key. */
  idempotencyKeyCharsMax: 128,
  /** Answers are kept this long for replay: a phone may be offline for days. */
  idempotencyKeepMs: 7 * 24 * 3_600_000,
  /** A health check that has not answered by then counts as down. */
  healthCheckMsMax: 2_000,
  /** Health is looked up at most this often, however often it is asked for. */
  healthCacheMs: 1_000,
} as const;

/** Passwords and sessions. */
export const STAFF_LIMITS = {
  passwordCharsMin: 8,
  /** argon2id after OWASP's password storage advice: 19 MiB, 2 passes, 1 lane. */
  argon2: { memoryCost: 19_456, timeCost: 2, parallelism: 1 },
  /** Passwords checked at once, and waiting for it; more are told to come back. */
  passwordChecksMax: 2,
  passwordChecksWaitingMax: 20,
  /** A session ends when it was not used for this long … */
  sessionIdleMs: 12 * 3_600_000,
  /** … and this long after signing in at the latest. */
  sessionMsMax: 7 * 24 * 3_600_000,
  /** A session in use is prolonged in the database at most this often. */
  sessionTouchMs: 60_000,
  /** A one-time password that nobody used by then no longer fits. */
  oneTimePasswordMs: 7 * 24 * 3_600_000,
  /** Wrong one-time setup tokens until the hub must be started again. */
  setupTriesMax: 20,
  /** Failed sign-ins within the window: of one user from one address, of one address, of one user from anywhere. */
  loginWindowMs: 15 * 60_000,
  loginFailuresPerUserAndAddressMax: 5,
  loginFailuresPerAddressMax: 50,
  loginFailuresPerUserMax: 100,
} as const;

/** Audit: sealing and publishing. */
export const AUDIT_LIMITS = {
  sealEveryMs: 100,
  /** Entries sealed in one transaction. */
  sealBatchMax: 1_000,
  /** A head is published at most this often for a community. */
  publishEveryMs: 1_000,
  /** Privileged writes stop when heads could not be sealed or published for this long. */
  failingMsMax: 10_000,
  /** Links read at once by a verification. */
  verifyBatch: 2_000,
  pageMax: 200,
} as const;

/** A stop that takes longer is cut off. */
export const HUB_LIMITS = { stopMsMax: 30_000 } as const;

export const HOUSEKEEPING_LIMITS = { everyMs: 600_000 } as const;

/** Photos and papers. */
export const FILE_LIMITS = {
  /** Bytes of one upload. */
  bytesMax: 10 * 1024 * 1024,
  /** Pixels a side that a picture may claim. */
  sideMax: 20_000,
  /** Parts of a picture (JPEG segments, PNG and WebP chunks) that are looked at. */
  partsMax: 10_000,
  /** Uploads read into memory at once; more are told to come back. */
  uploadsMax: 8,
} as const;

/** Drawings (SVG): what may be asked of a parser here and of a browser there. */
export const SVG_LIMITS = {
  bytesMax: 5 * 1024 * 1024,
  /** Parsed in slices of this many characters, so that nothing else waits long. */
  sliceChars: 32 * 1024,
  elementsMax: 60_000,
  /** Elements after every reference (use, pattern, marker …) is drawn where it is used. */
  drawnMax: 500_000,
  depthMax: 64,
  /** References that lead from one to the next. */
  referenceDepthMax: 16,
  /** Characters of one attribute or stylesheet. */
  valueCharsMax: 512 * 1024,
  /** Length or breadth of the view box, user units. */
  sideMax: 1_000_000,
  /** Names of left-out parts that the answer tells. */
  toldMax: 20,
} as const;
