// A connection as both brokers take it: it ends when an MQTT packet announces more bytes than allowed, before anything is
// kept of it, and whoever listens to it can hold it, so that the other side must wait.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { PacketMeter } from './contract/packet-meter.ts';

export class GuardedSocket extends Duplex {
  readonly #socket: Socket;
  #held = 0;

  /** @param refused is called before the connection is ended for a packet that is too long */
  constructor(socket: Socket, maxPacketBytes: number, refused: () => void) {
    super();
    this.#socket = socket;
    const meter = new PacketMeter(maxPacketBytes);
    socket.on('data', (chunk: Buffer) => {
      if (!meter.pass(chunk)) {
        refused();
        this.destroy();
      } else if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  /** No further byte is taken from the network until each `hold` has its `release`. */
  hold(): void {
    this.#held += 1;
    this.#socket.pause();
  }

  release(): void {
    this.#held -= 1;
    if (this.#held === 0 && this.readableLength < this.readableHighWaterMark) this.#socket.resume();
  }

  override _read(): void {
    if (this.#held === 0) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
