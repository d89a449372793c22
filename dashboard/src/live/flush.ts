// Collects changes and lets them out once per animation frame, so that 2,000 changes a second cost one pass.

export class Flush {
  #pending = false;
  #frame = 0;
  readonly #run: () => void;

  constructor(run: () => void) {
    this.#run = run;
  }

  request(): void {
    if (this.#pending) return;
    this.#pending = true;
    this.#frame = requestAnimationFrame(() => this.now());
  }

  /** Lets out what is pending at once: frames don't come in a hidden tab, so the ticker calls this too. */
  now(): void {
    if (!this.#pending) return;
    this.#pending = false;
    cancelAnimationFrame(this.#frame);
    this.#run();
  }
}
