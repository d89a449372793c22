// The hub's time on this screen, carried on by the monotonic clock: setting the browser's clock moves nothing.

export class ServerClock {
  #heard: { readonly time: number; readonly mono: number } | null = null;
  #now = $state<number | null>(null);

  /** The hub's time, ms; null until it was heard once. Reading it makes a component follow. */
  get now(): number | null {
    return this.#now;
  }

  /** The hub answered with its time just now. */
  hear(time: number): void {
    this.#heard = { time, mono: performance.now() };
    this.tick();
  }

  tick(): void {
    if (this.#heard) this.#now = this.#heard.time + (performance.now() - this.#heard.mono);
  }
}
