// What an alarm is about, in the fewest words. A panel stands for thousands of places, so its points are what matters;
// any other device is itself what matters, and so is every device that is not heard.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { Words } from '../app/words.ts';

/** Kinds whose points stand in other places than the device itself. */
const MANY_PLACES: ReadonlySet<string> = new Set(['fire-panel', 'electrical-fire', 'io-module']);
/** The point that every device has: whether it is heard (device-profiles/contract/profile.ts ONLINE_POINT). */
const ONLINE_POINT = 'online';

export interface Subject {
  /** Named first, beside the place. */
  readonly main: Words;
  /** Named second; null when it says nothing more. */
  readonly beside: Words | null;
}

export function subjectOf(alarm: Pick<AlarmView, 'deviceKind' | 'deviceName' | 'point' | 'pointName'>): Subject {
  if (alarm.point === ONLINE_POINT) return { main: alarm.deviceName, beside: null };
  if (MANY_PLACES.has(alarm.deviceKind)) return { main: alarm.pointName, beside: alarm.deviceName };
  return { main: alarm.deviceName, beside: alarm.pointName };
}
