// The hub's composition root, read top-down as the data flows: database, audit, effects, people, entry, web server.
// `npm run hub` starts it; tests and the demo call startHub.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import pino, { type Logger } from 'pino';
import type { Registry } from 'prom-client';
import { lostEntries, makeHeadsLog, makeSealer, type HeadsLog, type LostEntries } from './audit/api.ts';
import { ALARM_RULES } from './alarms/api.ts';
import { auditRoutes } from './audit/routes.ts';
import { systemClock, type Clock } from './clock.ts';
import { ConfigError, HUB_LIMITS, readConfig, settingsHelp, type Config } from './config.ts';
import { openDatabase, type Database } from './db/open.ts';
import type { Pools } from './db/pool.ts';
import type { Tx } from './db/tx.ts';
import { writeAlarmHistory } from './demo/alarm-history.ts';
import { commissionDemo, DEMO_COMMISSION_TIMER } from './demo/commission.ts';
import { drawDemoPlans } from './demo/floor-plans.ts';
import { startDemo, type DemoHub } from './demo/seed.ts';
import { pastSeries, writePastSamples, type PastSeries } from './demo/telemetry-history.ts';
import { controlRoomSince, qualified } from './duty/api.ts';
import { makeEffects } from './effects.ts';
import { ok } from './errors.ts';
import { deviceNames } from './equipment/api.ts';
import type { Actor } from './events/api.ts';
import { fileRoutes } from './files/routes.ts';
import { keepReadings } from './read/readings.ts';
import { linkageOf, type FirePorts } from './handling/api.ts';
import { makeEntry, runCommand, type EffectRunner } from './http/command.ts';
import type { Entry, SignedIn } from './http/entry.ts';
import { makeHealth, saying, type Health } from './http/health.ts';
import { textOf } from './messages/text.ts';
import { makeMetrics, watchPools } from './http/metrics.ts';
import { buildServer } from './http/server.ts';
import type { History } from './history/api.ts';
import { startHousekeeping } from './housekeeping.ts';
import { INCIDENT_RULES } from './incidents/api.ts';
import { HOUSEKEEPING_COUNTERS, watchCounters } from './metrics.ts';
import { makeEnqueue } from './notify/api.ts';
import { DESK_RULE } from './live/desk.ts';
import { makePrinter, type Printer } from './print/api.ts';
import { listBuildings } from './property/api.ts';
import { openBlockages } from './lanes/api.ts';
import { planInForce, planKindOf } from './plans/api.ts';
import { propertyRoutes } from './property/routes.ts';
import { FIGURES_RULE } from './read/figures/rule.ts';
import { tellRecordTroubles } from './record-troubles.ts';
import type { Round } from './records/api.ts';
import { makeResponding, peoplePorts, type Responding } from './responding.ts';
import { makeSensing, type Sensing } from './sensing.ts';
import {
  hasNobody,
  makeFirstAdmin,
  makePasswords,
  makeSessions,
  makeSetup,
  type Passwords,
  type Sessions,
} from './staff/api.ts';
import { staffRoutes } from './staff/routes.ts';
import { makeSecondSession, sessionRoutes } from './staff/session-routes.ts';

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
  /** What the first administrator proves themselves with; only while there is nobody. */
  readonly setupToken?: string;
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

