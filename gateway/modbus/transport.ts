// What a link needs of a connection: ask one read, hear what became of it. TCP and serial ports stand behind it.
import type { LinkReason } from './link-state.ts';
import type { ReadFailure, ReadRequest } from './request.ts';

export interface Victim<T extends ReadRequest> {
  readonly request: T;
  readonly reason: ReadFailure;
}

export interface TransportEvents<T extends ReadRequest> {
  connected(): void;
  /** `data` is a view that is valid only during the call. */
  reply(request: T, data: Buffer): void;
  failed(request: T, reason: ReadFailure): void;
  /** Everything heard at once has been told; more may be asked now. */
  settled(): void;
  /** The connection is gone, or had to be closed; these requests went with it. Nothing follows until `open`. */
  lost(reason: LinkReason, victims: readonly Victim<T>[], why: string): void;
  count(what: TransportCount): void;
}
export type TransportCount = 'late' | 'resyncs' | 'desyncs';

/** One connection at a time. Opened again after a loss; closing tells nobody. */
export interface Transport<T extends ReadRequest> {
  /** Most requests that may wait for answers at once on this kind of connection. */
  readonly maxInFlight: number;
  readonly inFlight: number;
  /** False while answers are being told or the stream is not to be trusted. */
  readonly open: boolean;
  connect(events: TransportEvents<T>): void;
  /** The pause after connecting is over: what has arrived so far is thrown away, from now on it counts. */
  listen(): void;
  send(request: T, timeoutMs: number): void;
  /** How long this request must not be sent, ms, although the connection is open: only where answers have no ids. */
  waitMs?(request: T): number;
  /** Returns the requests that will have no answer. */
  close(): readonly T[];
}
