// What other domains may ask of equipment.
import type { Text } from '../../device-profiles/contract/point.ts';
import type { Tx } from '../db/tx.ts';
import { devicesByIds } from './store.ts';

export { Register } from './register.ts';
export {
  countUnproved,
  findDevice,
  findPoint,
  LIFT_POSITION,
  liftsOf,
  pointsOf,
  type DeviceRow,
  type PointRow,
} from './store.ts';
export { pointView } from './views.ts';

/** Names of those of these devices that the community has. */
export async function deviceNames(
  tx: Tx,
  community: string,
  devices: readonly string[],
): Promise<ReadonlyMap<string, Text>> {
  const rows = devices.length === 0 ? [] : await devicesByIds(tx, devices);
  return new Map(rows.filter((r) => r.community === community).map((r) => [r.id, r.name]));
}
