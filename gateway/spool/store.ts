// One lane of one epoch: batches with their sequences, on disk and in the RAM tail. Written in groups, read by cursor,
// given up from the oldest end.
//
//   append ─▶ unwritten ─▶ write + sync ─▶ durable ─▶ visible to consumers
//                  └─ while the disk refuses: visible from RAM, but never called durable
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayClock } from '../drivers/driver.ts';
import { entryAfter, headOf, type Entry, type Loaded, type NewEntry, type ReadCache } from './entry.ts';
import { errorCode, ignoreMissing, type SegmentFile } from './files.ts';
import { encodeFooter, encodeFrame, encodeSegmentHeader, FOOTER_MAX_BYTES, summarise, type FrameAt } from './frame.ts';
import type { SpoolLimits } from './limits.ts';
import {
  findSegments,
  loadSegment,
  readAnchor,
  segmentName,
  writeAnchor,
  type Damage,
  type Segment,
  type SegmentPlace,
} from './segments.ts';

export interface StoreHooks {
  /** Something new is visible to consumers. */
  advanced(): void;
  damaged(d: Damage): void;
  /** The disk refused with this code, or takes again (''). */
  failing(code: string): void;
  /** The disk is full: gives something up elsewhere. @returns whether space may have come free. */
  relieve(): Promise<boolean>;
  /** Records with a sequence were given up before the disk took them. */
  dropped(records: number): void;
  /** Builds the batch that stands for sequences from … to. */
  lossBatch(loss: { from: number; to: number; fromTime: number; toTime: number; crc: number }): Entry;
}

interface Active {
  readonly path: string;
  readonly file: SegmentFile;
  readonly openedAt: number;
  bytes: number;
  frames: FrameAt[];
}

/** What is told of a disk that does not answer; in the place of the error code of one that does. */
const HANGING = 'no answer';
/** Most bytes handed to the disk in one write. */
const WRITE_BYTES = 4 * 1024 * 1024;

export class LaneStore {
  /** Closed segments in order; the active one is not among them. */
  #segments: Segment[] = [];
  #active: Active | undefined;
  /** The newest entries in order, written or not; always reaches back to the active segment's start. */
  #tail: Entry[] = [];
  #tailBytes = 0;
  #unwritten: NewEntry[] = [];
  #unwrittenBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  #closing = false;
  #failing = '';
  #head = 0;
  #headCrc = 0;
  #durable = 0;
  #visible = 0;
  #wake: (() => void) | undefined;
  #whenFailing: ((code: string) => void) | undefined;

  readonly #place: SegmentPlace;
  readonly #limits: SpoolLimits;
  readonly #clock: GatewayClock;
  readonly #hooks: StoreHooks;

  private constructor(place: SegmentPlace, limits: SpoolLimits, clock: GatewayClock, hooks: StoreHooks) {
    this.#place = place;
    this.#limits = limits;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  static async open(
    place: SegmentPlace,
    limits: SpoolLimits,
    clock: GatewayClock,
    hooks: StoreHooks,
  ): Promise<LaneStore> {
    const store = new LaneStore(place, limits, clock, hooks);
    store.#segments = await findSegments(place, (d) => hooks.damaged(d));
    const end = store.#segments.at(-1);
    const anchor = await readAnchor(place);
    const head = end && end.last >= anchor.last ? end : anchor;
    store.#head = store.#durable = store.#visible = head.last;
    store.#headCrc = head.crc;
    return store;
  }

