// Data units as a transmission device says them, made by hand after GB/T 26875.3-2011, tables 4 to 8.

const zero = Buffer.alloc(6);
/** Component status: system 1 address 1, type 40, `point` of zone 1, without a believable time. */
export function status(point: number, bits: number, text = ''): Buffer {
  const bytes = Buffer.alloc(2 + 46);
  bytes.set([2, 1, 1, 1, 40]);
  bytes.writeUInt16LE(1, 5);
  bytes.writeUInt16LE(point, 7);
  bytes.writeUInt16LE(bits, 9);
  bytes.write(text, 11, 'latin1');
  zero.copy(bytes, 42);
  return bytes;
}
/** Operation at system 1 address 1 by operator 7. */
export const operation = (bits: number): Buffer => Buffer.from([4, 1, 1, 1, bits, 7, ...zero]);
/** Operation at the transmission device itself. */
export const deviceOperation = (bits: number): Buffer => Buffer.from([24, 1, bits, 7, ...zero]);
/** Status of system 1 address 1. */
export const systemStatus = (bits: number): Buffer => Buffer.from([1, 1, 1, 1, bits & 0xff, bits >> 8, ...zero]);
