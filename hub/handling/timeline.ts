// What happened at a fire in one order: what alarms did, what people did to them, and the entries of the procedure. Pure.
import type { IncidentAct } from '../alarms/api.ts';
import type { FireEntry, TimelineItem } from './contract.ts';
import { sayEntry } from './say.ts';

/** Acts of alarms that an entry of the procedure tells already. */
const TOLD_BY_ENTRY: readonly string[] = ['verdict-real', 'verdict-false', 'verdict-test'];

/** By time; within a millisecond what alarms did comes first, else in the order in which it was written. */
export function timelineOf(entries: readonly FireEntry[], acts: readonly IncidentAct[]): TimelineItem[] {
  const ofAlarms = acts
    .filter(({ act }) => !TOLD_BY_ENTRY.includes(act))
    .map(({ name, note, floor, place, ...act }): TimelineItem => ({
      at: act.at,
      alarm: {
        id: act.alarm,
        act: act.act,
        class: act.class,
        text: act.text,
        what: act.what,
        ...(floor === null ? {} : { floor }),
        ...(place === null ? {} : { place }),
        ...(note === null ? {} : { note }),
      },
      ...(name === null ? {} : { name }),
    }));
  const ofEntries = entries.map((entry): TimelineItem => ({
    at: entry.at,
    entry,
    said: sayEntry(entry),
    ...(entry.name === undefined ? {} : { name: entry.name }),
  }));
  return [...ofAlarms, ...ofEntries].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
