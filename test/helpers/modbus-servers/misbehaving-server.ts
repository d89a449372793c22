// A raw-socket Modbus server that answers exactly as a test says: late, in pieces, twice, wrongly, or never.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { onCleanup } from '../cleanup.ts';
import { crc16 } from '../../../gateway/modbus/crc16.ts';

/** One request as it came over the wire. */
export interface Asked {
  readonly id: number;
  readonly unit: number;
  readonly code: number;
  readonly address: number;
  readonly count: number;
  /** Number of the connection it came on, from 1. */
  readonly connection: number;
  readonly socket: Socket;
  /** How many requests came before it, over all connections. */
  readonly nth: number;
}

/** What to do with a request. */
export type Behaviour = (asked: Asked, server: MisbehavingServer) => void;

/** Between two parts of one frame: long enough to arrive as two. */
const PART_PAUSE_MS = 2;

/** What a register or bit holds when nothing else is said: its own address. */
export const ownAddress = (_unit: number, address: number): number => address & 0xffff;

export class MisbehavingServer {
  readonly asked: Asked[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;
  /** Every byte that came in. */
  received: Buffer[] = [];
  behave: Behaviour = (asked) => this.answer(asked);
  value: (unit: number, address: number, code: number) => number = ownAddress;
  /** Called on each connection; may write greetings or destroy it. */
  onConnection: (socket: Socket) => void = () => undefined;
  port = 0;
  readonly #framing: 'tcp' | 'rtu';
  readonly #sending = new Map<Socket, Buffer[]>();
  readonly #server: Server;

  constructor(framing: 'tcp' | 'rtu') {
    this.#framing = framing;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening and cuts every connection. `listen(port)` starts again. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Requests for this unit. */
  of(unit: number): Asked[] {
    return this.asked.filter((a) => a.unit === unit);
  }

  /** The frame that answers properly, for a test to spoil. */
  frame(asked: Asked, change: Partial<Pick<Asked, 'id' | 'unit' | 'code' | 'count' | 'address'>> = {}): Buffer {
    const a = { ...asked, ...change };
    return this.wrap(a, Buffer.concat([Buffer.from([a.code]), this.#data(a)]));
  }

  exceptionFrame(asked: Asked, exception: number): Buffer {
    return this.wrap(asked, Buffer.from([asked.code | 0x80, exception]));
  }

  wrap(asked: Pick<Asked, 'id' | 'unit'>, pdu: Buffer): Buffer {
    if (this.#framing === 'rtu') {
      const frame = Buffer.concat([Buffer.from([asked.unit]), pdu, Buffer.alloc(2)]);
      frame.writeUInt16LE(crc16(frame, 0, frame.length - 2), frame.length - 2);
      return frame;
    }
    const header = Buffer.alloc(7);
    header.writeUInt16BE(asked.id, 0);
    header.writeUInt16BE(pdu.length + 1, 4);
    header[6] = asked.unit;
    return Buffer.concat([header, pdu]);
  }

  answer(asked: Asked): void {
    this.send(asked.socket, this.frame(asked));
  }

  refuse(asked: Asked, exception: number): void {
    this.send(asked.socket, this.exceptionFrame(asked, exception));
  }

  /** Writes the parts with a pause between them; nothing else sent to this socket comes in between. */
  send(socket: Socket, ...parts: Buffer[]): void {
    const busy = this.#sending.get(socket);
    if (busy) busy.push(...parts);
    else if (parts.length === 1 && parts[0]) socket.write(parts[0]);
    else {
      this.#sending.set(socket, parts);
      this.#sendNext(socket, parts);
    }
  }

  #sendNext(socket: Socket, parts: Buffer[]): void {
    const part = parts.shift();
    if (part === undefined || socket.destroyed) {
      this.#sending.delete(socket);
      return;
    }
    socket.write(part);
    setTimeout(() => this.#sendNext(socket, parts), PART_PAUSE_MS);
  }

  #data(asked: Pick<Asked, 'unit' | 'code' | 'address' | 'count'>): Buffer {
    const { unit, code, address, count } = asked;
    if (code <= 2) {
      const bytes = Buffer.alloc(1 + Math.ceil(count / 8));
      bytes[0] = bytes.length - 1;
      for (let k = 0; k < count; k++)
        if (this.value(unit, address + k, code) & 1) bytes[1 + (k >> 3)] = (bytes[1 + (k >> 3)] ?? 0) | (1 << (k & 7));
      return bytes;
    }
    const bytes = Buffer.alloc(1 + count * 2);
    bytes[0] = (count * 2) & 0xff;
    for (let k = 0; k < count; k++) bytes.writeUInt16BE(this.value(unit, address + k, code), 1 + k * 2);
    return bytes;
  }

  #accept(socket: Socket): void {
    const connection = ++this.connections;
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    let held = Buffer.alloc(0);
    const size = this.#framing === 'tcp' ? 12 : 8;
    socket.on('data', (chunk) => {
      this.received.push(chunk);
      held = Buffer.concat([held, chunk]);
      for (; held.length >= size; held = held.subarray(size)) this.#request(held, connection, socket);
    });
    this.onConnection(socket);
  }

  #request(bytes: Buffer, connection: number, socket: Socket): void {
    const at = this.#framing === 'tcp' ? 6 : 0;
    const asked: Asked = {
      id: this.#framing === 'tcp' ? bytes.readUInt16BE(0) : 0,
      unit: bytes.readUInt8(at),
      code: bytes.readUInt8(at + 1),
      address: bytes.readUInt16BE(at + 2),
      count: bytes.readUInt16BE(at + 4),
      connection,
      socket,
      nth: this.asked.length,
    };
    this.asked.push(asked);
    this.behave(asked, this);
  }
}

/** A server on a free loopback port, ended after the test file. */
export async function startMisbehaving(behave?: Behaviour, framing: 'tcp' | 'rtu' = 'tcp'): Promise<MisbehavingServer> {
  const server = new MisbehavingServer(framing);
  if (behave) server.behave = behave;
  await server.listen();
  onCleanup(() => server.close());
  return server;
}
