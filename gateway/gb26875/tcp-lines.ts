// TCP connections of transmission devices: each a stream of frames, however they are split or glued together.
import { createServer, type Server, type Socket } from 'node:net';
import { Gb26875Framer, type FrameSink } from './frame.ts';
import type { Line, Lines, LinesOptions } from './line.ts';

class Connection implements Line {
  readonly socket: Socket;
  readonly framer: Gb26875Framer;
  readonly from: string;
  readonly since: number;
  unanswered = 0;
  /** Monotonic times of the last bytes and of the last frame. */
  bytesAt: number;
  frameAt: number;
  readonly #now: () => number;

  constructor(socket: Socket, { clock, utcOffsetMinutes }: LinesOptions) {
    this.socket = socket;
    this.from = socket.remoteAddress ?? '';
    this.since = clock.now();
    this.framer = new Gb26875Framer(utcOffsetMinutes);
    this.#now = () => clock.monotonic();
    this.bytesAt = this.frameAt = clock.monotonic();
  }

  get open(): boolean {
    return this.socket.writable;
  }

  send(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  rest(): void {
    this.socket.pause();
  }

  resume(): void {
    if (!this.socket.isPaused()) return;
    // What came meanwhile has not been read: the time for the rest of a frame begins now.
    this.bytesAt = this.frameAt = this.#now();
    this.socket.resume();
  }
}

export class TcpLines implements Lines {
  readonly #o: LinesOptions;
  readonly #connections = new Set<Connection>();
  readonly #counters = { connections: 0, connectionsRefused: 0 };
  #server: Server | undefined;

  constructor(o: LinesOptions) {
    this.#o = o;
  }

  async start(): Promise<number> {
    const { host, port, log, link } = this.#o;
    const server = createServer({ noDelay: true }, (socket) => this.#welcome(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    server.on('error', (error) => log.error({ link, error: error.message }, 'the listener of a link failed'));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const { socket } of this.#connections) socket.destroy();
    await closed;
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters };
  }

  #welcome(socket: Socket): void {
    const { limits, clock } = this.#o;
    if (this.#connections.size >= limits.connections) {
      this.#counters.connectionsRefused++;
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this.#o);
    this.#connections.add(connection);
    this.#counters.connections++;
    socket.setKeepAlive(true, limits.tcpKeepAliveMs);
    const sink = this.#sinkOf(connection);
    socket.on('data', (bytes: Buffer) => {
      connection.bytesAt = clock.monotonic();
      connection.framer.receive(bytes, sink);
    });
    // A connection that breaks says nothing of the device: it calls again, or its silence is noticed.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(connection));
  }

  #sinkOf(connection: Connection): FrameSink {
    const { clock, sink } = this.#o;
    return {
      frame: (frame) => {
        connection.frameAt = clock.monotonic();
        sink.frame(connection, frame);
      },
      refused: (reason, bytes, head) =>
        sink.refused(reason, bytes, connection.from, head && { line: connection, head }),
    };
  }

  /** Frames that never end, connections that say nothing. */
  check(): void {
    const { clock, limits } = this.#o;
    const now = clock.monotonic();
    for (const connection of this.#connections) {
      const { framer, socket, bytesAt, frameAt } = connection;
      // We are the ones who do not listen now.
      if (socket.isPaused()) continue;
      if (framer.waiting > 0 && now - bytesAt >= limits.partMs) framer.expire(this.#sinkOf(connection));
      if (now - frameAt >= limits.idleMs) socket.destroy();
    }
  }
}