function watchDatabase(health: Health, metrics: Registry, database: Database): void {
  watchPools(metrics, () => database.db.stats());
  health.register(
    'database',
    async () => {
      await database.db.ping();
      const restarts = database.bundled?.restarts() ?? 0;
      const again = restarts === 0 ? undefined : textOf('health.database.restarts', { n: restarts });
      const where = textOf(`health.database.${database.bundled === undefined ? 'server' : 'bundled'}`);
      return { status: 'ok', ...saying(where, again) };
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

/** What everything else stands on. */
interface Ground {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly started: Started;
  readonly database: Database;
  readonly db: Pools;
  readonly metrics: Registry;
  readonly health: Health;
  readonly heads: HeadsLog;
  readonly runEffects: EffectRunner;
  readonly entry: Entry;
  readonly asSystem: RunSystem;
  readonly printer: Printer;
}

async function compose(config: Config, clock: Clock, log: Logger, started: Started): Promise<Hub> {
  const ground = await layGround(config, clock, log, started);
  const people = await admitPeople(ground);

  // T1: what gateways tell becomes alarms, history and live screens.
  const sensing = await makeSensing({
    ...ground,
    sessions: people.sessions,
    qualified,
    onShiftSince: controlRoomSince,
  });
  started.add('sensing', () => sensing.stop());
  ground.database.lock.serve((request) => copyHistory(sensing.history, request.to));

  // T2: what has happened causes orders, pages and the rest.
  const responding = makeResponding({
    ...ground,
    timers: sensing.timers,
    alarms: {
      engine: sensing.engine,
      ports: sensing.alarmPorts,
      exclusive: (work) => sensing.ingest.exclusive(work),
      assertLease: (tx) => sensing.ingest.assertLease(tx),
    },
    rules: [...ALARM_RULES, ...INCIDENT_RULES, DESK_RULE, FIGURES_RULE],
    deviceNames,
    orderChanged: (community, frame) => sensing.order(community, frame),
    dutyChanged: (community, frame) => sensing.duty(community, frame),
    sceneChanged: (community, frame) => sensing.scene(community, frame),
    fires: firePorts(sensing),
    signIn: people.signIn,
  });
  started.add('responding', () => responding.stop());
  waitForDemoPoints(ground, sensing);

  const app = await makeServer(ground, [...people.routes, ...sensing.routes, ...responding.routes], people.sessions);
  sensing.attach(app.server);
  await sensing.start();
  await responding.start();
  const url = await app.listen({ host: config.host, port: config.httpPort });

  const { database, entry, runEffects, health } = ground;
  const { sessions, passwords, demo, setupToken } = people;
  const broker = sensing.broker().url;
  const stop = (): Promise<void> => started.undoAll();
  const parts = { app, database, entry, runEffects, sessions, passwords, health, sensing, responding, stop };
  const once = setupToken === undefined ? {} : { setupToken };
  return { url, broker, ...(demo === undefined ? {} : { demo }), ...once, ...parts };
}

/** A demo marks its points and writes its past once a birth has told which points there are. */
function waitForDemoPoints(ground: Ground, sensing: Sensing): void {
  const { config } = ground;
  sensing.timers.register(DEMO_COMMISSION_TIMER, {
    handle: async (c, { community }) => {
      const last = (await listBuildings(c.tx, community)).at(-1)?.id;
      const nums = await commissionDemo(c, sensing.alarmPorts, community, last);
      const past = config.demoPastDays > 0 && nums.length > 0 ? await pastSeries(c.tx, community) : [];
      if (nums.length > 0) {
        await drawDemoPlans(c, community);
        await writeAlarmHistory(c, sensing.alarmPorts, community, config.demoPastDays);
      }
      return () => {
        sensing.register.marked(nums, true);
        void tellPast(ground, sensing.history, past, c.now);
      };
    },
  });
}

/** The demo's measurements of the days before, beside everything else; a history server of the user's own gets none. */
async function tellPast(
  { config, log }: Ground,
  { writer }: History,
  past: readonly PastSeries[],
  now: number,
): Promise<void> {
  try {
    if (writer) await writePastSamples(writer, past, now, config.demoPastDays);
  } catch (error) {
    log.warn({ err: error }, 'the past of the demo could not be written');
  }
}

/** What the fire procedure asks of points, duty and plans. */
const firePorts = ({ alarmPorts, engine, ingest }: Sensing): FirePorts => ({
  alarms: alarmPorts,
  qualified,
  linkage: (community, kinds) => linkageOf(engine, ingest, community, kinds),
  planInForce: async (tx, { community, building }) => {
    const kind = await planKindOf(tx, community, { class: 'FIRE', deviceKind: 'fire-panel' });
    const found = kind === undefined ? undefined : await planInForce(tx, community, building, kind);
    return found && { id: found.plan, title: found.title, version: found.version, number: found.number };
  },
  // That nobody reported a lane does not make it clear: only a blocked one is known.
  laneState: async (tx, { community, building }) => {
    const here = (await openBlockages(tx, community)).filter(
      (lane) => lane.building === undefined || building === undefined || lane.building === building,
    );
    if (here.length === 0) return undefined;
    return { state: 'blocked', note: here.map((lane) => lane.place).join('、') };
  },
});

/** Database, audit, effects and the entry of writes. */
async function layGround(config: Config, clock: Clock, log: Logger, started: Started): Promise<Ground> {
  const { dataDir, databaseUrl } = config;
  const database = await openDatabase({ dataDir, log, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
  started.add('database', () => database.close());
  const { db } = database;
  const metrics = makeMetrics();
  const health = makeHealth(clock);
  watchDatabase(health, metrics, database);

  // Audit: entries are written with what they are about, and sealed beside it.
  const heads = makeHeadsLog(join(dataDir, 'heads'));
  const noticed = (tx: Tx, { community, count }: LostEntries, now: number): Promise<void> =>
    runEffects(tx, lostEntries(community, count), { now, actor: SYSTEM });
  const sealer = makeSealer({ db, clock, log, heads, noticed });
  sealer.start();
  started.add('sealer', () => sealer.stop());
  health.register('audit', () => {
    const why = sealer.blocked();
    return why === undefined
      ? { status: 'ok', ...saying(textOf('health.audit.sealed')) }
      : { status: 'degraded', detail: why };
  });

  const runEffects = makeEffects({ enqueue: makeEnqueue(peoplePorts), auditBlocked: () => sealer.blocked() });
  const entry = makeEntry({ db, clock, runEffects });
  const asSystem: RunSystem = (work) => runCommand(db, runEffects, { now: clock.now(), actor: SYSTEM }, work);
  const tellRecords = async (round: Round): Promise<void> =>
    void (await asSystem(async (c) => ok(tellRecordTroubles(c, round))));
  const housekeeping = startHousekeeping({ db, clock, log, tellRecords });
  watchCounters(metrics, HOUSEKEEPING_COUNTERS, () => housekeeping.counters());
  started.add('housekeeping', () => housekeeping.stop());
  const printer = makePrinter();
  started.add('printer', () => printer.stop());
  return { config, clock, log, started, database, db, metrics, health, heads, runEffects, entry, asSystem, printer };
}

interface People {
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly demo: DemoHub | undefined;
  /** Signs another person in beside the session of a request. */
  readonly signIn: ReturnType<typeof makeSecondSession>;
  readonly setupToken: string | undefined;
  readonly routes: readonly FastifyPluginAsync[];
}

/** Who may sign in: the demo's users, or the first administrator; and the routes about people and places. */
async function admitPeople(ground: Ground): Promise<People> {
  const { config, clock, log, db, entry, heads, runEffects, asSystem } = ground;
  const { demoCommunity } = config;
  const passwords = makePasswords();
  const sessions = makeSessions(db, clock, passwords);
  const demo =
    demoCommunity === undefined ? undefined : await startDemo({ ...config, demoCommunity }, asSystem, passwords);
  if (demo === undefined) await ensureAdmin(config, asSystem, passwords, log);
  const opened = (tx: Tx, { id, community }: SignedIn, now: number): Promise<void> => {
    const effect = { effect: 'audit', community, action: 'session.opened', entity: 'session', entityId: id } as const;
    return runEffects(tx, [effect], { now, actor: SYSTEM });
  };
  const nobody = await db.read(hasNobody);
  const setup = makeSetup({ entry, passwords, community: config.community, asSystem }, nobody);
  const routes = [
    setup.routes,
    sessionRoutes({ entry, sessions, passwords, qualified, opened }),
    staffRoutes(entry, passwords),
    propertyRoutes(entry),
    auditRoutes(entry, heads),
    fileRoutes(entry),
  ];
  const signIn = makeSecondSession({ sessions, opened });
  return { passwords, sessions, demo, setupToken: nobody ? setup.token : undefined, signIn, routes };
}

async function makeServer(
  { config, clock, db, log, health, metrics, runEffects, started }: Ground,
  routes: readonly FastifyPluginAsync[],
  sessions: Sessions,
): Promise<FastifyInstance> {
  const { origins, trustProxy, dashboardDir } = config;
  const version = VERSION;
  const keepReading = keepReadings({ db, clock, runEffects });
  const server = { log, sessions, keepReading, health, metrics, origins, trustProxy, dashboardDir, version, routes };
  const app = await buildServer(server);
  started.add('web server', () => app.close());
  return app;
}

/** For a backup beside us: only we can read the embedded history. */
async function copyHistory(history: History, file: string): Promise<void> {
  if (history.copyTo === undefined) throw new Error('history is not kept here');
  await history.copyTo(file);
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
    // Whatever hangs: the database recovers at its next start, gateways keep what they have no receipt for.
    setTimeout(() => process.exit(1), HUB_LIMITS.stopMsMax).unref();
    void hub.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Started by another program with a channel to it: when that program is gone, so are we.
  process.on('disconnect', stop);
  const { url, broker, demo, setupToken } = hub;
  console.log(
    JSON.stringify({ ready: 'hub', url, broker, ...demo, ...(setupToken === undefined ? {} : { setupToken }) }),
  );
  if (setupToken !== undefined)
    console.log(`Nobody can sign in yet. Open ${url} and enter the one-time setup token ${setupToken}`);
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
