// A JPEG (ITU-T T.81, JFIF, Exif 2.3) rebuilt without its metadata; how it is turned is kept.
import { checkSides, countPart, Malformed } from './picture.ts';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const APP15 = 0xef;
const COM = 0xfe;

const EXIF = Buffer.from('Exif\0\0', 'latin1');
const ICC = Buffer.from('ICC_PROFILE\0', 'latin1');
const ORIENTATION = 0x0112;
const SHORT = 3;

/** Frame headers: SOF0–SOF15 but DHT, JPG and DAC. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const standsAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= SOI);

/** How the camera was held, 1–8, from the first directory of an Exif segment's payload; 1 when it does not say. */
export function orientationOf(payload: Buffer): number {
  const tiff = payload.subarray(EXIF.length);
  const little = tiff.subarray(0, 2).toString('latin1') === 'II';
  const u16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number): number => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  try {
    const directory = u32(4);
    const count = u16(directory);
    for (let i = 0; i < count; i += 1) {
      const at = directory + 2 + i * 12;
      if (u16(at) !== ORIENTATION || u16(at + 2) !== SHORT) continue;
      const value = u16(at + 8);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (error) {
    // Offsets beyond the segment: then it says nothing.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** An Exif segment that says how the picture is turned and nothing else. */
function orientationSegment(orientation: number): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write('MM', 0, 'latin1');
  tiff.writeUInt16BE(42, 2);
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(1, 8);
  tiff.writeUInt16BE(ORIENTATION, 10);
  tiff.writeUInt16BE(SHORT, 12);
  tiff.writeUInt32BE(1, 14);
  tiff.writeUInt16BE(orientation, 18);
  const payload = Buffer.concat([EXIF, tiff]);
  const head = Buffer.from([0xff, APP1, 0, 0]);
  head.writeUInt16BE(payload.length + 2, 2);
  return Buffer.concat([head, payload]);
}

/** Whether a segment belongs to the picture: colour profile and Adobe's colour transform do, notes do not. */
function belongs(marker: number, payload: Buffer): boolean {
  if (marker === COM) return false;
  if (marker < APP0 || marker > APP15) return true;
  if (marker === APP2) return payload.subarray(0, ICC.length).equals(ICC);
  return marker === APP0 || marker === APP14;
}

/** End of the entropy-coded data that starts at `from`: where the next marker stands. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes.readUInt8(at + 1);
    // A stuffed zero, a restart marker, or a fill byte: still data.
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw new Malformed('JPEG: no end');
}

/** @throws Malformed when it is no whole JPEG */
export function cleanJpeg(bytes: Buffer): Buffer {
  const kept: Buffer[] = [Buffer.from([0xff, SOI])];
  let frames = 0;
  let scans = 0;
  let parts = 0;
  let orientation = 1;
  let at = 2;
  for (;;) {
    parts = countPart(parts);
    if (at + 2 > bytes.length || bytes.readUInt8(at) !== 0xff) throw new Malformed('JPEG: no marker where one must be');
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === EOI) break;
    if (standsAlone(marker)) throw new Malformed('JPEG: a marker out of place');
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length || end < at + 4) throw new Malformed('JPEG: a torn segment');
    const payload = bytes.subarray(at + 4, end);
    if (isFrame(marker)) {
      checkSides(payload.readUInt16BE(3), payload.readUInt16BE(1));
      frames += 1;
    }
    if (marker === APP1 && payload.subarray(0, EXIF.length).equals(EXIF)) orientation = orientationOf(payload);
    const next = marker === SOS ? endOfScan(bytes, end) : end;
    if (marker === SOS) scans += 1;
    if (belongs(marker, payload)) kept.push(bytes.subarray(at, next));
    at = next;
  }
  if (frames !== 1 || scans === 0) throw new Malformed('JPEG: no picture');
  if (orientation !== 1) kept.splice(1, 0, orientationSegment(orientation));
  return Buffer.concat([...kept, Buffer.from([0xff, EOI])]);
}
