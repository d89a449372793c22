// Which declared device a connection is, by the packet with which it begins. Pure.

/** Bytes as a site file gives them: as text (UTF-8) or as hex digits. */
export type Packet = { readonly text: string } | { readonly hex: string };

export const packetBytes = (packet: Packet): Buffer =>
  'text' in packet ? Buffer.from(packet.text, 'utf8') : Buffer.from(packet.hex, 'hex');

export type Recognised<L> =
  | { readonly is: 'known'; readonly line: L; readonly bytes: number }
  /** More bytes can still make it one of ours; `line` is the one that it is if nothing follows. */
  | { readonly is: 'unfinished'; readonly line?: L; readonly bytes: number }
  | { readonly is: 'unknown' };

const begins = (bytes: Buffer, packet: Buffer): boolean =>
  packet.length <= bytes.length && packet.equals(bytes.subarray(0, packet.length));

/**
 * The longest registration packet with which these bytes begin. Where one packet is the beginning of another (DTU1,
 * DTU10), the shorter is certain only when nothing follows.
 */
export function recognise<L extends { readonly registration: Buffer }>(
  bytes: Buffer,
  lines: readonly L[],
): Recognised<L> {
  let line: L | undefined;
  let canGrow = false;
  for (const candidate of lines) {
    const { registration } = candidate;
    if (begins(bytes, registration)) {
      if (registration.length > (line?.registration.length ?? 0)) line = candidate;
    } else if (begins(registration, bytes)) canGrow = true;
  }
  const length = line?.registration.length ?? 0;
  if (canGrow) return { is: 'unfinished', ...(line ? { line } : {}), bytes: length };
  return line ? { is: 'known', line, bytes: length } : { is: 'unknown' };
}
