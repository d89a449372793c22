// Which declared device a connection is, by the packet with which it begins. Pure.

/** Bytes as a site file gives them: as text (UTF-8) or as hex digits. */
export type Packet = { readonly text: string } | { readonly hex: string };

export const packetBytes = (packet: Packet): Buffer =>
  'text' in packet ? Buffer.from(packet.text, 'utf8') : Buffer.from(packet.hex, 'hex');

/** What a declared device says: how it begins a connection, and what it may say between frames (that among it). */
export interface Declared {
  readonly registration: Buffer;
  readonly between: readonly Buffer[];
}

export type Recognised<L> =
  | { readonly is: 'known'; readonly line: L; readonly bytes: number }
  /** It is this one if nothing more follows. */
  | { readonly is: 'known-so-far'; readonly line: L; readonly bytes: number }
  /** More bytes can still make it one of ours. */
  | { readonly is: 'unfinished' }
  | { readonly is: 'unknown' };

const begins = (bytes: Buffer, packet: Buffer): boolean =>
  packet.length <= bytes.length && packet.equals(bytes.subarray(0, packet.length));
/** With which some boxes end what they send: NUL, LF, CR. */
const ENDS: readonly (number | undefined)[] = [0x00, 0x0a, 0x0d];

/**
 * Whose connection begins with these bytes; `bytes` are its registration and the line ends behind it. A packet that
 * merely begins like a declared one (DTU12 where there is DTU1) is another device's: behind a registration stands
 * nothing, or what the device says between frames. Of several the longest.
 */
export function recognise<L extends Declared>(bytes: Buffer, lines: readonly L[]): Recognised<L> {
  const begun = lines.filter(({ registration }) => begins(bytes, registration));
  for (const line of begun.toSorted((a, b) => b.registration.length - a.registration.length)) {
    const { length } = line.registration;
    const end = skipEnds(bytes, length, line.between);
    const rest = bytes.subarray(end);
    if (rest.length === 0) return { is: 'known-so-far', line, bytes: end };
    if (line.between.some((packet) => begins(rest, packet))) return { is: 'known', line, bytes: end };
    if (line.between.some((packet) => begins(packet, rest))) return { is: 'unfinished' };
  }
  const canGrow = lines.some(({ registration }) => begins(registration, bytes));
  return { is: canGrow ? 'unfinished' : 'unknown' };
}

/** Where line ends and NULs are over; a heartbeat may begin with one of them. */
function skipEnds(bytes: Buffer, from: number, between: readonly Buffer[]): number {
  let at = from;
  while (ENDS.includes(bytes[at]) && !between.some((packet) => begins(bytes.subarray(at), packet))) at++;
  return at;
}
