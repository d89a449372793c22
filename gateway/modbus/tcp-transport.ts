// A TCP connection with either framing: socket, deadlines, and when to stop believing the connection.
import { connect, type Socket } from 'node:net';
import type { GatewayClock } from '../drivers/driver.ts';
import type { FrameSink, Framer } from './framer.ts';
import type { ModbusLimits } from './limits.ts';
import type { LinkReason } from './link-state.ts';
import { exceptionReason, type ReadFailure, type ReadRequest } from './request.ts';
import type { Transport, TransportEvents, Victim } from './transport.ts';

/** Bytes taken from the socket at once; a reply is at most 260, and few can be in flight. */
const READ_BYTES = 4_096;

export interface TcpTransportOptions<T extends ReadRequest> {
  readonly host: string;
  readonly port: number;
  readonly framer: Framer<T>;
  readonly maxInFlight: number;
  readonly clock: GatewayClock;
  readonly limits: Pick<ModbusLimits, 'connectTimeoutMs' | 'keepAliveMs'>;
}

export class TcpTransport<T extends ReadRequest> implements Transport<T>, FrameSink<T> {
  readonly maxInFlight: number;
  readonly #options: TcpTransportOptions<T>;
  readonly #framer: Framer<T>;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  #events: TransportEvents<T> | undefined;
  #socket: Socket | undefined;
  #connected = false;
  /** False during the pause after connecting: what comes then is not ours (greetings of a DTU, an old answer). */
  #listening = false;
  #telling = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  /** Set by the framer during `receive`: why the connection has to go. */
  #distrust: { readonly reason: LinkReason; readonly why: string } | undefined;

  constructor(options: TcpTransportOptions<T>) {
    this.#options = options;
    this.#framer = options.framer;
    this.maxInFlight = options.maxInFlight;
  }

  get inFlight(): number {
    return this.#framer.inFlight;
  }

  get open(): boolean {
    return this.#connected && !this.#telling && !this.#framer.spent;
  }

  connect(events: TransportEvents<T>): void {
    this.#events = events;
    this.#distrust = undefined;
    const { host, port, limits } = this.#options;
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: limits.keepAliveMs,
      onread: {
        buffer: this.#buffer,
        callback: (count) => {
          if (socket === this.#socket) this.#receive(this.#buffer.subarray(0, count));
          return true;
        },
      },
    });
    this.#socket = socket;
    const lost = (why: string): void => {
      if (socket === this.#socket) this.#lose('link-down', why);
    };
    const giveUp = setTimeout(
      () => lost(`no connection within ${limits.connectTimeoutMs} ms`),
      limits.connectTimeoutMs,
    );
    socket.once('connect', () => {
      clearTimeout(giveUp);
      if (socket !== this.#socket) return;
      this.#connected = true;
      events.connected();
    });
    socket.once('end', () => lost('closed by the other side'));
    // Not once: a socket that is destroyed before it connects can still report an error.
    socket.on('error', (error) => lost(error.message));
    socket.once('close', () => {
      clearTimeout(giveUp);
      lost('closed');
    });
    // Data goes to `onread`; reading must flow all the same, or the other side's end would never be seen.
    socket.resume();
  }

  listen(): void {
    this.#framer.reset();
    this.#listening = true;
  }

  send(request: T, timeoutMs: number): void {
    const deadline = this.#options.clock.monotonic() + timeoutMs;
    this.#socket?.write(this.#framer.ask(request, deadline));
    if (deadline < this.#timerAt) this.#arm(deadline, timeoutMs);
  }

  close(): readonly T[] {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#connected = false;
    this.#listening = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
    socket?.destroy();
    return this.#framer.reset();
  }

  reply(request: T, data: Buffer): void {
    this.#events?.reply(request, data);
  }

  exception(request: T, code: number): void {
    this.#events?.failed(request, exceptionReason(code));
  }

  refused(request: T, reason: ReadFailure): void {
    this.#events?.failed(request, reason);
  }

  late(): void {
    this.#events?.count('late');
  }

  resync(): void {
    this.#events?.count('resyncs');
  }

  desync(reason: ReadFailure, why: string): void {
    this.#events?.count('desyncs');
    this.#distrust = { reason: asLinkReason(reason), why };
  }

  #receive(bytes: Buffer): void {
    if (!this.#listening) return;
    this.#telling = true;
    try {
      this.#framer.receive(bytes, this);
    } finally {
      this.#telling = false;
    }
    if (this.#distrust) this.#lose(this.#distrust.reason, this.#distrust.why);
    else if (this.#connected && this.#framer.spent) this.#lose('link-down', 'answers and requests are out of step');
    else this.#events?.settled();
  }

  #arm(deadline: number, inMs: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(inMs)));
  }

  /** One timer serves all deadlines: it is not moved by each reply, but looks again when it fires. */
  #expire(): void {
    this.#timerAt = Infinity;
    const now = this.#options.clock.monotonic();
    const expired = this.#framer.expire(now);
    const next = this.#framer.nextDeadline();
    if (next !== undefined) this.#arm(next, next - now);
    if (expired.length === 0) return;
    if (this.#framer.spent) {
      this.#lose('timeout', 'no answer, and a late one could not be told apart', expired);
      return;
    }
    this.#telling = true;
    for (const { request, reason } of expired) this.#events?.failed(request, reason);
    this.#telling = false;
    this.#events?.settled();
  }

  #lose(reason: LinkReason, why: string, expired: readonly Victim<T>[] = []): void {
    // Where the answers can't be trusted, that is what the waiting requests are told; else only that they were cut off.
    const told: ReadFailure = reason === 'timeout' ? 'link-down' : reason;
    const abandoned = this.close().map((request): Victim<T> => ({ request, reason: told }));
    this.#events?.lost(reason, [...expired, ...abandoned], why);
  }
}

const asLinkReason = (reason: ReadFailure): LinkReason =>
  reason === 'crc' || reason === 'wrong-unit' || reason === 'short-reply' || reason === 'timeout'
    ? reason
    : 'link-down';
