// The buildings in section: which cell shows what. Pure: alarms and overview in, cells out.
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { OverviewView } from '../../../hub/read/contract.ts';
import { CLASS_ORDER, isSetAside, isUnacked, worse } from '../alarms/classes.ts';
import { once } from '../alarms/once.ts';

export type OverviewBuilding = OverviewView['buildings'][number];
export type OverviewFloor = OverviewBuilding['floors'][number];
export type OverviewElevator = OverviewBuilding['elevators'][number];

/** What is wrong at one place: the worst class, and how much. */
export interface Trouble {
  readonly worst: AlarmClass;
  readonly count: number;
  readonly unacked: boolean;
  /** How many of each class: in a flood a place is a handful of numbers. */
  readonly classes: ReadonlyMap<AlarmClass, number>;
}

/** Key of a floor's cell; of a building as a whole where an alarm names no floor; of a device. */
export const floorKey = (building: string, floor: number): string => `${building}/${floor}`;
export const buildingKey = (building: string): string => `${building}/`;
export const deviceKey = (device: string): string => `device:${device}`;

/** A trouble while it is counted. */
interface Found {
  count: number;
  unacked: boolean;
  readonly classes: Map<AlarmClass, number>;
}

/** Keys of the places that an alarm troubles. */
const placesOf = once(({ device, building, floor }) => {
  const keys = [deviceKey(device)];
  if (building !== undefined) keys.push(buildingKey(building));
  if (building !== undefined && floor !== undefined) keys.push(floorKey(building, floor));
  return keys;
});

/** Classes of a place with their counts, the worst first. */
export const tally = ({ classes }: Pick<Trouble, 'classes'>): readonly (readonly [AlarmClass, number])[] =>
  CLASS_ORDER.flatMap((c) => {
    const n = classes.get(c);
    return n === undefined ? [] : [[c, n] as const];
  });

/**
 * Troubles by place. What is shelved or suppressed colours nothing: its list row tells of it. Where nothing differs from
 * `before`, its very objects are given back, so that in a flood only cells that changed are drawn anew.
 */
export function troubles(
  alarms: Iterable<AlarmView>,
  before: ReadonlyMap<string, Trouble> = new Map(),
): ReadonlyMap<string, Trouble> {
  const found = new Map<string, Found>();
  for (const alarm of alarms) {
    if (isSetAside(alarm.state)) continue;
    const unacked = isUnacked(alarm.state);
    for (const key of placesOf(alarm)) {
      let at = found.get(key);
      if (!at) found.set(key, (at = { count: 0, unacked: false, classes: new Map() }));
      at.count += 1;
      at.unacked ||= unacked;
      at.classes.set(alarm.class, (at.classes.get(alarm.class) ?? 0) + 1);
    }
  }
  const result = new Map<string, Trouble>();
  for (const [key, now] of found) {
    const known = before.get(key);
    result.set(key, known && isSame(known, now) ? known : { ...now, worst: worstOf(now.classes) });
  }
  return result;
}

const worstOf = (classes: ReadonlyMap<AlarmClass, number>): AlarmClass =>
  [...classes.keys()].reduce((a, b) => worse(a, b));

const isSame = (a: Trouble, b: Found): boolean =>
  a.count === b.count &&
  a.unacked === b.unacked &&
  a.classes.size === b.classes.size &&
  [...a.classes].every(([c, n]) => b.classes.get(c) === n);

/** How far a floor can be believed: all of it, some points not, none; `empty` where nothing is measured at all. */
export type Belief = 'known' | 'partly' | 'unknown' | 'empty';

export function beliefOf(floor: Pick<OverviewFloor, 'points' | 'unknown'>, frozen: boolean): Belief {
  if (floor.points === 0) return 'empty';
  if (frozen || floor.unknown >= floor.points) return 'unknown';
  return floor.unknown > 0 ? 'partly' : 'known';
}

/** All floor numbers of all buildings from the top down, so that one height is one level in every column. */
export function levels(buildings: readonly OverviewBuilding[]): readonly number[] {
  const numbers = new Set<number>();
  for (const building of buildings) for (const floor of building.floors) numbers.add(floor.floor);
  return [...numbers].sort((a, b) => b - a);
}

/**
 * Levels whose number is printed: where something is wrong, the ends, the first above ground, every fifth; where that
 * would overlap, what comes first of these, no two nearer than `apart` rows.
 * @param all from the top down
 */
export function labelled(all: readonly number[], troubled: ReadonlySet<number>, apart = 1): ReadonlySet<number> {
  const wants = [
    (level: number) => troubled.has(level),
    (level: number) => level === all[0] || level === all.at(-1),
    (level: number) => level === 1,
    (level: number) => level % 5 === 0,
  ];
  const rows: number[] = [];
  for (const wanted of wants)
    for (const [row, level] of all.entries())
      if (wanted(level) && rows.every((other) => Math.abs(other - row) >= apart)) rows.push(row);
  return new Set(rows.flatMap((row) => all[row] ?? []));
}

/** Short form on the scale: B1, 1, 12. */
export const levelMark = (level: number): string => (level < 0 ? `B${-level}` : String(level));

/** The cell that an arrow key leads to from (column, level): the nearest level that the target column has. */
export function neighbour(
  buildings: readonly OverviewBuilding[],
  from: { readonly column: number; readonly level: number },
  key: string,
): { readonly column: number; readonly level: number } | null {
  const columnStep = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
  const up = key === 'ArrowUp' ? 1 : key === 'ArrowDown' ? -1 : 0;
  if (columnStep === 0 && up === 0) return null;
  const column = from.column + columnStep;
  const floors = buildings[column]?.floors.map((f) => f.floor) ?? [];
  const candidates = up === 0 ? floors : floors.filter((f) => Math.sign(f - from.level) === up);
  const level = candidates.toSorted((a, b) => Math.abs(a - from.level) - Math.abs(b - from.level))[0];
  return level === undefined ? null : { column, level };
}
