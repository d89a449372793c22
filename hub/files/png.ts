// A PNG (ISO/IEC 15948) rebuilt from the chunks that make the picture; texts, times and Exif are left out.
import { crc32 } from 'node:zlib';
import { checkSides, countPart, Malformed } from './picture.ts';

const SIGNATURE_BYTES = 8;
/** Critical chunks, transparency and colour; animation (APNG) is not kept: a photo stands still. */
const KEPT = ['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'sBIT', 'bKGD', 'pHYs'];

/** @throws Malformed when it is no whole PNG */
export function cleanPng(bytes: Buffer): Buffer {
  const kept: Buffer[] = [bytes.subarray(0, SIGNATURE_BYTES)];
  let parts = 0;
  let data = 0;
  for (let at = SIGNATURE_BYTES; ;) {
    parts = countPart(parts);
    if (at + 12 > bytes.length) throw new Malformed('PNG: no end');
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) throw new Malformed('PNG: a torn chunk');
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw new Malformed(`PNG: chunk ${/^[A-Za-z]{4}$/.test(type) ? type : '?'} is damaged`);
    }
    if ((at === SIGNATURE_BYTES) !== (type === 'IHDR')) throw new Malformed('PNG: header out of place');
    if (type === 'IHDR') checkSides(bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12));
    if (type === 'IDAT') data += 1;
    if (KEPT.includes(type)) kept.push(bytes.subarray(at, end));
    if (type === 'IEND') break;
    at = end;
  }
  if (data === 0) throw new Malformed('PNG: no picture');
  return Buffer.concat(kept);
}
