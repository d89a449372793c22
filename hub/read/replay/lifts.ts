// The lifts of an incident as they were then: what was known of each car, and at which floors of its building it stood.
import { DEVICE_KINDS } from '../../../device-profiles/contract/kinds.ts';
import type { Tx } from '../../db/tx.ts';
import { findDevice, LIFT_POSITION, pointsOf, type DeviceRow, type PointRow } from '../../equipment/api.ts';
import type { History } from '../../history/api.ts';
import { listBuildings } from '../../property/api.ts';
import { CAR_POINTS } from '../rescue-view.ts';
import { sideBySide } from '../side-by-side.ts';
import type { ReplayAlarm, ReplayLift } from './contract.ts';
import { REPLAY_LIMITS } from './limits.ts';

export interface FoundLift {
  readonly device: DeviceRow;
  readonly points: readonly PointRow[];
  /** Floors of its building; empty where that is not known. */
  readonly floors: readonly number[];
}

/** Lifts on which alarms of the incident stood. */
export async function liftsIn(tx: Tx, community: string, alarms: readonly ReplayAlarm[]): Promise<FoundLift[]> {
  const ids = [...new Set(alarms.flatMap((a) => (a.deviceKind === 'elevator' ? [a.device] : [])))];
  const buildings = ids.length === 0 ? [] : await listBuildings(tx, community);
  const found: FoundLift[] = [];
  for (const id of ids.slice(0, REPLAY_LIMITS.liftsMax)) {
    const device = await findDevice(tx, community, id);
    if (!device) continue;
    const rows = await pointsOf(tx, id);
    const floors = buildings.find((b) => b.id === device.building)?.floors ?? [];
    found.push({
      device,
      points: CAR_POINTS.flatMap((point) => rows.filter((row) => row.id === point)),
      floors: floors.map((f) => f.floor),
    });
  }
  return found;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** What history knows of a car within the range. */
export async function replayLift(
  history: History,
  { device, points, floors }: FoundLift,
  range: { readonly from: number; readonly to: number },
): Promise<ReplayLift> {
  const kind = DEVICE_KINDS.find((k) => k === device.kind);
  const told = await sideBySide(points, REPLAY_LIMITS.sideBySide, async (point) => {
    const ref = kind && { community: device.community, kind, device: device.id, point: point.id };
    const { runs, more } = ref ? await history.runs(ref, range, REPLAY_LIMITS.runsMax) : { runs: [], more: false };
    return {
      id: point.id,
      name: point.name,
      type: point.type,
      unit: point.unit,
      ...(point.enum === null ? {} : { enum: { ...point.enum } }),
      runs: runs.map((r) => ({ from: iso(r.from), to: iso(r.to), value: r.value })),
      more,
    };
  });
  const stood = new Set(
    told.flatMap((p) => (p.id === LIFT_POSITION ? p.runs.map((r) => Math.round(Number(r.value))) : [])),
  );
  return {
    device: device.id,
    name: device.name,
    ...(device.building === null ? {} : { building: device.building }),
    floors: floors.filter((floor) => stood.has(floor)),
    ...(points.some((p) => p.id === LIFT_POSITION) ? { position: LIFT_POSITION } : {}),
    points: told,
  };
}
