// Time spent in each state, from samples in order: a sample holds until the next one, but never longer than `holdMs`.
import type { Range, RecordedSample, StateDurations, StateRun, StateRuns } from './api.ts';

interface StateTotal {
  ms: number;
  entered: number;
}

/**
 * Adds up samples of [from, to) in order. What nobody knows is `unknownMs`, never a state: before the first sample, past
 * `holdMs` of silence, and while the quality is not good or there is no value (DESIGN 2.5).
 */
export class StateClock {
  readonly #range: Range;
  readonly #holdMs: number;
  readonly #totals = new Map<number | string, StateTotal>();
  #at: number;
  #current: RecordedSample | null;
  #lastKnown: number | string | null;
  readonly #runs: StateRun[] = [];
  readonly #runsMax: number;
  #more = false;

  /**
   * `before` is the last sample earlier than `from`, if any: its state may still hold at `from`. Runs beyond `runsMax` are
   * counted in the durations, not listed.
   */
  constructor(range: Range, holdMs: number, before: RecordedSample | null, runsMax = 0) {
    this.#runsMax = runsMax;
    this.#range = range;
    this.#holdMs = holdMs;
    this.#at = range.from;
    this.#current = before;
    this.#lastKnown = before && known(before);
  }

  add(sample: RecordedSample): void {
    this.#advance(sample.t);
    this.#current = sample;
    const value = known(sample);
    if (value === null) return;
    // A change that happened in a gap is still a change; the first thing known is none.
    const changed = this.#lastKnown !== null && this.#lastKnown !== value;
    this.#lastKnown = value;
    if (changed) this.#total(value).entered += 1;
  }

  end(): StateDurations {
    this.#advance(this.#range.to);
    const states = [...this.#totals].map(([value, { ms, entered }]) => ({ value, ms, entered }));
    states.sort((a, b) => b.ms - a.ms || compare(a.value, b.value));
    const knownMs = states.reduce((sum, state) => sum + state.ms, 0);
    return { states, unknownMs: this.#range.to - this.#range.from - knownMs };
  }

  /** The stretches themselves; complete after `end`. */
  listed(): Pick<StateRuns, 'runs' | 'more'> {
    return { runs: this.#runs, more: this.#more };
  }

  #advance(to: number): void {
    const sample = this.#current;
    const value = sample && known(sample);
    if (sample && value !== null) {
      const from = Math.max(this.#at, sample.t);
      const until = Math.min(to, sample.t + this.#holdMs);
      if (until > from) {
        this.#total(value).ms += until - from;
        this.#list({ from, to: until, value });
      }
    }
    this.#at = Math.max(this.#at, to);
  }

  #list(run: StateRun): void {
    const last = this.#runs.at(-1);
    if (last && last.value === run.value && last.to === run.from && !this.#more)
      this.#runs[this.#runs.length - 1] = { ...last, to: run.to };
    else if (this.#runs.length < this.#runsMax) this.#runs.push(run);
    else this.#more = true;
  }

  #total(value: number | string): StateTotal {
    const total = this.#totals.get(value);
    if (total) return total;
    const fresh = { ms: 0, entered: 0 };
    this.#totals.set(value, fresh);
    return fresh;
  }
}

const known = (sample: RecordedSample): number | string | null => (sample.quality === 'good' ? sample.value : null);

/** Numbers before texts, each in its own order, so that equal times always list alike. */
function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === typeof b) return a < b ? -1 : 1;
  return typeof a === 'number' ? -1 : 1;
}
