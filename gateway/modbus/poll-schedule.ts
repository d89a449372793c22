// When each poll is due: fixed rate, spread in phase so that a thousand devices don't ask at once. Pure; monotonic ms.

interface Entry<T> {
  readonly job: T;
  readonly intervalMs: number;
  due: number;
}

/** Fractional part of the golden ratio: its multiples are spread evenly whatever their number. */
const GOLDEN = 0.618_033_988_749_895;

/** A heap of jobs by due time. Each falls due every `intervalMs` for ever; what was missed is skipped, never made up. */
export class PollSchedule<T> {
  readonly #heap: Entry<T>[] = [];
  #added = 0;

  /** The first time falls somewhere in the first interval, away from the others'. */
  add(job: T, intervalMs: number, now: number): void {
    const phase = (this.#added++ * GOLDEN) % 1;
    this.#heap.push({ job, intervalMs, due: now + phase * intervalMs });
    this.#up(this.#heap.length - 1);
  }

  /** Monotonic ms of the next due job. */
  next(): number | undefined {
    return this.#heap[0]?.due;
  }

  /**
   * Calls `run` for each job due by `now`, earliest first, with the number of its times that passed unused meanwhile
   * (the process was stopped or overloaded), and sets its next time on the same grid, after `now`.
   */
  runDue(now: number, run: (job: T, missed: number) => void): void {
    for (let first = this.#heap[0]; first && first.due <= now; first = this.#heap[0]) {
      const missed = Math.floor((now - first.due) / first.intervalMs);
      first.due += (missed + 1) * first.intervalMs;
      this.#down(0);
      run(first.job, missed);
    }
  }

  #up(at: number): void {
    const heap = this.#heap;
    for (let i = at; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) return;
      [heap[i], heap[parent]] = [heap[parent] as Entry<T>, heap[i] as Entry<T>];
      i = parent;
    }
  }

  #down(at: number): void {
    const heap = this.#heap;
    for (let i = at; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < heap.length && this.#before(child, least)) least = child;
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least] as Entry<T>, heap[i] as Entry<T>];
      i = least;
    }
  }

  #before(a: number, b: number): boolean {
    return (this.#heap[a]?.due ?? Infinity) < (this.#heap[b]?.due ?? Infinity);
  }
}
