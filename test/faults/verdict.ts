// What must hold when everything has healed: every signal raised is there once, every order once, nothing acknowledged
// is gone, the chain of the audit is whole, history holds each value once.
import type { AlarmView } from '../../hub/alarms/contract.ts';
import type { Bucket } from '../../hub/history/contract.ts';
import type { OrderView } from '../../hub/work-orders/contract.ts';
import type { Caller } from '../e2e/compound.ts';
import { REPORT_LIMITS } from '../../gateway/report.ts';
import { until } from '../helpers/wait.ts';
import type { FaultCompound } from './compound.ts';
import { GATEWAY, type Raised } from './field.ts';

const HEAL_MS = 240_000;
const OF_THE_FIELD = new RegExp(`^${GATEWAY}\\.(panel|pump-\\d+)$`);
const METERS_LOOKED_AT = 5;
/** Buckets of a history question; each is held against its own smallest and largest value. */
const BUCKETS = 2_000;

export interface Verdict {
  /** Empty when all is well. */
  readonly wrong: readonly string[];
  readonly alarms: number;
  readonly orders: number;
  readonly acknowledged: number;
  readonly historyValues: number;
  readonly historyMissing: number;
}

/** Every page of a collection. */
export async function all<T>(caller: Caller, path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor = '';
  for (;;) {
    const page = await caller.good<{ items: T[]; next: string | null }>('GET', `${path}${cursor}`);
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

const keyOf = (a: { readonly device: string; readonly point: string; readonly signal: string }): string =>
  `${a.device} ${a.point} ${a.signal}`;

/** Alarms of the field's own signals (not what hub and gateway say of themselves). */
export async function fieldAlarms(caller: Caller): Promise<AlarmView[]> {
  const items = await all<AlarmView>(caller, '/api/alarms?state=all&limit=500');
  return items.filter((a) => (a.class === 'FIRE' || a.class === 'FAULT') && OF_THE_FIELD.test(a.device));
}

/** Waits until the hub knows every raised signal, its orders are open, and nothing waits in the gateway. */
export async function healed(compound: FaultCompound, caller: Caller): Promise<void> {
  const { raised } = compound.field;
  let missing: string[] = [];
  await until(
    async () => {
      const alarms = await fieldAlarms(caller);
      const byKey = new Map(alarms.map((a) => [keyOf(a), a]));
      missing = raised
        .filter(({ target, clearedAt }) => {
          const alarm = byKey.get(keyOf(target));
          if (!alarm || (target.class === 'FAULT' && alarm.workOrder === null)) return true;
          return alarm.condition !== (clearedAt === undefined ? 'true' : 'false');
        })
        .map(({ target, told, clearedAt }) => {
          const alarm = byKey.get(keyOf(target));
          const how = alarm ? `${alarm.state} ${alarm.condition} order ${alarm.workOrder}` : 'absent';
          return `${keyOf(target)}: ${how}, told ${told} times, ${clearedAt === undefined ? 'held' : 'cleared'}`;
        });
      return missing.length === 0;
    },
    { ms: HEAL_MS, everyMs: 500, what: () => `the hub has healed; still wrong:\n${missing.slice(0, 20).join('\n')}` },
  );
  let state = '';
  await until(
    async () => {
      const m = await compound.metrics();
      const behind = ['safety', 'telemetry'].map(
        (lane) => (m.get(`lane_head{lane="${lane}"}`) ?? NaN) - (m.get(`uplink_acked{lane="${lane}"}`) ?? NaN),
      );
      state = behind.join(', ');
      return behind.every((n) => n === 0);
    },
    { ms: HEAL_MS, everyMs: 100, what: () => `everything has its receipt; behind: ${state}` },
  );
}

/** @param acked ids of alarms whose acknowledgement was answered with 200 */
export async function judge(
  compound: FaultCompound,
  acked: ReadonlySet<string>,
  lossAllowed: number,
): Promise<Verdict> {
  const { field } = compound;
  const caller = await compound.signIn('admin');
  field.freeze();
  const frozenAt = performance.now();
  await healed(compound, caller);
  const wrong: string[] = [];
  const alarms = await fieldAlarms(caller);
  wrong.push(...alarmsOnce(field.raised, alarms), ...acknowledgementsKept(acked, alarms));
  const orders = await all<OrderView>(caller, '/api/work-orders?state=all&limit=100');
  wrong.push(...ordersOnce(alarms, orders));
  const chain = await caller.good<{ ok: boolean; links: number; findings: unknown[] }>(
    'GET',
    '/api/audit/verification',
  );
  if (!chain.ok) wrong.push(`the audit chain does not verify: ${JSON.stringify(chain.findings.slice(0, 3))}`);
  const history = await historyOnce(compound, caller, lossAllowed, frozenAt);
  wrong.push(...history.wrong);
  return {
    wrong,
    alarms: alarms.length,
    orders: orders.length,
    acknowledged: acked.size,
    historyValues: history.values,
    historyMissing: history.missing,
  };
}

function alarmsOnce(raised: readonly Raised[], alarms: readonly AlarmView[]): string[] {
  const wrong: string[] = [];
  const expected = new Set(raised.map((r) => keyOf(r.target)));
  const count = new Map<string, number>();
  for (const alarm of alarms) {
    const key = keyOf(alarm);
    count.set(key, (count.get(key) ?? 0) + 1);
    if (!expected.has(key)) wrong.push(`${key} was never raised, but there is an alarm`);
    // A gap in its data, a snapshot or a repeat must not count as its return.
    if (alarm.recurrences !== 0) wrong.push(`${key} was raised once but came back ${alarm.recurrences} times`);
  }
  for (const key of expected) if (count.get(key) !== 1) wrong.push(`${key} was raised once, alarms: ${count.get(key)}`);
  const seqs = new Set(alarms.map((a) => a.seq));
  if (seqs.size !== alarms.length) wrong.push('two alarms have the same change number');
  return wrong;
}

function acknowledgementsKept(acked: ReadonlySet<string>, alarms: readonly AlarmView[]): string[] {
  const byId = new Map(alarms.map((a) => [a.id, a]));
  return [...acked].filter((id) => !byId.get(id)?.acked).map((id) => `the acknowledgement of alarm ${id} is gone`);
}

function ordersOnce(alarms: readonly AlarmView[], orders: readonly OrderView[]): string[] {
  const wrong: string[] = [];
  const bySource = new Map<string, OrderView[]>();
  for (const order of orders) {
    const key = `${order.source.kind} ${order.source.id}`;
    bySource.set(key, [...(bySource.get(key) ?? []), order]);
  }
  for (const [key, same] of bySource) if (same.length > 1) wrong.push(`${same.length} orders of ${key}`);
  for (const alarm of alarms) {
    const own = bySource.get(`alarm ${alarm.id}`) ?? [];
    const expected = alarm.class === 'FAULT' ? 1 : 0;
    // An order that a pump's silence opened may have been joined; every pump has one fault in its life.
    const joined = orders.some((o) => o.id === alarm.workOrder && o.device === alarm.device);
    if (own.length !== expected && !(expected === 1 && joined))
      wrong.push(`${keyOf(alarm)}: ${own.length} orders instead of ${expected}`);
    if (own[0] && own[0].id !== alarm.workOrder) wrong.push(`${keyOf(alarm)} does not show its order`);
  }
  return wrong;
}

/** A bucket with more samples than there are numbers in it. */
interface Surplus {
  readonly bucket: Bucket;
  /** Numbers that are in it. */
  readonly room: number;
}

/**
 * Meters count up by one with every read, so a bucket holds at most as many samples as there are numbers in it. The last
 * number may come again: since the meters were frozen, by heartbeats.
 * @param frozenAt monotonic, ms
 */
function recountMeter(
  buckets: readonly Bucket[],
  expected: number,
  frozenAt: number,
): { surplus: Surplus[]; count: number } {
  const surplus: Surplus[] = [];
  let heartbeats = Math.ceil((performance.now() - frozenAt) / REPORT_LIMITS.heartbeatMs);
  let count = 0;
  let before = 0;
  for (const b of buckets) {
    const max = b.max ?? 0;
    const room = max - Math.max((b.min ?? 0) - 1, before);
    const again = Math.max(0, b.count - room);
    if (max === expected) heartbeats -= again;
    if (again > 0 && (max !== expected || heartbeats < 0)) surplus.push({ bucket: b, room });
    count += b.count - again;
    before = max;
  }
  return { surplus, count };
}

type Ask = (point: string, from: number, to: number) => Promise<Bucket[]>;

/** What is wrong with a bucket, told closely enough to find out why: which numbers came again, and what was not heard. */
async function toldAgain(ask: Ask, { bucket, room }: Surplus): Promise<string> {
  const t = Date.parse(bucket.t);
  const [from, to] = [t - REPORT_LIMITS.heartbeatMs, t + REPORT_LIMITS.heartbeatMs];
  const [values, online] = [await ask('value-1', from, to), await ask('online', from, to)];
  const unheard = [...values.filter((b) => b.notGood > 0), ...online.filter((b) => b.min === 0)].map((b) => b.t);
  const good = values.filter((b) => b.count > 0);
  const repeated = good.filter((b, i) => good[i - 1]?.last === b.min).map((b) => `${b.min} again at ${b.t}`);
  return `at ${bucket.t}: ${bucket.count} samples for ${room} values: ${repeated.join(', ')}; not heard at ${unheard.join(', ')}`;
}

async function historyOnce(
  compound: FaultCompound,
  caller: Caller,
  lossAllowed: number,
  frozenAt: number,
): Promise<{ wrong: string[]; values: number; missing: number }> {
  const { field } = compound;
  const wrong: string[] = [];
  let values = 0;
  let missing = 0;
  const from = Date.now() - 6 * 3_600_000;
  for (let k = 0; k < Math.min(METERS_LOOKED_AT, field.size.meters); k++) {
    const ask: Ask = async (point, after, before) => {
      const path = `/api/devices/${field.meterDevice(k)}/points/${point}/history`;
      const [a, b] = [after, before].map((at) => new Date(at).toISOString());
      const { buckets } = await caller.good<{ buckets: Bucket[] }>(
        'GET',
        `${path}?from=${a}&to=${b}&buckets=${BUCKETS}`,
      );
      return buckets;
    };
    const expected = field.lastValue(k);
    let told: Bucket | undefined;
    const buckets = await until(
      async () => {
        const found = (await ask('value-1', from, Date.now() + 60_000)).filter((b) => b.count > 0);
        told = found.at(-1);
        return told?.last === expected ? found : undefined;
      },
      // History may be behind what is acknowledged by as much as its own queue; a value that is lost never comes.
      {
        ms: HEAL_MS,
        what: () => `history of meter ${k} reaches ${expected}, is at ${JSON.stringify(told)}`,
        everyMs: 500,
      },
    );
    const { surplus, count } = recountMeter(buckets, expected, frozenAt);
    for (const one of surplus) wrong.push(`meter ${k} ${await toldAgain(ask, one)}`);
    values += count;
    missing += expected - count;
    if (expected - count > lossAllowed)
      wrong.push(`meter ${k}: ${count} of ${expected} values in history, at most ${lossAllowed} may be missing`);
  }
  return { wrong, values, missing };
}
