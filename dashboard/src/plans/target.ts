// Which floor shows an alarm, and which floors there are beside it. Pure.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { OverviewView } from '../../../hub/read/contract.ts';

export interface FloorAt {
  readonly building: string;
  readonly floor: number;
}
type Building = OverviewView['buildings'][number];

/**
 * The floor of an alarm. A lift stands on none: its car's floor if that is known, else the ground floor. Null where
 * the building is not known.
 * @param carAt the floor that the car of a device is at now, if anyone knows
 */
export function floorOf(
  alarm: Pick<AlarmView, 'building' | 'floor' | 'device'>,
  buildings: readonly Building[],
  carAt: (device: string) => number | null,
): FloorAt | null {
  const building = buildings.find((b) => b.id === alarm.building);
  if (!building) return null;
  const has = (floor: number | null | undefined): floor is number =>
    floor !== null && floor !== undefined && building.floors.some((f) => f.floor === floor);
  const floor = [alarm.floor, carAt(alarm.device), 1, building.floors[0]?.floor].find(has);
  return floor === undefined ? null : { building: building.id, floor };
}

/** The next floor of the same building, up or down; null at the end. */
export function nextFloor(buildings: readonly Building[], at: FloorAt, way: 'up' | 'down'): number | null {
  const floors = (buildings.find((b) => b.id === at.building)?.floors ?? []).map((f) => f.floor);
  const beyond = floors.filter((f) => (way === 'up' ? f > at.floor : f < at.floor));
  if (beyond.length === 0) return null;
  return way === 'up' ? Math.min(...beyond) : Math.max(...beyond);
}
