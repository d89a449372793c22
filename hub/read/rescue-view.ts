// One rescue as the console shows it: order, lift, clocks, what is known, what is owed, what is still missing.
import { ONLINE_POINT } from '../../device-profiles/contract/profile.ts';
import type { Tx } from '../db/tx.ts';
import { findDevice, pointsOf, pointView, type DeviceRow } from '../equipment/api.ts';
import type { LivePoints } from '../ingest/api.ts';
import { communityOf, listBuildings } from '../property/api.ts';
import { ruleInForce, ruleInForceAt } from '../rules/api.ts';
import {
  contractOf,
  MAINTENANCE_CONTRACTS,
  orderView,
  penaltyOf,
  RESCUE_NORMS,
  rescueRecord,
  type DeviceNames,
  type Hand,
  type MaintenanceContract,
  type RescueRecord,
  type Viewer,
} from '../work-orders/api.ts';
import type { OrderView } from '../work-orders/contract.ts';
import type { LiftPoint, PenaltyView, RescueClock, RescueView } from './contract.ts';
import { clocksOf, incidentOf, lastSignalAt, milestonesOf, type Reached } from './rescue-store.ts';

export interface RescueSources {
  readonly points: LivePoints;
  readonly deviceNames: (tx: Tx, community: string, devices: readonly string[]) => Promise<DeviceNames>;
}

/** Points of a lift that say where the car stands and how, by the ids of the canonical lift profile, in this order. */
export const CAR_POINTS: readonly string[] = [
  'floor',
  'door-zone',
  'door-closed',
  'moving',
  'direction',
  'passenger',
  'load',
  'service-mode',
  'fault',
  'alarm',
];
const CODE_POINT = 'registration-code';

const iso = (ms: number): string => new Date(ms).toISOString();
const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
const byHand = ({ at, by, byName }: Hand): { at: string; by: string; name: string } => ({
  at: iso(at),
  by,
  name: byName,
});

/** A rescue with all that its views and its timeline are made of. */
export interface Gathered {
  readonly order: OrderView;
  readonly record: RescueRecord;
  readonly milestones: readonly Reached[];
  readonly device: DeviceRow | undefined;
  readonly contract: MaintenanceContract | undefined;
  readonly penalty: PenaltyView;
  readonly beganAt: number;
  readonly releasedAt: number | undefined;
}

/** Everything on record of a rescue, or undefined when there is none for this viewer. */
export async function gather(
  tx: Tx,
  who: Viewer,
  id: string,
  sources: RescueSources,
  now: number,
): Promise<Gathered | undefined> {
  const order = await orderView(tx, who, id, sources.deviceNames);
  if (order?.kind !== 'rescue') return undefined;
  const record = await rescueRecord(tx, id);
  const milestones = await milestonesOf(tx, id);
  const beganAt = record.beganAt ?? Date.parse(order.openedAt);
  const { value } = await ruleInForceAt(tx, who.community, MAINTENANCE_CONTRACTS, beganAt);
  const contract = contractOf(value.contracts, order.device);
  const device = order.device === undefined ? undefined : await findDevice(tx, who.community, order.device);
  const releasedAt = milestones.find((m) => m.milestone === 'released')?.at;
  const penalty = penaltyView(contract, { record, milestones, beganAt, releasedAt }, now);
  return { order, record, milestones, device, contract, penalty, beganAt, releasedAt };
}

/** Steps and calls of the present round. */
const ofNow = <T extends Hand>(all: readonly T[], beganAt: number): T[] => all.filter((one) => one.at >= beganAt);

function penaltyView(
  contract: MaintenanceContract | undefined,
  facts: Pick<Gathered, 'record' | 'milestones' | 'beganAt' | 'releasedAt'>,
  now: number,
): PenaltyView {
  const { record, milestones, beganAt, releasedAt } = facts;
  if (!contract) return { status: 'no-contract', lateMs: 0, steps: 0, fen: 0, capped: false };
  const terms = contract.penalty;
  const told = [
    ...ofNow(record.calls, beganAt)
      .filter((k) => k.party === 'contractor' && k.outcome !== 'not-reached')
      .map((k) => k.at),
    ...milestones.filter((m) => m.milestone === 'contractor-called').map((m) => m.at),
  ];
  // Our own technician at the lift is not the maintenance company.
  const arrived = [
    ...ofNow(record.steps, beganAt)
      .filter((s) => s.step === 'contractor-arrived')
      .map((s) => s.at),
    ...milestones.filter((m) => m.milestone === 'on-site' && m.role !== 'technician').map((m) => m.at),
  ];
  const p = penaltyOf(terms, {
    toldAt: told.length === 0 ? undefined : Math.min(...told),
    arrivedAt: arrived.length === 0 ? undefined : Math.min(...arrived),
    releasedAt,
    now,
  });
  const { status, lateMs, steps, fen, capped } = p;
  return {
    status,
    ...terms,
    lateMs,
    steps,
    fen,
    capped,
    ...given('toldAt', p.toldAt === undefined ? undefined : iso(p.toldAt)),
    ...given('dueAt', p.dueAt === undefined ? undefined : iso(p.dueAt)),
    // What still runs is told by the present time, which every answer has.
    ...given('until', p.until === undefined || status === 'running' ? undefined : iso(p.until)),
  };
}

