// What the spool is asked for and what it answers.
import type { Lane as LaneName } from '../../device-profiles/contract/point.ts';
import type { Note } from '../../device-profiles/contract/wire.ts';
import type { GatewayClock, Logger } from '../drivers/driver.ts';
import type { Entry } from './entry.ts';
import type { Positions } from './epoch.ts';
import type { Disk } from './files.ts';
import type { SpoolLimits } from './limits.ts';

export interface SpoolOptions {
  readonly dir: string;
  readonly gateway: string;
  /** Id and encoded bytes (without snapshot) of the birth that samples are numbered by. */
  readonly birth: { readonly id: string; readonly bytes: Buffer };
  /** Who must have a record before it may go. */
  readonly consumers: readonly string[];
  readonly clock: GatewayClock;
  readonly log: Logger;
  readonly limits?: Partial<SpoolLimits>;
  readonly disk?: Disk;
}

/** What a note says; place in the order of things and time are given by the spool. */
export type NewNote = Omit<Note, 'n' | 'at'>;

export interface SpoolStats {
  readonly epoch: string;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Records given up under this epoch. */
  readonly dropped: number;
  readonly damagedSegments: number;
  readonly tornWrites: number;
  /** '' or the disk's refusal per lane. */
  readonly failing: Readonly<Record<LaneName, string>>;
  readonly head: Readonly<Positions>;
  readonly durable: Readonly<Positions>;
  readonly consumers: Readonly<Record<string, Positions>>;
}

/** A reader with a durable place in both lanes. */
export interface Consumer {
  /** Last sequence committed. */
  position(lane: LaneName): number;
  /** The first entry that holds anything after this sequence, or undefined when there is none yet. */
  next(lane: LaneName, after: number): Promise<Entry | undefined>;
  /**
   * The consumer has everything up to here. May go back, for a hub restored from a backup. Ignored when the epoch has
   * changed since the entry was read.
   */
  commit(lane: LaneName, seq: number, epoch: string): void;
}
