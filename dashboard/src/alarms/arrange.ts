// What the list shows and what waits: how it changes without moving a line under the operator's pointer or focus. Pure.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import {
  alarmLine,
  alarmOf,
  firstOfClasses,
  rollUp,
  zoneKey,
  zoneLines,
  zonesOf,
  type Line,
  type Zone,
} from './zones.ts';

export interface Arrangement {
  /** The first of each class, on top whatever is scrolled; none while there is no flood. */
  readonly pinned: readonly Line[];
  /** What the list shows below them, in this order. */
  readonly lines: readonly Line[];
  /** What waits behind the "+n new" bar. */
  readonly waiting: readonly AlarmView[];
}
export const NOTHING: Arrangement = { pinned: [], lines: [], waiting: [] };

export interface ArrangeBy {
  /** Pointer or focus is in the list: every line keeps its place. */
  readonly held: boolean;
  /** There are too many for a row each. */
  readonly flood: boolean;
  /** Fewer alarms of a class in one place stay rows of their own, in a flood too. */
  readonly zoneMin: number;
  /** Keys of the zones that the operator has opened. */
  readonly opened: ReadonlySet<string>;
  /** The last that is known of an alarm that was closed. */
  readonly closed: (id: string) => AlarmView | undefined;
}

/**
 * The next arrangement. `sorted` is every open alarm in order. While held, lines keep their places: their content is
 * renewed, zones go on counting, a row whose alarm is closed stays with the last that is known of it, and what no line
 * stands for waits. A zone that was opened or closed meanwhile changes only what is below it.
 */
export function arrange(before: Arrangement, sorted: readonly AlarmView[], by: ArrangeBy): Arrangement {
  if (by.held && before.lines.length > 0) return held(before, sorted, by);
  if (!by.flood) return { pinned: [], lines: sorted.map((alarm) => alarmLine(alarm)), waiting: [] };
  const zones = zonesOf(sorted);
  return { pinned: firstOfClasses(zones.values()), lines: rollUp(zones.values(), by.opened, by.zoneMin), waiting: [] };
}

/** The alarms of lines as they are now; in a flood a few lines stand for ten thousand. */
function asTheyAre(lines: readonly Line[], sorted: readonly AlarmView[]): ReadonlyMap<string, AlarmView> {
  const wanted = new Set(lines.map((line) => alarmOf(line).id));
  return new Map(sorted.flatMap((alarm) => (wanted.has(alarm.id) ? [[alarm.id, alarm] as const] : [])));
}

function held(before: Arrangement, sorted: readonly AlarmView[], { opened, closed }: ArrangeBy): Arrangement {
  const now = asTheyAre([...before.pinned, ...before.lines], sorted);
  const zones = before.lines.some((line) => line.kind === 'zone') ? zonesOf(sorted) : new Map<string, Zone>();
  const renewed = (alarm: AlarmView): AlarmView => now.get(alarm.id) ?? closed(alarm.id) ?? alarm;
  const shown = new Set<string>();
  /** Closed zones stand for all of theirs. */
  const covered = new Set<string>();
  const lines = before.lines.flatMap((line): readonly Line[] => {
    if (line.kind === 'zone') {
      const zone = zones.get(line.key) ?? { ...line.zone, first: renewed(line.zone.first), alarms: [], unacked: 0 };
      const open = opened.has(line.key);
      if (!open) covered.add(line.key);
      // What was opened earlier follows as lines of its own.
      return open && !line.open ? zoneLines(zone, true) : [{ ...line, zone, open }];
    }
    if (line.kind === 'alarm' && line.zone !== null && !opened.has(line.zone)) return [];
    return [{ ...line, alarm: renewed(line.alarm) }];
  });
  for (const line of lines) if (line.kind === 'alarm') shown.add(line.alarm.id);
  const pinned = before.pinned.map((line) => (line.kind === 'zone' ? line : { ...line, alarm: renewed(line.alarm) }));
  const waits = (alarm: AlarmView): boolean =>
    !shown.has(alarm.id) && (covered.size === 0 || !covered.has(zoneKey(alarm)));
  return { pinned, lines, waiting: sorted.filter(waits) };
}
