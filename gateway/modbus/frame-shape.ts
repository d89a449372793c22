// How a request and its answer look on a line, as RTU or as Modbus TCP: what of an answer stands at a place. Pure.
import { crc16 } from './crc16.ts';
import {
  EXCEPTION_BIT,
  READ_FUNCTIONS,
  REQUEST_PDU_BYTES,
  dataBytes,
  writeRequestPdu,
  type ReadRequest,
} from './request.ts';

/** A whole answer: its size, and its data (`from` to `to`) or exception code. */
export interface Answer {
  readonly is: 'whole';
  readonly size: number;
  readonly from: number;
  readonly to: number;
  readonly exception?: number;
}
/** `part`: what there is agrees, and more must come. `damaged`: its form agrees and its check does not. */
export type Look = Answer | { readonly is: 'no' | 'part' | 'damaged' };

export interface FrameShape {
  /** Whether an answer carries the id of its request, so that it can't be taken for another's. */
  readonly hasIds: boolean;
  encode(request: ReadRequest, id: number): Buffer;
  look(bytes: Buffer, at: number, request: ReadRequest, id: number): Look;
}

const NO: Look = { is: 'no' };
const PART: Look = { is: 'part' };
const DAMAGED: Look = { is: 'damaged' };

/** Whether what there is of `bytes` from `at` agrees with this beginning. */
function agrees(bytes: Buffer, at: number, head: readonly number[]): boolean {
  const n = Math.min(head.length, bytes.length - at);
  for (let k = 0; k < n; k++) if (bytes[at + k] !== head[k]) return false;
  return true;
}

/** Unit and PDU of an answer at `at`: how long its PDU is, without what stands before and behind it. */
interface Body {
  readonly head: readonly number[];
  /** Unit, function, then the rest. */
  readonly size: number;
  readonly exception: boolean;
}

function bodiesOf(request: ReadRequest): readonly Body[] {
  const code = READ_FUNCTIONS[request.table];
  const data = dataBytes(request);
  return [
    { head: [request.unit, code, data], size: 3 + data, exception: false },
    { head: [request.unit, code | EXCEPTION_BIT], size: 3, exception: true },
  ];
}

const CRC_BYTES = 2;

/** MODBUS over Serial Line V1.02, 2.5.1: unit, PDU, CRC low byte first. */
export const RTU_SHAPE: FrameShape = {
  hasIds: false,
  encode(request) {
    const size = 1 + REQUEST_PDU_BYTES;
    const bytes = Buffer.alloc(size + CRC_BYTES);
    bytes[0] = request.unit;
    writeRequestPdu(bytes, 1, request);
    bytes.writeUInt16LE(crc16(bytes, 0, size), size);
    return bytes;
  },
  look(bytes, at, request) {
    if (bytes[at] !== request.unit) return NO;
    for (const { head, size, exception } of bodiesOf(request)) {
      if (!agrees(bytes, at, head)) continue;
      if (bytes.length - at < size + CRC_BYTES) return PART;
      if (crc16(bytes, at, at + size) !== bytes.readUInt16LE(at + size)) return DAMAGED;
      return whole(bytes, at, at + size, size + CRC_BYTES, exception);
    }
    return NO;
  },
};

/** Transaction, protocol, length: Messaging on TCP/IP V1.0b 3.1.3; the unit belongs to what the length counts. */
const PREFIX_BYTES = 6;

export const TCP_SHAPE: FrameShape = {
  hasIds: true,
  encode(request, id) {
    const bytes = Buffer.alloc(PREFIX_BYTES + 1 + REQUEST_PDU_BYTES);
    bytes.writeUInt16BE(id, 0);
    bytes.writeUInt16BE(1 + REQUEST_PDU_BYTES, 4);
    bytes[PREFIX_BYTES] = request.unit;
    writeRequestPdu(bytes, PREFIX_BYTES + 1, request);
    return bytes;
  },
  look(bytes, at, request, id) {
    if (bytes[at] !== id >> 8) return NO;
    for (const { head, size, exception } of bodiesOf(request)) {
      if (!agrees(bytes, at, [id >> 8, id & 0xff, 0, 0, 0, size, ...head])) continue;
      if (bytes.length - at < PREFIX_BYTES + size) return PART;
      return whole(bytes, at + PREFIX_BYTES, at + PREFIX_BYTES + size, PREFIX_BYTES + size, exception);
    }
    return NO;
  },
};

function whole(bytes: Buffer, body: number, to: number, size: number, exception: boolean): Answer {
  const answer: Answer = { is: 'whole', size, from: body + 3, to };
  return exception ? { ...answer, exception: bytes[body + 2] ?? 0 } : answer;
}
