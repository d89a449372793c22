// Collects changes and lets them out once per animation frame, so that 2,000 changes a second cost one pass; what costs
// long comes less often, so that a flood never takes all of the operator's time.
import { flushSync } from 'svelte';

export const FLUSH_LIMITS = {
  /** After a pass the page has this many times as long for everything else, … */
  restTimes: 3,
  /** … but changes wait no longer than this, ms. */
  restMaxMs: 400,
  /** A pass that takes no longer than this needs no rest, ms. */
  cheapMs: 8,
} as const;

export class Flush {
  #pending = false;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #restUntil = 0;
  readonly #run: () => void;

  constructor(run: () => void) {
    this.#run = run;
  }

  request(): void {
    if (this.#pending) return;
    this.#pending = true;
    const rest = this.#restUntil - performance.now();
    if (rest > 0) this.#timer = setTimeout(() => this.#atFrame(), rest);
    else this.#atFrame();
  }

  /** Lets out what is pending: frames don't come in a hidden tab, so the ticker calls this too. */
  now(): void {
    if (!this.#pending || performance.now() < this.#restUntil) return;
    this.#pending = false;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    const began = performance.now();
    // What the pass causes to be drawn is part of its cost.
    flushSync(this.#run);
    const ended = performance.now();
    const took = ended - began;
    const { cheapMs, restMaxMs, restTimes } = FLUSH_LIMITS;
    this.#restUntil = took <= cheapMs ? 0 : ended + Math.min(took * restTimes, restMaxMs);
  }

  #atFrame(): void {
    this.#frame = requestAnimationFrame(() => this.now());
  }
}
