// Frames of GB/T 26875.3-2011 as a transmission device makes and reads them: a second reading of the standard. Nothing
// here comes from the gateway's own framer, and the published frames prove this one by themselves, so the two can
// disagree.

/** Bytes around a data unit: start, serial, version, time, two addresses, length and command before; sum and end behind. */
const BEFORE = 27;
const BEHIND = 3;
export const UNIT_MAX = 1_024;

/** Command bytes (6.2.7). */
export const COMMAND = { control: 1, send: 2, confirm: 3, request: 4, reply: 5, deny: 6 } as const;

export interface DeviceFrame {
  readonly serial: number;
  /** Main and user's own part of the version. */
  readonly version: readonly [number, number];
  /** Six bytes: second, minute, hour, day, month, year − 2000. */
  readonly tag: Uint8Array;
  readonly source: number;
  readonly destination: number;
  readonly command: number;
  readonly unit: Uint8Array;
}

const BEIJING_MS = 8 * 3_600_000;

/** Six bytes of a moment in Beijing time. @param ms since 1970 UTC */
export function timeBytes(ms: number): Uint8Array {
  const d = new Date(ms + BEIJING_MS);
  return Uint8Array.of(
    d.getUTCSeconds(),
    d.getUTCMinutes(),
    d.getUTCHours(),
    d.getUTCDate(),
    d.getUTCMonth() + 1,
    d.getUTCFullYear() % 100,
  );
}

/** ms since 1970 UTC of six bytes of Beijing time; of bytes that are no moment, some moment near it. */
export function bytesTime(bytes: Uint8Array): number {
  const [second = 0, minute = 0, hour = 0, day = 1, month = 1, year = 0] = bytes;
  return Date.UTC(2000 + year, month - 1, day, hour, minute, second) - BEIJING_MS;
}

function sum(bytes: Uint8Array, from: number, to: number): number {
  return bytes.subarray(from, to).reduce((total, b) => (total + b) % 256, 0);
}

/** @throws RangeError for a data unit over 1,024 bytes */
export function writeFrame(frame: DeviceFrame): Buffer {
  const { unit } = frame;
  if (unit.length > UNIT_MAX) throw new RangeError(`a data unit holds ${UNIT_MAX} bytes, not ${unit.length}`);
  const out = Buffer.alloc(BEFORE + unit.length + BEHIND, 0);
  out.write('@@', 0, 'latin1');
  out.writeUInt16LE(frame.serial, 2);
  out.set(frame.version, 4);
  out.set(frame.tag, 6);
  out.writeUIntLE(frame.source, 12, 6);
  out.writeUIntLE(frame.destination, 18, 6);
  out.writeUInt16LE(unit.length, 24);
  out[26] = frame.command;
  out.set(unit, BEFORE);
  out[BEFORE + unit.length] = sum(out, 2, BEFORE + unit.length);
  out.write('##', BEFORE + unit.length + 1, 'latin1');
  return out;
}

/** What stands first in `bytes`: a frame and what is behind it, too little to say, or something that is no frame. */
export type Read =
  | { readonly frame: DeviceFrame; readonly rest: Buffer }
  | { readonly frame: 'partial'; readonly rest: Buffer }
  | { readonly frame: 'wrong'; readonly rest: Buffer };

/** Bytes before the next start, and a frame that can't be believed, are dropped; reading goes on behind its start. */
export function readFrame(bytes: Buffer): Read {
  const start = bytes.indexOf('@@', 0, 'latin1');
  if (start === -1) return { frame: 'partial', rest: bytes.subarray(Math.max(0, bytes.length - 1)) };
  const at = bytes.subarray(start);
  if (at.length < BEFORE) return { frame: 'partial', rest: at };
  const length = at.readUInt16LE(24);
  const end = BEFORE + length + BEHIND;
  if (length <= UNIT_MAX && at.length < end) return { frame: 'partial', rest: at };
  const sound =
    length <= UNIT_MAX &&
    at[BEFORE + length] === sum(at, 2, BEFORE + length) &&
    at.subarray(end - 2, end).equals(Buffer.from('##', 'latin1'));
  if (!sound) return { frame: 'wrong', rest: at.subarray(2) };
  const frame: DeviceFrame = {
    serial: at.readUInt16LE(2),
    version: [at[4] ?? 0, at[5] ?? 0],
    tag: Uint8Array.from(at.subarray(6, 12)),
    source: at.readUIntLE(12, 6),
    destination: at.readUIntLE(18, 6),
    command: at[26] ?? 0,
    unit: Uint8Array.from(at.subarray(BEFORE, BEFORE + length)),
  };
  return { frame, rest: at.subarray(end) };
}
