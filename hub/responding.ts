// The responding half of the hub, composed (T2): what has happened causes orders, pages and the rest.
//
//   events → policies → orders · checks · duty, their timers → notifications; changes of orders → live screens
//
// main.ts starts it; everything here is wiring. Nothing here holds what T1 needs for longer than one short transaction.
import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import {
  linkOrder,
  shiftSteady,
  startMode,
  steadySince,
  stopMode,
  type AlarmEngine,
  type ChangePorts,
} from './alarms/api.ts';
import { keyOf } from './alarms/row.ts';
import { findAlarm } from './alarms/store.ts';
import { archiveRoutes, CHAPTERS_RULE } from './archive/api.ts';
import type { Clock } from './clock.ts';
import type { Db, Tx } from './db/tx.ts';
import { DEMO_DUTY_TIMER, ensureDemoDuty } from './demo/duty.ts';
import { DUTY_RULES, DUTY_TIMERS, onDuty, SHIFT_TIMER } from './duty/api.ts';
import { handoverRoutes, type HandoverRouteParts } from './duty/handover-routes.ts';
import { dutyRoutes } from './duty/routes.ts';
import { watchRoutes } from './duty/watch-routes.ts';
import { backlog } from './events/books.ts';
import { policyRoutes } from './events/routes.ts';
import type { CommandContext, Effect } from './events/api.ts';
import { PolicyRunner, READER } from './events/runner.ts';
import { EventTail } from './events/tail.ts';
import { missingFiles } from './files/api.ts';
import { ok } from './errors.ts';
import { ESCALATION, ESCALATION_TIMER, escalateUnacknowledged } from './escalation.ts';
import { beginTrainingLooks, FIRE_SAFETY_RULES, FIRE_SAFETY_TIMERS, fireSafetyRoutes } from './fire-safety/api.ts';
import { ESCORT_RULES } from './escorts/api.ts';
import { escortRoutes } from './escorts/routes.ts';
import { runCommand, type EffectRunner } from './http/command.ts';
import type { Entry } from './http/entry.ts';
import { saying, type Health } from './http/health.ts';
import { textOf } from './messages/text.ts';
import { ROLES } from './http/policy.ts';
import { clockRanOut, FIRE_TIMER, fireRoutes, HANDLING_RULES, notInAutomatic, type FirePorts } from './handling/api.ts';
import { HUB_FAULT_TIMER, hubFaultTimer, raiseHubFault } from './hub-faults.ts';
import { hubDevice } from './ingest/api.ts';
import { LANE_RULES } from './lanes/api.ts';
import { laneRoutes } from './lanes/routes.ts';
import { checkRoutes } from './inspections/routes.ts';
import type { DutyFrame, OrderFrame, SceneFrame } from './live/contract.ts';
import { deskTimer } from './live/desk-watch.ts';
import { POLICY_COUNTERS, watchCounters } from './metrics.ts';
import { NOTIFY_RULES, reachedAnyone, type PeoplePorts } from './notify/api.ts';
import { notifyRoutes } from './notify/routes.ts';
import { NotifyRunner } from './notify/runner.ts';
import { PLAN_RULES, PLAN_TIMERS, type DrillPorts } from './plans/api.ts';
import { planRoutes } from './plans/routes.ts';
import { runRoutes } from './plans/run-routes.ts';
import { POLICIES } from './policies.ts';
import type { PolicyPorts } from './policy-ports.ts';
import { scenePrintRoutes } from './read/scene-print.ts';
import { sceneRoutes } from './read/scene.ts';
import { communityIds } from './property/api.ts';
import { archiveReadRoutes } from './read/archive/routes.ts';
import { readingRoutes } from './read/readings.ts';
import type { RuleSet } from './rules/api.ts';
import type { Printer } from './print/api.ts';
import { KEEP_RULE } from './records/api.ts';
import { recordRoutes } from './records/routes.ts';
import { ruleRoutes } from './rules/routes.ts';
import { SCENE_TIMERS } from './scene-notices.ts';
import { findUser, usersByRole } from './staff/api.ts';
import type { TimerRunner } from './timers.ts';
import { openByHand, ORDER_RULES, orderTimers, unfinishedOrders, type SignalQuestion } from './work-orders/api.ts';
import { raiseUnfitRules } from './unfit-rules.ts';
import { orderRoutes } from './work-orders/routes.ts';

/** Policies count as behind when an event has waited this long, ms. */
const BEHIND_MS = 60_000;

