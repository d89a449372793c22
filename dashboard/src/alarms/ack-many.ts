// Which of the alarms that were shown may be acknowledged together: those that are still what the operator saw.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { isUnacked } from './classes.ts';

/** In one command; the hub takes no more than its own limit. */
export const ACK_TOGETHER = 100;

/** An alarm as it stands on this screen. */
export interface Seen {
  readonly id: string;
  readonly seq: number;
  readonly recurrences: number;
}

/**
 * An order that was opened meanwhile changes nothing of what was seen; that an alarm cleared or came back does. What
 * somebody else acknowledged, or what is closed, needs nothing any more.
 */
export function readyToAck(
  shown: readonly AlarmView[],
  now: (id: string) => AlarmView | undefined,
): { readonly ready: readonly Seen[]; readonly changed: readonly AlarmView[] } {
  const ready: Seen[] = [];
  const changed: AlarmView[] = [];
  for (const then of shown) {
    const alarm = now(then.id) ?? then;
    if (!isUnacked(alarm.state)) continue;
    if (alarm.state === then.state && alarm.recurrences === then.recurrences)
      ready.push({ id: alarm.id, seq: alarm.seq, recurrences: alarm.recurrences });
    else changed.push(alarm);
  }
  return { ready, changed };
}
