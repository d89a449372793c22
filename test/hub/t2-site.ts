// A community with people, the policy table, timers and the outbox on a real database, and alarms that a test moves by
// hand. What happens inside one process, step by step on a clock of its own.
import { createHash } from 'node:crypto';
import { ManualClock } from '../../hub/clock.ts';
import { DUTY_TIMERS, onDuty, planShift } from '../../hub/duty/api.ts';
import { makeEffects } from '../../hub/effects.ts';
import { FIRE_SAFETY_TIMERS } from '../../hub/fire-safety/api.ts';
import { ok, type Result } from '../../hub/errors.ts';
import type { Actor, AlarmFact, CommandContext, NewEvent } from '../../hub/events/api.ts';
import { PolicyRunner } from '../../hub/events/runner.ts';
import { appendEvents } from '../../hub/events/store.ts';
import { missingFiles } from '../../hub/files/api.ts';
import { putFile } from '../../hub/files/store.ts';
import { runCommand, type EffectRunner } from '../../hub/http/command.ts';
import type { Role } from '../../hub/http/policy.ts';
import { makeEnqueue, reachedAnyone } from '../../hub/notify/api.ts';
import { NotifyRunner } from '../../hub/notify/runner.ts';
import { POLICIES } from '../../hub/policies.ts';
import type { HubFault, PolicyPorts } from '../../hub/policy-ports.ts';
import { createCommunity } from '../../hub/property/api.ts';
import { addCertificate, addPerson, findUser, usersByRole } from '../../hub/staff/api.ts';
import { TimerRunner } from '../../hub/timers.ts';
import { actOnOrder, type OrderRequest } from '../../hub/work-orders/act.ts';
import { orderTimers } from '../../hub/work-orders/api.ts';
import type { OrderView } from '../../hub/work-orders/contract.ts';
import { listOrders, type Viewer } from '../../hub/work-orders/views-store.ts';
import { freshDatabase, silentLog, type TestDatabase } from '../helpers/database.ts';

export const NOON = Date.UTC(2026, 10, 23, 4);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
const COMMUNITY = 'c1';

export type UserActor = Extract<Actor, { kind: 'user' }>;
const PEOPLE: readonly (readonly [name: string, role: Role])[] = [
  ['operator', 'operator'],
  ['operator2', 'operator'],
  ['tina', 'technician'],
  ['otto', 'technician'],
  ['inspector', 'inspector'],
  ['supervisor', 'supervisor'],
  ['manager', 'manager'],
  ['contractor', 'contractor'],
  ['owner', 'owner'],
  ['committee', 'committee'],
];
export type PersonName =
  | 'operator'
  | 'operator2'
  | 'tina'
  | 'otto'
  | 'inspector'
  | 'supervisor'
  | 'manager'
  | 'contractor'
  | 'owner'
  | 'committee';

/** What the test says of alarms: which are active, and since when each signal is gone. */
export interface World {
  /** Alarm ids that are not over. */
  readonly active: Set<string>;
  /** `device point signal` → ms since when it is gone; absent: it is not gone. */
  readonly goneSince: Map<string, number>;
  readonly links: Map<string, string>;
  readonly faults: HubFault[];
  /** Clock jumps that moved since when signals are gone, ms. */
  readonly steadyShifts: number[];
  /** Set to make opening orders fail. */
  broken: string | undefined;
}

