// Verification by live data: the signals an order answers are gone and have stayed gone; asked again until they are.
import type { CommandContext, Effect } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { again, applyStep, verifyTimerKey, VERIFY_TIMER } from './apply.ts';
import { HOLD, holdMs } from './norms.ts';
import { step } from './machine.ts';
import type { OrderPorts } from './ports.ts';
import { alarmsOfOrder } from './alarms-store.ts';
import { loadOrderIfFree, type LoadedOrder } from './store.ts';

/** While live data does not yet verify a finished order, it is asked again at least this often, ms. */
export const VERIFY_RECHECK_MAX_MS = 60_000;

/** What live data says about the signals an order answers. */
export type LiveVerdict =
  /** It stands on no signal: a person must look. */
  | { readonly says: 'no-signal' }
  /** All are known to be gone, and have been for their hold time. */
  | { readonly says: 'gone' }
  /** Not yet: which, as `point/signal`, and the longest of their hold times. */
  | { readonly says: 'active'; readonly signals: readonly string[]; readonly holdMs: number };

/** Asks live data about every signal that the order's alarms stand on. */
export async function liveVerdict(c: CommandContext, ports: OrderPorts, order: LoadedOrder): Promise<LiveVerdict> {
  const alarms = await alarmsOfOrder(c.tx, order.id);
  if (alarms.length === 0) return { says: 'no-signal' };
  const norms = (await ruleInForce(c.tx, order.community, HOLD)).value;
  const bySignal = new Map<string, typeof alarms>();
  for (const a of alarms) {
    const key = [a.device, a.point, a.signal].join('\n');
    bySignal.set(key, [...(bySignal.get(key) ?? []), a]);
  }
  const signals: string[] = [];
  let longest = 0;
  for (const same of bySignal.values()) {
    const [first] = same;
    if (!first) continue;
    const { device, point, signal, class: alarmClass } = first;
    const hold = holdMs(norms, alarmClass);
    const ids = same.map((a) => a.alarm);
    const question = { community: order.community, device, point, signal, holdMs: hold, alarms: ids };
    if (await ports.signalGone(c.tx, question, c.now)) continue;
    signals.push(`${point}/${signal}`);
    longest = Math.max(longest, hold);
  }
  return signals.length === 0 ? { says: 'gone' } : { says: 'active', signals, holdMs: longest };
}

/** The effect that has live data asked at `dueAt` (ms wall). */
export const askLiveDataAt = (order: { readonly id: string; readonly community: string }, dueAt: number): Effect => ({
  effect: 'timer',
  key: verifyTimerKey(order.id),
  kind: VERIFY_TIMER,
  community: order.community,
  dueAt,
  basis: 'duration',
  payload: { order: order.id },
});

/** Asks live data about a finished order; sets itself again while the answer is no. */
export async function verifyByLiveData(c: CommandContext, ports: OrderPorts, timer: DueTimer): Promise<void> {
  const order = await loadOrderIfFree(c.tx, timer.community, String(timer.payload['order']));
  if (order === 'busy') return c.emit(again(c, timer));
  if (!order || order.state !== 'done') return;
  const verdict = await liveVerdict(c, ports, order);
  if (verdict.says === 'no-signal') return;
  if (verdict.says === 'active') {
    c.emit(askLiveDataAt(order, c.now + Math.min(verdict.holdMs, VERIFY_RECHECK_MAX_MS)));
    return;
  }
  const done = step(order, { act: 'verify', by: 'live-data' }, { kind: 'system' });
  if (!done.ok) throw new Error(`work order ${order.id} could not be verified: ${done.code}`);
  const verification = { by: 'live-data', name: '', note: '' } as const;
  await applyStep(c, order, done.value, { act: 'verify', at: c.now, verification });
}
