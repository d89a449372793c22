// What the policy table, timers and other domains may ask of work orders.
import type { CommandContext } from '../events/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { VERIFY_TIMER } from './apply.ts';
import { CLOCK_TIMER } from './clocks.ts';
import { ALARM_PATIENCE_TIMER, alarmPatienceOver, clockRanOut } from './follow.ts';
import type { OrderPorts } from './ports.ts';
import { verifyByLiveData } from './verify.ts';

export { alarmCleared, alarmRecurred, endAlarmPatience, startAlarmPatience } from './follow.ts';
export { openForAlarm, openForCheck } from './open.ts';
export { ordersOfSources, orderState, shiftClocks } from './store.ts';
export { orderRoutes } from './routes.ts';
export { ORDER_RULES } from './norms.ts';
export type { OrderPorts, Person, SignalQuestion } from './ports.ts';

/** The timers that work orders set, with what to do when they are due. */
export const orderTimers = (
  ports: OrderPorts,
): Readonly<Record<string, (c: CommandContext, timer: DueTimer) => Promise<void>>> => ({
  [CLOCK_TIMER]: clockRanOut,
  [VERIFY_TIMER]: (c, timer) => verifyByLiveData(c, ports, timer),
  [ALARM_PATIENCE_TIMER]: (c, timer) => alarmPatienceOver(c, ports, timer),
});
