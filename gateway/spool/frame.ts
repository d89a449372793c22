// The bytes of a segment file: a header, frames of one encoded batch each, and a footer once it is closed. Pure.
//
//   header  64 bytes  magic, version, lane, first sequence, running CRC before it, epoch, CRC of the header
//   frame   56 bytes  magic, payload length and CRC, records, first sequence, last n, time, running CRC before and
//                     after, tag of the birth, CRC of this frame header; then the payload (the batch as on the wire)
//   footer  a frame-like block with a JSON summary, so that a closed segment need not be read at start
// All numbers little-endian.
import { crc32 } from 'node:zlib';
import { LANES, type Lane } from '../../device-profiles/contract/point.ts';

const SEGMENT_MAGIC = Buffer.from('FSSPOOL1', 'latin1');
const FRAME_MAGIC = 0x31_46_53_46; // "FSF1"
const FOOTER_MAGIC = 0x31_45_53_46; // "FSE1"
export const SEGMENT_HEADER_BYTES = 64;
export const FRAME_HEADER_BYTES = 56;
const FOOTER_TRAILER_BYTES = 16;
export const EPOCH_PATTERN = /^[0-9a-f]{32}$/;

export interface SegmentHeader {
  readonly lane: Lane;
  readonly first: number;
  readonly prevCrc: number;
  readonly epoch: string;
}

export interface FrameHead {
  /** Sequences first … first + count − 1. */
  readonly first: number;
  readonly count: number;
  /** Highest n of its records. */
  readonly lastN: number;
  /** Received time of its last record, ms. */
  readonly time: number;
  readonly prevCrc: number;
  readonly crc: number;
  /** First 8 hex digits of the birth id, as a number. */
  readonly birthTag: number;
}

/** A frame found in a segment's bytes. */
export interface FrameAt extends FrameHead {
  /** Where the frame begins, and where its payload begins and ends. */
  readonly offset: number;
  readonly start: number;
  readonly end: number;
}

/** What a closed segment holds. */
export interface SegmentSummary {
  readonly first: number;
  readonly last: number;
  readonly prevCrc: number;
  readonly crc: number;
  readonly frames: number;
  readonly firstTime: number;
  readonly lastTime: number;
  readonly lastN: number;
  readonly birthTags: readonly number[];
}

export const birthTag = (birth: string): number => Number.parseInt(birth.slice(0, 8), 16) >>> 0;

export function encodeSegmentHeader(h: SegmentHeader): Buffer {
  const b = Buffer.alloc(SEGMENT_HEADER_BYTES);
  SEGMENT_MAGIC.copy(b, 0);
  b.writeUInt32LE(1, 8);
  b.writeUInt32LE(LANES.indexOf(h.lane), 12);
  b.writeDoubleLE(h.first, 16);
  b.writeUInt32LE(h.prevCrc, 24);
  b.write(h.epoch, 28, 32, 'latin1');
  b.writeUInt32LE(crc32(b.subarray(0, 60)), 60);
  return b;
}

/** undefined when the bytes are not a whole, sound header of this version. */
export function decodeSegmentHeader(b: Buffer): SegmentHeader | undefined {
  if (b.length < SEGMENT_HEADER_BYTES || !b.subarray(0, 8).equals(SEGMENT_MAGIC)) return undefined;
  if (b.readUInt32LE(60) !== crc32(b.subarray(0, 60)) || b.readUInt32LE(8) !== 1) return undefined;
  const lane = LANES[b.readUInt32LE(12)];
  const epoch = b.toString('latin1', 28, 60);
  if (!lane || !EPOCH_PATTERN.test(epoch)) return undefined;
  return { lane, first: b.readDoubleLE(16), prevCrc: b.readUInt32LE(24), epoch };
}

export function encodeFrame(h: FrameHead, payload: Uint8Array): Buffer {
  const b = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  b.writeUInt32LE(FRAME_MAGIC, 0);
  b.writeUInt32LE(payload.length, 4);
  b.writeUInt32LE(crc32(payload), 8);
  b.writeUInt32LE(h.count, 12);
  b.writeDoubleLE(h.first, 16);
  b.writeDoubleLE(h.lastN, 24);
  b.writeDoubleLE(h.time, 32);
  b.writeUInt32LE(h.prevCrc, 40);
  b.writeUInt32LE(h.crc, 44);
  b.writeUInt32LE(h.birthTag, 48);
  b.writeUInt32LE(crc32(b.subarray(0, 52)), 52);
  b.set(payload, FRAME_HEADER_BYTES);
  return b;
}

type FrameFault = 'torn' | 'corrupt';

/** The frame at `offset`, or why there is none: `torn` when the bytes end within it, `corrupt` otherwise. */
function frameAt(b: Buffer, offset: number): FrameAt | FrameFault {
  if (offset + FRAME_HEADER_BYTES > b.length) return 'torn';
  if (b.readUInt32LE(offset) !== FRAME_MAGIC) return 'corrupt';
  if (b.readUInt32LE(offset + 52) !== crc32(b.subarray(offset, offset + 52))) return 'corrupt';
  const start = offset + FRAME_HEADER_BYTES;
  const end = start + b.readUInt32LE(offset + 4);
  if (end > b.length) return 'torn';
  if (crc32(b.subarray(start, end)) !== b.readUInt32LE(offset + 8)) return 'corrupt';
  return {
    offset,
    start,
    end,
    count: b.readUInt32LE(offset + 12),
    first: b.readDoubleLE(offset + 16),
    lastN: b.readDoubleLE(offset + 24),
    time: b.readDoubleLE(offset + 32),
    prevCrc: b.readUInt32LE(offset + 40),
    crc: b.readUInt32LE(offset + 44),
    birthTag: b.readUInt32LE(offset + 48),
  };
}

