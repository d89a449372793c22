// Datagrams of transmission devices. Anyone can write any sender into a datagram, so only addresses that the site names
// are heard at all, and nobody else is ever answered.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { Gb26875Framer, type FrameSink } from './frame.ts';
import type { Line, Lines, LinesOptions } from './line.ts';

export interface UdpLinesOptions extends LinesOptions {
  /** IP address of each device by its source address. */
  readonly hosts: ReadonlyMap<number, string>;
}

/** A device; where it sends from last is where it is answered. */
class Peer implements Line {
  readonly from: string;
  readonly since: number;
  unanswered = 0;
  readonly open = true;
  #port: number;
  readonly #send: (bytes: Buffer, port: number, host: string) => void;

  constructor(from: RemoteInfo, since: number, send: (bytes: Buffer, port: number, host: string) => void) {
    this.from = from.address;
    this.#port = from.port;
    this.since = since;
    this.#send = send;
  }

  heardFrom(port: number): void {
    this.#port = port;
  }

  send(bytes: Buffer): void {
    this.#send(bytes, this.#port, this.from);
  }

  /** A datagram can't be held back: what is too much is dropped before it is taken, and sent again by the device. */
  rest(): void {}
  resume(): void {}
}

export class UdpLines implements Lines {
  readonly #o: UdpLinesOptions;
  readonly #hosts: ReadonlySet<string>;
  readonly #peers = new Map<number, Peer>();
  readonly #counters = { datagrams: 0, strangers: 0, overLong: 0, dropped: 0, sendErrors: 0 };
  #socket: Socket | undefined;

  constructor(o: UdpLinesOptions) {
    this.#o = o;
    this.#hosts = new Set(o.hosts.values());
  }

  async start(): Promise<number> {
    const { host, port, log, link } = this.#o;
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('message', (bytes, from) => this.#take(bytes, from));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    socket.on('error', (error) => log.error({ link, error: error.message }, 'the listener of a link failed'));
    const address: AddressInfo = socket.address();
    return address.port;
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters };
  }

  check(): void {}

  #send(bytes: Buffer, port: number, host: string): void {
    this.#socket?.send(bytes, port, host, (error) => {
      if (error) this.#counters.sendErrors++;
    });
  }

  /** One datagram is whole frames and nothing else: what it lacks comes in no other. */
  #take(bytes: Buffer, from: RemoteInfo): void {
    const { limits, sink, utcOffsetMinutes, clock } = this.#o;
    this.#counters.datagrams++;
    if (!this.#hosts.has(from.address)) {
      this.#counters.strangers++;
      sink.refused('stranger', bytes, from.address);
      return;
    }
    if (bytes.length > limits.datagramBytes) {
      this.#counters.overLong++;
      sink.refused('length', bytes, from.address);
      return;
    }
    const back = new Peer(from, clock.now(), (...out) => this.#send(...out));
    const frames: FrameSink = {
      frame: (frame) => {
        const peer = this.#peerOf(frame.source, from);
        if (!peer) {
          this.#counters.strangers++;
          sink.refused('stranger', bytes, from.address);
        } else if (peer.unanswered >= limits.unanswered) this.#counters.dropped++;
        else sink.frame(peer, frame);
      },
      refused: (reason, refused, head) => sink.refused(reason, refused, from.address, head && { line: back, head }),
    };
    const framer = new Gb26875Framer(utcOffsetMinutes);
    framer.receive(bytes, frames);
    framer.expire(frames);
  }

  /** The device of this source, where the datagram comes from its address. */
  #peerOf(source: number, from: RemoteInfo): Peer | undefined {
    if (this.#o.hosts.get(source) !== from.address) return undefined;
    const known = this.#peers.get(source);
    if (known) {
      known.heardFrom(from.port);
      return known;
    }
    const peer = new Peer(from, this.#o.clock.now(), (...out) => this.#send(...out));
    this.#peers.set(source, peer);
    return peer;
  }
}
