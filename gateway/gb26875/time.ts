// The six bytes of a time in GB/T 26875.3: second, minute, hour, day, month, year − 2000, each a plain binary number.

const MINUTE_MS = 60_000;
/** Bytes of a time. */
export const TIME_BYTES = 6;

/** ms since 1970 UTC, or undefined when the bytes name no moment (month 0, 31 February, second 75 …). */
export function readTime(bytes: Buffer, at: number, utcOffsetMinutes: number): number | undefined {
  const [second = 0, minute = 0, hour = 0, day = 0, month = 0, year = 0] = bytes.subarray(at, at + TIME_BYTES);
  const local = new Date(Date.UTC(2000 + year, month - 1, day, hour, minute, second));
  const same =
    local.getUTCSeconds() === second &&
    local.getUTCMinutes() === minute &&
    local.getUTCHours() === hour &&
    local.getUTCDate() === day &&
    local.getUTCMonth() === month - 1;
  return same ? local.getTime() - utcOffsetMinutes * MINUTE_MS : undefined;
}

/** @throws RangeError for a year that does not fit (before 2000, after 2255) */
export function writeTime(bytes: Buffer, at: number, time: number, utcOffsetMinutes: number): void {
  const local = new Date(time + utcOffsetMinutes * MINUTE_MS);
  bytes.writeUInt8(local.getUTCSeconds(), at);
  bytes.writeUInt8(local.getUTCMinutes(), at + 1);
  bytes.writeUInt8(local.getUTCHours(), at + 2);
  bytes.writeUInt8(local.getUTCDate(), at + 3);
  bytes.writeUInt8(local.getUTCMonth() + 1, at + 4);
  bytes.writeUInt8(local.getUTCFullYear() - 2000, at + 5);
}
