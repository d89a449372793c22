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
  /** History has progressed: a receipt says so when this runs out. */
  gather: NodeJS.Timeout | undefined;
  /** History lacks something: the gateway is asked for it when this runs out and nothing has come meanwhile. */
  retry: NodeJS.Timeout | undefined;
  /** Last sequence that history refused, and where history stood when this was last looked at. */
  refused: number;
  standing: number;
}

const newLane = (): LaneTalk => ({
  due: false,
  rewind: false,
  gather: undefined,
  retry: undefined,
  refused: 0,
  standing: 0,
});

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
        if (outcome === 'stored') this.#progressed(site, lane);
        else {
          if (outcome === 'busy') this.counters.historyBusy++;
          else this.counters.historyGaps++;
          this.#lacking(site, lane, last);
        }
      },
      () => {
        this.counters.historyFailed++;
        this.#lacking(site, lane, last);
      },
    );
  }

  stop(): void {
    this.#stopped = true;
    for (const lanes of this.#lanes.values())
      for (const lane of LANES) {
        clearTimeout(lanes[lane].gather);
        clearTimeout(lanes[lane].retry);
      }
  }

  #of(site: Site): Record<Lane, LaneTalk> {
    const known = this.#lanes.get(site);
    if (known) return known;
    const fresh = { safety: newLane(), telemetry: newLane() };
    this.#lanes.set(site, fresh);
    return fresh;
  }

  #progressed(site: Site, lane: Lane): void {
    const talk = this.#of(site)[lane];
    if (this.#stopped) return;
    talk.gather ??= setTimeout(() => {
      talk.gather = undefined;
      this.receipt(site, lane);
    }, INGEST_LIMITS.receiptGatherMs);
  }

  /**
   * History could not take what ends at `last`. A gateway that is behind sends what is lacking by itself, in order: it is
   * asked to go back only when history does not get on.
   */
  #lacking(site: Site, lane: Lane, last: number): void {
    const talk = this.#of(site)[lane];
    talk.refused = Math.max(talk.refused, last);
    if (this.#stopped || talk.retry) return;
    talk.standing = this.stored(site, lane);
    talk.retry = setTimeout(() => {
      talk.retry = undefined;
      const stored = this.stored(site, lane);
      const { refused } = talk;
      talk.refused = 0;
      if (stored <= talk.standing) this.receipt(site, lane, true);
      else if (stored < refused) this.#lacking(site, lane, refused);
    }, INGEST_LIMITS.historyRetryMs);
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
