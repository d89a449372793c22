// The one CBOR encoder of the wire: plain maps, no record extension, so any CBOR reader can follow.
// cbor-x (maintained, ESM, no native part needed) encodes into a buffer that it keeps and only ever makes larger.
import { Encoder } from 'cbor-x';

// In the library and its README, but missing in its types.
declare module 'cbor-x' {
  interface Encoder {
    useBuffer(buffer: Uint8Array): void;
  }
}

/** A buffer that most batches fit into. */
const USUAL_BYTES = 64 * 1024;

export const cbor = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });

/**
 * Encodes what is kept. The encoder writes one message behind the other into a buffer as large as the largest before, so a
 * view of it kept for one small batch keeps all of that in memory (a day's backlog was seen to hold a hundredfold).
 */
export function encodeKept(value: unknown): Buffer {
  const view = cbor.encode(value);
  const bytes = Buffer.allocUnsafeSlow(view.length);
  view.copy(bytes);
  return bytes;
}

/** Encodes what may be megabytes. Otherwise the smallest receipt after it would hold a buffer as large in memory. */
export function encodeLarge(value: unknown): Buffer {
  const bytes = encodeKept(value);
  cbor.useBuffer(Buffer.allocUnsafeSlow(USUAL_BYTES));
  return bytes;
}