export interface Site {
  readonly database: TestDatabase;
  readonly clock: ManualClock;
  readonly world: World;
  readonly ports: PolicyPorts;
  readonly people: Readonly<Record<PersonName, UserActor>>;
  readonly execute: EffectRunner;
  readonly policies: PolicyRunner<PolicyPorts>;
  readonly timers: TimerRunner;
  readonly notify: NotifyRunner;
  command<T>(actor: Actor, work: (c: CommandContext) => Promise<Result<T>>): Promise<T>;
  /** Appends events and lets policies deal with them. */
  happen(...events: NewEvent[]): Promise<void>;
  /** Time passes; timers, policies and the outbox do what is due. */
  pass(ms: number): Promise<void>;
  act(who: PersonName, order: string, request: OrderRequest): Promise<OrderView>;
  /** The code of the refusal, or `ok`. */
  tryAct(who: PersonName, order: string, request: OrderRequest): Promise<string>;
  orders(filter?: { alarm?: string; state?: string; device?: string }, who?: PersonName): Promise<OrderView[]>;
  order(id: string): Promise<OrderView>;
  /** Uploads a photo and gives its hash. */
  photo(text?: string): Promise<string>;
  /** A second hub's runners on the same database, as after a restart. */
  restart(): Pick<Site, 'policies' | 'timers' | 'notify'>;
}

export const SYSTEM: Actor = { kind: 'system', id: 'test', community: COMMUNITY };

let alarmCount = 0;
/** A raised alarm as T1 would tell of it. */
export function alarm(more: Partial<AlarmFact> = {}): AlarmFact {
  alarmCount += 1;
  return {
    alarm: `alarm-${alarmCount}`,
    community: COMMUNITY,
    device: `gw1.dev-${alarmCount}`,
    deviceKind: 'fire-panel',
    point: 'p1',
    signal: 'fault',
    class: 'FAULT',
    text: { zh: '故障', en: 'Fault' },
    building: 'b1',
    floor: 3,
    at: NOON,
    ...more,
  };
}

const event = (type: 'alarm.raised' | 'alarm.cleared' | 'alarm.recurred', a: AlarmFact): NewEvent => ({
  type,
  community: a.community,
  subject: a.alarm,
  payload: a,
});
export const raised = (a: AlarmFact): NewEvent => event('alarm.raised', a);
export const cleared = (a: AlarmFact): NewEvent => event('alarm.cleared', a);
export const recurred = (a: AlarmFact): NewEvent => event('alarm.recurred', a);

export const finish = (photo: string, more: { result?: string; capturedAt?: number } = {}): OrderRequest => ({
  act: 'finish',
  result: 'replaced',
  photos: [{ file: photo, phase: 'after' }],
  ...more,
});

function makePorts(world: World): PolicyPorts {
  return {
    signalGone: async (_tx, q, now) => {
      const since = world.goneSince.get(`${q.device} ${q.point} ${q.signal}`);
      return since !== undefined && now - since >= q.holdMs;
    },
    alarmActive: async (_tx, _community, id) => world.active.has(id),
    linkAlarm: async (_c, id, order) => void world.links.set(id, order),
    shiftSteady: async (_c, jumpMs) => void world.steadyShifts.push(jumpMs),
    missingFiles,
    person: async (tx, community, id) => {
      const user = await findUser(tx, id);
      return user?.active && user.community === community ? user : undefined;
    },
    onDuty: async (tx, community, role, at) => {
      if (world.broken !== undefined && role === 'technician') throw new Error(world.broken);
      return onDuty(tx, community, role, at);
    },
    deviceNames: async () => new Map(),
    raiseFault: async (_c, fault) => void world.faults.push(fault),
    reachedAnyone: (c, id) => reachedAnyone(c.tx, id),
  };
}