  /** Last sequence given, whether on disk or not. */
  get head(): number {
    return this.#head;
  }
  /** Running CRC at `head`. */
  get headCrc(): number {
    return this.#headCrc;
  }
  /** Last sequence that consumers may read. */
  get visible(): number {
    return this.#visible;
  }
  get durable(): number {
    return this.#durable;
  }
  get bytes(): number {
    return this.#segments.reduce((sum, s) => sum + s.bytes, 0) + (this.#active?.bytes ?? 0);
  }
  get segments(): readonly Segment[] {
    return this.#segments;
  }
  get failing(): string {
    return this.#failing;
  }
  get lastN(): number {
    return Math.max(0, ...this.#segments.map((s) => s.lastN), ...this.#tail.map((e) => e.lastN));
  }
  birthTags(): Set<number> {
    const tags = new Set(this.#tail.map((e) => e.birthTag));
    for (const s of this.#segments) for (const tag of s.birthTags) tags.add(tag);
    return tags;
  }

  /** Takes encoded batches that follow `head`. */
  append(entries: readonly NewEntry[]): void {
    for (const entry of entries) {
      this.#tail.push(entry);
      this.#tailBytes += entry.bytes.length;
      this.#unwritten.push(entry);
      this.#unwrittenBytes += entry.bytes.length;
      this.#head = entry.last;
      this.#headCrc = entry.crc;
    }
    this.#boundUnwritten();
    if (this.#failing) this.#show();
    if (this.#busy) return;
    this.#busy = true;
    this.#writing = this.#writeAll();
  }

  /** Resolves when the writer rests: all is durable or given up, or the store is closing. */
  async settled(): Promise<void> {
    while (this.#busy) await this.#writing;
  }

  /**
   * The first entry that holds anything after this sequence; a loss entry where that sequence is gone; undefined when
   * there is none yet. Touches the disk only when the tail does not reach back that far.
   */
  async after(seq: number, cache: ReadCache): Promise<Entry | undefined> {
    if (seq >= this.#visible) return undefined;
    const next = await this.#stored(seq, cache);
    if (next && next.first <= seq + 1) return next;
    // Without a next one everything up to the head was given up.
    return this.#hooks.lossBatch({
      from: seq + 1,
      to: next ? next.first - 1 : this.#head,
      fromTime: this.#segments.findLast((s) => s.last <= seq)?.lastTime ?? 0,
      toTime: next?.time ?? this.#clock.now(),
      crc: next ? next.prevCrc : this.#headCrc,
    });
  }

  async #stored(seq: number, cache: ReadCache): Promise<Entry | undefined> {
    for (;;) {
      const [oldest] = this.#tail;
      if (oldest && oldest.first <= seq + 1) return this.#tail[this.#tailIndex(seq)];
      const segment = this.#segments.find((s) => s.last > seq);
      if (!segment) return oldest;
      if (oldest && oldest.first <= segment.first) return oldest;
      const found = await this.#load(segment, cache);
      if (!found) continue;
      const entry = entryAfter(found, seq);
      if (entry) return entry;
      // Damage took the end of this segment: its index entry is now shorter, look again.
      if (found.frames.length === 0) this.#forget(segment);
    }
  }

  #tailIndex(seq: number): number {
    let low = 0;
    let high = this.#tail.length - 1;
    while (low < high) {
      const mid = (low + high) >> 1;
      if ((this.#tail[mid]?.last ?? 0) > seq) high = mid;
      else low = mid + 1;
    }
    return low;
  }

  async #load(segment: Segment, cache: ReadCache): Promise<Loaded | undefined> {
    const known = cache.find(segment.path, segment.bytes);
    if (known) return known;
    const found = await loadSegment(this.#place, segment, (d) => this.#hooks.damaged(d));
    const at = this.#segments.indexOf(segment);
    if (!found) {
      this.#forget(segment);
      return undefined;
    }
    if (at >= 0 && found.segment !== segment) this.#segments[at] = found.segment;
    return cache.keep({ path: segment.path, size: found.segment.bytes, bytes: found.bytes, frames: found.frames });
  }

  #forget(segment: Segment): void {
    this.#segments = this.#segments.filter((s) => s !== segment);
  }

  /**
   * Running CRC at a sequence. `ahead`: past the head. `inside`: within a batch, where no CRC was ever told.
   * `unknown`: older than what is kept, or within a hole.
   */
  async crcAt(seq: number, cache: ReadCache): Promise<number | 'ahead' | 'inside' | 'unknown'> {
    if (seq === 0) return 0;
    if (seq === this.head) return this.headCrc;
    if (seq > this.head) return 'ahead';
    const before = seq > 1 ? await this.#stored(seq - 1, cache) : undefined;
    if (before && before.first <= seq && before.last === seq) return before.crc;
    if (before && before.first <= seq && before.last > seq) return 'inside';
    const next = await this.#stored(seq, cache);
    return next && next.first === seq + 1 ? next.prevCrc : 'unknown';
  }

  /** Appends, and resolves when durable. @throws Error when given up, or as soon as the disk refuses */
  async appendDurably(entry: Entry): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#whenFailing = (code) => reject(new Error(`the disk refuses: ${code}`));
        this.append([{ ...entry, settle: (error) => (error ? reject(error) : resolve()) }]);
      });
    } finally {
      this.#whenFailing = undefined;
    }
  }

