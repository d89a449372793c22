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

/** Encodes what may be megabytes. Otherwise the smallest receipt after it would hold a buffer as large in memory. */
export function encodeLarge(value: unknown): Buffer {
  const bytes = Buffer.from(cbor.encode(value));
  cbor.useBuffer(Buffer.allocUnsafeSlow(USUAL_BYTES));
  return bytes;
}
