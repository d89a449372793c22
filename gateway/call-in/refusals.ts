// The last things that devices sent and that were refused, for the engineer who looks for the reason.
import { CALL_IN_LIMITS, type CallIns } from '../../device-profiles/contract/call-in.ts';

export interface Refusal<R extends string = string> {
  /** Wall clock, ISO 8601 UTC. */
  readonly at: string;
  readonly from: string;
  readonly reason: R;
  /** The first bytes, hex. */
  readonly bytes: string;
}
const REFUSAL_BYTES = 200;

export class Refusals<R extends string = string> {
  readonly #max: number;
  readonly #kept: Refusal<R>[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** @param at wall time, ms */
  keep(at: number, from: string, reason: R, bytes: Buffer): void {
    const hex = bytes.subarray(0, REFUSAL_BYTES).toString('hex');
    this.#kept.push({ at: new Date(at).toISOString(), from, reason, bytes: hex });
    if (this.#kept.length > this.#max) this.#kept.shift();
  }

  /** Newest first. */
  all(link: string): readonly (Refusal<R> & { readonly link: string })[] {
    return this.#kept.toReversed().map((refusal) => ({ link, ...refusal }));
  }

  /** As a beat tells it: the newest few. */
  told(): CallIns['refused'] {
    return this.#kept
      .slice(-CALL_IN_LIMITS.refused)
      .toReversed()
      .map(({ at, from, reason, bytes }) => ({
        at: Date.parse(at),
        from,
        reason,
        hex: bytes.slice(0, 2 * CALL_IN_LIMITS.bytes),
      }));
  }
}
