// The hub's composition root, read top-down as the data flows: database, audit, effects, people, entry, web server.
// `npm run hub` starts it; tests and the demo call startHub.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import pino, { type Logger } from 'pino';
import { makeHeadsLog, makeSealer } from './audit/api.ts';
import { ALARM_RULES } from './alarms/api.ts';
import { auditRoutes } from './audit/routes.ts';
import { systemClock, type Clock } from './clock.ts';
import { ConfigError, readConfig, settingsHelp, type Config } from './config.ts';
import { openDatabase, type Database } from './db/open.ts';
import { startDemo, type DemoHub } from './demo/seed.ts';
import { qualified } from './duty/api.ts';
import { makeEffects } from './effects.ts';
import { deviceNames } from './equipment/api.ts';
import type { Actor } from './events/api.ts';
import { fileRoutes } from './files/routes.ts';
import { makeEntry, runCommand, type EffectRunner } from './http/command.ts';
import type { Entry } from './http/entry.ts';
import { makeHealth, type Health } from './http/health.ts';
import { makeMetrics } from './http/metrics.ts';
import { buildServer } from './http/server.ts';
import { startHousekeeping } from './housekeeping.ts';
import { INCIDENT_RULES } from './incidents/api.ts';
import { makeEnqueue } from './notify/api.ts';
import { propertyRoutes } from './property/routes.ts';
import { makeResponding, peoplePorts, type Responding } from './responding.ts';
import { makeSensing, type Sensing } from './sensing.ts';
import { makeFirstAdmin, makePasswords, makeSessions, type Passwords, type Sessions } from './staff/api.ts';
import { staffRoutes } from './staff/routes.ts';
import { sessionRoutes } from './staff/session-routes.ts';

const VERSION = '0.1.0';
const SYSTEM: Actor = { kind: 'system', id: 'hub' };

export interface HubOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
}

export interface Hub {
  /** Where the dashboard and the API are, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where gateways connect, without credentials. */
  readonly broker: string;
  readonly demo?: DemoHub;
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly entry: Entry;
  readonly runEffects: EffectRunner;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly health: Health;
  readonly sensing: Sensing;
  readonly responding: Responding;
  stop(): Promise<void>;
}

/** Undo steps of what has been started, run newest first. */
class Started {
  readonly #steps: { readonly what: string; readonly undo: () => Promise<void> | void }[] = [];
  readonly #log: Logger;
  constructor(log: Logger) {
    this.#log = log;
  }
  add(what: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ what, undo });
  }
  /** A step that fails does not keep the others from running. */
  async undoAll(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        this.#log.error({ err: error, what: step.what }, 'could not be stopped in order');
      }
    }
  }
}

function watchDatabase(health: Health, database: Database): void {
  health.register(
    'database',
    async () => {
      await database.db.ping();
      const restarts = database.bundled?.restarts() ?? 0;
      const where = database.bundled === undefined ? 'server' : 'bundled';
      return { status: 'ok', detail: restarts === 0 ? where : `${where}, restarted ${restarts} times` };
    },
    { vital: true },
  );
}

/** Makes `admin` in an empty hub. */
async function ensureAdmin(config: Config, run: RunSystem, passwords: Passwords, log: Logger): Promise<void> {
  const { adminPassword, community } = config;
  if (adminPassword === undefined) return;
  const hash = await passwords.hash(adminPassword);
  if (await run((c) => makeFirstAdmin(c, { community, hash }))) log.info({ community }, 'made the user admin');
}

type Work<T> = Parameters<typeof runCommand<T>>[3];
type RunSystem = <T>(work: Work<T>) => Promise<T>;

/**
 * Starts a hub.
 * @throws ConfigError, DivergedHistory, DataDirInUse; Error naming DATABASE_URL when there is no database to be had
 */
export async function startHub(config: Config, options: HubOptions = {}): Promise<Hub> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: false }));
  const started = new Started(log);
  try {
    return await compose(config, clock, log, started);
  } catch (error) {
    await started.undoAll();
    throw error;
  }
}

