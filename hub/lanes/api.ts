// What others may ask of fire lanes: which are blocked now, for the desk and for what is read out to 119.
import type { Tx } from '../db/tx.ts';
import type { OpenLane } from './contract.ts';
import { openBlockagesOf } from './store.ts';
import { openLane } from './views.ts';

export {
  clearBlockage,
  importVehicles,
  LANE_TIMER,
  laneOverdue,
  logContact,
  reportBlockage,
  voidBlockage,
  type LanePorts,
} from './commands.ts';
export { LANE_RULES } from './norms.ts';

/** Lanes of a community that are blocked now, the longest first. A fire engine can't come that way. */
export const openBlockages = async (tx: Tx, community: string): Promise<OpenLane[]> =>
  (await openBlockagesOf(tx, community)).map(openLane);
