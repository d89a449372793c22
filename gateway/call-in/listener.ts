// The port on which DTUs call: each connection says who it is by its registration packet, then is handed to its line.
import { createServer, type Server, type Socket } from 'node:net';
import type { GatewayClock, Logger } from '../drivers/driver.ts';
import { LogOnce } from '../field/log-once.ts';
import type { CallInLimits } from './limits.ts';
import { recognise, type Declared } from './registration.ts';
import type { Refusals } from './refusals.ts';

export type CallRefusal = 'unknown-registration' | 'no-registration' | 'too-many';

/** Whom a registered connection is handed to. */
export interface CalledLine extends Declared {
  /** `rest` came behind the registration. The socket is paused; closing it is the line's business from now on. */
  adopt(socket: Socket, from: string, rest: Buffer): void;
}

export interface ListenerOptions {
  /** For the log. */
  readonly name: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A port that can't be listened on is waited for; without that it is a mistake. */
  readonly waits: boolean;
  readonly lines: readonly CalledLine[];
  readonly clock: GatewayClock;
  readonly log: Logger;
  readonly limits: CallInLimits;
  readonly refusals: Refusals<CallRefusal>;
}

/** A connection that has not said who it is. */
interface Guest {
  readonly socket: Socket;
  readonly from: string;
  held: Buffer;
  /** The time for its registration. */
  readonly giveUp: NodeJS.Timeout;
  /** What has come is taken for the whole packet when this ends. */
  pause: NodeJS.Timeout | undefined;
}

export class CallInListener {
  readonly counters = {
    calls: 0,
    registered: 0,
    unknownRegistrations: 0,
    noRegistration: 0,
    tooMany: 0,
    notListening: 0,
  };
  readonly #o: ListenerOptions;
  readonly #logOnce: LogOnce;
  readonly #guests = new Map<Socket, Guest>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #again: NodeJS.Timeout | undefined;
  #port = 0;

  constructor(o: ListenerOptions) {
    this.#o = o;
    this.#logOnce = new LogOnce(o.clock, o.limits.logEveryMs, o.limits.logKeys);
  }

  /** Connections that have not registered yet. */
  get unregistered(): number {
    return this.#guests.size;
  }

  /** On which it listens; 0 while it does not. */
  get port(): number {
    return this.#port;
  }

  /** @throws when it can't listen and does not wait for the port */
  async start(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      if (!this.#o.waits) throw error;
      this.#listenAgain(error);
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#again);
    const server = this.#server;
    this.#server = undefined;
    if (!server?.listening) return;
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const guest of this.#guests.values()) this.#forget(guest);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listen(): Promise<void> {
    const { host, port, log, name } = this.#o;
    const server = createServer({ noDelay: true }, (socket) => this.#welcome(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    // Stopped meanwhile.
    if (this.#server !== server) {
      server.close();
      return;
    }
    server.on('error', (error) => log.error({ link: name, error: error.message }, 'the listener of a link failed'));
    const address = server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Its lines are down meanwhile; everything else of the site goes on. */
  #listenAgain(why: unknown): void {
    const { limits, log, name, host, port } = this.#o;
    this.counters.notListening++;
    const error = why instanceof Error ? why.message : String(why);
    if (this.#logOnce.due('not listening'))
      log.error({ link: name, host, port, error }, 'no device can call: the port can not be listened on; tried again');
    // Stopped meanwhile.
    if (!this.#server) return;
    this.#again = setTimeout(() => {
      this.#listen().catch((again: unknown) => this.#listenAgain(again));
    }, limits.listenAgainMs);
  }

  #welcome(socket: Socket): void {
    const { limits } = this.#o;
    this.counters.calls++;
    this.#sockets.add(socket);
    socket.setKeepAlive(true, limits.tcpKeepAliveMs);
    // A connection that breaks says nothing of the device: it calls again, or its silence is noticed.
    socket.on('error', () => socket.destroy());
    const [oldest] = this.#guests.values();
    if (oldest && this.#guests.size >= limits.unregistered) this.#refuse(oldest, 'too-many');
    const guest: Guest = {
      socket,
      from: socket.remoteAddress ?? '',
      held: Buffer.alloc(0),
      giveUp: setTimeout(() => this.#decide(guest), limits.registrationMs),
      pause: undefined,
    };
    this.#guests.set(socket, guest);
    socket.on('data', (bytes: Buffer) => {
      if (this.#guests.get(socket) === guest) this.#hear(guest, bytes);
    });
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#forget(guest);
    });
  }

  #hear(guest: Guest, bytes: Buffer): void {
    const { limits, lines } = this.#o;
    guest.held = Buffer.concat([guest.held, bytes]);
    const found = recognise(guest.held, lines);
    if (found.is === 'known' || guest.held.length >= limits.registrationBytes) {
      this.#decide(guest);
      return;
    }
    clearTimeout(guest.pause);
    if (found.is === 'unfinished') return;
    // What is ours so far may go on as another's. What can't become ours any more is waited for all the same, so that
    // the engineer sees the whole packet.
    guest.pause = setTimeout(() => this.#decide(guest), limits.registrationPauseMs);
  }

  #decide(guest: Guest): void {
    const found = recognise(guest.held, this.#o.lines);
    if (found.is === 'unknown' || found.is === 'unfinished') {
      this.#refuse(guest, guest.held.length > 0 ? 'unknown-registration' : 'no-registration');
      return;
    }
    const { socket, from, held } = guest;
    this.#forget(guest);
    socket.removeAllListeners('data');
    socket.pause();
    this.counters.registered++;
    found.line.adopt(socket, from, held.subarray(found.bytes));
  }

  #refuse(guest: Guest, reason: CallRefusal): void {
    const { clock, log, name, refusals } = this.#o;
    const { socket, from, held } = guest;
    this.#forget(guest);
    socket.destroy();
    if (reason === 'unknown-registration') this.counters.unknownRegistrations++;
    else if (reason === 'no-registration') this.counters.noRegistration++;
    else this.counters.tooMany++;
    refusals.keep(clock.now(), from, reason, held);
    if (this.#logOnce.due(`${reason} ${from}`))
      log.warn({ link: name, from, reason, bytes: held.length }, 'a call was refused: it is no device of the site');
  }

  #forget(guest: Guest): void {
    clearTimeout(guest.giveUp);
    clearTimeout(guest.pause);
    this.#guests.delete(guest.socket);
  }
}