async function compose(config: Config, clock: Clock, log: Logger, started: Started): Promise<Hub> {
  const { dataDir, databaseUrl } = config;
  const database = await openDatabase({ dataDir, log, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
  started.add('database', () => database.close());
  const { db } = database;

  const metrics = makeMetrics();
  const health = makeHealth(clock);
  watchDatabase(health, database);

  // Audit: entries are written with what they are about, and sealed beside it.
  const heads = makeHeadsLog(join(dataDir, 'heads'));
  const sealer = makeSealer({ db, clock, log, heads });
  sealer.start();
  started.add('sealer', () => sealer.stop());
  health.register('audit', () => {
    const why = sealer.blocked();
    return why === undefined ? { status: 'ok', detail: 'sealed' } : { status: 'degraded', detail: why };
  });

  const runEffects = makeEffects({ enqueue: makeEnqueue(peoplePorts), auditBlocked: () => sealer.blocked() });
  const entry = makeEntry({ db, clock, runEffects });
  const asSystem: RunSystem = (work) => runCommand(db, runEffects, { now: clock.now(), actor: SYSTEM }, work);

  // People.
  const passwords = makePasswords();
  const sessions = makeSessions(db, clock, passwords);
  const demo =
    config.demoCommunity === undefined
      ? undefined
      : await startDemo({ ...config, demoCommunity: config.demoCommunity }, asSystem, passwords);
  if (demo === undefined) await ensureAdmin(config, asSystem, passwords, log);

  // T1: what gateways tell becomes alarms, history and live screens.
  const sensing = await makeSensing({ config, db, clock, log, health, entry, runEffects, sessions, qualified });
  started.add('sensing', () => sensing.stop());

  // T2: what has happened causes orders, pages and the rest.
  const responding = makeResponding({
    db,
    clock,
    log,
    health,
    entry,
    runEffects,
    timers: sensing.timers,
    alarms: {
      engine: sensing.engine,
      ports: sensing.alarmPorts,
      exclusive: (work) => sensing.ingest.exclusive(work),
      assertLease: (tx) => sensing.ingest.assertLease(tx),
    },
    rules: [...ALARM_RULES, ...INCIDENT_RULES],
    deviceNames,
    orderChanged: (community, frame) => sensing.order(community, frame),
  });
  started.add('responding', () => responding.stop());

  const housekeeping = startHousekeeping({ db, clock, log });
  started.add('housekeeping', () => housekeeping.stop());

  const routes: FastifyPluginAsync[] = [
    sessionRoutes({
      entry,
      sessions,
      passwords,
      qualified,
      opened: (tx, user, now) =>
        runEffects(
          tx,
          [
            {
              effect: 'audit',
              community: user.community,
              action: 'session.opened',
              entity: 'session',
              entityId: user.id,
            },
          ],
          { now, actor: SYSTEM },
        ),
    }),
    staffRoutes(entry, passwords),
    propertyRoutes(entry),
    auditRoutes(entry, heads),
    fileRoutes(entry),
    ...sensing.routes,
    ...responding.routes,
  ];
  const app = await buildServer({
    log,
    sessions,
    health,
    metrics,
    origins: config.origins,
    trustProxy: config.trustProxy,
    dashboardDir: config.dashboardDir,
    version: VERSION,
    routes,
  });
  sensing.attach(app.server);
  started.add('web server', () => app.close());
  await sensing.start();
  await responding.start();
  const url = await app.listen({ host: config.host, port: config.httpPort });
  const broker = sensing.broker().url;

  const stop = (): Promise<void> => started.undoAll();
  return {
    url,
    broker,
    ...(demo === undefined ? {} : { demo }),
    app,
    database,
    entry,
    runEffects,
    sessions,
    passwords,
    health,
    sensing,
    responding,
    stop,
  };
}

const HELP = `npm run hub — the hub: dashboard, API, broker and store of one or more communities.

Settings (environment):
${settingsHelp()}`;

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(HELP);
    return;
  }
  const hub = await startHub(readConfig(process.env));
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void hub.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Started by another program with a channel to it: when that program is gone, so are we.
  process.on('disconnect', stop);
  console.log(JSON.stringify({ ready: 'hub', url: hub.url, broker: hub.broker, ...hub.demo }));
}

/** True when this file is the program, not a module of another. */
const isProgram = (): boolean =>
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);

if (isProgram()) {
  main().catch((error: unknown) => {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  });
}
