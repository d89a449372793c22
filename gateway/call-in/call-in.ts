// What the drivers of devices that call us have in common: a port, how each device stands, and what was refused.
import type { CallIns } from '../../device-profiles/contract/call-in.ts';
import type { Driver } from '../drivers/driver.ts';
import type { Refusal } from './refusals.ts';

export interface CallInDriver extends Driver {
  /** Port on which we listen, 0 before. */
  readonly listening: number;
  /** How every device stands: for the engineer. */
  standing(): CallIns;
  /** The last bytes that were refused, newest first. */
  refusals(): readonly (Refusal & { readonly link: string })[];
}

export const isCallIn = (driver: Driver): driver is CallInDriver => 'standing' in driver && 'refusals' in driver;