export async function makeSite(options: { readonly duty?: boolean } = {}): Promise<Site> {
  const database = await freshDatabase();
  const { db } = database;
  const clock = new ManualClock(NOON);
  const world: World = {
    active: new Set(),
    goneSince: new Map(),
    links: new Map(),
    faults: [],
    steadyShifts: [],
    broken: undefined,
  };
  const ports = makePorts(world);
  const execute = makeEffects({
    enqueue: makeEnqueue({
      peopleOf: (tx, community, role) => usersByRole(tx, community, [role as Role]),
      person: findUser,
    }),
    auditBlocked: () => undefined,
  });
  const command = <T>(actor: Actor, work: (c: CommandContext) => Promise<Result<T>>): Promise<T> =>
    runCommand(db, execute, { now: clock.now(), actor }, work);
  const people = await command(SYSTEM, seedPeople);
  if (options.duty !== false) await command(SYSTEM, (c) => seedDuty(c, people, clock.now()));

  const runners = (): Pick<Site, 'policies' | 'timers' | 'notify'> => {
    const timers = new TimerRunner({ db, clock, execute, log: silentLog, community: COMMUNITY });
    for (const [kind, handle] of Object.entries(orderTimers(ports))) timers.register(kind, { handle });
    for (const [kind, handle] of Object.entries({ ...DUTY_TIMERS, ...FIRE_SAFETY_TIMERS }))
      timers.register(kind, { handle });
    return {
      timers,
      policies: new PolicyRunner({ db, clock, execute, policies: POLICIES, ports, log: silentLog }),
      notify: new NotifyRunner({ db, clock, log: silentLog }),
    };
  };
  const own = runners();
  const view = (who: PersonName): Viewer => people[who];
  const orders: Site['orders'] = async (filter = {}, who = 'manager') =>
    (await db.read((tx) => listOrders(tx, view(who), filter, async () => new Map())))?.items ?? [];
  const act: Site['act'] = (who, id, request) => command(people[who], (c) => actOnOrder(c, ports, id, request));
  const settle = async (): Promise<void> => {
    await own.timers.runDue();
    await own.policies.runAll();
    await own.timers.runDue();
    await own.policies.runAll();
  };
  return {
    database,
    clock,
    world,
    ports,
    people,
    execute,
    ...own,
    command,
    happen: async (...events) => {
      await db.ingest((tx) => appendEvents(tx, events, clock.now()));
      await settle();
    },
    pass: async (ms) => {
      clock.advance(ms);
      await settle();
    },
    act,
    tryAct: async (who, id, request) =>
      act(who, id, request).then(
        () => 'ok',
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
      ),
    orders,
    order: async (id) => {
      const found = (await orders()).find((o) => o.id === id);
      if (!found) throw new Error(`no order ${id}`);
      return found;
    },
    photo: async (text = 'after') => {
      const bytes = Buffer.from(text);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await db.transaction((tx) =>
        putFile(tx, { community: COMMUNITY, sha256, type: 'image/jpeg', bytes, by: 'test' }, clock.now()),
      );
      return sha256;
    },
    restart: runners,
  };
}

async function seedPeople(c: CommandContext): Promise<Result<Record<PersonName, UserActor>>> {
  const name = { zh: '小区', en: 'Community' };
  const made = await createCommunity(c, { id: COMMUNITY, name, timeZone: 'Asia/Shanghai' });
  if (!made.ok) return made;
  const actors: Partial<Record<string, UserActor>> = {};
  for (const [username, role] of PEOPLE) {
    const added = await addPerson(c, COMMUNITY, { username, name: username, role }, 'no password');
    if (!added.ok) return added;
    actors[username] = { kind: 'user', id: added.value.id, name: username, role, community: COMMUNITY };
    if (role !== 'operator') continue;
    const certificate = { kind: 'fire-control-operator', no: `no-${username}`, expires: '2030-01-01' } as const;
    const given = await addCertificate(c, { id: added.value.id, community: COMMUNITY }, certificate);
    if (!given.ok) return given;
  }
  return ok(actors as Record<PersonName, UserActor>);
}

async function seedDuty(
  c: CommandContext,
  people: Readonly<Record<PersonName, UserActor>>,
  now: number,
): Promise<Result<null>> {
  const crews = [
    { kind: 'control-room', people: [people.operator.id, people.operator2.id] },
    { kind: 'maintenance', people: [people.tina.id, people.otto.id] },
  ] as const;
  for (const crew of crews) {
    const planned = await planShift(c, { community: COMMUNITY, ...crew, from: now - HOUR, to: now + 7 * HOUR });
    if (!planned.ok) return planned;
  }
  return ok(null);
}
