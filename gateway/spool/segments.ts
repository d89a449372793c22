// The segment files of one lane and epoch as they are found and read: open, repair, set aside.
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Lane } from '../../device-profiles/contract/point.ts';
import { laneDir } from './epoch.ts';
import { errorCode, ignoreMissing, replaceFile, truncateFile, type Disk } from './files.ts';
import {
  decodeFooter,
  decodeSegmentHeader,
  encodeFooter,
  encodeSegmentHeader,
  FOOTER_MAX_BYTES,
  scanSegment,
  SEGMENT_HEADER_BYTES,
  summarise,
  type FrameAt,
  type SegmentScan,
  type SegmentSummary,
} from './frame.ts';

/** A segment on disk. `bytes` is the sound part: header and frames, without the footer. */
export interface Segment extends SegmentSummary {
  readonly path: string;
  readonly bytes: number;
}

export interface SegmentPlace {
  readonly dir: string;
  /** Where damaged files are moved, for a person to look at. */
  readonly asideDir: string;
  readonly asideMax: number;
  readonly lane: Lane;
  readonly epoch: string;
  readonly disk: Disk;
}

/** Where a lane lies in the directory of a spool. */
export const segmentPlace = (dir: string, of: Omit<SegmentPlace, 'dir' | 'asideDir'>): SegmentPlace => ({
  ...of,
  dir: laneDir(dir, of.epoch, of.lane),
  asideDir: join(dir, 'set-aside'),
});

/** What was found wrong, for counters, the log and the note in the lane. */
export interface Damage {
  readonly file: string;
  /** torn: an unfinished last write, which nobody was told of. corrupt: bytes that were sound once. */
  readonly kind: 'torn' | 'corrupt';
  /** Sequences of the segment that are still there, as far as known. */
  readonly from?: number;
  readonly to?: number;
  readonly text: string;
}

