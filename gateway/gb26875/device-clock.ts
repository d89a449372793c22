// What a transmission device's clock is worth: how far it is from ours, which moment a time of its stands for, and when
// it is to be set. Pure: times are handed in.
import type { Gb26875Limits } from './limits.ts';

/** When a device's clock is set (profile, section `gb26875`). */
export interface ClockSetRule {
  /** Off by more than this, s. */
  readonly offBeyondS: number;
  /** At most so often, minutes. */
  readonly everyMinutes: number;
}

export type ClockLimits = Pick<Gb26875Limits, 'freshMs' | 'roundTripMs' | 'agreeMs' | 'drainMs'>;

/** How the clock stands: `right`, or off and not yet or no longer to be set. */
export type ClockState = 'unknown' | 'right' | 'off';

/**
 * The offset (device less ours) comes from what is surely fresh: an answer to a request, whose way is known, or two
 * heartbeats that agree. A frame whose time tag fits the offset was made now, so its times are the device's less the
 * offset. One that is older than that either waited in the device while the line was cut, or the clock was changed: the
 * first is believed only just after a new connection, and only if it was made before that.
 */
export class DeviceClock {
  readonly #limits: ClockLimits;
  readonly #rule: ClockSetRule | undefined;
  #offset: number | undefined;
  /** Before it was set: messages that were made then still come. */
  #earlier: number | undefined;
  #beat: number | undefined;
  /** Wall times of ours. */
  #connectedAt = -Infinity;
  /** Monotonic time of the last setting that was sent. */
  #setAt = -Infinity;
  /** It was set, and has not shown since whether that helped. */
  #verifying = false;
  /** It refused to be set, or was wrong again right after: it is left alone until it is right by itself. */
  #leftAlone = false;

  constructor(rule: ClockSetRule | undefined, limits: ClockLimits) {
    this.#rule = rule;
    this.#limits = limits;
  }

  /** Device less ours, ms; undefined while it is not known. */
  get offset(): number | undefined {
    return this.#offset;
  }

  get leftAlone(): boolean {
    return this.#leftAlone;
  }

  get state(): ClockState {
    if (this.#offset === undefined) return 'unknown';
    return this.#isOff(this.#offset) ? 'off' : 'right';
  }

  connected(now: number): void {
    this.#connectedAt = now;
    this.#beat = undefined;
  }

  /** An answer with time tag `tag` to what we asked `tookMs` ago. */
  answered(tag: number | undefined, now: number, tookMs: number): void {
    if (tag === undefined || tookMs > this.#limits.roundTripMs) return;
    this.#learn(tag - (now - tookMs / 2));
  }

  /** A heartbeat: sent when it was made, but the line may have held it. */
  beat(tag: number | undefined, now: number): void {
    if (tag === undefined) return;
    const offset = tag - now;
    if (this.#beat !== undefined && Math.abs(offset - this.#beat) <= this.#limits.agreeMs) this.#learn(offset);
    this.#beat = offset;
  }

  /**
   * What to take from the times of a frame with this tag, ms; undefined when they can't be believed, so that what it tells
   * goes by the time at which it came.
   */
  correction(tag: number | undefined, now: number): number | undefined {
    const { freshMs, drainMs } = this.#limits;
    if (tag === undefined) return undefined;
    const off = tag - now;
    const known = [this.#offset, this.#earlier].filter((o) => o !== undefined);
    if (known.length === 0) return Math.abs(off) <= freshMs ? 0 : undefined;
    const fits = known.find((o) => Math.abs(off - o) <= freshMs);
    if (fits !== undefined) return this.#isOff(fits) ? fits : 0;
    const offset = this.#offset ?? 0;
    const madeAt = tag - offset;
    const waited = madeAt < this.#connectedAt && now - this.#connectedAt <= drainMs;
    return waited ? (this.#isOff(offset) ? offset : 0) : undefined;
  }

  /** Whether it is to be set now. @param mono monotonic, ms */
  due(mono: number): boolean {
    const { everyMinutes } = this.#rule ?? {};
    if (everyMinutes === undefined || this.#leftAlone || this.state !== 'off') return false;
    return mono - this.#setAt >= everyMinutes * 60_000;
  }

  sent(mono: number): void {
    this.#setAt = mono;
  }

  /** What became of the setting. */
  settled(taken: boolean): void {
    if (!taken) {
      this.#leftAlone = true;
      return;
    }
    this.#verifying = true;
    this.#earlier = this.#offset;
    this.#offset = this.#beat = undefined;
  }

  #learn(offset: number): void {
    const set = this.#verifying;
    this.#offset = offset;
    this.#verifying = false;
    if (!this.#isOff(offset)) this.#leftAlone = false;
    // It said that it was set, and is wrong all the same.
    else if (set) this.#leftAlone = true;
  }

  #isOff(offset: number): boolean {
    return Math.abs(offset) > (this.#rule?.offBeyondS ?? DEFAULT_OFF_S) * 1_000;
  }
}

/** Without a rule: a device is as good as the centre's own clock must be, 5 s (GB 50440-2007). */
const DEFAULT_OFF_S = 5;
