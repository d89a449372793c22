// Single reads for the engineer's tools, over the same connections as the driver: no function but 1 to 4 exists here.
import type { GatewayClock } from '../drivers/driver.ts';
import { busTransport, type ModbusLink } from '../drivers/modbus.ts';
import type { LinkReason } from '../modbus/link-state.ts';
import { MODBUS_LIMITS, PROTOCOL_LIMITS } from '../modbus/limits.ts';
import { isBitTable, protocolMax, type ReadFailure, type ReadRequest } from '../modbus/request.ts';
import type { Transport, Victim } from '../modbus/transport.ts';

/** Registers 0–65535, or bits 0 and 1; or why there are none. */
export type ReadAnswer =
  { readonly values: readonly number[] } | { readonly failed: ReadFailure; readonly why?: string };

export interface ReaderOptions {
  readonly link: ModbusLink;
  readonly clock: GatewayClock;
  readonly timeoutMs: number;
}

/** Exceptions that say "not this range": a part of it may be there. */
const NOT_THIS_RANGE: ReadonlySet<ReadFailure> = new Set<ReadFailure>(['exception-02', 'exception-03']);

interface Waiting {
  readonly request: ReadRequest;
  readonly settle: (answer: ReadAnswer) => void;
}

/** One connection, one request at a time; connects when it has to, and anew after each loss. */
export class Reader {
  readonly #timeoutMs: number;
  readonly #transport: Transport<ReadRequest>;
  #connected: Promise<string | undefined> | undefined;
  #connecting: ((why: string | undefined) => void) | undefined;
  #waiting: Waiting | undefined;

  constructor({ link, clock, timeoutMs }: ReaderOptions) {
    this.#timeoutMs = timeoutMs;
    this.#transport = busTransport<ReadRequest>(link, [], clock, MODBUS_LIMITS);
  }

  /** Never rejects: a connection that can't be made is `link-down`, with the system's words. */
  async read(request: ReadRequest): Promise<ReadAnswer> {
    const why = await this.#connect();
    if (why !== undefined) return { failed: 'link-down', why };
    return new Promise((settle) => {
      this.#waiting = { request, settle };
      this.#transport.send(request, this.#timeoutMs);
    });
  }

  close(): void {
    this.#connected = undefined;
    this.#transport.close();
  }

  /** @returns why there is no connection; undefined when there is one */
  #connect(): Promise<string | undefined> {
    this.#connected ??= new Promise((settle) => {
      this.#connecting = settle;
      this.#transport.connect({
        connected: () => {
          this.#transport.listen();
          this.#connecting?.(undefined);
        },
        reply: (request, data) => this.#answer(request, { values: valuesOf(request, data) }),
        failed: (request, reason) => this.#answer(request, { failed: reason }),
        settled: () => undefined,
        lost: (reason, victims, why) => this.#lost(reason, victims, why),
        count: () => undefined,
      });
    });
    return this.#connected;
  }

  #lost(reason: LinkReason, victims: readonly Victim<ReadRequest>[], why: string): void {
    this.#connected = undefined;
    this.#connecting?.(why);
    for (const victim of victims) this.#answer(victim.request, { failed: victim.reason, why });
    const left = this.#waiting;
    if (left) this.#answer(left.request, { failed: reason, why });
  }

  #answer(request: ReadRequest, answer: ReadAnswer): void {
    const waiting = this.#waiting;
    if (waiting?.request !== request) return;
    this.#waiting = undefined;
    // A late answer to what was given up must not be taken for the next one.
    // Not at once: the transport is still telling.
    if ('failed' in answer && answer.failed === 'timeout') queueMicrotask(() => this.close());
    waiting.settle(answer);
  }
}

function valuesOf({ table, count }: ReadRequest, data: Buffer): number[] {
  if (isBitTable(table)) return Array.from({ length: count }, (_, k) => ((data[k >> 3] ?? 0) >> (k & 7)) & 1);
  return Array.from({ length: count }, (_, k) => data.readUInt16BE(k * 2));
}

/** Each place of a range: its value, or why it has none. */
export type Place = number | ReadFailure;

/**
 * Reads a range however the device allows it: in pieces of `max`, halved where it refuses a piece, so that what is there
 * is found around what is not. After a timeout or a lost connection the rest of the range has that reason.
 */
export async function readRange(
  reader: Pick<Reader, 'read'>,
  range: ReadRequest,
  max: number = isBitTable(range.table) ? PROTOCOL_LIMITS.bitsPerRead : PROTOCOL_LIMITS.registersPerRead,
): Promise<readonly Place[]> {
  const places: Place[] = [];
  const end = range.address + range.count;
  const most = Math.min(max, protocolMax(range.table));
  const pieces = [];
  for (let address = range.address; address < end; address += most)
    pieces.push({ address, count: Math.min(most, end - address) });
  for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
    const { address, count } = piece;
    const answer = await reader.read({ ...range, address, count });
    if ('values' in answer) {
      places.push(...answer.values);
      continue;
    }
    if (!NOT_THIS_RANGE.has(answer.failed)) {
      while (places.length < range.count) places.push(answer.failed);
      break;
    }
    if (count === 1) {
      places.push(answer.failed);
      continue;
    }
    const half = count >> 1;
    pieces.unshift({ address, count: half }, { address: address + half, count: count - half });
  }
  return places;
}
