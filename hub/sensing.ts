// The sensing half of the hub, composed: what gateways tell becomes alarms, history and live screens (T1).
//
//   broker → ingest → T1 (signals → alarms → incidents → events, cursor) → receipt, history, live channel
//
// main.ts starts it; everything here is wiring.
import type { Server as HttpServer } from 'node:http';
import { LANES } from '../device-profiles/contract/point.ts';
import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import {
  AlarmEngine,
  alarmTimers,
  ALARMS_CHANNEL,
  changedSince,
  Closings,
  lastSeqs,
  modesInForce,
  openAlarms,
  viewOf,
  type AlarmPorts,
  type ChangePorts,
  type GroupIncidents,
} from './alarms/api.ts';
import { alarmRoutes } from './alarms/routes.ts';
import { openBroker, type Broker } from './broker.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Db, Tx } from './db/tx.ts';
import type { EffectRunner } from './http/command.ts';
import type { Entry } from './http/entry.ts';
import { saying, type ComponentHealth, type Health } from './http/health.ts';
import type { Effect } from './events/api.ts';
import { appendEvents } from './events/store.ts';
import { deviceNames } from './equipment/api.ts';
import { Register } from './equipment/register.ts';
import { countUnproved } from './equipment/store.ts';
import { equipmentRoutes } from './equipment/routes.ts';
import { floorPlanRoutes } from './floor-plans/routes.ts';
import type { History } from './history/api.ts';
import { raiseHubFault } from './hub-faults.ts';
import { textOf } from './messages/text.ts';
import { openHistory } from './history/open.ts';
import { judgeTogether, linkageDigest } from './handling/api.ts';
import { groupAlarms } from './incidents/api.ts';
import { incidentRoutes } from './incidents/routes.ts';
import { Ingest } from './ingest/ingest.ts';
import { gatewayRoutes } from './ingest/routes.ts';
import { credentialOf } from './ingest/store.ts';
import type { DutyFrame, OrderFrame, SceneFrame } from './live/contract.ts';
import { DESK_TIMER, DeskWatch } from './live/desk-watch.ts';
import { LiveChannel } from './live/server.ts';
import { awaitedOf } from './live/state.ts';
import {
  ALARM_COUNTERS,
  DESK_COUNTERS,
  INGEST_COUNTERS,
  LIVE_COUNTERS,
  t1Times,
  TIMER_COUNTERS,
  watchCounters,
  watchGauge,
} from './metrics.ts';
import { overviewNums, overviewRoutes } from './read/overview.ts';
import type { Printer } from './print/api.ts';
import { printRoutes, type PrintRouteParts } from './read/print-routes.ts';
import { rescueReadRoutes } from './read/rescue.ts';
import { pastRoutes } from './read/past-routes.ts';
import { communityOf, createCommunity } from './property/api.ts';
import { PERSON_CHANGED_CHANNEL, type Sessions } from './staff/api.ts';
import { TimerRunner } from './timers.ts';

export interface SensingParts {
  readonly printer: Printer;
  readonly config: Config;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly entry: Entry;
  readonly runEffects: EffectRunner;
  readonly sessions: Sessions;
  /** On a valid shift with a valid certificate at that moment. */
  readonly qualified: (tx: Tx, user: { readonly id: string }, at: number) => Promise<boolean>;
  /** Since when (ms wall) a control-room shift is on; undefined while none is. */
  readonly onShiftSince: (tx: Tx, community: string, at: number) => Promise<number | undefined>;
  readonly metrics: Registry;
}

