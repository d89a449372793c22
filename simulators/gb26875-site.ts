// The line of a simulated transmission device: it calls the gateway over TCP, again and again while there is a line, and
// carries what the device says and hears.
import { connect, type Socket } from 'node:net';
import type { TransmissionState } from './models/transmission.ts';
import { TransmissionDevice, type DeviceOptions } from './gb26875/device.ts';
import { readFrame } from './gb26875/frame.ts';

/** Between two calls, ms. */
const CALL_AGAIN_MS = 2_000;
/** More than this without a frame in it is no conversation, bytes. */
const UNREAD_MAX = 8_192;

export interface CallingOptions extends DeviceOptions {
  readonly now: () => number;
}

export class CallingSite {
  readonly device: TransmissionDevice;
  readonly #now: () => number;
  #centre: { readonly host: string; readonly port: number } | undefined;
  #socket: Socket | undefined;
  #up = false;
  #unread: Buffer = Buffer.alloc(0);
  #calledAt = -Infinity;

  constructor(o: CallingOptions, state: TransmissionState) {
    this.device = new TransmissionDevice(o, state);
    this.#now = o.now;
  }

  get connected(): boolean {
    return this.#up;
  }

  /** Where the gateway listens; it is called from the next tick on. */
  call(host: string, port: number): void {
    this.#centre = { host, port };
    this.#calledAt = -Infinity;
    this.#hangUp();
  }

  /** Moves on: calls where it must, sends what is due. */
  tick(state: TransmissionState): void {
    const now = this.#now();
    if (state.cut || state.dead || this.device.gaveUp) this.#hangUp();
    else if (!this.#socket && this.#centre && now - this.#calledAt >= CALL_AGAIN_MS) this.#call(this.#centre, now);
    this.#send(this.device.tick(state, now));
  }

  stop(): void {
    this.#centre = undefined;
    this.#hangUp();
  }

  #call({ host, port }: { readonly host: string; readonly port: number }, now: number): void {
    this.#calledAt = now;
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    this.#unread = Buffer.alloc(0);
    socket.on('connect', () => {
      if (this.#socket !== socket) return;
      this.#up = true;
      this.device.connected(this.#now());
    });
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    // Refused or broken: it is called again later.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.#socket === socket) this.#lost();
    });
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (;;) {
      const { frame, rest } = readFrame(this.#unread);
      this.#unread = rest;
      if (frame === 'partial') break;
      if (frame !== 'wrong') this.#send(this.device.received(frame, this.#now()));
    }
    if (this.#unread.length > UNREAD_MAX) this.#hangUp();
  }

  #send(frames: readonly Buffer[]): void {
    for (const frame of frames) if (this.#up) this.#socket?.write(frame);
  }

  #hangUp(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#lost();
    socket.destroy();
  }

  #lost(): void {
    this.#socket = undefined;
    if (this.#up) this.device.disconnected();
    this.#up = false;
    this.device.gaveUp = false;
  }
}
