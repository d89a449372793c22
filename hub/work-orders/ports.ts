// What work orders need to know from other domains. `main.ts` hands it in; tests hand in what they want to be true.
import type { Tx } from '../db/tx.ts';
import type { DeviceNames } from './views-store.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: string;
}

/** A signal of a point, and how long it must have been gone. */
export interface SignalQuestion {
  readonly community: string;
  readonly device: string;
  readonly point: string;
  readonly signal: string;
  readonly holdMs: number;
  /** The alarms of this signal that the order answers. */
  readonly alarms: readonly string[];
}

export interface OrderPorts {
  /**
   * True only if the signal's condition is known to be false now, on good data, and has been for `holdMs` without a
   * gap. A gap is never proof (hard rule 5).
   */
  signalGone(tx: Tx, question: SignalQuestion, now: number): Promise<boolean>;
  /** True while the alarm episode is not over: its patience must not end in an order for something that is gone. */
  alarmActive(tx: Tx, community: string, alarm: string): Promise<boolean>;
  /** Which of these files (SHA-256 hex) were not uploaded in this community. */
  missingFiles(tx: Tx, community: string, files: readonly string[]): Promise<readonly string[]>;
  person(tx: Tx, community: string, id: string): Promise<Person | undefined>;
  /** People of the role who are on a shift now. */
  onDuty(tx: Tx, community: string, role: string, now: number): Promise<readonly Person[]>;
  /** Names of the devices that the community has. */
  deviceNames(tx: Tx, community: string, devices: readonly string[]): Promise<DeviceNames>;
}