export interface Sensing {
  readonly routes: readonly FastifyPluginAsync[];
  readonly ingest: Ingest;
  readonly engine: AlarmEngine;
  readonly register: Register;
  readonly history: History;
  readonly timers: TimerRunner;
  readonly alarmPorts: ChangePorts;
  /** Set by `start`. */
  broker(): Broker;
  /** Opens the live channel on the web server, which must not listen yet. */
  attach(server: HttpServer): void;
  /** A work order changed. */
  order(community: string, frame: OrderFrame): void;
  /** Something of duty changed. */
  duty(community: string, frame: DutyFrame): void;
  /** Something changed that stands beside alarms. */
  scene(community: string, frame: SceneFrame): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The console of a rescue, and papers. */
const rescueRoutes = (parts: PrintRouteParts): FastifyPluginAsync[] => [rescueReadRoutes(parts), printRoutes(parts)];

/** Opens history and puts everything together; nothing runs before `start`. */
export async function makeSensing(parts: SensingParts): Promise<Sensing> {
  const { config, db, clock, log, health, entry, qualified } = parts;
  const history = await openHistory({
    dataDir: config.dataDir,
    now: () => clock.now(),
    ...(config.influx === undefined ? {} : { influx: config.influx }),
  });
  const register = new Register({ ensureCommunity: makeEnsureCommunity(parts.runEffects) });
  const ports: ChangePorts = { appendEvents, group: countedGrouping(parts.metrics) };
  const engine = new AlarmEngine({ ...ports, proved: (num) => register.isProved(num) });
  let broker: Broker | undefined;
  const ingest = new Ingest({
    db,
    clock,
    log,
    sink: engine,
    registry: register,
    appendEvents,
    history: history.writer,
    publish: (topic, payload) => broker?.publish(topic, payload),
    took: t1Times(parts.metrics),
  });
  const timers = makeTimers(parts, { engine, ingest, ports });
  const closings = new Closings({ db, engine, log });
  const desks = makeDeskWatch(parts, { engine, ingest, timers });
  let live: LiveChannel | undefined;
  watch(health, { history, ingest, broker: () => broker, monotonic: () => clock.monotonic() });
  measure(parts, ingest, () => live);
  return {
    routes: [
      alarmRoutes({ entry, ports: actPorts(ports, engine), qualified }),
      incidentRoutes(entry),
      equipmentRoutes({ entry, register, points: ingest, history, ports }),
      floorPlanRoutes({ entry, points: ingest, isProved: (num) => register.isProved(num) }),
      gatewayRoutes({ entry, ingest, drop: (gateway) => broker?.drop(gateway), brokerUrl: () => broker?.url }),
      overviewRoutes(entry, ingest),
      ...pastRoutes({ entry, history, points: ingest, isProved: (num) => register.isProved(num) }),
      ...rescueRoutes({ entry, history, points: ingest, deviceNames, printer: parts.printer }),
    ],
    ingest,
    engine,
    register,
    history,
    timers,
    alarmPorts: ports,
    broker: () => opened(broker),
    attach: (server) => void (live = makeLive(server, parts, { engine, ingest, desks })),
    order: (community, frame) => live?.order(community, frame),
    duty: (community, frame) => live?.duty(community, frame),
    scene: (community, frame) => live?.scene(community, frame),
    start: async () => {
      await db.read((tx) => register.load(tx));
      await ingest.start();
      await tellDamagedHistory(parts, history);
      await closings.start();
      broker = await openGatewayBroker(parts, ingest);
      await Promise.all([live?.start(), desks.start()]);
      timers.start();
    },
    stop: async () => {
      await desks.stop();
      await timers.stop();
      await live?.stop();
      await broker?.stop();
      await closings.stop();
      await ingest.stop();
      await history.close();
    },
  };
}

/** What people's acts on alarms need. */
const actPorts = (ports: ChangePorts, engine: AlarmEngine): AlarmPorts => ({
  ...ports,
  orphaned: (...key) => engine.orphaned(...key),
  judgeTogether,
});

/** @throws Error before the broker is started */
function opened<T>(broker: T | undefined): T {
  if (broker === undefined) throw new Error('the broker is not started yet');
  return broker;
}

/** The one runner of timers, with those of alarms. */
function makeTimers(
  { db, clock, log, config, runEffects, metrics }: SensingParts,
  of: { readonly engine: AlarmEngine; readonly ingest: Ingest; readonly ports: ChangePorts },
): TimerRunner {
  const { ingest } = of;
  const timers = new TimerRunner({
    db,
    clock,
    execute: runEffects,
    log,
    community: config.community,
    ready: (lane) => lane === 'main' || ingest.state === 'active',
  });
  const kinds = alarmTimers({
    ...of,
    exclusive: (work) => ingest.exclusive(work),
    assertLease: (tx) => ingest.assertLease(tx),
    settled: (gateway) => ingest.site(gateway)?.settled,
  });
  for (const [kind, handler] of Object.entries(kinds)) timers.register(kind, handler);
  watchCounters(metrics, TIMER_COUNTERS, () => timers.counters());
  return timers;
}

/** Grouping into incidents; where it fails, alarms stand alone. */
function countedGrouping(metrics: Registry): GroupIncidents {
  const counters = { groupingFailed: 0 };
  watchCounters(metrics, ALARM_COUNTERS, () => counters);
  return (tx, raised, now) =>
    groupAlarms(tx, raised, now).catch((error: unknown) => {
      counters.groupingFailed++;
      throw error;
    });
}

/** A history file that could not be opened lies aside: someone must hear that the past is missing on the screens. */
async function tellDamagedHistory({ db, clock, config, runEffects }: SensingParts, history: History): Promise<void> {
  const { damaged } = history;
  if (damaged === undefined) return;
  const actor = { kind: 'system', id: 'history' } as const;
  const now = clock.now();
  const text = textOf('notify.history-damaged', damaged);
  await db.transaction(async (tx) => {
    const effects: Effect[] = [];
    const c = { tx, now, actor, emit: (effect: Effect) => void effects.push(effect) };
    raiseHubFault(c, { community: config.community, signal: 'history', text });
    await runEffects(tx, effects, { now, actor });
  });
}

/** A gateway may name a community that nobody has described yet: it is entered under its id, to be named later. */
const makeEnsureCommunity =
  (runEffects: EffectRunner) =>
  async (tx: Tx, id: string, now: number): Promise<void> => {
    if (await communityOf(tx, id)) return;
    const actor = { kind: 'system', id: 'ingest', community: id } as const;
    const effects: Effect[] = [];
    const c = { tx, now, actor, emit: (effect: Effect) => void effects.push(effect) };
    const made = await createCommunity(c, { id, name: { zh: id, en: id }, timeZone: 'Asia/Shanghai' });
    if (!made.ok) throw new Error(`community ${id}: ${made.code}`);
    await runEffects(tx, effects, { now, actor });
  };

function openGatewayBroker({ config, db, clock, log, runEffects }: SensingParts, ingest: Ingest): Promise<Broker> {
  return openBroker({
    host: config.host,
    port: config.mqttPort,
    ...(config.mqttUrl === undefined ? {} : { url: config.mqttUrl }),
    // The table of credentials is closed to the role of reads.
    secretOf: async (username) => (await db.transaction((tx) => credentialOf(tx, username)))?.password_sha256,
    receive: (topic, payload) => ingest.receive(topic, payload),
    connected: () => ingest.connected(),
    wrongPassword: (gateway, address) => {
      const site = ingest.site(gateway);
      if (site) site.refusedLogin = { at: clock.now(), address };
    },
    forged: (gateway, topic) => {
      const community = ingest.site(gateway)?.community ?? config.community;
      const entityId = gateway;
      const effect = {
        effect: 'audit',
        community,
        action: 'gateway.forged',
        entity: 'gateway',
        entityId,
        after: { topic },
      } as const;
      db.transaction((tx) =>
        runEffects(tx, [effect], { now: clock.now(), actor: { kind: 'device', id: gateway } }),
      ).catch((error: unknown) => log.error({ err: error }, 'a forged topic could not be audited'));
    },
    log,
    monotonic: () => clock.monotonic(),
  });
}

/** Whether somebody watches the control room's screen, and the timer that looks. */
function makeDeskWatch(
  { db, clock, qualified, onShiftSince, metrics }: SensingParts,
  of: { readonly engine: AlarmEngine; readonly ingest: Ingest; readonly timers: TimerRunner },
): DeskWatch {
  const { engine, ingest, timers } = of;
  const desks = new DeskWatch({
    db,
    clock,
    engine,
    exclusive: (work) => ingest.exclusive(work),
    assertLease: (tx) => ingest.assertLease(tx),
    qualified,
    onShiftSince,
    poke: () => timers.poke(),
  });
  timers.register(DESK_TIMER, desks.timerKind());
  watchCounters(metrics, DESK_COUNTERS, () => desks.counters);
  return desks;
}

function makeLive(
  server: HttpServer,
  { config, db, clock, log, sessions }: SensingParts,
  of: { readonly engine: AlarmEngine; readonly ingest: Ingest; readonly desks: DeskWatch },
): LiveChannel {
  const { engine, ingest, desks } = of;
  const viewOfStored = ({ row, workOrder }: Awaited<ReturnType<typeof openAlarms>>[number]) => viewOf(row, workOrder);
  return new LiveChannel(server, {
    points: ingest,
    alarms: {
      // One statement after the other: the number is read first, so that what changes between is sent again, not lost.
      open: (community) =>
        db.read(async (tx) => {
          const seq = (await lastSeqs(tx)).get(community) ?? 0;
          const items = await openAlarms(tx, community);
          return { seq, items: items.map(viewOfStored) };
        }),
      changedSince: async (community, seq, limit) =>
        (await db.read((tx) => changedSince(tx, community, seq, limit))).map(viewOfStored),
      onChange: (heard) => db.listen(ALARMS_CHANNEL, heard),
    },
    overview: (community) => overviewNums(ingest, community),
    unproved: (community) => db.read((tx) => countUnproved(tx, community)),
    modes: async (community) => (await db.read((tx) => modesInForce(tx, [community]))).length,
    linkage: (community) => linkageDigest(engine, ingest, community),
    sessions: {
      // The screen shows nothing live before the one-time password is changed.
      find: async (token) => {
        const user = await sessions.find(token);
        return user?.mustChangePassword === true ? undefined : user;
      },
      lives: (token) => sessions.lives(token),
    },
    onPersonChanged: (heard) => db.listen(PERSON_CHANGED_CHANNEL, heard),
    desk: (report) => desks.reported(report),
    origins: config.origins,
    clock,
    log,
  });
}

interface Watched {
  readonly history: History;
  readonly ingest: Ingest;
  readonly broker: () => Broker | undefined;
  readonly monotonic: () => number;
}

function watch(health: Health, { history, ingest, broker, monotonic }: Watched): void {
  health.register('broker', () =>
    broker()?.connected()
      ? { status: 'ok', detail: broker()?.url ?? '' }
      : { status: 'degraded', ...saying(textOf('health.broker.none')) },
  );
  health.register('history', () => history.health());
  const ingesting = (): ComponentHealth => {
    const { state } = ingest;
    const { safety, telemetry } = ingest.waiting();
    const stuck = ingest.stuckSince;
    const said = saying(
      textOf(`health.ingest.${state}`),
      textOf('health.ingest.waiting', { safety, telemetry }),
      stuck === undefined ? undefined : textOf('health.ingest.stuck', { s: Math.round((monotonic() - stuck) / 1_000) }),
    );
    if (stuck !== undefined && state !== 'standby') return { status: 'down', ...said };
    return { status: state === 'active' || state === 'standby' ? 'ok' : 'degraded', ...said };
  };
  health.register('ingest', ingesting, { vital: true });
  health.register('gateways', () => {
    const sites = [...ingest.sites()];
    const silent = sites.filter((s) => s.silence || s.missedSince !== undefined).map((s) => s.gateway);
    const awaited = awaitedOf(sites);
    const refusing = sites.filter((s) => s.beat?.failing !== undefined).map((s) => s.gateway);
    const n = sites.length - silent.length - awaited.length;
    const named = (what: 'silent' | 'awaited' | 'refusing', of: readonly string[]) =>
      of.length > 0 ? textOf(`health.gateways.${what}`, { list: of.join(', ') }) : undefined;
    return {
      status: silent.length + refusing.length > 0 ? 'degraded' : 'ok',
      ...saying(
        textOf('health.gateways.heard', { n, all: sites.length }),
        named('silent', silent),
        named('awaited', awaited),
        named('refusing', refusing),
      ),
    };
  });
}

/** What Prometheus may ask of gateways and screens. */
function measure({ metrics, clock }: SensingParts, ingest: Ingest, live: () => LiveChannel | undefined): void {
  watchCounters(metrics, INGEST_COUNTERS, () => ingest.allCounters());
  watchCounters(metrics, LIVE_COUNTERS, () => live()?.counters ?? {});
  watchGauge(metrics, { name: 'live_screens', help: 'Screens that are connected' }, () => [[{}, live()?.screens ?? 0]]);
  const waiting = { name: 'ingest_waiting', help: 'Jobs that wait for T1', labels: ['lane'] };
  watchGauge(metrics, waiting, () => {
    const { safety, telemetry } = ingest.waiting();
    return [
      [{ lane: 'safety' }, safety],
      [{ lane: 'telemetry' }, telemetry],
    ];
  });
  const lag = {
    name: 'gateway_lag_records',
    help: 'Records a gateway has and the hub has not',
    labels: ['gateway', 'lane'],
  };
  watchGauge(metrics, lag, () =>
    [...ingest.sites()].flatMap(({ gateway, beat, epoch, lanes }) =>
      beat === undefined || beat.epoch !== epoch
        ? []
        : LANES.map((lane) => [{ gateway, lane }, Math.max(0, beat.head[lane] - lanes[lane].seq)] as const),
    ),
  );
  const heard = { name: 'gateway_unheard_seconds', help: 'Time since a gateway was last heard', labels: ['gateway'] };
  watchGauge(metrics, heard, () =>
    [...ingest.sites()].flatMap((site) => {
      const at = ingest.heardAt(site);
      return at === undefined ? [] : [[{ gateway: site.gateway }, (clock.monotonic() - at) / 1_000] as const];
    }),
  );
  const silent = { name: 'gateway_silent', help: '1 while a gateway is silent', labels: ['gateway'] };
  watchGauge(metrics, silent, () =>
    [...ingest.sites()].map(({ gateway, silence }) => [{ gateway }, silence === undefined ? 0 : 1] as const),
  );
}
