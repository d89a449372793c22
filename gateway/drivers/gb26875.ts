// The GB/T 26875.3 driver: transmission devices (用户信息传输装置) connect to us, and every message is confirmed after it
// is on disk, denied with a reason that is counted, or left unanswered so that the device sends it again.
import { createServer, type Server, type Socket } from 'node:net';
import { tablesOf, type Gb26875Tables } from '../../device-profiles/gb26875/tables.ts';
import { LogOnce } from '../field/log-once.ts';
import { encodeRequest, type CentreRequest } from '../gb26875/adu.ts';
import { TransmissionDevice, type CallingDevice } from '../gb26875/device.ts';
import {
  answerTo,
  COMMANDS,
  encodeFrame,
  Gb26875Framer,
  type Frame,
  type FrameHead,
  type FrameRefusal,
  type FrameSink,
} from '../gb26875/frame.ts';
import { GB26875_LIMITS, type Gb26875Limits } from '../gb26875/limits.ts';
import type { Registry } from '../gb26875/registry.ts';
import type { Driver, DriverPort } from './driver.ts';

/** A device with the address by which it calls itself, and what it had told of before the start. */
export interface ListedDevice {
  readonly device: CallingDevice;
  readonly source: number;
  readonly learned: Parameters<CallingDevice['grow']>[0];
}

export interface Gb26875DriverOptions {
  /** Id of the site's link. */
  readonly link: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly devices: readonly ListedDevice[];
  readonly intake: DriverPort;
  readonly registry: Registry;
  /** Whether our own clock is sure, so that devices may be set by it. */
  readonly clockTrusted: () => boolean;
  readonly limits?: Partial<Gb26875Limits>;
}

/** Bytes that were refused, for the engineer who looks for the reason. */
export interface Refusal {
  /** Wall clock, ISO 8601 UTC. */
  readonly at: string;
  readonly from: string;
  readonly reason: FrameRefusal | 'unknown-source' | 'command';
  /** The first bytes, hex. */
  readonly bytes: string;
}
const REFUSAL_BYTES = 200;

interface Connection {
  readonly socket: Socket;
  readonly framer: Gb26875Framer;
  /** Monotonic times of the last bytes and of the last frame. */
  bytesAt: number;
  frameAt: number;
  unanswered: number;
}

interface Calling {
  readonly device: TransmissionDevice;
  readonly source: number;
  /** Where it was heard last, and how its frames speak of us. */
  connection: Connection | undefined;
  head: FrameHead | undefined;
}

