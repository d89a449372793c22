// A flood in few rows: alarms of one class in one place roll up into a zone that is counted and can be opened, and the
// first of each class stays on top (DESIGN 6). Pure.
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';
import type { AlarmView, RollUp } from '../../../hub/alarms/contract.ts';
import { CLASS_ORDER, isSetAside, isUnacked } from './classes.ts';
import { once } from './once.ts';
import { compareAlarms, isBefore } from './order.ts';

/** Alarms of one class in one place: a floor of a building; the building; where nothing is known of that, the device. */
export interface Zone {
  readonly key: string;
  readonly class: AlarmClass;
  /** The oldest that nobody has acknowledged, else the oldest: what is shown of it while it is closed. */
  readonly first: AlarmView;
  /** All of them, in the order of the list. */
  readonly alarms: readonly AlarmView[];
  readonly unacked: number;
}

export type Line =
  /** The first of its class, pinned; it stands among its own as well. */
  | { readonly kind: 'first'; readonly key: string; readonly alarm: AlarmView }
  /** `zone`: the opened zone under which it is listed. */
  | { readonly kind: 'alarm'; readonly key: string; readonly alarm: AlarmView; readonly zone: string | null }
  | { readonly kind: 'zone'; readonly key: string; readonly zone: Zone; readonly open: boolean };

/** The alarm that a line speaks of first. */
export const alarmOf = (line: Line): AlarmView => (line.kind === 'zone' ? line.zone.first : line.alarm);

/** Whether so many alarms are a flood, `was` telling whether they were one before. */
export const isFlood = (open: number, was: boolean, { rollAbove, rollUntil }: RollUp): boolean =>
  open > (was ? Math.min(rollUntil, rollAbove) : rollAbove);

/** What a drill suppressed or somebody shelved is no part of what counts. */
export const zoneKey = once((alarm) => {
  const place = alarm.building === undefined ? alarm.device : `${alarm.building}/${alarm.floor ?? ''}`;
  return `zone:${alarm.class}:${isSetAside(alarm.state) ? 'aside:' : ''}${place}`;
});

export const alarmLine = (alarm: AlarmView, zone: string | null = null): Line => ({
  kind: 'alarm',
  key: alarm.id,
  alarm,
  zone,
});

/** All alarms by zone, however few of them. `sorted` is in the order of the list, and each zone keeps it. */
export function zonesOf(sorted: readonly AlarmView[]): ReadonlyMap<string, Zone> {
  const found = new Map<string, { first: AlarmView; alarms: AlarmView[]; unacked: number }>();
  for (const alarm of sorted) {
    const key = zoneKey(alarm);
    const zone = found.get(key);
    const waits = isUnacked(alarm.state);
    if (!zone) {
      found.set(key, { first: alarm, alarms: [alarm], unacked: waits ? 1 : 0 });
      continue;
    }
    zone.alarms.push(alarm);
    if (waits) zone.unacked += 1;
    // Unacknowledged ones come before others in `sorted`, so only among equals the older is the first.
    if (waits === isUnacked(zone.first.state) && isBefore(alarm, zone.first)) zone.first = alarm;
  }
  const zones = new Map<string, Zone>();
  for (const [key, zone] of found) zones.set(key, { key, class: zone.first.class, ...zone });
  return zones;
}

/** Of each class the oldest that nobody has acknowledged, in the order of the lamps. */
export function firstOfClasses(zones: Iterable<Zone>): readonly Line[] {
  const firsts = new Map<AlarmClass, AlarmView>();
  for (const { class: c, first } of zones) {
    if (!isUnacked(first.state)) continue;
    const known = firsts.get(c);
    if (!known || isBefore(first, known)) firsts.set(c, first);
  }
  return CLASS_ORDER.flatMap((c): Line[] => {
    const alarm = firsts.get(c);
    return alarm ? [{ kind: 'first', key: `first:${c}`, alarm }] : [];
  });
}

/**
 * The lines of a flood below those of `firstOfClasses`. A zone stands where its first alarm would: what is added to it
 * later does not move it.
 * @param zoneMin fewer alarms of a zone stay rows of their own
 */
export function rollUp(zones: Iterable<Zone>, opened: ReadonlySet<string>, zoneMin: number): readonly Line[] {
  const heads: { readonly at: AlarmView; readonly zone: Zone | null }[] = [];
  for (const zone of zones) {
    if (zone.alarms.length >= zoneMin) heads.push({ at: zone.first, zone });
    else for (const alarm of zone.alarms) heads.push({ at: alarm, zone: null });
  }
  heads.sort((a, b) => compareAlarms(a.at, b.at));
  return heads.flatMap(({ at, zone }) => (zone ? zoneLines(zone, opened.has(zone.key)) : [alarmLine(at)]));
}

/** A zone's own row, and its alarms where it is open. */
export const zoneLines = (zone: Zone, open: boolean): readonly Line[] => [
  { kind: 'zone', key: zone.key, zone, open },
  ...(open ? zone.alarms.map((alarm) => alarmLine(alarm, zone.key)) : []),
];
