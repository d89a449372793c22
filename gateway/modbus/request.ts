// One read and what may come back: the only four Modbus functions that exist in this gateway, and their bytes.
import type { Reason, Table } from '../../device-profiles/contract/point.ts';
import { PROTOCOL_LIMITS } from './limits.ts';

/**
 * Functions by table (MODBUS Application Protocol V1.1b3, 6.1–6.4). There is no encoder for any other function, so
 * nothing here can write to a device (observe only).
 */
export const READ_FUNCTIONS = { coil: 1, discrete: 2, holding: 3, input: 4 } as const satisfies Record<Table, number>;
export type ReadFunction = (typeof READ_FUNCTIONS)[Table];

/** `address` is the 0-based wire address; `count` is registers, or bits of coil and discrete tables. */
export interface ReadRequest {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly count: number;
}

/** Why a read has no data. */
export type ReadFailure = Extract<
  Reason,
  | 'link-down'
  | 'timeout'
  | 'short-reply'
  | 'wrong-unit'
  | 'crc'
  | 'breaker-open'
  | 'exception-01'
  | 'exception-02'
  | 'exception-03'
  | 'exception-04'
  | 'exception-06'
  | 'exception-0A'
  | 'exception-0B'
  | 'exception-other'
>;

const EXCEPTIONS: Readonly<Record<number, ReadFailure>> = {
  1: 'exception-01',
  2: 'exception-02',
  3: 'exception-03',
  4: 'exception-04',
  6: 'exception-06',
  10: 'exception-0A',
  11: 'exception-0B',
};
/** The reason for an exception code (V1.1b3, 7); codes outside the standard are `exception-other`. */
export const exceptionReason = (code: number): ReadFailure => EXCEPTIONS[code] ?? 'exception-other';

/** Bit that a reply's function code has when it is an exception (V1.1b3, 7). */
export const EXCEPTION_BIT = 0x80;

export const isBitTable = (table: Table): boolean => table === 'coil' || table === 'discrete';
/** Most registers or bits that the protocol allows in one read of this table. */
export const protocolMax = (table: Table): number =>
  isBitTable(table) ? PROTOCOL_LIMITS.bitsPerRead : PROTOCOL_LIMITS.registersPerRead;
/** Data bytes of a good reply. */
export const dataBytes = (request: ReadRequest): number =>
  isBitTable(request.table) ? (request.count + 7) >> 3 : request.count * 2;

/** Length of a request PDU: function, address, count. */
export const REQUEST_PDU_BYTES = 5;

/**
 * Writes the request's PDU at `at`. @throws RangeError for a request that the protocol has no words for, so that a
 * planner's mistake is loud and never becomes bytes on a bus
 */
export function writeRequestPdu(target: Buffer, at: number, request: ReadRequest): void {
  const code: ReadFunction | undefined = READ_FUNCTIONS[request.table];
  if (code !== 1 && code !== 2 && code !== 3 && code !== 4)
    throw new RangeError(`no read function for ${request.table}`);
  const { unit, address, count } = request;
  if (!(Number.isInteger(unit) && unit >= 0 && unit <= 255)) throw new RangeError(`unit ${unit}`);
  if (!(Number.isInteger(count) && count >= 1 && count <= protocolMax(request.table)))
    throw new RangeError(`count ${count} of table ${request.table}`);
  if (!(Number.isInteger(address) && address >= 0 && address + count <= 0x1_0000))
    throw new RangeError(`addresses ${address}…${address + count - 1}`);
  target[at] = code;
  target.writeUInt16BE(address, at + 1);
  target.writeUInt16BE(count, at + 3);
}
