// Small pictures for tests, put together part by part: what a phone or an attacker might send.
import { crc32, deflateSync } from 'node:zlib';

const u16 = (n: number): Buffer => {
  const b = Buffer.alloc(2);
  b.writeUInt16BE(n);
  return b;
};
const u32 = (n: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(n);
  return b;
};

export const segment = (marker: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker]), u16(payload.length + 2), payload]);

/** A valid baseline JPEG of one grey pixel (T.81 annex K tables), cut into its parts. */
const GREY = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APn+v//Z',
  'base64',
);

/** An Exif payload of a photo with its place (GPS pointer), camera and how it was held. */
export function exif(orientation: number, secret: string): Buffer {
  const entries = [
    // Make, ASCII, beyond the directory.
    Buffer.concat([u16(0x010f), u16(2), u32(secret.length), u32(8 + 2 + 24 + 4)]),
    Buffer.concat([u16(0x0112), u16(3), u32(1), u16(orientation), u16(0)]),
  ];
  const tiff = Buffer.concat([
    Buffer.from('MM'),
    u16(42),
    u32(8),
    u16(entries.length),
    ...entries,
    u32(0),
    Buffer.from(secret),
  ]);
  return Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
}

/** A JPEG with more segments after its SOI, and more bytes behind its end. */
export const jpeg = (segments: readonly Buffer[] = [], behind: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([GREY.subarray(0, 2), ...segments, GREY.subarray(2), behind]);

export const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([u32(data.length), body, u32(crc32(body))]);
};

export function png(more: readonly Buffer[] = [], { width = 1, height = 1, behind = Buffer.alloc(0) } = {}): Buffer {
  const header = Buffer.concat([u32(width), u32(height), Buffer.from([8, 0, 0, 0, 0])]);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...more,
    chunk('IDAT', deflateSync(Buffer.from([0, 128]))),
    chunk('IEND', Buffer.alloc(0)),
    behind,
  ]);
}

const riffChunk = (type: string, data: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from(type, 'latin1'), length, data, Buffer.alloc(data.length % 2)]);
};

/** A lossless WebP of one pixel with Exif and XMP (flags 0x0c). */
export function webp(secret: string): Buffer {
  const extended = Buffer.from([0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const picture = Buffer.from([0x2f, 0, 0, 0, 0, 0, 0xfe, 0xff]);
  const chunks = [
    riffChunk('VP8X', extended),
    riffChunk('VP8L', picture),
    riffChunk('EXIF', Buffer.from(secret)),
    riffChunk('XMP ', Buffer.from(secret)),
  ];
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from('RIFF'), length, body]);
}
