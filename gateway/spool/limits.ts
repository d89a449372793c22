// Every limit of the spool by name (hard rule 10). Bytes, records, milliseconds.
import type { Lane } from '../../device-profiles/contract/point.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

export interface SpoolLimits {
  /** All segments of both lanes on disk. Past it the oldest telemetry goes first. */
  readonly maxBytes: number;
  /** A segment is closed at this size … */
  readonly segmentBytes: number;
  /** … or at this age, so that old data leaves in small pieces. */
  readonly segmentAgeMs: number;
  /** Waiting time for company before a group is written and synced. */
  readonly groupMs: Readonly<Record<Lane, number>>;
  /** Written records of a lane that consumers can read without the disk. */
  readonly tailBytes: number;
  /** Records accepted and not yet given a sequence, e.g. while an epoch is minted. Past it new ones are refused. */
  readonly pendingRecords: number;
  /** Encoded batches that the disk did not take yet. Past it the oldest are given up (a loss with its bounds). */
  readonly unwrittenBytes: number;
  /** A write that takes longer than this hangs: what waits for it is sent on, though it is in memory alone. */
  readonly hangingMs: number;
  /** Pause between attempts on a disk that refuses. */
  readonly retryMs: number;
  /** Safety records are kept this long after all consumers have them … */
  readonly safetyKeptMs: number;
  /** … and within this many bytes. */
  readonly safetyKeptBytes: number;
  /** Least time between two writes of the consumers' cursors, and between two looks for what can go. */
  readonly cursorSaveMs: number;
  /** Damaged segments kept aside for a person to look at; past it the oldest is deleted. */
  readonly setAside: number;
}

export const SPOOL_LIMITS: SpoolLimits = {
  maxBytes: 4_096 * MIB,
  segmentBytes: 8 * MIB,
  segmentAgeMs: DAY_MS / 24,
  groupMs: { safety: 10, telemetry: 1_000 },
  tailBytes: 8 * MIB,
  pendingRecords: 500_000,
  unwrittenBytes: 64 * MIB,
  hangingMs: 500,
  retryMs: 1_000,
  safetyKeptMs: 30 * DAY_MS,
  safetyKeptBytes: 512 * MIB,
  cursorSaveMs: 1_000,
  setAside: 16,
};

/** Estimated bytes of a batch at which it is sealed; leaves room under WIRE_LIMITS.batchBytes for what an estimate misses. */
export const SEAL_BYTES = 384 * 1024;
