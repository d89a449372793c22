// Which alarms belong together: same kind of trouble, same building, near floors, within a time window. Pure.
import { Type, type Static } from 'typebox';
import type { AlarmClass } from '../../device-profiles/contract/signal.ts';
import { ruleSet } from '../rules/api.ts';
import type { INCIDENT_FAMILIES } from './contract.ts';

export type Family = (typeof INCIDENT_FAMILIES)[number];

const Grouping = Type.Object(
  {
    /** An alarm this long after the last one of an incident begins a new one, ms. */
    windowMs: Type.Integer({ minimum: 1_000, maximum: 86_400_000 }),
    /** Floors above and below those an incident has reached. */
    floors: Type.Integer({ minimum: 0, maximum: 200 }),
  },
  { additionalProperties: false },
);
export const GROUPING = ruleSet({
  id: 'incidents.grouping',
  version: '1',
  source: 'own: smoke spreads to neighbouring floors within minutes; ten quiet minutes end a group',
  schema: Grouping,
  value: { windowMs: 600_000, floors: 3 },
});
export type Grouping = Static<typeof Grouping>;

const FIRE_FAMILY: readonly AlarmClass[] = ['FIRE', 'PREALARM', 'SUPERVISORY', 'ACTION', 'FEEDBACK'];
export function familyOf(c: AlarmClass): Family {
  if (c === 'ENTRAPMENT') return 'entrapment';
  return FIRE_FAMILY.includes(c) ? 'fire' : 'technical';
}

export interface Incident {
  readonly id: string;
  readonly community: string;
  readonly family: Family;
  readonly building: string | null;
  readonly floorLow: number | null;
  readonly floorHigh: number | null;
  /** Set where the device is the place: an elevator with people inside, or a device without a building. */
  readonly device: string | null;
  readonly firstAlarm: string;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface GroupedAlarm {
  readonly id: string;
  readonly community: string;
  readonly class: AlarmClass;
  readonly device: string;
  readonly building: string | null;
  readonly floor: number | null;
  /** When it was stored, ms: a device's own clock may be wrong. */
  readonly at: number;
  /** Told by a person: belongs to a fire of its place that still stands, however long ago that began. */
  readonly joins?: ReadonlySet<string> | undefined;
}

export interface Grouped {
  /** Alarm → incident. */
  readonly of: ReadonlyMap<string, string>;
  /** Incidents that are new or grew. */
  readonly changed: readonly Incident[];
}

/** Gives each alarm, in order, the newest incident that it fits, else a new one. */
export function group(
  recent: readonly Incident[],
  alarms: readonly GroupedAlarm[],
  rule: Grouping,
  newId: () => string,
): Grouped {
  const incidents = new Map(recent.map((i) => [i.id, i]));
  const of = new Map<string, string>();
  const changed = new Set<string>();
  for (const alarm of alarms) {
    let best: Incident | undefined;
    for (const i of incidents.values()) if (fits(i, alarm, rule) && (!best || i.lastAt > best.lastAt)) best = i;
    const grown = best ? grow(best, alarm) : begin(newId(), alarm);
    incidents.set(grown.id, grown);
    changed.add(grown.id);
    of.set(alarm.id, grown.id);
  }
  return { of, changed: [...incidents.values()].filter((i) => changed.has(i.id)) };
}

/** The device is the place. */
const byDevice = (a: GroupedAlarm): boolean => a.class === 'ENTRAPMENT' || a.building === null;

function fits(i: Incident, a: GroupedAlarm, rule: Grouping): boolean {
  if (i.community !== a.community || i.family !== familyOf(a.class)) return false;
  if (a.at - i.lastAt > rule.windowMs && a.joins?.has(i.id) !== true) return false;
  if (byDevice(a)) return i.device === a.device;
  if (i.device !== null || i.building !== a.building) return false;
  if (a.floor === null || i.floorLow === null || i.floorHigh === null) return true;
  return a.floor >= i.floorLow - rule.floors && a.floor <= i.floorHigh + rule.floors;
}

const begin = (id: string, a: GroupedAlarm): Incident => ({
  id,
  community: a.community,
  family: familyOf(a.class),
  building: a.building,
  floorLow: a.floor,
  floorHigh: a.floor,
  device: byDevice(a) ? a.device : null,
  firstAlarm: a.id,
  firstAt: a.at,
  lastAt: a.at,
});

const grow = (i: Incident, a: GroupedAlarm): Incident => ({
  ...i,
  floorLow: a.floor === null ? i.floorLow : Math.min(i.floorLow ?? a.floor, a.floor),
  floorHigh: a.floor === null ? i.floorHigh : Math.max(i.floorHigh ?? a.floor, a.floor),
  lastAt: Math.max(i.lastAt, a.at),
});