export interface RespondingParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly metrics: Registry;
  readonly entry: Entry;
  readonly runEffects: EffectRunner;
  readonly printer: Printer;
  /** Kinds are registered here; whoever made it starts and stops it. */
  readonly timers: TimerRunner;
  readonly alarms: {
    readonly engine: AlarmEngine;
    readonly ports: ChangePorts;
    /** Runs alone beside T1. */
    readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
    /** @throws Error when another hub holds the lease */
    readonly assertLease: (tx: Tx) => Promise<void>;
  };
  /** Rule sets of other domains that a site may set. */
  readonly rules: readonly RuleSet[];
  readonly deviceNames: (
    tx: Tx,
    community: string,
    devices: readonly string[],
  ) => Promise<ReadonlyMap<string, { readonly zh: string; readonly en: string }>>;
  /** To screens: an order changed. */
  readonly orderChanged: (community: string, frame: OrderFrame) => void;
  /** To screens: something of duty changed. */
  readonly dutyChanged: (community: string, frame: DutyFrame) => void;
  /** To screens: something changed that stands beside alarms. */
  readonly sceneChanged: (community: string, frame: SceneFrame) => void;
  /** What the fire procedure asks of points, duty and domains above it. */
  readonly fires: FirePorts;
  /** Signs another person in beside the session of a request. */
  readonly signIn: HandoverRouteParts['signIn'];
}