  /** Closes the active segment, so that it can be dropped like the others; not while it is being written. */
  async seal(): Promise<void> {
    if (!this.#busy) await this.#sealActive();
  }

  async #sealActive(): Promise<void> {
    const active = this.#active;
    if (!active || active.frames.length === 0) return;
    this.#active = undefined;
    const segment = this.#summaryOf(active);
    this.#segments.push(segment);
    const { path: _path, bytes: _bytes, ...summary } = segment;
    const footer = encodeFooter(summary);
    try {
      if (footer.length <= FOOTER_MAX_BYTES) await active.file.write(footer, active.bytes);
    } catch {
      // The footer only saves reading the file at the next start.
      await active.file.truncate(active.bytes).catch(() => undefined);
    }
    await active.file.close().catch(() => undefined);
    this.#trimTail();
  }

  #summaryOf({ path, bytes, frames }: Active): Segment {
    const summary = summarise(frames);
    if (!summary) throw new Error('an empty segment has no summary');
    return { ...summary, path, bytes };
  }

  /** Deletes the oldest closed segment. The place where the lane goes on is kept beside when it was the last one. */
  async dropOldest(): Promise<Segment | undefined> {
    const segment = this.#segments.shift();
    if (!segment) return undefined;
    const anchor = async (): Promise<void> => {
      if (this.#segments.length === 0 && !this.#active) await writeAnchor(this.#place, segment);
    };
    // Before, so that a crash in between does not begin sequences anew; a full disk may take it only after.
    const kept = await anchor().then(
      () => true,
      () => false,
    );
    await unlink(segment.path).catch(ignoreMissing);
    if (!kept) await anchor().catch(() => undefined);
    while (this.#tail[0] && this.#tail[0].last <= segment.last) this.#tailShift();
    return segment;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    await this.settled();
    await this.seal();
    for (const entry of this.#unwritten) entry.settle(new Error('the spool was closed before the disk took this'));
    this.#unwritten = [];
  }

  async #writeAll(): Promise<void> {
    while (this.#unwritten.length > 0 && !(this.#closing && this.#failing)) {
      const group = this.#nextGroup();
      try {
        await this.#writeWatched(group);
        this.#fail('');
        this.#settle(group);
      } catch (error) {
        this.#fail(errorCode(error));
        // At once: a disk that refuses may well keep its truncate or close waiting too, and a fire is not held back by that.
        this.#show();
        await this.#abandonActive();
        if (this.#closing) break;
        const freed = this.#failing === 'ENOSPC' && (await this.#hooks.relieve().catch(() => false));
        if (!freed) await this.#pause();
      }
    }
    // In the same step as the loop's last look, so that an append in between starts the writer anew.
    this.#busy = false;
  }

  #nextGroup(): NewEntry[] {
    let bytes = 0;
    const end = this.#unwritten.findIndex((e) => (bytes += e.bytes.length) > WRITE_BYTES);
    return this.#unwritten.slice(0, end < 0 ? undefined : Math.max(1, end));
  }

  /** A disk that neither takes nor refuses is told like one that refuses: a fire is not held back by it. */
  async #writeWatched(group: readonly NewEntry[]): Promise<void> {
    const late = setTimeout(() => {
      this.#fail(HANGING);
      this.#show();
    }, this.#limits.hangingMs);
    try {
      await this.#write(group);
    } finally {
      clearTimeout(late);
    }
  }

  async #write(group: readonly NewEntry[]): Promise<void> {
    const [head] = group;
    if (!head) return;
    if (this.#active && this.#isFull(this.#active)) await this.#sealActive();
    const fresh = this.#active === undefined;
    const active = (this.#active ??= await this.#createActive(head));
    const parts: Buffer[] = [];
    const frames: FrameAt[] = [];
    let at = active.bytes;
    if (fresh) {
      const { lane, epoch } = this.#place;
      const header = encodeSegmentHeader({ lane, epoch, first: head.first, prevCrc: head.prevCrc });
      parts.push(header);
      at += header.length;
    }
    for (const entry of group) {
      const frame = encodeFrame(entry, entry.bytes);
      parts.push(frame);
      const end = at + frame.length;
      frames.push({ ...headOf(entry), offset: at, start: end - entry.bytes.length, end });
      at = end;
    }
    await active.file.write(Buffer.concat(parts), active.bytes);
    await active.file.datasync();
    if (fresh) await this.#place.disk.syncDirectory(this.#place.dir);
    active.bytes = at;
    active.frames.push(...frames);
  }

  #isFull(active: Active): boolean {
    const old = this.#clock.monotonic() - active.openedAt >= this.#limits.segmentAgeMs;
    return active.bytes >= this.#limits.segmentBytes || old;
  }

  async #createActive(head: NewEntry): Promise<Active> {
    const path = join(this.#place.dir, segmentName(head.first));
    // A file of this name can only be one whose first write failed: it holds nothing that was ever called durable.
    if (!this.#segments.some((s) => s.path === path)) await unlink(path).catch(ignoreMissing);
    const file = await this.#place.disk.create(path);
    return { path, file, openedAt: this.#clock.monotonic(), bytes: 0, frames: [] };
  }

  /** After a failed write or sync the file's state is unknown: what was durable is kept, the rest goes to a new file. */
  async #abandonActive(): Promise<void> {
    const active = this.#active;
    if (!active) return;
    this.#active = undefined;
    if (active.frames.length > 0) this.#segments.push(this.#summaryOf(active));
    await active.file.truncate(active.bytes).catch(() => undefined);
    await active.file.close().catch(() => undefined);
    if (active.frames.length === 0) await unlink(active.path).catch(() => undefined);
  }

  #settle(group: readonly NewEntry[]): void {
    const written = new Set(group);
    this.#unwritten = this.#unwritten.filter((e) => !written.has(e));
    this.#unwrittenBytes = this.#unwritten.reduce((sum, e) => sum + e.bytes.length, 0);
    this.#durable = group.at(-1)?.last ?? this.#durable;
    for (const entry of group) entry.settle();
    this.#trimTail();
    this.#show();
  }

  #show(): void {
    const visible = this.#failing ? this.head : Math.max(this.#visible, this.#durable);
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.#hooks.advanced();
  }

  #fail(code: string): void {
    if (code === this.#failing) return;
    this.#failing = code;
    this.#hooks.failing(code);
    if (code) this.#whenFailing?.(code);
  }

  #boundUnwritten(): void {
    while (this.#unwrittenBytes > this.#limits.unwrittenBytes) {
      const entry = this.#unwritten.shift();
      if (!entry) return;
      this.#unwrittenBytes -= entry.bytes.length;
      entry.settle(new Error('given up: the disk refuses and the memory for waiting records is full'));
      this.#hooks.dropped(entry.count);
    }
  }

  /** The tail keeps its limit, and always what no closed segment holds. */
  #trimTail(): void {
    const needed = Math.min(this.#active?.frames[0]?.first ?? Infinity, this.#unwritten[0]?.first ?? Infinity);
    while (this.#tailBytes > this.#limits.tailBytes && this.#tail[0] && this.#tail[0].last < needed) this.#tailShift();
  }

  #tailShift(): void {
    this.#tailBytes -= this.#tail.shift()?.bytes.length ?? 0;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#limits.retryMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
