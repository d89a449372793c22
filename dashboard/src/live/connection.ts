// The socket to the hub: websocket only, reconnects for ever, hands each event to whoever keeps that kind of thing.
import { io, type Socket } from 'socket.io-client';
import type { ClientEvents, ServerEvents } from '../../../hub/live/contract.ts';
import { Wants } from './wants.ts';

export const CONNECTION_LIMITS = {
  reconnectMs: 300,
  reconnectMaxMs: 3_000,
  connectTimeoutMs: 5_000,
  /** The hub answers a `watch` within this time or is asked again at the next connection, ms. */
  watchMs: 5_000,
} as const;

export interface Listeners {
  alarm: ServerEvents['alarm'];
  values: (frame: Parameters<ServerEvents['values']>[0]) => void;
  beat: ServerEvents['beat'];
  alive: ServerEvents['alive'];
  order: ServerEvents['order'];
  duty: ServerEvents['duty'];
  scene: ServerEvents['scene'];
  connected: () => void;
  /** The hub refused the connection in so many words, as for want of a session. */
  refused: (reason: string) => void;
}

export class Connection {
  readonly #listeners: Listeners;
  #socket: Socket<ServerEvents, ClientEvents> | null = null;
  #asked = false;
  readonly wants = new Wants(() => this.#askSoon());

  constructor(listeners: Listeners) {
    this.#listeners = listeners;
  }

  start(): void {
    if (this.#socket) return;
    const socket: Socket<ServerEvents, ClientEvents> = io({
      transports: ['websocket'],
      reconnectionDelay: CONNECTION_LIMITS.reconnectMs,
      reconnectionDelayMax: CONNECTION_LIMITS.reconnectMaxMs,
      timeout: CONNECTION_LIMITS.connectTimeoutMs,
    });
    this.#socket = socket;
    const on = this.#listeners;
    socket.on('connect', () => {
      on.connected();
      this.#ask();
    });
    socket.on('connect_error', (error) => {
      // A refusal by the hub's middleware ends socket.io's own tries; a network error does not.
      if (!socket.active) on.refused(error.message);
    });
    socket.on('disconnect', (reason) => {
      if (reason === 'io server disconnect') socket.connect();
    });
    socket.on('alarm', on.alarm);
    socket.on('beat', on.beat);
    socket.on('alive', on.alive);
    socket.on('order', on.order);
    socket.on('duty', on.duty);
    socket.on('scene', on.scene);
    socket.on('values', (frame, done) => {
      on.values(frame);
      // The hub keeps one frame in flight: a screen that can't keep up gets fewer, never a queue.
      if (typeof done === 'function') done();
    });
  }

  stop(): void {
    this.#socket?.disconnect();
    this.#socket = null;
  }

  /** Drops and opens the connection anew: for a socket that is open and says nothing. */
  renew(): void {
    this.#socket?.disconnect().connect();
  }

  desk(report: Parameters<ClientEvents['desk']>[0]): void {
    if (this.#socket?.connected) this.#socket.emit('desk', report);
  }

  #askSoon(): void {
    if (this.#asked) return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      this.#ask();
    });
  }

  #ask(): void {
    if (!this.#socket?.connected) return;
    this.#socket.timeout(CONNECTION_LIMITS.watchMs).emit('watch', this.wants.union(), (error, answer) => {
      if (!error && answer.ok) this.#listeners.values(answer.snapshot);
    });
  }
}