export interface SegmentScan {
  readonly header: SegmentHeader | undefined;
  readonly frames: readonly FrameAt[];
  /** Where the sound part ends: what follows is no frame (or a footer). */
  readonly soundBytes: number;
  /** Places in front of a sound frame where the bytes were no frame. */
  readonly damaged: number;
  /** What follows the last sound frame: nothing (or a footer), an unfinished write, or bytes that are wrong. */
  readonly tail: 'clean' | FrameFault;
}

/**
 * Reads all frames. Damage does not end the scan: it goes on at the next sound frame with a higher sequence, so one
 * flipped bit costs one frame.
 */
export function scanSegment(b: Buffer): SegmentScan {
  const header = decodeSegmentHeader(b);
  const frames: FrameAt[] = [];
  let damaged = header ? 0 : 1;
  let soundBytes = Math.min(SEGMENT_HEADER_BYTES, b.length);
  let last = (header?.first ?? 1) - 1;
  let at = SEGMENT_HEADER_BYTES;
  let tail: SegmentScan['tail'] = b.length < SEGMENT_HEADER_BYTES ? 'torn' : 'clean';
  while (at < b.length) {
    const frame = frameAt(b, at);
    if (typeof frame === 'object' && frame.first > last && frame.count > 0) {
      if (tail !== 'clean') damaged++;
      tail = 'clean';
      frames.push(frame);
      last = frame.first + frame.count - 1;
      at = soundBytes = frame.end;
      continue;
    }
    if (b.length - at >= 4 && b.readUInt32LE(at) === FOOTER_MAGIC && decodeFooter(b.subarray(at))) break;
    // Only the first fault of a damaged stretch says what kind it was.
    if (tail === 'clean') tail = typeof frame === 'string' ? frame : 'corrupt';
    at = nextMagic(b, at + 1);
  }
  return { header, frames, soundBytes, damaged, tail };
}

const FRAME_MAGIC_BYTES = Buffer.from('FSF1', 'latin1');
function nextMagic(b: Buffer, from: number): number {
  const at = b.indexOf(FRAME_MAGIC_BYTES, from);
  return at < 0 ? b.length : at;
}

export function encodeFooter(s: SegmentSummary): Buffer {
  const json = Buffer.from(JSON.stringify(s));
  const b = Buffer.allocUnsafe(4 + json.length + FOOTER_TRAILER_BYTES);
  b.writeUInt32LE(FOOTER_MAGIC, 0);
  json.copy(b, 4);
  const trailer = 4 + json.length;
  b.writeUInt32LE(json.length, trailer);
  b.writeUInt32LE(crc32(json), trailer + 4);
  b.writeUInt32LE(0, trailer + 8);
  b.writeUInt32LE(FOOTER_MAGIC, trailer + 12);
  return b;
}

/** Most bytes a footer takes; a summary with more births than fit is not written and the segment is scanned instead. */
export const FOOTER_MAX_BYTES = 4_096;

/** The summary at the end of these bytes and its length on disk, or undefined when there is no sound footer. */
export function decodeFooter(end: Buffer): { summary: SegmentSummary; bytes: number } | undefined {
  if (end.length < 4 + FOOTER_TRAILER_BYTES) return undefined;
  const trailer = end.length - FOOTER_TRAILER_BYTES;
  if (end.readUInt32LE(trailer + 12) !== FOOTER_MAGIC) return undefined;
  const length = end.readUInt32LE(trailer);
  if (length + 4 > trailer || end.readUInt32LE(trailer - length - 4) !== FOOTER_MAGIC) return undefined;
  const json = end.subarray(trailer - length, trailer);
  if (crc32(json) !== end.readUInt32LE(trailer + 4)) return undefined;
  // Sound by its CRC, so written by `encodeFooter`.
  return { summary: JSON.parse(json.toString()) as SegmentSummary, bytes: length + 4 + FOOTER_TRAILER_BYTES };
}

/** Summary of scanned frames; undefined when there are none. */
export function summarise(frames: readonly FrameAt[]): SegmentSummary | undefined {
  const [head] = frames;
  const end = frames.at(-1);
  if (!head || !end) return undefined;
  return {
    first: head.first,
    last: end.first + end.count - 1,
    prevCrc: head.prevCrc,
    crc: end.crc,
    frames: frames.length,
    firstTime: head.time,
    lastTime: end.time,
    lastN: frames.reduce((n, f) => Math.max(n, f.lastN), 0),
    birthTags: [...new Set(frames.map((f) => f.birthTag))],
  };
}

/** The first frame that holds anything after this sequence; frames are in order. */
export function frameAfter(frames: readonly FrameAt[], seq: number): FrameAt | undefined {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    const frame = frames[mid];
    if (frame && frame.first + frame.count - 1 > seq) high = mid;
    else low = mid + 1;
  }
  return frames[low];
}
