// Compares the clocks of gateways with the hub's: one that is simply wrong never jumps, so the gateway itself can't tell.
import type { Clock } from '../clock.ts';
import { clockWrong, hubSignal } from './hub-signals.ts';
import { INGEST_LIMITS } from './limits.ts';
import type { Site } from './points.ts';
import type { FactJob } from './t1.ts';

/** Whether a gateway's time is as good as the hub's, both ms. */
export const clockIsRight = (at: number, now: number): boolean => Math.abs(at - now) <= INGEST_LIMITS.clockOffMs / 2;

interface Compared {
  /** ms monotonic */
  wrongSince: number | undefined;
  told: boolean;
}

export class BeatClock {
  readonly #clock: Clock;
  readonly #push: (fact: FactJob) => void;
  readonly #compared = new WeakMap<Site, Compared>();

  constructor(clock: Clock, push: (fact: FactJob) => void) {
    this.#clock = clock;
    this.#push = push;
  }

  /** @param at the gateway's time as its beat has it, ms */
  beat(site: Site, at: number): void {
    if (site.community === '') return;
    const compared = this.#compared.get(site) ?? { wrongSince: undefined, told: false };
    this.#compared.set(site, compared);
    const [now, mono] = [this.#clock.now(), this.#clock.monotonic()];
    site.clockOffMs = Math.abs(at - now) > INGEST_LIMITS.clockOffMs ? Math.trunc(at - now) : undefined;
    if (clockIsRight(at, now)) {
      compared.wrongSince = undefined;
      if (compared.told) this.#tell(site, (signals) => signals.hubSignal(hubSignal('clock-wrong', site), 'clear', now));
      compared.told = false;
    } else if (!compared.told && Math.abs(at - now) > INGEST_LIMITS.clockOffMs) {
      compared.wrongSince ??= mono;
      if (mono - compared.wrongSince < INGEST_LIMITS.clockOffForMs) return;
      compared.told = true;
      this.#tell(site, (signals) => signals.hubSignal(clockWrong(site, at, now), 'raise', now));
    }
  }

  #tell(site: Site, stage: (signals: Parameters<FactJob['stage']>[1]) => void): void {
    this.#push({ kind: 'fact', site, stage: (_site, signals) => stage(signals) });
  }
}
