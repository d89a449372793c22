// What the policy table, timers and other domains may ask of work orders.
import type { CommandContext } from '../events/api.ts';
import type { Tx } from '../db/tx.ts';
import type { DueTimer } from '../timers-store.ts';
import { VERIFY_TIMER } from './apply.ts';
import { CLOCK_TIMER } from './clocks.ts';
import { ALARM_PATIENCE_TIMER, alarmPatienceOver, clockRanOut, stillUnattended } from './follow.ts';
import type { OrderPorts } from './ports.ts';
import { RECALL_TIMER, recallRanOut } from './rescue-commands.ts';
import { shiftRecalls } from './rescue-store.ts';
import { shiftClocks as shiftOrderClocks } from './store.ts';
import { UNATTENDED_TIMER } from './unattended.ts';
import { verifyByLiveData } from './verify.ts';

export { alarmCleared, alarmRecurred, endAlarmPatience, startAlarmPatience } from './follow.ts';
export { actOnOrder } from './act.ts';
export { openByHand, openForAlarm, openForCheck, openForHazard, reopenForHazard, type HandOrder } from './open.ts';
export { recordExport } from './rescue-commands.ts';
export { contractOf, MAINTENANCE_CONTRACTS, RESCUE_NORMS, type MaintenanceContract } from './rescue-norms.ts';
export { penaltyOf } from './rescue-penalty.ts';
export { rescueRecord, type Hand, type RescueRecord } from './rescue-store.ts';
export { ordersOfSources, orderState } from './store.ts';
export {
  listOrders,
  orderSpot,
  orderView,
  orderWork,
  type OrderWork,
  unfinishedOrders,
  type DeviceNames,
  type Viewer,
} from './views-store.ts';
export { orderRoutes } from './routes.ts';
export { ORDER_RULES } from './norms.ts';
export type { OrderPorts, Person, SignalQuestion } from './ports.ts';

/** Moves whatever is still due with a jump of the wall clock, as the timer table does. */
export const shiftClocks = async (tx: Tx, jump: { ms: number; seenAt: number }, now: number): Promise<number> =>
  (await shiftOrderClocks(tx, jump, now)) + (await shiftRecalls(tx, jump.ms));

/** The timers that work orders set, with what to do when they are due. */
export const orderTimers = (
  ports: OrderPorts,
): Readonly<Record<string, (c: CommandContext, timer: DueTimer) => Promise<void>>> => ({
  [CLOCK_TIMER]: clockRanOut,
  [VERIFY_TIMER]: (c, timer) => verifyByLiveData(c, ports, timer),
  [RECALL_TIMER]: recallRanOut,
  [UNATTENDED_TIMER]: (c, timer) => stillUnattended(c, ports, timer),
  [ALARM_PATIENCE_TIMER]: (c, timer) => alarmPatienceOver(c, ports, timer),
});
