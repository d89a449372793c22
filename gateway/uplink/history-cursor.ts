// Where the hub's history stands in a lane, apart from where its alarms stand: what history lacks is sent again beside
// what is new, so that neither waits for the other.
//
// The hub's history takes a lane only in order. What goes out ahead of it is for alarms alone; it comes round again here,
// until this cursor has met the one of what is new.
import type { UplinkLimits } from './limits.ts';

export class HistoryCursor {
  readonly #limits: UplinkLimits;
  readonly #monotonic: () => number;
  /** Last sequence sent to history; undefined while it is abreast of what is new. */
  #sent: number | undefined;
  #stored = 0;
  /** Last sequences of what was sent again and is not durable in history yet. */
  #inFlight: number[] = [];
  #progressAt = 0;

  constructor(limits: UplinkLimits, monotonic: () => number) {
    this.#limits = limits;
    this.#monotonic = monotonic;
  }

  /** Last sequence sent to history while it is behind. */
  get sent(): number | undefined {
    return this.#sent;
  }

  /** Last sequence that is durable in history. */
  get stored(): number {
    return this.#stored;
  }

  /** History stands at `stored`, and has to be sent what follows up to `known`, what alarms have. */
  behind(stored: number, known: number): void {
    this.#stored = stored;
    this.#sent = stored < known ? stored : undefined;
    this.#inFlight = [];
    this.#progressAt = this.#monotonic();
  }

  /** A receipt says how far history is durable. */
  reached(stored: number): void {
    if (stored <= this.#stored) return;
    this.#stored = stored;
    this.#progressAt = this.#monotonic();
    this.#inFlight = this.#inFlight.filter((last) => last > stored);
    if (this.#sent !== undefined && this.#sent < stored) this.#sent = stored;
  }

  /** Whether asking to go back to `stored` says nothing new: that is where it is being sent from, and it moves. */
  isUnderWay(stored: number, within: number): boolean {
    return this.#sent !== undefined && stored >= this.#stored && this.#monotonic() - this.#progressAt < within;
  }

  /** `live`: last sequence sent of what is new. @returns whether history is behind it; if not, both go on as one */
  isBehind(live: number): boolean {
    if (this.#sent === undefined) return false;
    if (this.#sent < live) return true;
    this.#sent = undefined;
    this.#inFlight = [];
    return false;
  }

  /** So little is lacking that all of it goes first, and then what is new serves both. */
  isNear(live: number): boolean {
    return this.#sent !== undefined && live - this.#sent <= this.#limits.historyFirstRecords;
  }

  /** Whether more may be sent before history has stored what is on its way. */
  get mayGo(): boolean {
    const { historyBatchesInFlight, historyRecordsInFlight } = this.#limits;
    if (this.#sent === undefined || this.#inFlight.length >= historyBatchesInFlight) return false;
    return this.#sent - this.#stored < historyRecordsInFlight;
  }

  /** A batch has gone out. */
  went(last: number): void {
    if (this.#inFlight.length === 0) this.#progressAt = this.#monotonic();
    this.#sent = last;
    this.#inFlight.push(last);
  }

  /** What is on its way has not been stored for too long: from where history stands again. @returns whether it was so */
  checkTimeout(ms: number): boolean {
    if (this.#sent === undefined || this.#inFlight.length === 0 || this.#monotonic() - this.#progressAt < ms)
      return false;
    this.#sent = this.#stored;
    this.#inFlight = [];
    this.#progressAt = this.#monotonic();
    return true;
  }
}