export interface Responding {
  readonly routes: readonly FastifyPluginAsync[];
  readonly policies: PolicyRunner<PolicyPorts>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Rule sets of what is composed here, that a site may set. */
const OWN_RULES = [
  ...ORDER_RULES,
  ...DUTY_RULES,
  ...HANDLING_RULES,
  ...FIRE_SAFETY_RULES,
  ...NOTIFY_RULES,
  ...PLAN_RULES,
  ...LANE_RULES,
  ...ESCORT_RULES,
  KEEP_RULE,
  CHAPTERS_RULE,
  ESCALATION,
];

/** What goes over to the next shift beside alarms. */
const goingOver = (fires: FirePorts): Pick<HandoverRouteParts, 'unfinishedOrders' | 'linkage'> => ({
  unfinishedOrders,
  linkage: (tx, community) => notInAutomatic(tx, fires, community),
});

/** What the outbox must know of people. */
export const peoplePorts: PeoplePorts = {
  peopleOf: async (tx, community, role) => {
    const known = ROLES.find((r) => r === role);
    return known === undefined ? [] : usersByRole(tx, community, [known]);
  },
  person: findUser,
};

/** Puts everything together; nothing runs before `start`. */
export function makeResponding(parts: RespondingParts): Responding {
  const { db, clock, log, entry, runEffects, timers, alarms } = parts;
  const ports = portsOf(parts);
  const policies = new PolicyRunner({ db, clock, execute: runEffects, policies: POLICIES, ports, log });
  const notify = new NotifyRunner({ db, clock, log });
  const tail = new EventTail({ db, log });
  tail.on('order.changed', ({ community, payload }) =>
    parts.orderChanged(community, { order: payload.order, state: payload.state }),
  );
  tail.on('duty.changed', ({ community, payload }) => parts.dutyChanged(community, payload));
  tail.on('scene.changed', ({ community, payload }) => parts.sceneChanged(community, payload));
  registerTimers(timers, ports);
  timers.register(HUB_FAULT_TIMER, hubFaultTimer(alarms));
  watch(parts);
  watchCounters(parts.metrics, POLICY_COUNTERS, () => policies.counters());
  const unknownDevices = async (tx: Tx, community: string, devices: readonly string[]): Promise<readonly string[]> => {
    const known = await parts.deviceNames(tx, community, devices);
    return devices.filter((d) => !known.has(d));
  };
  const rules = [...OWN_RULES, ...parts.rules];
  const sceneParts = scenePortsOf(ports, alarms.ports);
  const asUser: HandoverRouteParts['asUser'] = ({ id, name, role, community }, work) =>
    runCommand(db, runEffects, { now: clock.now(), actor: { kind: 'user', id, name, role, community } }, work);
  return {
    routes: [
      orderRoutes(entry, ports),
      checkRoutes(entry, { unknownDevices, missingFiles }),
      dutyRoutes(entry),
      watchRoutes(entry),
      handoverRoutes({ entry, signIn: parts.signIn, asUser, ...goingOver(parts.fires) }),
      fireSafetyRoutes(entry, ports),
      fireRoutes({ entry, ports: parts.fires }),
      notifyRoutes(entry, peoplePorts),
      planRoutes(entry),
      runRoutes(entry, sceneParts),
      laneRoutes(entry, sceneParts),
      escortRoutes(entry),
      sceneRoutes(entry),
      scenePrintRoutes(parts),
      policyRoutes(entry),
      recordRoutes({ entry, printer: parts.printer }),
      archiveRoutes(entry),
      archiveReadRoutes({ entry, printer: parts.printer }),
      readingRoutes(entry),
      ruleRoutes(entry, rules),
    ],
    policies,
    start: async () => {
      await tail.start();
      await policies.start();
      await notify.start();
      await lookAround(parts, rules);
    },
    stop: async () => {
      await policies.stop();
      await notify.stop();
      await tail.stop();
    },
  };
}

function registerTimers(timers: TimerRunner, ports: PolicyPorts): void {
  for (const [kind, handle] of Object.entries(orderTimers(ports))) timers.register(kind, { handle });
  for (const [kind, handle] of Object.entries(DUTY_TIMERS))
    timers.register(kind, {
      handle: async (c, timer) => {
        await handle(c, timer);
        // From the beginning of a shift somebody has to be at the screen.
        if (kind === SHIFT_TIMER) c.emit(deskTimer(timer.community, c.now));
      },
    });
  for (const [kind, handle] of Object.entries(FIRE_SAFETY_TIMERS)) timers.register(kind, { handle });
  for (const [kind, handle] of Object.entries({ ...PLAN_TIMERS, ...SCENE_TIMERS })) timers.register(kind, { handle });
  timers.register(DEMO_DUTY_TIMER, { handle: (c, timer) => ensureDemoDuty(c, timer.community) });
  timers.register(ESCALATION_TIMER, { handle: escalateUnacknowledged });
  timers.register(FIRE_TIMER, { handle: clockRanOut });
}

async function lookAround({ db, clock, runEffects }: RespondingParts, rules: readonly RuleSet[]): Promise<void> {
  const actor = { kind: 'system', id: 'rules' } as const;
  const now = clock.now();
  await db.transaction(async (tx) => {
    const effects: Effect[] = [];
    const c: CommandContext = { tx, now, actor, emit: (effect) => void effects.push(effect) };
    await raiseUnfitRules(c, rules);
    await beginTrainingLooks(c, await communityIds(tx));
    await runEffects(tx, effects, { now, actor });
  });
}

/** What lanes and drills ask of alarms and work orders. */
function scenePortsOf(ports: PolicyPorts, changes: ChangePorts): DrillPorts {
  return {
    openOrder: (c, id, wish) => openByHand(c, ports, id, wish),
    beginMode: async (c, { building, minutes, reason }) => {
      const scope = building === undefined ? {} : { building };
      const begun = await startMode(c, changes, { mode: 'drill', scope, minutes, reason });
      return begun.ok ? ok(begun.value.id) : begun;
    },
    endMode: async (c, id) => void (await stopMode(c, changes, id)),
  };
}

function portsOf({ alarms, deviceNames }: RespondingParts): PolicyPorts {
  return {
    signalGone: (tx, question, now) => signalGone(alarms.engine, tx, question, now),
    alarmActive: async (tx, community, id) => (await findAlarm(tx, community, id))?.row.active ?? false,
    missingFiles,
    person: async (tx, community, id) => {
      const user = await findUser(tx, id);
      return user?.active && user.community === community ? user : undefined;
    },
    onDuty,
    deviceNames,
    linkAlarm: (c, alarm, order) => linkOrder(c, alarms.ports, alarm, order),
    shiftSteady: (c, jumpMs) => shiftSteady(c.tx, jumpMs),
    raiseFault: async (c, fault) => raiseHubFault(c, fault),
    reachedAnyone: (c, notification) => reachedAnyone(c.tx, notification),
  };
}

/**
 * Live data says that a signal is gone and has stayed gone: the engine finds its condition false on good data now, has
 * done so without a gap for the hold time, and its alarms cleared at least that long ago and have not come back. What
 * the hub or a gateway tells of itself has no condition to look at: it is gone when a person has closed it.
 */
async function signalGone(engine: AlarmEngine, tx: Tx, q: SignalQuestion, now: number): Promise<boolean> {
  const key = keyOf(q.device, q.point, q.signal);
  const { truth, raised } = engine.track(key);
  for (const id of q.alarms) {
    const row = (await findAlarm(tx, q.community, id))?.row;
    if (!row) return false;
    const told = row.device === hubDevice(row.gateway) && row.latch === 'manual';
    const goneAt = told ? row.closed_at : row.cleared_at;
    if (goneAt === null || now - goneAt < q.holdMs) return false;
    if (told ? engine.isOpen(key) : row.active || truth !== 'false' || raised) return false;
    if (told) continue;
    const since = await steadySince(tx, q);
    if (since === undefined || now - since < q.holdMs) return false;
  }
  return true;
}

function watch({ db, clock, health }: RespondingParts): void {
  health.register('policies', async () => {
    const { oldest, waiting, setAside } = await db.read((tx) => backlog(tx, READER));
    const behind = oldest === undefined ? 0 : clock.now() - oldest.getTime();
    const words = textOf('health.policies', { waiting, setAside, seconds: Math.round(behind / 1000) });
    return { status: behind > BEHIND_MS || setAside > 0 ? 'degraded' : 'ok', ...saying(words) };
  });
}
