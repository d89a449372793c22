// Live values: one small cell a point, so that a change redraws only what shows that point (style.md 4).
import type { Quality } from '../../../device-profiles/contract/point.ts';
import type { ValuesFrame } from '../../../hub/live/contract.ts';
import { Flush } from './flush.ts';

export interface LiveSample {
  readonly value: number | string | null;
  readonly quality: Quality;
  /** Source time, ms. */
  readonly time: number;
}

/** Index is the code on the wire (point.ts QUALITIES; a test compares them). */
export const QUALITY_CODES: readonly Quality[] = ['good', 'stale', 'bad', 'never'];

export class Cell {
  sample = $state.raw<LiveSample | null>(null);
}

export class Points {
  readonly #cells = new Map<number, Cell>();
  readonly #pending = new Map<number, LiveSample>();
  readonly flush = new Flush(() => this.#flush());

  cell(num: number): Cell {
    let cell = this.#cells.get(num);
    if (!cell) {
      cell = new Cell();
      this.#cells.set(num, cell);
    }
    return cell;
  }

  /** Flat [num, value, quality code, source time, num, …]; latest wins. */
  apply(frame: ValuesFrame): void {
    for (let i = 0; i + 3 < frame.length; i += 4) {
      const num = frame[i];
      const value = frame[i + 1];
      const quality = QUALITY_CODES[Number(frame[i + 2])];
      const time = frame[i + 3];
      if (typeof num !== 'number' || typeof time !== 'number' || value === undefined) continue;
      this.#pending.set(num, { value, quality: quality ?? 'bad', time });
    }
    this.flush.request();
  }

  /** Forgets every value, as when nobody is signed in any more. */
  clear(): void {
    this.#pending.clear();
    for (const cell of this.#cells.values()) cell.sample = null;
  }

  #flush(): void {
    for (const [num, sample] of this.#pending) {
      // A value that nobody shows needs no cell.
      const cell = this.#cells.get(num) ?? this.cell(num);
      cell.sample = sample;
    }
    this.#pending.clear();
  }
}
