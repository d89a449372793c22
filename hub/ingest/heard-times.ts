// When each point of a gateway was last told, and which are overdue: a gateway that lives must tell every point it hears
// at least once a heartbeat, so one that it does not tell is not known any more, whatever it was. Columns, since there
// are 100,000 of them and each record touches one. No clock.
import { INGEST_LIMITS } from './limits.ts';
import type { Program } from './points.ts';

export class HeardTimes {
  readonly program: Program;
  /** Number of a point → its place in the columns. */
  readonly #slots = new Map<number, number>();
  readonly #nums: Float64Array;
  /** ms monotonic; NaN: never */
  readonly #at: Float64Array;
  readonly #patienceMs: Float64Array;
  readonly #overdue: Uint8Array;
  #count = 0;

  /** @param before of the program till now: points that it has as well keep their times */
  constructor(program: Program, heartbeatS: number, before?: HeardTimes) {
    this.program = program;
    const size = program.points.length;
    this.#nums = new Float64Array(size);
    this.#at = new Float64Array(size).fill(NaN);
    this.#patienceMs = new Float64Array(size);
    this.#overdue = new Uint8Array(size);
    for (const [slot, entry] of program.points.entries()) {
      if (!entry) continue;
      this.#slots.set(entry.num, slot);
      this.#nums[slot] = entry.num;
      this.#at[slot] = before?.at(entry.num) ?? NaN;
      this.#patienceMs[slot] = Math.max(heartbeatS, entry.everyS ?? 0) * 1_000 * INGEST_LIMITS.overdueIntervals;
    }
  }

  /** How many are overdue. */
  get count(): number {
    return this.#count;
  }

  /** When a point was last told, ms monotonic. */
  at(num: number): number | undefined {
    const slot = this.#slots.get(num);
    return slot === undefined ? undefined : this.#at[slot];
  }

  /** @param at ms monotonic */
  told(num: number, at: number): void {
    const slot = this.#slots.get(num);
    if (slot === undefined) return;
    this.#at[slot] = at;
    if (this.#overdue[slot] === 1) this.#count--;
    this.#overdue[slot] = 0;
  }

  isOverdue(num: number): boolean {
    // Nearly always none is.
    return this.#count > 0 && this.#overdue[this.#slots.get(num) ?? -1] === 1;
  }

  /**
   * Finds points that have become overdue.
   * @param now ms monotonic
   * @param since before it the hub itself could hear nothing, ms monotonic
   */
  look(now: number, since: number): number[] {
    const found: number[] = [];
    for (let slot = 0; slot < this.#at.length; slot++) {
      // A point that was never told (NaN) is not overdue: it is unknown anyway.
      if (!(now - Math.max(this.#at[slot] ?? NaN, since) > (this.#patienceMs[slot] ?? Infinity))) continue;
      if (this.#overdue[slot] === 1) continue;
      this.#overdue[slot] = 1;
      this.#count++;
      found.push(this.#nums[slot] ?? -1);
    }
    return found;
  }
}