export class Gb26875Driver implements Driver {
  readonly #o: Gb26875DriverOptions;
  readonly #limits: Gb26875Limits;
  readonly #tables: Gb26875Tables;
  readonly #bySource = new Map<number, Calling>();
  readonly #connections = new Set<Connection>();
  readonly #logOnce: LogOnce;
  readonly #refusals: Refusal[] = [];
  readonly #counters = {
    connections: 0,
    connectionsRefused: 0,
    frames: 0,
    confirmed: 0,
    denied: 0,
    unkept: 0,
    unknownSources: 0,
    noise: 0,
    torn: 0,
    length: 0,
    end: 0,
    checksum: 0,
  };
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #listening = 0;

  /** @throws Error when devices of one link follow different editions, which one listener can't tell apart */
  constructor(o: Gb26875DriverOptions) {
    this.#o = o;
    this.#limits = { ...GB26875_LIMITS, ...o.limits };
    const editions = new Set(o.devices.map(({ device }) => device.model.gb26875?.edition ?? ''));
    const [edition = '2011'] = editions;
    if (editions.size > 1) throw new Error(`link ${o.link}: devices of different editions need links of their own`);
    this.#tables = tablesOf(edition);
    this.#logOnce = new LogOnce(o.intake.clock, this.#limits.logEveryMs, this.#limits.logKeys);
    for (const { device, source, learned } of o.devices) {
      const calling: Calling = {
        source,
        connection: undefined,
        head: undefined,
        device: new TransmissionDevice({
          device,
          learned,
          tables: this.#tables,
          port: o.intake,
          limits: this.#limits,
          clockTrusted: o.clockTrusted,
          keep: (known) => o.registry.keep(device.id, known),
          send: (request, serial) => this.#request(calling, request, serial),
        }),
      };
      this.#bySource.set(source, calling);
    }
  }

  /** Port on which we listen, 0 before. */
  get listening(): number {
    return this.#listening;
  }

  /** The last bytes that were refused, newest first. */
  refusals(): readonly (Refusal & { readonly link: string })[] {
    return this.#refusals.toReversed().map((refusal) => ({ link: this.#o.link, ...refusal }));
  }

  async start(): Promise<void> {
    const { host, port, intake, link } = this.#o;
    const server = createServer({ noDelay: true }, (socket) => this.#welcome(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    server.on('error', (error) => intake.log.error({ link, error: error.message }, 'the listener of a link failed'));
    const address = server.address();
    this.#listening = typeof address === 'object' && address !== null ? address.port : 0;
    this.#timer = setInterval(() => this.check(), this.#limits.checkMs);
    intake.link(link, '');
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const server = this.#server;
    if (!server) return;
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const { socket } of this.#connections) socket.destroy();
    await closed;
  }

  counters(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const sum: Record<string, number> = {};
    let requestsDenied = 0;
    let requestTimeouts = 0;
    for (const { device } of this.#bySource.values()) {
      for (const [key, count] of Object.entries(device.counters)) sum[key] = (sum[key] ?? 0) + count;
      requestsDenied += device.inquiry.denied;
      requestTimeouts += device.inquiry.timeouts;
    }
    return { [this.#o.link]: { ...this.#counters, ...sum, requestsDenied, requestTimeouts } };
  }

  #welcome(socket: Socket): void {
    if (this.#connections.size >= this.#limits.connections) {
      this.#counters.connectionsRefused++;
      socket.destroy();
      return;
    }
    const now = this.#o.intake.clock.monotonic();
    const framer = new Gb26875Framer(this.#tables.utcOffsetMinutes);
    const connection: Connection = { socket, framer, bytesAt: now, frameAt: now, unanswered: 0 };
    this.#connections.add(connection);
    this.#counters.connections++;
    socket.setKeepAlive(true, this.#limits.tcpKeepAliveMs);
    const sink = this.#sinkOf(connection);
    socket.on('data', (bytes: Buffer) => {
      connection.bytesAt = this.#o.intake.clock.monotonic();
      connection.framer.receive(bytes, sink);
    });
    // A connection that breaks says nothing of the device: it calls again, or its silence is noticed.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(connection));
  }

  #sinkOf(connection: Connection): FrameSink {
    return {
      frame: (frame) => {
        connection.frameAt = this.#o.intake.clock.monotonic();
        this.#counters.frames++;
        this.#take(connection, frame);
      },
      refused: (reason, bytes, head) => {
        this.#counters[reason]++;
        this.#remember(connection, reason, bytes);
        if (head) this.#answer(connection, head, 'deny');
      },
    };
  }

  #take(connection: Connection, frame: Frame): void {
    const calling = this.#bySource.get(frame.source);
    if (!calling) {
      this.#counters.unknownSources++;
      this.#remember(connection, 'unknown-source', frame.adu);
      const from = connection.socket.remoteAddress;
      if (this.#logOnce.due(`source ${frame.source}`))
        this.#o.intake.log.warn(
          { link: this.#o.link, source: frame.source, from },
          'a device that the site does not have',
        );
      this.#answer(connection, frame, 'deny');
      return;
    }
    if (calling.connection !== connection) calling.device.calledAnew();
    calling.connection = connection;
    calling.head = frame;
    if (++connection.unanswered >= this.#limits.unanswered) connection.socket.pause();
    calling.device
      .take(frame)
      .then((outcome) => {
        if (outcome === 'deny') this.#remember(connection, 'command', frame.adu);
        if (outcome !== 'none') this.#answer(connection, frame, outcome);
      })
      .catch(() => {
        // Not kept: without an answer the device sends it again.
        this.#counters.unkept++;
      })
      .finally(() => {
        connection.unanswered--;
        if (!connection.socket.isPaused() || connection.unanswered > this.#limits.unanswered / 2) return;
        // What came meanwhile has not been read: the time for the rest of a frame begins now.
        connection.bytesAt = connection.frameAt = this.#o.intake.clock.monotonic();
        connection.socket.resume();
      });
  }

  #answer(connection: Connection, head: FrameHead, what: 'confirm' | 'deny'): void {
    if (what === 'confirm') this.#counters.confirmed++;
    else this.#counters.denied++;
    const bytes = encodeFrame(answerTo(head, what, this.#o.intake.clock.now()), this.#tables.utcOffsetMinutes);
    if (connection.socket.writable) connection.socket.write(bytes);
  }

  #request(calling: Calling, request: CentreRequest, serial: number): void {
    const { connection, head, source } = calling;
    if (!connection?.socket.writable || !head) return;
    const { utcOffsetMinutes } = this.#tables;
    const now = this.#o.intake.clock.now();
    const bytes = encodeFrame(
      {
        serial,
        version: head.version,
        userVersion: head.userVersion,
        time: now,
        source: head.destination,
        destination: source,
        command: request.ask === 'set-clock' ? COMMANDS.control : COMMANDS.request,
        adu: encodeRequest(request, now, utcOffsetMinutes),
      },
      utcOffsetMinutes,
    );
    connection.socket.write(bytes);
  }

  #remember(connection: Connection, reason: Refusal['reason'], bytes: Buffer): void {
    const at = new Date(this.#o.intake.clock.now()).toISOString();
    const from = connection.socket.remoteAddress ?? '';
    this.#refusals.push({ at, from, reason, bytes: bytes.subarray(0, REFUSAL_BYTES).toString('hex') });
    if (this.#refusals.length > this.#limits.refusals) this.#refusals.shift();
  }

  /** Frames that never end, connections that say nothing, devices that are silent; called by the timer. */
  check(): void {
    const now = this.#o.intake.clock.monotonic();
    for (const connection of this.#connections) {
      const { framer, socket, bytesAt, frameAt } = connection;
      // We are the ones who do not listen now.
      if (socket.isPaused()) continue;
      if (framer.waiting > 0 && now - bytesAt >= this.#limits.partMs) framer.expire(this.#sinkOf(connection));
      if (now - frameAt >= this.#limits.idleMs) socket.destroy();
    }
    for (const { device } of this.#bySource.values()) device.check();
  }
}
