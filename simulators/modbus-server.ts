// A small, fast Modbus server for simulated sites: function codes 1–4, Modbus TCP and RTU over TCP, many units behind
// one port. Own code, because modbus-serial's server adds about 1.3 ms to each request and a site has thousands a
// second. It refuses every write: nothing in Fengsui sends one, and a test would see it.
import { createServer, type Server, type Socket } from 'node:net';
import type { Table } from '../device-profiles/contract/point.ts';

/** Exceptions a unit may answer with: 02 address, 06 busy, 0A unit not configured, 0B panel offline. */
export type ModbusException = 0x01 | 0x02 | 0x03 | 0x04 | 0x06 | 0x0a | 0x0b;

export interface SimulatedUnit {
  /** Registers, or 0/1 for coils and discrete inputs; an exception code; or 'silent' for no answer at all. */
  read(table: Table, address: number, count: number): ArrayLike<number> | ModbusException | 'silent';
}

export interface ModbusServerOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly framing: 'tcp' | 'rtu-over-tcp';
  readonly units: ReadonlyMap<number, SimulatedUnit>;
  /** What a gateway answers for a unit it does not have; a bus answers nothing. */
  readonly missingUnit: ModbusException | 'silent';
}

const TABLE_OF: Readonly<Record<number, Table>> = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' };
const MAX_BUFFER = 4_096;

export class ModbusServer {
  readonly #options: ModbusServerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  requests = 0;
  writesRefused = 0;
  /** While true, requests are swallowed: the cable is there, the device is not. */
  deaf = false;

  constructor(options: ModbusServerOptions) {
    this.#options = options;
  }

  async start(): Promise<number> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port, this.#options.host, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP address');
    return address.port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let pending: Buffer = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
      pending = this.#options.framing === 'tcp' ? this.#takeTcp(socket, pending) : this.#takeRtu(socket, pending);
      if (pending.length > MAX_BUFFER) socket.destroy();
    });
  }

  #takeTcp(socket: Socket, buffer: Buffer): Buffer {
    let at = 0;
    const out: Buffer[] = [];
    while (buffer.length - at >= 8) {
      const length = buffer.readUInt16BE(at + 4);
      if (buffer.readUInt16BE(at + 2) !== 0 || length < 2 || length > 254) {
        socket.destroy();
        return Buffer.alloc(0);
      }
      if (buffer.length - at < 6 + length) break;
      const reply = this.#answer(buffer[at + 6] ?? 0, buffer.subarray(at + 7, at + 6 + length));
      if (reply) {
        const head = Buffer.alloc(7);
        buffer.copy(head, 0, at, at + 2);
        head.writeUInt16BE(reply.length + 1, 4);
        head[6] = buffer[at + 6] ?? 0;
        out.push(head, reply);
      }
      at += 6 + length;
    }
    if (out.length > 0) socket.write(Buffer.concat(out));
    return buffer.subarray(at);
  }

  #takeRtu(socket: Socket, buffer: Buffer): Buffer {
    let at = 0;
    while (buffer.length - at >= 8) {
      const frame = buffer.subarray(at, at + 8);
      if (crc16(frame.subarray(0, 6)) !== frame.readUInt16LE(6)) {
        at += 1;
        continue;
      }
      const reply = this.#answer(frame[0] ?? 0, frame.subarray(1, 6));
      if (reply) {
        const body = Buffer.concat([frame.subarray(0, 1), reply, Buffer.alloc(2)]);
        body.writeUInt16LE(crc16(body.subarray(0, -2)), body.length - 2);
        socket.write(body);
      }
      at += 8;
    }
    return buffer.subarray(at);
  }

  /** PDU in, PDU out; undefined = say nothing. */
  #answer(unitId: number, pdu: Buffer): Buffer | undefined {
    this.requests += 1;
    if (this.deaf) return undefined;
    const code = pdu[0] ?? 0;
    const table = TABLE_OF[code];
    if (!table) {
      this.writesRefused += 1;
      return Buffer.from([code | 0x80, 0x01]);
    }
    const address = pdu.readUInt16BE(1);
    const count = pdu.readUInt16BE(3);
    const bits = table === 'coil' || table === 'discrete';
    if (count < 1 || count > (bits ? 2_000 : 125)) return Buffer.from([code | 0x80, 0x03]);
    const unit = this.#options.units.get(unitId);
    const values = unit ? unit.read(table, address, count) : this.#options.missingUnit;
    if (values === 'silent') return undefined;
    if (typeof values === 'number') return Buffer.from([code | 0x80, values]);
    return bits ? packBits(code, values, count) : packWords(code, values, count);
  }
}

function packWords(code: number, values: ArrayLike<number>, count: number): Buffer {
  const out = Buffer.allocUnsafe(2 + 2 * count);
  out[0] = code;
  out[1] = 2 * count;
  for (let k = 0; k < count; k++) out.writeUInt16BE((values[k] ?? 0) & 0xffff, 2 + 2 * k);
  return out;
}

function packBits(code: number, values: ArrayLike<number>, count: number): Buffer {
  const bytes = Math.ceil(count / 8);
  const out = Buffer.alloc(2 + bytes);
  out[0] = code;
  out[1] = bytes;
  for (let k = 0; k < count; k++) if (values[k]) out[2 + (k >> 3)] = (out[2 + (k >> 3)] ?? 0) | (1 << (k & 7));
  return out;
}

/** CRC-16/MODBUS: polynomial 0xA001, initial 0xFFFF; sent low byte first. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}
