// A WebP (RFC 9649) rebuilt from the chunks that make the picture; Exif and XMP are left out.
import { checkSides, countPart, Malformed } from './picture.ts';

const RIFF_BYTES = 12;
const KEPT = ['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ICCP'];
/** Bits of the VP8X flags that say "Exif follows" and "XMP follows". */
const METADATA_FLAGS = 0x08 | 0x04;
const ANIMATION_FLAG = 0x02;

function checkPicture(type: string, payload: Buffer): void {
  if (type === 'VP8X') {
    checkSides(payload.readUIntLE(4, 3) + 1, payload.readUIntLE(7, 3) + 1);
    if ((payload.readUInt8(0) & ANIMATION_FLAG) !== 0) throw new Malformed('WebP: an animation');
  } else if (type === 'VP8 ') {
    checkSides(payload.readUInt16LE(6) & 0x3fff, payload.readUInt16LE(8) & 0x3fff);
  } else if (type === 'VP8L') {
    const bits = payload.readUInt32LE(1);
    checkSides((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
  }
}

/** @throws Malformed when it is no whole WebP */
export function cleanWebp(bytes: Buffer): Buffer {
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) throw new Malformed('WebP: torn');
  const kept: Buffer[] = [];
  let parts = 0;
  let pictures = 0;
  for (let at = RIFF_BYTES; at + 8 <= end;) {
    parts = countPart(parts);
    const type = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const next = at + 8 + length + (length % 2);
    if (at + 8 + length > end) throw new Malformed('WebP: a torn chunk');
    if (KEPT.includes(type)) {
      // Copied, for its flags are changed.
      const chunk = Buffer.from(bytes.subarray(at, Math.min(next, end)));
      checkPicture(type, chunk.subarray(8));
      if (type === 'VP8X') chunk.writeUInt8(chunk.readUInt8(8) & ~METADATA_FLAGS, 8);
      if (type === 'VP8 ' || type === 'VP8L') pictures += 1;
      kept.push(chunk);
    }
    at = next;
  }
  if (pictures !== 1) throw new Malformed('WebP: no picture');
  const head = Buffer.from(bytes.subarray(0, RIFF_BYTES));
  head.writeUInt32LE(4 + kept.reduce((sum, chunk) => sum + chunk.length, 0), 4);
  return Buffer.concat([head, ...kept]);
}
