// Sends one lane to the hub, a window of batches ahead of its receipts, and goes back to where the hub is.
//
//   closed ──receipt that agrees──▶ open ──send … receipt … send──▶
//     ▲  ▲                           │ rewind, timeout: go back to the hub's cursor, stay open
//     │  └────── connection, birth ──┘
//     └── receipt that contradicts the spool: a new epoch is asked for
//
// What the hub's history lacks, although its alarms know it, is sent again beside what is new (history-cursor.ts).
import type { Lane } from '../../device-profiles/contract/point.ts';
import { WIRE_LIMITS, type Receipt } from '../../device-profiles/contract/wire.ts';
import type { Entry } from '../spool.ts';
import { HistoryCursor } from './history-cursor.ts';
import type { UplinkLimits } from './limits.ts';

/** What the sender needs of the spool. */
export interface LaneSource {
  readonly epoch: () => string;
  /** Last n given. */
  readonly lastN: () => number;
  next(after: number): Promise<Entry | undefined>;
  commit(seq: number, epoch: string): void;
  crcAt(seq: number): Promise<number | 'ahead' | 'inside' | 'unknown'>;
}

export interface SenderHooks {
  /** Puts a batch on the wire. */
  publish(entry: Entry): void;
  /**
   * The hub's memory and the spool contradict each other. `aboveN`: the hub has heard this n, greater than any given
   * here.
   */
  mismatch(reason: string, aboveN?: number): void;
  monotonic(): number;
}

interface InFlight {
  readonly last: number;
  readonly crc: number;
  readonly bytes: number;
}

export interface SenderStats {
  readonly open: boolean;
  /** Last sequence that the hub has committed. */
  readonly acked: number;
  readonly inFlight: number;
  readonly resent: number;
  readonly rewinds: number;
  readonly timeouts: number;
}

export class LaneSender {
  readonly lane: Lane;
  readonly #source: LaneSource;
  readonly #hooks: SenderHooks;
  readonly #limits: UplinkLimits;
  #open = false;
  #acked = 0;
  #sent = 0;
  /** Highest sequence ever sent under this opening, to count what is sent again. */
  #reached = 0;
  #inFlight: InFlight[] = [];
  readonly #history: HistoryCursor;
  /** Whether the last batch was history's: both take turns. */
  #historyWent = false;
  /** Changes with every going back, so that a read begun before it is not sent. */
  #turn = 0;
  #progressAt = 0;
  #lastRewind = { to: -1, at: -Infinity, count: 0 };
  #resent = 0;
  #rewinds = 0;
  #timeouts = 0;

  constructor(lane: Lane, source: LaneSource, hooks: SenderHooks, limits: UplinkLimits) {
    this.lane = lane;
    this.#source = source;
    this.#hooks = hooks;
    this.#limits = limits;
    this.#history = new HistoryCursor(limits, () => hooks.monotonic());
  }

  get open(): boolean {
    return this.#open;
  }

  stats(): SenderStats {
    return {
      open: this.#open,
      acked: this.#acked,
      inFlight: this.#inFlight.length,
      resent: this.#resent,
      rewinds: this.#rewinds,
      timeouts: this.#timeouts,
    };
  }

  /** Nothing is sent until the hub has said where it is: at a new connection, a new birth, a new epoch. */
  shut(): void {
    this.#open = false;
    this.#turn++;
    this.#inFlight = [];
    this.#reached = 0;
    this.#lastRewind = { to: -1, at: -Infinity, count: 0 };
  }