async function clockViews(tx: Tx, { order, record, releasedAt }: Gathered): Promise<RescueClock[]> {
  const clocks: RescueClock[] = [];
  for (const { clock, due_at, done_at, breached_at } of await clocksOf(tx, order.id)) {
    if (clock !== 'respond' && clock !== 'contractor-called' && clock !== 'arrive') continue;
    clocks.push({
      clock,
      dueAt: due_at.toISOString(),
      ...given('doneAt', done_at?.toISOString()),
      ...given('breachedAt', breached_at?.toISOString()),
    });
  }
  const { recall } = record;
  const over = releasedAt !== undefined || order.state === 'closed' || order.state === 'cancelled';
  if (recall && !over)
    clocks.push({
      clock: 'recall',
      dueAt: iso(recall.dueAt),
      ...given('breachedAt', recall.breachedAt === undefined ? undefined : iso(recall.breachedAt)),
    });
  return clocks;
}

async function liftView(tx: Tx, { order, device }: Gathered, points: LivePoints): Promise<RescueView['lift']> {
  const name = device?.name ?? order.deviceName ?? order.title;
  if (!device)
    return { name, code: null, online: false, lastHeard: null, points: [], ...given('device', order.device) };
  const rows = await pointsOf(tx, device.id);
  const views = new Map(rows.map((row) => [row.id, pointView(row, points, device.gateway)]));
  const online = views.get(ONLINE_POINT);
  const code = views.get(CODE_POINT)?.value;
  const heard = [...views.values()].flatMap((v) => (v.receivedTime === null ? [] : [v.receivedTime])).toSorted();
  const shown = CAR_POINTS.flatMap((id): LiftPoint[] => {
    const v = views.get(id);
    if (!v) return [];
    const { num, name: called, type, value, unit, quality, reason, sourceTime } = v;
    return [{ id, num, name: called, type, value, unit, quality, reason, sourceTime, ...given('enum', v.enum) }];
  });
  return {
    device: device.id,
    name,
    code: typeof code === 'string' && code !== '' ? code : null,
    online: online?.quality === 'good' && online.value === 1,
    lastHeard: heard.at(-1) ?? null,
    points: shown,
  };
}

/** What is still missing before a rescue can be closed; the order's machine refuses by the same rules. */
export function lacksOf(order: OrderView, inspected: boolean, released: boolean): RescueView['lacks'] {
  if (order.state === 'closed' || order.state === 'cancelled') return [];
  const lacks: RescueView['lacks'] = [];
  if (!released) lacks.push('released');
  if (order.serviceState === undefined) lacks.push('service-state');
  if (order.serviceState === 'in-service' && !inspected) lacks.push('inspection');
  if (order.state !== 'done' && order.state !== 'verified') lacks.push('finish');
  if (order.state !== 'verified') lacks.push('verify');
  return lacks;
}

/** The console's whole view. */
export async function rescueView(
  tx: Tx,
  who: Viewer,
  gathered: Gathered,
  sources: RescueSources,
  now: number,
): Promise<RescueView> {
  const { order, record, contract, penalty, beganAt, releasedAt } = gathered;
  const community = await communityOf(tx, who.community);
  const buildings = order.building === undefined ? [] : await listBuildings(tx, who.community);
  const norms = (await ruleInForce(tx, who.community, RESCUE_NORMS)).value;
  const steps = record.steps.filter((s) => s.round === record.round);
  const people = ofNow(record.people, beganAt).at(-1);
  const signalAt = await lastSignalAt(tx, order.id);
  return {
    now: iso(now),
    order,
    community: community?.name ?? { zh: who.community, en: who.community },
    ...given('buildingName', buildings.find((b) => b.id === order.building)?.name),
    ...given('incident', await incidentOf(tx, order.id)),
    beganAt: iso(beganAt),
    lift: await liftView(tx, gathered, sources.points),
    clocks: await clockViews(tx, gathered),
    unanswered: record.recall?.unanswered ?? 0,
    calls: record.calls.map(({ at, by, byName, ...call }) => ({ ...call, ...byHand({ at, by, byName }) })),
    people: people === undefined ? null : withoutId(people),
    steps: steps.map(({ at, by, byName, round: _round, ...step }) => ({ ...step, ...byHand({ at, by, byName }) })),
    contract: contract ? { id: contract.id, company: contract.company, phone: contract.phone } : null,
    numbers: norms.numbers,
    penalty,
    signalAfterRelease: releasedAt !== undefined && signalAt !== undefined && signalAt > releasedAt,
    lacks: lacksOf(
      order,
      steps.some((s) => s.step === 'inspection'),
      releasedAt !== undefined,
    ),
    exports: record.exports.map(({ at, by, byName, order: _order, ...made }) => ({
      ...made,
      ...byHand({ at, by, byName }),
    })),
  };
}

function withoutId({
  id: _id,
  at,
  by,
  byName,
  ...known
}: RescueRecord['people'][number]): NonNullable<RescueView['people']> {
  return { ...known, ...byHand({ at, by, byName }) };
}
