// Whether the gateway's own clock is sure enough to set others by it: somebody or the system says that it is kept right,
// and it has not jumped of late.
import { execFile } from 'node:child_process';
import type { GatewayClock } from './drivers/driver.ts';

/** Times in ms: after a jump it must run so long; so often the system is asked, and so long it may take to say. */
export const CLOCK_TRUST = { afterJumpMs: 10 * 60_000, askEveryMs: 5 * 60_000, answerMs: 5_000 } as const;

/**
 * Whether the system's clock is synchronised, by what the kernel tells systemd, whichever program keeps it (chrony, ntpd,
 * timesyncd). False where nobody can say. Never rejects.
 */
export function systemSynchronised(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(
      'timedatectl',
      ['show', '--property=NTPSynchronized', '--value'],
      { timeout: CLOCK_TRUST.answerMs },
      (error, stdout) => resolve(!error && stdout.trim() === 'yes'),
    );
  });
}

export class ClockTrust {
  readonly #clock: Pick<GatewayClock, 'monotonic'>;
  readonly #ask: () => Promise<boolean>;
  #said = false;
  #jumpedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** @param ask whether the clock is kept right; never rejects */
  constructor(clock: Pick<GatewayClock, 'monotonic'>, ask: () => Promise<boolean>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Not before the first answer. */
  get sure(): boolean {
    return this.#said && this.#clock.monotonic() - this.#jumpedAt >= CLOCK_TRUST.afterJumpMs;
  }

  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), CLOCK_TRUST.askEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async look(): Promise<void> {
    this.#said = await this.#ask();
  }

  /** The wall clock was set: whoever set it may not be done. */
  jumped(): void {
    this.#jumpedAt = this.#clock.monotonic();
  }
}
