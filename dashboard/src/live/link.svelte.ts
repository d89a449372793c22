// Whether what is on the screen is still true: the last beat, its age, what it says.
import type { AliveFrame, BeatFrame } from '../../../hub/live/contract.ts';
import { beatAge, linkState, type LinkState } from './link-state.ts';

interface Moment {
  readonly mono: number;
  readonly wall: number;
}
const moment = (): Moment => ({ mono: performance.now(), wall: Date.now() });

export class Link {
  #state = $state<LinkState>('starting');
  #ageMs = $state(0);
  #beat = $state.raw<BeatFrame | null>(null);
  #alive = $state.raw<AliveFrame | null>(null);
  #heard: Moment = moment();

  get state(): LinkState {
    return this.#state;
  }
  /** The screen must not be believed. */
  get frozen(): boolean {
    return this.#state === 'dead';
  }
  /** Age of the last beat, ms, to a quarter of a second. */
  get ageMs(): number {
    return this.#ageMs;
  }
  /** Nothing for who only reads: they are told less. */
  get beat(): BeatFrame | null {
    return this.#beat;
  }
  /** What every role is told with each beat. */
  get alive(): AliveFrame | null {
    return this.#alive;
  }

  start(): void {
    this.#heard = moment();
    this.#beat = null;
    this.#alive = null;
    this.look();
  }

  hear(beat: BeatFrame): void {
    this.#beat = beat;
    this.hearAlive(beat);
  }

  hearAlive(frame: AliveFrame): void {
    this.#heard = moment();
    this.#alive = frame;
    this.look();
  }

  look(): void {
    this.#ageMs = beatAge(this.#heard, moment());
    this.#state = linkState(this.#ageMs, this.#alive !== null);
  }
}
