// What we ask a transmission device, one request at a time: after it was silent, or after a reset, what its components
// read is not known until it says so. Pure but for the port: times are handed in.
import type { CentreRequest } from './adu.ts';
import type { Gb26875Limits } from './limits.ts';

interface Asked {
  readonly request: CentreRequest;
  readonly serial: number;
  readonly askedAt: number;
  readonly tries: number;
}

export type InquiryLimits = Pick<Gb26875Limits, 'answerMs' | 'tries' | 'unansweredRequests' | 'requests'>;

export class Inquiry {
  readonly #limits: InquiryLimits;
  readonly #send: (request: CentreRequest, serial: number) => void;
  #queue: CentreRequest[] = [];
  #asked: Asked | undefined;
  #serial = 0;
  #unanswered = 0;
  /** The device answers no request: it is not asked any more until `reset`. */
  #deaf = false;
  denied = 0;
  timeouts = 0;

  constructor(limits: InquiryLimits, send: (request: CentreRequest, serial: number) => void) {
    this.#limits = limits;
    this.#send = send;
  }

  /** Asks this too, after what waits, unless it waits already. */
  also(request: CentreRequest, now: number): void {
    const waits = this.#asked?.request.ask === request.ask || this.#queue.some((r) => r.ask === request.ask);
    if (waits || this.#queue.length >= this.#limits.requests) return;
    this.#queue.push(request);
    if (!this.#asked) this.#next(now);
  }

  /** Asks these after what is being asked; what waited before is forgotten. */
  begin(requests: readonly CentreRequest[], now: number): void {
    this.#queue = requests.slice(0, this.#limits.requests);
    if (!this.#asked) this.#next(now);
  }

  /** A new connection: nothing is on its way, and the device may be another. */
  reset(): void {
    this.#queue = [];
    this.#asked = undefined;
    this.#unanswered = 0;
    this.#deaf = false;
  }

  /**
   * An answer of the device with this serial.
   * @returns what it answers and how long that took, ms; undefined when it is to nothing that we asked
   */
  answered(serial: number, denied: boolean, now: number): { request: CentreRequest; tookMs: number } | undefined {
    const asked = this.#asked;
    if (asked?.serial !== serial) return undefined;
    if (denied) this.denied++;
    this.#asked = undefined;
    this.#unanswered = 0;
    this.#next(now);
    return { request: asked.request, tookMs: now - asked.askedAt };
  }

  /** Asks again what is overdue, and gives up what was asked often enough. */
  check(now: number): void {
    const asked = this.#asked;
    if (!asked || now < asked.askedAt + this.#limits.answerMs) return;
    this.timeouts++;
    this.#asked = undefined;
    if (asked.tries < this.#limits.tries) {
      this.#ask(asked.request, asked.tries + 1, now);
      return;
    }
    this.#unanswered++;
    if (this.#unanswered >= this.#limits.unansweredRequests) {
      this.#deaf = true;
      this.#queue = [];
    } else this.#next(now);
  }

  #next(now: number): void {
    const request = this.#deaf ? undefined : this.#queue.shift();
    if (request) this.#ask(request, 1, now);
  }

  #ask(request: CentreRequest, tries: number, now: number): void {
    this.#serial = (this.#serial + 1) & 0xffff;
    this.#asked = { request, serial: this.#serial, askedAt: now, tries };
    this.#send(request, this.#serial);
  }
}
