// What follows from an alarm alone, worked out once: a view of an alarm is replaced when it changes, never changed, and in a
// flood ten thousand of them are looked at several times a second. Pure.
import type { AlarmView } from '../../../hub/alarms/contract.ts';

export function once<T extends string | object>(work: (alarm: AlarmView) => T): (alarm: AlarmView) => T {
  const known = new WeakMap<AlarmView, T>();
  return (alarm) => {
    const before = known.get(alarm);
    if (before !== undefined) return before;
    const made = work(alarm);
    known.set(alarm, made);
    return made;
  };
}
