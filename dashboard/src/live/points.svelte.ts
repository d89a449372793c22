// Live values: one signal a point, so that a change redraws only what shows that point (style.md 4); let out once a frame.
import { SvelteMap } from 'svelte/reactivity';
import type { ValuesFrame } from '../../../hub/live/contract.ts';
import { Flush } from './flush.ts';
import { decodeValues, type LiveSample } from './values.ts';

export class Points {
  readonly #samples = new SvelteMap<number, LiveSample>();
  readonly #pending = new Map<number, LiveSample>();
  readonly flush = new Flush(() => this.#flush());

  /** The last value of a point by its number on the live channel; null while none has come. */
  sample(num: number | undefined): LiveSample | null {
    return num === undefined ? null : (this.#samples.get(num) ?? null);
  }

  apply(frame: ValuesFrame): void {
    decodeValues(frame, this.#pending);
    this.flush.request();
  }

  /** Forgets every value, as when nobody is signed in any more. */
  clear(): void {
    this.#pending.clear();
    this.#samples.clear();
  }

  #flush(): void {
    for (const [num, sample] of this.#pending) this.#samples.set(num, sample);
    this.#pending.clear();
  }
}
