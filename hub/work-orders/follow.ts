// What orders do when the world moves on: their alarm clears or comes back, a clock runs out, patience ends.
import type { AlarmFact, CommandContext } from '../events/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { ruleInForce } from '../rules/api.ts';
import { again, breached, changed } from './apply.ts';
import { running } from './clocks.ts';
import type { ClockName } from './machine.ts';
import { HOLD, holdMs, PATIENCE } from './norms.ts';
import { dispatch, openForAlarm, reopenBySystem } from './open.ts';
import type { OrderPorts } from './ports.ts';
import { orderOfAlarm, setAlarmCleared } from './alarms-store.ts';
import { addOrderEvents, loadOrder, loadOrderIfFree, saveClocks } from './store.ts';
import { askLiveDataAt } from './verify.ts';

export const ALARM_PATIENCE_TIMER = 'work-order.alarm-patience';
const alarmPatienceKey = (alarm: string): string => `${ALARM_PATIENCE_TIMER}:${alarm}`;

/** Notes that the alarm is gone; a finished order is verified once it has stayed gone for its hold time. */
export async function alarmCleared(c: CommandContext, alarm: AlarmFact): Promise<void> {
  const mine = await orderOfAlarm(c.tx, alarm.alarm);
  if (!mine) return;
  await setAlarmCleared(c.tx, alarm.alarm, alarm.at);
  await note(c, mine, 'signal-cleared', alarm);
  const order = await loadOrder(c.tx, mine.community, mine.id);
  if (order?.state !== 'done') return;
  const hold = (await ruleInForce(c.tx, mine.community, HOLD)).value;
  const heldAt = alarm.at + holdMs(hold, alarm.class);
  // The alarm's time is the gateway's: it may bring the question forward, never put it off.
  c.emit(askLiveDataAt(order, Math.min(Math.max(c.now, heldAt), c.now + holdMs(hold, alarm.class))));
}

/** The same episode is back: what was already verified is opened again. */
export async function alarmRecurred(c: CommandContext, alarm: AlarmFact): Promise<void> {
  const mine = await orderOfAlarm(c.tx, alarm.alarm);
  if (!mine) return;
  await setAlarmCleared(c.tx, alarm.alarm, null);
  await note(c, mine, 'signal-returned', alarm);
  const order = await loadOrder(c.tx, mine.community, mine.id);
  if (order && ['verified', 'closed'].includes(order.state)) await reopenBySystem(c, order, alarm.text.zh);
}

async function note(
  c: CommandContext,
  mine: { readonly id: string; readonly community: string },
  act: string,
  alarm: AlarmFact,
): Promise<void> {
  const order = await loadOrder(c.tx, mine.community, mine.id);
  if (!order) return;
  const stamp = { order: mine.id, version: order.version, by: 'system', byName: '', now: c.now };
  await addOrderEvents(c.tx, stamp, [{ act, note: `${alarm.point}/${alarm.signal}` }]);
  c.emit(changed(order, { act, state: order.state, assignee: order.assignee?.id }));
}

/** Starts (or starts again) the patience of a COMMS or DISABLED alarm. */
export async function startAlarmPatience(c: CommandContext, alarm: AlarmFact): Promise<void> {
  const norms = (await ruleInForce(c.tx, alarm.community, PATIENCE)).value;
  const patience = alarm.class === 'DISABLED' ? norms.DISABLED : norms.COMMS;
  c.emit({
    effect: 'timer',
    key: alarmPatienceKey(alarm.alarm),
    kind: ALARM_PATIENCE_TIMER,
    community: alarm.community,
    dueAt: c.now + patience,
    basis: 'duration',
    payload: { alarm },
  });
}

export function endAlarmPatience(c: CommandContext, alarm: AlarmFact): void {
  c.emit({ effect: 'cancel-timer', key: alarmPatienceKey(alarm.alarm) });
}

/** Patience is over: an order, unless the alarm is gone after all. */
export async function alarmPatienceOver(c: CommandContext, ports: OrderPorts, timer: DueTimer): Promise<void> {
  // The payload is what startAlarmPatience stored, gone through JSON.
  const { alarm } = timer.payload as { readonly alarm: AlarmFact };
  if (await ports.alarmActive(c.tx, alarm.community, alarm.alarm)) await openForAlarm(c, ports, alarm);
}

/** Looks at an order that nobody was on duty to take: hands it out if someone is there now, else tells of it again. */
export async function stillUnattended(c: CommandContext, ports: OrderPorts, timer: DueTimer): Promise<void> {
  const { order: id, round } = timer.payload as { readonly order: string; readonly round: number };
  const order = await loadOrderIfFree(c.tx, timer.community, id);
  if (order === 'busy') return c.emit(again(c, timer));
  if (order?.state !== 'open' || (await dispatch(c, ports, order, round + 1))) return;
  const { community, number, kind, state, priority, title } = order;
  const payload = { order: id, number, kind, state, priority, title, round };
  c.emit({ effect: 'event', event: { type: 'order.unattended', community, subject: id, payload } });
}

/** A clock has run out: recorded and told once a round. A timer of an earlier round, or one met meanwhile, says nothing. */
export async function clockRanOut(c: CommandContext, timer: DueTimer): Promise<void> {
  const { order: id, clock: name, round } = timer.payload as { order: string; clock: ClockName; round: number };
  const order = await loadOrderIfFree(c.tx, timer.community, id);
  if (order === 'busy') return c.emit(again(c, timer));
  const clock = order?.clocks.find((k) => k.clock === name);
  if (!order || !clock || clock.round !== round || !running(clock)) return;
  await saveClocks(c.tx, id, [{ ...clock, breachedAt: c.now }], c.now);
  const stamp = { order: id, version: order.version, by: 'system', byName: '', now: c.now };
  await addOrderEvents(c.tx, stamp, [{ act: 'breach', note: name }]);
  c.emit(breached(order, name));
}
