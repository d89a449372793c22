// What consumers read from a lane: one encoded batch with its place, from memory or from a segment. Pure.
import { frameAfter, type FrameAt, type FrameHead } from './frame.ts';

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

/** A segment in memory. */
export interface Loaded {
  readonly path: string;
  readonly size: number;
  readonly bytes: Buffer;
  readonly frames: readonly FrameAt[];
}

/**
 * What a consumer keeps between reads: the segments it is in, the one used last in front. After an outage the uplink is
 * in two of each lane at once, where alarms are and where history is; with room for one, each batch would read a whole
 * segment anew.
 */
export class ReadCache {
  static readonly #SEGMENTS = 4;
  #loaded: readonly Loaded[] = [];

  find(path: string, size: number): Loaded | undefined {
    const known = this.#loaded.find((l) => l.path === path && l.size === size);
    if (known && known !== this.#loaded[0]) this.#loaded = [known, ...this.#loaded.filter((l) => l !== known)];
    return known;
  }

  keep(loaded: Loaded): Loaded {
    this.#loaded = [loaded, ...this.#loaded.filter((l) => l.path !== loaded.path)].slice(0, ReadCache.#SEGMENTS);
    return loaded;
  }
}

export function headOf(e: FrameHead): FrameHead {
  const { first, count, lastN, time, prevCrc, crc, birthTag } = e;
  return { first, count, lastN, time, prevCrc, crc, birthTag };
}

function entryOf(frame: FrameAt, bytes: Uint8Array): Entry {
  return { ...headOf(frame), last: frame.first + frame.count - 1, bytes, loss: false };
}

/** The first batch of a segment that holds anything after this sequence. */
export function entryAfter({ frames, bytes }: Loaded, seq: number): Entry | undefined {
  const frame = frameAfter(frames, seq);
  return frame && entryOf(frame, bytes.subarray(frame.start, frame.end));
}
