// What consumers read from a lane: one encoded batch with its place, from memory or from a segment. Pure.
import type { FrameAt, FrameHead } from './frame.ts';

/** One encoded batch with its place in the lane. `loss`: it was never stored, it stands for sequences that are gone. */
export interface Entry extends FrameHead {
  readonly last: number;
  readonly bytes: Uint8Array;
  readonly loss: boolean;
}

/** An entry on its way to disk; `settle` is called once, with an error when it was given up. */
export interface NewEntry extends Entry {
  readonly settle: (error?: Error) => void;
}

/** What a consumer keeps between reads: the segment it is in. */
export interface ReadCache {
  loaded?: Loaded;
}
/** A segment in memory. */
export interface Loaded {
  readonly path: string;
  readonly size: number;
  readonly bytes: Buffer;
  readonly frames: readonly FrameAt[];
}

export function headOf(e: FrameHead): FrameHead {
  const { first, count, lastN, time, prevCrc, crc, birthTag } = e;
  return { first, count, lastN, time, prevCrc, crc, birthTag };
}

export function entryOf(frame: FrameAt, bytes: Uint8Array): Entry {
  return { ...headOf(frame), last: frame.first + frame.count - 1, bytes, loss: false };
}