export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.seg`;
const SEGMENT_NAME = /^\d{16}\.seg$/;
const REPAIRED = '.repaired';
const ANCHOR = 'anchor';

/**
 * Keeps the place where the lane goes on when its last segment is deleted: a segment header without frames. Were it lost
 * (a disk that takes nothing at all), sequences would begin anew, which the hub's first receipt brings to light.
 */
export async function writeAnchor(place: SegmentPlace, end: { last: number; crc: number }): Promise<void> {
  const { lane, epoch, disk, dir } = place;
  const header = encodeSegmentHeader({ lane, epoch, first: end.last + 1, prevCrc: end.crc });
  await replaceFile(disk, join(dir, ANCHOR), header);
}

export async function readAnchor(place: SegmentPlace): Promise<{ last: number; crc: number }> {
  const bytes = await place.disk.read(join(place.dir, ANCHOR)).catch(() => Buffer.alloc(0));
  const header = decodeSegmentHeader(bytes);
  const ours = header?.epoch === place.epoch && header.lane === place.lane;
  return ours ? { last: header.first - 1, crc: header.prevCrc } : { last: 0, crc: 0 };
}

/** Finds all segments of a lane in order of sequence, repairing what a crash or the disk has damaged. */
export async function findSegments(place: SegmentPlace, damage: (d: Damage) => void): Promise<Segment[]> {
  await mkdir(place.dir, { recursive: true });
  await finishRepairs(place.dir);
  const names = (await readdir(place.dir)).filter((name) => SEGMENT_NAME.test(name)).sort();
  const segments: Segment[] = [];
  for (const name of names) {
    const path = join(place.dir, name);
    const segment = (await readSummary(place, path)) ?? (await openUnclosed(place, path, damage));
    if (!segment) continue;
    const before = segments.at(-1);
    if (before && before.last >= segment.first) await trim(segments, segment.first);
    segments.push(segment);
  }
  return segments;
}

/** A closed segment tells what it holds in its last bytes, so that a start need not read it whole. */
async function readSummary(place: SegmentPlace, path: string): Promise<Segment | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Buffer.alloc(SEGMENT_HEADER_BYTES);
    await file.read(start, 0, start.length, 0);
    const header = decodeSegmentHeader(start);
    if (header?.epoch !== place.epoch || header.lane !== place.lane) return undefined;
    const end = Buffer.alloc(Math.min(size, FOOTER_MAX_BYTES));
    await file.read(end, 0, end.length, size - end.length);
    const footer = decodeFooter(end);
    return footer && { ...footer.summary, path, bytes: size - footer.bytes };
  } finally {
    await file.close();
  }
}

async function openUnclosed(
  place: SegmentPlace,
  path: string,
  damage: (d: Damage) => void,
): Promise<Segment | undefined> {
  const scan = scanSegment(await place.disk.read(path));
  const foreign = scan.header && (scan.header.epoch !== place.epoch || scan.header.lane !== place.lane);
  if (foreign) return repair(place, path, scan, [], damage);
  const summary = summarise(scan.frames);
  if (!summary && scan.tail !== 'corrupt') {
    // Nothing was ever completed in it.
    await unlink(path).catch(ignoreMissing);
    return undefined;
  }
  if (!summary || scan.damaged > 0 || scan.tail === 'corrupt') return repair(place, path, scan, scan.frames, damage);
  if (scan.tail === 'torn') {
    await truncateFile(path, scan.soundBytes);
    damage({
      file: basename(path),
      kind: 'torn',
      from: summary.first,
      to: summary.last,
      text: 'unfinished last write',
    });
  }
  await closeLate(path, scan.soundBytes, summary);
  return { ...summary, path, bytes: scan.soundBytes };
}

/** A gateway that loses its power each day would otherwise read all that it keeps at each start. */
async function closeLate(path: string, bytes: number, summary: SegmentSummary): Promise<void> {
  const footer = encodeFooter(summary);
  if (footer.length > FOOTER_MAX_BYTES) return;
  try {
    const file = await open(path, 'r+');
    try {
      await file.write(footer, 0, footer.length, bytes);
    } finally {
      await file.close();
    }
  } catch {
    // The footer only saves reading the file at the next start; half of one is cut off there.
  }
}

/** Gives up the frames of earlier segments from `first` on: a later segment holds them again (a write was retried). */
async function trim(segments: Segment[], first: number): Promise<void> {
  for (let s = segments.pop(); s; s = segments.pop()) {
    if (s.last < first) {
      segments.push(s);
      return;
    }
    const scan = scanSegment((await readFile(s.path)).subarray(0, s.bytes));
    const kept = scan.frames.filter((f) => f.first + f.count - 1 < first);
    const summary = summarise(kept);
    if (!summary) {
      await unlink(s.path).catch(ignoreMissing);
      continue;
    }
    const bytes = kept.at(-1)?.end ?? SEGMENT_HEADER_BYTES;
    await truncateFile(s.path, bytes);
    segments.push({ ...summary, path: s.path, bytes });
    return;
  }
}

/** Frames of a segment with its bytes. @returns undefined when the file is gone or can't be read: its place is a hole. */
export async function loadSegment(
  place: SegmentPlace,
  segment: Segment,
  damage: (d: Damage) => void,
): Promise<{ bytes: Buffer; frames: readonly FrameAt[]; segment: Segment } | undefined> {
  let bytes: Buffer;
  try {
    bytes = (await place.disk.read(segment.path)).subarray(0, segment.bytes);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EIO' && code !== 'ENOENT') throw error;
    const gone = { file: basename(segment.path), kind: 'corrupt' as const, text: `unreadable: ${code}` };
    damage({ ...gone, from: segment.first, to: segment.last });
    if (code === 'EIO') await setAside(place, segment.path).catch(() => undefined);
    return undefined;
  }
  const scan = scanSegment(bytes);
  const whole = scan.header && scan.damaged === 0 && scan.tail === 'clean' && scan.frames.length === segment.frames;
  if (whole) return { bytes, frames: scan.frames, segment };
  const repaired = await repair(place, segment.path, scan, scan.frames, damage);
  if (!repaired) return undefined;
  const again = (await place.disk.read(repaired.path)).subarray(0, repaired.bytes);
  return { bytes: again, frames: scanSegment(again).frames, segment: repaired };
}

/**
 * Moves a damaged file aside and puts its sound frames in its place. Every step leaves either the damaged file or a
 * finished copy under a name that the next start understands.
 */
async function repair(
  place: SegmentPlace,
  path: string,
  scan: SegmentScan,
  frames: readonly FrameAt[],
  damage: (d: Damage) => void,
): Promise<Segment | undefined> {
  const source = await place.disk.read(path);
  const summary = summarise(frames);
  const held = summary ? { from: summary.first, to: summary.last } : {};
  const text = `${frames.length} batches kept, ${Math.max(1, scan.damaged)} damaged places`;
  damage({ file: basename(path), kind: 'corrupt', ...held, text });
  if (!summary) {
    await setAside(place, path);
    return undefined;
  }
  const { first, prevCrc } = summary;
  const header = encodeSegmentHeader({ lane: place.lane, epoch: place.epoch, first, prevCrc });
  const parts = [header, ...frames.map((f) => source.subarray(f.offset, f.end))];
  const bytes = Buffer.concat(parts);
  await replaceFile(place.disk, path + REPAIRED, bytes);
  await setAside(place, path);
  await rename(path + REPAIRED, path);
  await place.disk.syncDirectory(place.dir);
  return { ...summary, path, bytes: bytes.length };
}

async function finishRepairs(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.endsWith('.draft')) await unlink(join(dir, name)).catch(ignoreMissing);
    if (!name.endsWith(REPAIRED)) continue;
    const target = join(dir, name.slice(0, -REPAIRED.length));
    const original = await stat(target).catch(() => undefined);
    if (original) await unlink(join(dir, name));
    else await rename(join(dir, name), target);
  }
}

async function setAside(place: SegmentPlace, path: string): Promise<void> {
  await mkdir(place.asideDir, { recursive: true });
  await rename(path, join(place.asideDir, `${place.lane}-${place.epoch.slice(0, 8)}-${basename(path)}.damaged`));
  const kept = (await readdir(place.asideDir)).sort();
  for (const name of kept.slice(0, Math.max(0, kept.length - place.asideMax)))
    await unlink(join(place.asideDir, name)).catch(ignoreMissing);
}
