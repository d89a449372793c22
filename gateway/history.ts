// The history writer: what is spooled goes to InfluxDB, at least once and in the lanes' order; the place in the spool
// moves only when the server has stored the lines. A line that it refuses for good is put aside, and the rest goes on.
import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LANES, type Lane } from '../device-profiles/contract/point.ts';
import { historyLine, historyPrefix } from '../device-profiles/contract/history-line.ts';
import { decodeBatch, decodeBirth, WIRE_LIMITS, type BirthDevice } from '../device-profiles/contract/wire.ts';
import type { PointIndex } from './birth.ts';
import type { GatewayClock, Logger } from './drivers/driver.ts';
import { InfluxWriter, type InfluxTarget } from './history/influx.ts';
import { HISTORY_LIMITS, type HistoryLimits } from './history/limits.ts';
import type { Consumer, Entry, Spool } from './spool.ts';

export interface HistoryOptions {
  readonly target: InfluxTarget;
  readonly gateway: string;
  readonly community: string;
  readonly index: PointIndex;
  readonly spool: Spool;
  /** Where refused lines are kept. */
  readonly dir: string;
  readonly clock: GatewayClock;
  readonly log: Logger;
  readonly limits?: Partial<HistoryLimits>;
}

export interface HistoryStats {
  readonly linesStored: number;
  readonly linesRefused: number;
  readonly requestsFailed: number;
  /** '' or why the server does not take lines now. */
  readonly fault: string;
  readonly position: Readonly<Record<Lane, number>>;
}

/** Name in the spool's list of consumers. */
export const HISTORY_CONSUMER = 'history';

interface Gathered {
  readonly lines: string[];
  readonly epoch: string;
  readonly upTo: Partial<Record<Lane, number>>;
}

export class HistoryWriter {
  readonly #o: HistoryOptions;
  readonly #limits: HistoryLimits;
  readonly #influx: InfluxWriter;
  readonly #consumer: Consumer;
  /** Birth id → prefix of the line of each point. */
  readonly #prefixes = new Map<string, readonly (string | undefined)[]>();
  /** Id of the index that new batches carry. */
  #current = '';
  #running: Promise<void> | undefined;
  #stopping = false;
  /** Something was added to the spool since the last look. */
  #news = false;
  #wake: (() => void) | undefined;
  #unlisten: (() => void) | undefined;
  #stored = 0;
  #refused = 0;
  #failed = 0;
  #fault = '';

