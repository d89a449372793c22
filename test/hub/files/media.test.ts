// What is kept of an upload: the picture, never its metadata, and nothing that only pretends to be one.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FILE_LIMITS } from '../../../hub/config.ts';
import { orientationOf } from '../../../hub/files/jpeg.ts';
import { examine } from '../../../hub/files/media.ts';
import { chunk, exif, jpeg, png, segment, webp } from './pictures.ts';

const SECRET = 'taken at 31.2N 121.4E by R. Roe';
const kept = (bytes: Buffer) => {
  const result = examine(bytes);
  if (!result.ok) throw new Error(result.detail ?? result.code);
  return result.value;
};

describe('a JPEG', () => {
  test('loses Exif, XMP, IPTC, comments and what stands behind its end; the picture stays byte for byte', () => {
    const dirty = jpeg(
      [
        segment(0xe1, exif(1, SECRET)),
        segment(0xe1, Buffer.from(`http://ns.adobe.com/xap/1.0/\0${SECRET}`)),
        segment(0xed, Buffer.from(`Photoshop 3.0\0${SECRET}`)),
        segment(0xfe, Buffer.from(SECRET)),
      ],
      Buffer.from(`<script>${SECRET}</script>`),
    );
    const { type, bytes } = kept(dirty);
    expect(type).toBe('image/jpeg');
    expect(bytes.includes(SECRET)).toBe(false);
    expect(bytes.equals(jpeg())).toBe(true);
  });

  test('keeps how it was held, and nothing else of its Exif', () => {
    for (const orientation of [1, 3, 6, 8]) {
      const { bytes } = kept(jpeg([segment(0xe1, exif(orientation, SECRET))]));
      const at = bytes.indexOf('Exif\0\0', 0, 'latin1');
      expect(at < 0 ? 1 : orientationOf(bytes.subarray(at))).toBe(orientation);
      expect(bytes.includes(SECRET)).toBe(false);
    }
  });

  test('keeps its colour profile', () => {
    const profile = segment(0xe2, Buffer.from('ICC_PROFILE\0\x01\x01profile', 'latin1'));
    expect(kept(jpeg([profile])).bytes.includes(profile)).toBe(true);
  });

  test('is the same after being cleaned twice', () => {
    const once = kept(jpeg([segment(0xe1, exif(6, SECRET))])).bytes;
    expect(kept(once).bytes.equals(once)).toBe(true);
  });
});

describe('a PNG', () => {
  test('loses texts, times and Exif', () => {
    const dirty = png([chunk('tEXt', Buffer.from(`Author\0${SECRET}`)), chunk('eXIf', Buffer.from(SECRET))], {
      behind: Buffer.from(SECRET),
    });
    expect(kept(dirty)).toEqual({ type: 'image/png', bytes: png() });
  });

  test('with sides that would exhaust whoever looks at it is refused', () => {
    const bomb = png([], { width: FILE_LIMITS.sideMax + 1, height: 2 });
    expect(examine(bomb)).toMatchObject({ ok: false, code: 'bad-request', detail: 'file: sides of 20001 × 2 pixels' });
  });

  test('with a damaged chunk is refused', () => {
    const bytes = png();
    bytes.writeUInt8(7, bytes.length - 14);
    expect(examine(bytes)).toMatchObject({ ok: false, code: 'bad-request' });
  });
});

test('a WebP loses Exif and XMP, and no longer says that it has them', () => {
  const { type, bytes } = kept(webp(SECRET));
  expect(type).toBe('image/webp');
  expect(bytes.includes(SECRET)).toBe(false);
  expect(bytes.readUInt8(20)).toBe(0);
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
});

describe('refused', () => {
  test.each([
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01', 'latin1')],
    ['nothing', Buffer.alloc(0)],
    ['a GIF', Buffer.from('GIF89a')],
    ['a JPEG in name only', Buffer.from('\xff\xd8\xff<svg onload=alert(1)>', 'latin1')],
    ['a JPEG without a picture', Buffer.from([0xff, 0xd8, 0xff, 0xd9])],
    ['a JPEG cut short', jpeg().subarray(0, -2)],
    ['a PNG in name only', Buffer.from('\x89PNG\r\n\x1a\n<script>', 'latin1')],
    ['a WebP in name only', Buffer.from('RIFF\x10\0\0\0WEBP<script>', 'latin1')],
  ])('%s', (_what, bytes) => {
    expect(examine(bytes)).toMatchObject({ ok: false, code: 'bad-request' });
  });

  test('what is too large', () => {
    expect(examine(Buffer.alloc(FILE_LIMITS.bytesMax + 1))).toEqual({ ok: false, code: 'too-large' });
  });
});

test('whatever the bytes are, they are kept or refused, never thrown at us', () => {
  const pictures = [jpeg([segment(0xe1, exif(6, SECRET))]), png(), webp(SECRET)];
  const mutated = fc
    .tuple(
      fc.constantFrom(...pictures),
      fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      fc.nat(400),
    )
    .map(([picture, changes, cut]) => {
      const bytes = Buffer.from(picture);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes.subarray(0, bytes.length - (cut % bytes.length));
    });
  fc.assert(
    fc.property(mutated, (bytes) => {
      const result = examine(bytes);
      const fine = result.ok ? result.value.bytes.length <= bytes.length + 40 : result.code === 'bad-request';
      expect(fine).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
