// Values on their way to screens: latest wins. Screens that watch the same share a group; each screen takes what has
// changed since its own last frame, so a slow one skips what is old and costs no memory. Pure apart from its maps.
import type { ValuesFrame } from './contract.ts';

/** [value, quality code, source time ms] of a point as it is now. */
export type ReadPoint = (
  num: number,
) => readonly [value: number | string | null, quality: number, time: number] | undefined;

/** What screens with the same wish see. */
export class WatchGroup {
  readonly nums: ReadonlySet<number>;
  /** Point → tick of its last change. */
  readonly #changed = new Map<number, number>();
  /** Frames already made for screens that stand at the same tick. */
  readonly #frames = new Map<number, ValuesFrame>();
  #tick = 1;
  screens = 0;

  constructor(nums: ReadonlySet<number>) {
    this.nums = nums;
  }

  get tick(): number {
    return this.#tick;
  }

  changed(num: number): void {
    if (this.nums.has(num)) this.#changed.set(num, this.#tick);
  }

  everything(): void {
    for (const num of this.nums) this.#changed.set(num, this.#tick);
  }

  /** Closes the tick: what changes from now on belongs to the next one. */
  close(): number {
    this.#frames.clear();
    return this.#tick++;
  }

  /** Changes after tick `since`, up to the last closed one; undefined when there are none. */
  frame(since: number, read: ReadPoint): ValuesFrame | undefined {
    const made = this.#frames.get(since);
    if (made) return made.length === 0 ? undefined : made;
    const out: (number | string | null)[] = [];
    for (const [num, tick] of this.#changed) {
      if (tick <= since) continue;
      const point = read(num);
      if (point) out.push(num, point[0], point[1], point[2]);
    }
    this.#frames.set(since, out);
    return out.length === 0 ? undefined : out;
  }

  snapshot(read: ReadPoint): ValuesFrame {
    const out: (number | string | null)[] = [];
    for (const num of this.nums) {
      const point = read(num);
      if (point) out.push(num, point[0], point[1], point[2]);
    }
    return out;
  }
}