  constructor(o: HistoryOptions) {
    this.#o = o;
    this.#limits = { ...HISTORY_LIMITS, ...o.limits };
    this.#influx = new InfluxWriter(o.target, {
      timeoutMs: this.#limits.timeoutMs,
      lines: this.#limits.lines + WIRE_LIMITS.batchRecords,
    });
    this.#consumer = o.spool.consumer(HISTORY_CONSUMER);
    this.reindex(o.index);
  }

  start(): void {
    this.#unlisten = this.#o.spool.onAdvance(() => {
      this.#news = true;
      this.#wake?.();
    });
    this.#running = this.#run();
  }

  /** Ends after the request that is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#unlisten?.();
    this.#wake?.();
    await this.#running;
  }

  stats(): HistoryStats {
    return {
      linesStored: this.#stored,
      linesRefused: this.#refused,
      requestsFailed: this.#failed,
      fault: this.#fault,
      position: this.position(),
    };
  }

  /** Last sequence of each lane that is stored. */
  position(): Record<Lane, number> {
    return { safety: this.#consumer.position('safety'), telemetry: this.#consumer.position('telemetry') };
  }

  async #run(): Promise<void> {
    let pauseMs = this.#limits.retryFirstMs;
    while (!this.#stopping) {
      try {
        const begun = this.#o.clock.monotonic();
        this.#news = false;
        const gathered = await this.#gather();
        const fault = gathered ? await this.#store(gathered) : '';
        this.#tell(fault);
        if (fault) {
          await this.#rest(pauseMs * (0.5 + Math.random() / 2));
          pauseMs = Math.min(pauseMs * 2, this.#limits.retryLastMs);
          continue;
        }
        pauseMs = this.#limits.retryFirstMs;
        if (gathered && gathered.lines.length >= this.#limits.lines) continue;
        const spent = this.#o.clock.monotonic() - begun;
        await this.#rest(Math.max(0, this.#limits.gatherMs - spent));
        if (!gathered) await this.#rest(this.#limits.retryLastMs, true);
      } catch (error) {
        // The spool could not be read just now.
        this.#tell(error instanceof Error ? error.message : String(error));
        await this.#rest(this.#limits.retryLastMs);
      }
    }
  }

  /** Lines of whole batches, safety first; undefined when there is nothing new. */
  async #gather(): Promise<Gathered | undefined> {
    const { epoch } = this.#o.spool;
    const lines: string[] = [];
    const upTo: Partial<Record<Lane, number>> = {};
    for (const lane of LANES) {
      let after = this.#consumer.position(lane);
      while (lines.length < this.#limits.lines) {
        const entry = await this.#consumer.next(lane, after);
        if (!entry || epoch !== this.#o.spool.epoch) break;
        after = entry.last;
        upTo[lane] = after;
        if (!entry.loss) for (const line of await this.#linesOf(entry)) lines.push(line);
      }
    }
    return Object.keys(upTo).length > 0 ? { lines, epoch, upTo } : undefined;
  }

  async #linesOf(entry: Entry): Promise<string[]> {
    const batch = decodeBatch(entry.bytes);
    if (batch.samples.length === 0) return [];
    const prefixes = await this.#prefixesFor(batch.birth);
    return batch.samples.flatMap((s) => {
      const prefix = prefixes[s.i];
      return prefix === undefined ? [] : [historyLine(prefix, s)];
    });
  }

  /** Stores the lines and moves on. @returns '' or why they could not be stored now */
  async #store({ lines, epoch, upTo }: Gathered): Promise<string> {
    const refused: { line: string; why: string }[] = [];
    const fault = lines.length === 0 ? '' : await this.#write(lines, refused);
    if (fault) return fault;
    if (refused.length > 0) await this.#setAside(refused);
    this.#stored += lines.length - refused.length;
    for (const lane of LANES) {
      const seq = upTo[lane];
      if (seq !== undefined) this.#consumer.commit(lane, seq, epoch);
    }
    return '';
  }

  /** Halves what is refused until the lines that are wrong stand alone. */
  async #write(lines: string[], refused: { line: string; why: string }[]): Promise<string> {
    if (this.#stopping) return 'stopping';
    const result = await this.#influx.write(lines);
    if ('stored' in result) return '';
    if ('later' in result) {
      this.#failed++;
      return result.later;
    }
    const [line] = lines;
    if (lines.length === 1 && line !== undefined) {
      refused.push({ line, why: result.refused });
      return '';
    }
    const half = lines.length >> 1;
    return (await this.#write(lines.slice(0, half), refused)) || (await this.#write(lines.slice(half), refused));
  }

  async #setAside(refused: readonly { line: string; why: string }[]): Promise<void> {
    const { dir, log, spool } = this.#o;
    this.#refused += refused.length;
    const [first] = refused;
    const text = refused.map(({ line, why }) => `# ${why.replace(/[\r\n]+/g, ' ')}\n${line}\n`).join('');
    const path = join(dir, 'refused-lines.txt');
    try {
      await mkdir(dir, { recursive: true });
      const size = (await stat(path).catch(() => undefined))?.size ?? 0;
      if (size > this.#limits.refusedFileBytes) await rename(path, `${path}.1`);
      await appendFile(path, text, { mode: 0o600 });
    } catch (error) {
      log.error({ error: String(error) }, 'refused lines of history could not be kept aside');
    }
    log.error({ count: refused.length, why: first?.why }, 'the history server refuses lines for good');
    spool.note({ kind: 'refused-history', count: refused.length, ...(first ? { text: first.why } : {}) });
  }

  /** Batches are numbered by this index from now on. */
  reindex({ id, devices }: PointIndex): void {
    this.#current = id;
    this.#prefixes.set(id, this.#prefixesOf(devices));
  }

  async #prefixesFor(birth: string): Promise<readonly (string | undefined)[]> {
    const known = this.#prefixes.get(birth);
    if (known) return known;
    const bytes = await this.#o.spool.birth(birth);
    const prefixes = bytes ? this.#prefixesOf(decodeBirth(bytes).devices) : [];
    if (!bytes) this.#o.log.error({ birth }, 'an old point index is lost: its samples have no name in history');
    if (this.#prefixes.size >= this.#limits.indexes)
      for (const id of this.#prefixes.keys())
        if (id !== this.#current) {
          this.#prefixes.delete(id);
          break;
        }
    this.#prefixes.set(birth, prefixes);
    return prefixes;
  }

  #prefixesOf(devices: readonly BirthDevice[]): (string | undefined)[] {
    const { gateway, community } = this.#o;
    const prefixes: (string | undefined)[] = [];
    for (const d of devices)
      for (const p of d.points) {
        const building = p.building ?? d.building;
        prefixes[p.i] = historyPrefix({ kind: d.kind, community, building, gateway, device: d.id, point: p.id });
      }
    return prefixes;
  }

  #tell(fault: string): void {
    if (fault === this.#fault || fault === 'stopping') return;
    if (fault) this.#o.log.warn({ fault }, 'history is not stored now; it waits in the spool');
    else this.#o.log.info({}, 'history is stored');
    this.#fault = fault;
  }

  /** Waits; with `forNews` at most until something new is in the spool. */
  #rest(ms: number, forNews = false): Promise<void> {
    const enough = (): boolean => this.#stopping || (forNews && this.#news);
    if (enough()) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#wake = undefined;
        resolve();
      }, ms);
      this.#wake = () => {
        if (!enough()) return;
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
