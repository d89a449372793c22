// Something fetched for a view: loading with an end, the value, or a problem; a later load never loses to an earlier.
import { asProblem, type Problem } from './problem.ts';

export class Load<T> {
  #value = $state.raw<T | null>(null);
  #problem = $state.raw<Problem | null>(null);
  #loading = $state(false);
  #fetchedAt = $state<number | null>(null);
  #turn = 0;

  get value(): T | null {
    return this.#value;
  }
  /** Set when the last try failed; an older value may still be there. */
  get problem(): Problem | null {
    return this.#problem;
  }
  get loading(): boolean {
    return this.#loading;
  }
  /** When the value came, by this machine's clock, ms; null without one. */
  get fetchedAt(): number | null {
    return this.#fetchedAt;
  }

  /** Replaces the value by hand, as after an act whose answer is the new state. */
  set(value: T): void {
    this.#turn += 1;
    this.#value = value;
    this.#fetchedAt = Date.now();
    this.#problem = null;
    this.#loading = false;
  }

  clear(): void {
    this.#turn += 1;
    this.#value = null;
    this.#fetchedAt = null;
    this.#problem = null;
    this.#loading = false;
  }

  async run(fetching: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    this.#loading = true;
    try {
      const value = await fetching();
      if (turn !== this.#turn) return;
      this.#value = value;
      this.#fetchedAt = Date.now();
      this.#problem = null;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#problem = asProblem(error);
    }
    this.#loading = false;
  }
}
