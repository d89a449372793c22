// Tells by its bytes what a file is, and gives back what is kept of it: without where and by whom a photo was taken.
import { FILE_LIMITS } from '../config.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { cleanJpeg } from './jpeg.ts';
import { Malformed } from './picture.ts';
import { cleanPng } from './png.ts';
import { cleanSvg, looksLikeXml } from './svg.ts';
import { cleanWebp } from './webp.ts';

export const MEDIA_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/svg+xml', 'application/pdf'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

export interface Kept {
  readonly type: MediaType;
  readonly bytes: Buffer;
  /** Of a drawing: names of parts that were left out. */
  readonly removed?: readonly string[];
}

const starts = (bytes: Buffer, text: string, at = 0): boolean =>
  bytes.subarray(at, at + text.length).equals(Buffer.from(text, 'latin1'));

function keep(bytes: Buffer): Kept | undefined {
  if (starts(bytes, '\xff\xd8\xff')) return { type: 'image/jpeg', bytes: cleanJpeg(bytes) };
  if (starts(bytes, '\x89PNG\r\n\x1a\n')) return { type: 'image/png', bytes: cleanPng(bytes) };
  if (starts(bytes, 'RIFF') && starts(bytes, 'WEBP', 8)) return { type: 'image/webp', bytes: cleanWebp(bytes) };
  if (starts(bytes, '%PDF-')) return { type: 'application/pdf', bytes };
  return undefined;
}

/**
 * What is kept of an upload: a JPEG, PNG or WebP rebuilt from its picture parts alone (no metadata, nothing hidden
 * behind its end), a PDF as it is. Whatever the upload was called or claimed to be does not count.
 * Refuses `bad-request` for anything else (HTML, a torn picture), `too-large`.
 */
export function examine(bytes: Buffer): Result<Kept> {
  if (bytes.length > FILE_LIMITS.bytesMax) return refuse('too-large');
  try {
    const kept = keep(bytes);
    return kept === undefined ? refuse('bad-request', 'file: expected JPEG, PNG, WebP, SVG or PDF') : ok(kept);
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): Result<Kept> {
  if (error instanceof Malformed || error instanceof RangeError) return refuse('bad-request', `file: ${error.message}`);
  throw error;
}

/** As `examine`, and a drawing (SVG) too, rebuilt in slices: a large one must not make everything else wait. */
export async function examineUpload(bytes: Buffer): Promise<Result<Kept>> {
  if (!looksLikeXml(bytes)) return examine(bytes);
  try {
    const { bytes: clean, removed } = await cleanSvg(bytes);
    return ok({ type: 'image/svg+xml', bytes: clean, removed });
  } catch (error) {
    return refusalOf(error);
  }
}
