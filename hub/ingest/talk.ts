// What the hub says to gateways: receipts after commits, requests to go back, asks for births; none more often than
// useful. And the hand-over of committed batches to history, whose progress receipts carry.
import { LANES, type Lane } from '../../device-profiles/contract/point.ts';
import {
  batchLast,
  encodeAsk,
  encodeReceipt,
  topics,
  WIRE_VERSION,
  type Batch,
} from '../../device-profiles/contract/wire.ts';
import type { Clock } from '../clock.ts';
import type { HistoryWriter, SeriesSample } from '../history/api.ts';
import { INGEST_LIMITS } from './limits.ts';
import type { Program, Site } from './points.ts';

export interface TalkDeps {
  readonly clock: Clock;
  readonly publish: (topic: string, payload: Buffer) => void;
  readonly history: HistoryWriter | null;
}

interface LaneTalk {
  due: boolean;
  rewind: boolean;
  /** With the receipt that waits for its timer. */
  rewindLater: boolean;
  timer: NodeJS.Timeout | undefined;
}

const newLane = (): LaneTalk => ({ due: false, rewind: false, rewindLater: false, timer: undefined });

export class Talk {
  readonly #deps: TalkDeps;
  readonly #lanes = new Map<Site, Record<Lane, LaneTalk>>();
  readonly #asked = new Map<string, number>();
  #stopped = false;
  readonly counters = { receipts: 0, rewinds: 0, asks: 0, historyBusy: 0, historyFailed: 0, historyGaps: 0 };

  constructor(deps: TalkDeps) {
    this.#deps = deps;
  }

  /** How far history is durable; where the gateway or nobody writes it, as far as T1. */
  stored(site: Site, lane: Lane): number {
    const { seq } = site.lanes[lane];
    const { history } = this.#deps;
    if (!history || site.writesHistory || site.epoch === undefined) return seq;
    return Math.min(seq, history.stored(site.gateway, site.epoch, lane));
  }

  /** A receipt is due; several in one turn are one. */
  receipt(site: Site, lane: Lane, rewind = false): void {
    const talk = this.#of(site)[lane];
    talk.rewind ||= rewind;
    if (talk.due) return;
    talk.due = true;
    queueMicrotask(() => this.#send(site, lane, talk));
  }

  /** Answers a birth. */
  receipts(site: Site): void {
    for (const lane of LANES) this.receipt(site, lane);
  }

  /** Asks for a live birth, or for the index of an older one. @returns false when it was asked only just now */
  ask(site: Site, birth?: string): boolean {
    const now = this.#deps.clock.monotonic();
    const key = `${site.gateway} ${birth ?? ''}`;
    const asked = this.#asked.get(key);
    if (asked !== undefined && now - asked < INGEST_LIMITS.askMs) return false;
    if (this.#asked.size >= INGEST_LIMITS.asksRemembered) this.#asked.clear();
    this.#asked.set(key, now);
    this.counters.asks++;
    this.#deps.publish(
      topics.ask(site.gateway),
      encodeAsk({ need: 'birth', ...(birth === undefined ? {} : { birth }) }),
    );
    return true;
  }

  /** Hands a batch that T1 knows to history. */
  keep(site: Site, program: Program, batch: Batch): void {
    const { history } = this.#deps;
    if (!history || site.writesHistory) return;
    const last = batchLast(batch);
    if (last <= history.stored(batch.gateway, batch.epoch, batch.lane)) return;
    const samples: SeriesSample[] = [];
    for (const s of batch.samples) {
      const series = program.points[s.i]?.series;
      if (series) samples.push({ series, t: s.sourceTime, n: s.n, value: s.value, quality: s.quality });
    }
    const { gateway, epoch, lane, first } = batch;
    history.append({ gateway, epoch, lane, first, last, samples }).then(
      ({ outcome }) => {
        if (outcome === 'stored') this.#later(site, lane, INGEST_LIMITS.receiptGatherMs, false);
        else {
          if (outcome === 'busy') this.counters.historyBusy++;
          else this.counters.historyGaps++;
          this.#later(site, lane, INGEST_LIMITS.historyRetryMs, true);
        }
      },
      () => {
        this.counters.historyFailed++;
        this.#later(site, lane, INGEST_LIMITS.historyRetryMs, true);
      },
    );
  }

  stop(): void {
    this.#stopped = true;
    for (const lanes of this.#lanes.values()) for (const lane of LANES) clearTimeout(lanes[lane].timer);
  }

  #of(site: Site): Record<Lane, LaneTalk> {
    const known = this.#lanes.get(site);
    if (known) return known;
    const fresh = { safety: newLane(), telemetry: newLane() };
    this.#lanes.set(site, fresh);
    return fresh;
  }

  #later(site: Site, lane: Lane, ms: number, rewind: boolean): void {
    const talk = this.#of(site)[lane];
    if (this.#stopped) return;
    talk.rewindLater ||= rewind;
    talk.timer ??= setTimeout(() => {
      talk.timer = undefined;
      this.receipt(site, lane, talk.rewindLater);
      talk.rewindLater = false;
    }, ms);
  }

  #send(site: Site, lane: Lane, talk: LaneTalk): void {
    const { rewind } = talk;
    talk.due = false;
    talk.rewind = false;
    const { epoch } = site;
    if (epoch === undefined || this.#stopped) return;
    const { seq, crc, n } = site.lanes[lane];
    const known = n >= 0 ? { n } : {};
    const receipt = { v: WIRE_VERSION, epoch, seq, stored: this.stored(site, lane), crc, ...known } as const;
    this.counters.receipts++;
    if (rewind) this.counters.rewinds++;
    this.#deps.publish(topics.receipt(site.gateway, lane), encodeReceipt(rewind ? { ...receipt, rewind } : receipt));
  }
}
