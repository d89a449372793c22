// Looks at CBOR bytes before they are decoded: only the plain part of RFC 8949 passes (integers, text, bytes, arrays,
// maps, false/true/null/undefined, floats; definite lengths), no deeper than a limit. Tags are refused because decoders
// build objects of many kinds from them (dates, patterns, shared and cyclic references, records).

const MAX_DEPTH = 64;

/**
 * Why these bytes are not one plain CBOR item, or '' when they are. Runs in one pass without recursion or allocation
 * that the bytes could size: a declared length is only ever compared with what remains.
 */
export function plainCborFault(bytes: Uint8Array): string {
  // Items still expected at each open level.
  const open: number[] = [1];
  let at = 0;
  while (open.length > 0) {
    const level = open.length - 1;
    const left = open[level] ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[level] = left - 1;
    const head = bytes[at++];
    if (head === undefined) return 'ends early';
    const major = head >> 5;
    const info = head & 31;
    if (info > 27) return major === 7 && info === 31 ? 'break without a start' : 'indefinite or reserved length';
    const extra = info < 24 ? 0 : 1 << (info - 24);
    if (at + extra > bytes.length) return 'ends early';
    if (major <= 1 || major === 7) {
      at += extra;
      continue;
    }
    if (major === 6) return 'has a tag';
    let length = info;
    if (extra > 0) {
      length = 0;
      for (let k = 0; k < extra; k++) length = length * 256 + (bytes[at + k] ?? 0);
      at += extra;
    }
    const items = major === 5 ? length * 2 : length;
    // Every item of an array or map takes a byte at least, so this bounds them as well as strings.
    if (items > bytes.length - at) return 'declares more than there is';
    if (major <= 3) {
      at += length;
      continue;
    }
    if (open.length >= MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
    open.push(items);
  }
  return at === bytes.length ? '' : 'has bytes after its end';
}

/** Why bytes from the wire were refused: names the part, never carries the payload. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A compiled schema. */
export interface Check<T> {
  Check(value: unknown): value is T;
  Errors(value: unknown): { instancePath: string; message: string }[];
}

/** @throws WireError when the bytes are too many, not plain CBOR, or not what the schema says */
export function decodePlain<T>(
  bytes: Uint8Array,
  o: { what: string; check: Check<T>; maxBytes: number; decode: (plain: Uint8Array) => unknown },
): T {
  const { what, check, maxBytes } = o;
  if (bytes.byteLength > maxBytes) throw new WireError(`${what} of ${bytes.byteLength} bytes exceeds ${maxBytes}`);
  const fault = plainCborFault(bytes);
  if (fault) throw new WireError(`${what}: ${fault}`);
  let raw: unknown;
  try {
    raw = o.decode(bytes);
  } catch {
    throw new WireError(`${what}: not CBOR`);
  }
  if (check.Check(raw)) return raw;
  const [first] = check.Errors(raw);
  const why = first ? `${first.instancePath || '/'} ${first.message}` : 'does not match the schema';
  throw new WireError(`${what}: ${why}`);
}
