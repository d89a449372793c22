// What the fire procedure needs to know from elsewhere; main.ts hands it in.
import type { ChangePorts } from '../alarms/api.ts';
import type { Tx } from '../db/tx.ts';
import type { LinkageDevice } from './contract.ts';

export interface Plan {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  /** Of the version, for people. */
  readonly number: number;
}

export interface FirePlace {
  readonly community: string;
  readonly building: string | undefined;
  readonly floor: number | undefined;
}

export interface LaneState {
  readonly state: 'clear' | 'blocked';
  readonly note: string;
}

export interface FirePorts {
  readonly alarms: ChangePorts;
  /** On a valid shift with a valid certificate at that moment (ms wall). */
  qualified(tx: Tx, user: { readonly id: string }, at: number): Promise<boolean>;
  /** What tells manual or automatic where, as live points say at this moment. */
  linkage(community: string, kinds: readonly string[]): readonly LinkageDevice[];
  /** The emergency plan for fire in force for a place; undefined: there is none. */
  planInForce(tx: Tx, place: FirePlace): Promise<Plan | undefined>;
  /** How the fire lane to a place is; undefined: nobody knows. */
  laneState(tx: Tx, place: FirePlace): Promise<LaneState | undefined>;
}