  /** Takes a receipt. Receipts of another epoch say nothing about this one. */
  async receipt(r: Receipt): Promise<void> {
    const { epoch } = this.#source;
    if (r.epoch !== epoch()) return;
    const target = Math.min(r.seq, r.stored);
    if (this.#open && !r.rewind) {
      this.#advance(r, target);
      return;
    }
    if (this.#open && this.#isRepeatedRewind(target)) return;
    const turn = this.#turn;
    const contradiction = contradictionOf(r, await this.#source.crcAt(r.seq));
    if (turn !== this.#turn || r.epoch !== epoch()) return;
    const behind = r.n !== undefined && r.n > this.#source.lastN();
    if (contradiction || behind) {
      this.#hooks.mismatch(contradiction || `the hub has heard n ${r.n}, which was never given here`, r.n);
      return;
    }
    if (this.#open) this.#countRewind(target);
    const underWay = this.#open && this.#history.isUnderWay(target, this.#limits.historyStallMs);
    this.#open = true;
    this.#acked = r.seq;
    this.#goBack();
    if (underWay) this.#history.reached(target);
    else this.#history.behind(target, r.seq);
    this.#source.commit(target, r.epoch);
  }

  #advance(r: Receipt, target: number): void {
    if (r.seq < this.#acked) return;
    const answered = this.#inFlight.find((b) => b.last === r.seq);
    if (answered && answered.crc !== r.crc) {
      this.#hooks.mismatch(`the hub's CRC at ${r.seq} differs`);
      return;
    }
    if (r.seq > this.#acked) {
      this.#progressAt = this.#hooks.monotonic();
      this.#lastRewind.count = 0;
    }
    this.#acked = r.seq;
    this.#inFlight = this.#inFlight.filter((b) => b.last > r.seq);
    if (this.#sent < r.seq) this.#sent = r.seq;
    this.#history.reached(target);
    this.#source.commit(target, r.epoch);
  }

  /** Each batch behind a gap makes the hub ask for the same; one going back answers all of them. */
  #isRepeatedRewind(target: number): boolean {
    const { to, at } = this.#lastRewind;
    return to === target && this.#hooks.monotonic() - at < this.#limits.repeatQuietMs;
  }

  #countRewind(target: number): void {
    this.#rewinds++;
    const again = this.#lastRewind.to === target;
    const count = again ? this.#lastRewind.count + 1 : 1;
    this.#lastRewind = { to: target, at: this.#hooks.monotonic(), count };
    if (count <= this.#limits.rewindsWithoutProgress) return;
    this.#hooks.mismatch(`${count} rewinds to ${target} without progress`);
  }

  /** Sends again what follows the hub's cursor. */
  #goBack(): void {
    this.#turn++;
    this.#sent = this.#acked;
    this.#inFlight = [];
    this.#progressAt = this.#hooks.monotonic();
  }

  /** Sends from the hub's cursors again: the hub has been given what it lacked to understand the batches. */
  resend(): void {
    if (!this.#open) return;
    this.#goBack();
    this.#history.behind(this.#history.stored, this.#acked);
  }

  /** Goes back when the hub has been silent for too long about what is in flight. @returns whether it did */
  checkTimeout(): boolean {
    if (!this.#open) return false;
    const waited = this.#hooks.monotonic() - this.#progressAt;
    const live = this.#inFlight.length > 0 && waited >= WIRE_LIMITS.receiptTimeoutMs;
    const history = this.#history.checkTimeout(WIRE_LIMITS.receiptTimeoutMs);
    if (live) this.#goBack();
    else if (history) this.#turn++;
    if (live || history) this.#timeouts++;
    return live || history;
  }

  /**
   * Sends what the windows allow. @returns true when everything visible that is new has been sent, so that a lane behind
   * this one may have its turn
   */
  async pump(): Promise<boolean> {
    let drained = false;
    while (this.#open) {
      const blocked = drained || !this.#hasRoom();
      const history = this.#isHistorysTurn(blocked);
      if (blocked && !history) return drained;
      const turn = this.#turn;
      const entry = await this.#source.next(history ? (this.#history.sent ?? this.#sent) : this.#sent);
      if (turn !== this.#turn) continue;
      this.#historyWent = history;
      drained = !history && !entry;
      if (history) this.#sendAgain(entry);
      else if (entry) this.#send(entry);
    }
    return false;
  }

  #hasRoom(): boolean {
    const { batchesInFlight, bytesInFlight } = WIRE_LIMITS;
    if (this.#inFlight.length >= batchesInFlight) return false;
    return this.#inFlight.reduce((sum, b) => sum + b.bytes, 0) < bytesInFlight;
  }

  /** First what little history lacks; else by turns with what is new, and alone when nothing else can go. */
  #isHistorysTurn(blocked: boolean): boolean {
    if (!this.#history.isBehind(this.#sent) || !this.#history.mayGo) return false;
    return blocked || !this.#historyWent || this.#history.isNear(this.#sent);
  }

  #send(entry: Entry): void {
    if (this.#inFlight.length === 0) this.#progressAt = this.#hooks.monotonic();
    this.#inFlight.push({ last: entry.last, crc: entry.crc, bytes: entry.bytes.byteLength });
    this.#sent = entry.last;
    if (entry.last <= this.#reached) this.#resent++;
    else this.#reached = entry.last;
    this.#hooks.publish(entry);
  }

  /** What was sent is on the disk: it is there to be sent again, or a loss that says so. */
  #sendAgain(entry: Entry | undefined): void {
    this.#history.went(entry?.last ?? this.#sent);
    if (!entry) return;
    this.#resent++;
    this.#hooks.publish(entry);
  }
}

/** Why this receipt can't be about this spool; '' when it can. What is no longer known is believed. */
function contradictionOf(r: Receipt, own: number | 'ahead' | 'inside' | 'unknown'): string {
  if (own === 'unknown' || own === r.crc) return '';
  if (own === 'ahead') return `the hub has ${r.seq}, past everything on this disk`;
  if (own === 'inside') return `the hub stopped at ${r.seq}, within a batch of this disk`;
  return `the hub's CRC at ${r.seq} differs`;
}
