// The other side of the uplink for tests: does what wire.ts says a hub does, and can be made to lose, forget and delay.
import { connectAsync, type MqttClient } from 'mqtt';
import { LANES, type Lane, type Value } from '../../../device-profiles/contract/point.ts';
import {
  batchLast,
  coversLoss,
  decodeBatch,
  decodeBeat,
  decodeBirth,
  decodeState,
  encodeAsk,
  encodeReceipt,
  runningCrc,
  topics,
  type Beat,
  type Birth,
  type Receipt,
  type State,
} from '../../../device-profiles/contract/wire.ts';

export interface Cursor {
  seq: number;
  crc: number;
  stored: number;
}

export interface TestHubOptions {
  readonly url: string;
  readonly gateway: string;
  /** Batches for which this is true never reach the hub. */
  readonly lose?: (lane: Lane, k: number) => boolean;
  /** Receipts for which this is true are not sent. */
  readonly mute?: () => boolean;
}

/** `device.point` by the number that samples carry. */
export const pointNames = (birth: Birth): ReadonlyMap<number, string> =>
  new Map(birth.devices.flatMap((d) => d.points.map((p) => [p.i, `${d.id}.${p.id}`])));

export class TestHub {
  readonly births: Birth[] = [];
  readonly beats: Beat[] = [];
  readonly states: State[] = [];
  /** Values applied, in order, per lane. */
  readonly applied: Record<Lane, Value[]> = { safety: [], telemetry: [] };
  /** The same as `device.point=value`, by the index that the batch names. */
  readonly named: Record<Lane, string[]> = { safety: [], telemetry: [] };
  readonly losses: [number, number][] = [];
  /** Every batch that arrived, in order: its lane. */
  readonly arrivals: Lane[] = [];
  /** (epoch, lane) → cursor. What a hub keeps in its database. */
  cursors = new Map<string, Cursor>();
  knownBirths = new Set<string>();
  storedLags = false;
  /** History of its own: it takes a lane in order only, from its own cursor on, and asks for nothing by itself. */
  historyInOrder = false;
  /** Batches that came for history alone, ahead of it, and those it took. */
  readonly forHistory = { ahead: 0, taken: 0 };
  epoch = '';
  repeats = 0;
  rewinds = 0;
  highestN: Record<Lane, number> = { safety: 0, telemetry: 0 };
  readonly #names = new Map<string, ReadonlyMap<number, string>>();
  #client: MqttClient | undefined;
  readonly #o: TestHubOptions;

  constructor(o: TestHubOptions) {
    this.#o = o;
  }

  async start(): Promise<void> {
    const client = await connectAsync(this.#o.url, { reconnectPeriod: 50 });
    this.#client = client;
    client.on('message', (topic, payload) => this.#onMessage(topic, payload));
    const { gateway } = this.#o;
    await client.subscribeAsync(
      [topics.birth(gateway), topics.up(gateway, 'safety'), topics.up(gateway, 'telemetry'), topics.state(gateway)],
      { qos: 1 },
    );
    await client.subscribeAsync(topics.beat(gateway), { qos: 0 });
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.endAsync(true).catch(() => undefined);
  }

  ask(birth?: string): void {
    this.#client?.publish(topics.ask(this.#o.gateway), encodeAsk({ need: 'birth', ...(birth ? { birth } : {}) }));
  }

  cursor(lane: Lane, epoch = this.epoch): Cursor {
    const key = `${epoch}/${lane}`;
    const known = this.cursors.get(key);
    if (known) return known;
    const fresh = { seq: 0, crc: 0, stored: 0 };
    this.cursors.set(key, fresh);
    return fresh;
  }

  /** What a backup would hold now. */
  backup(): Map<string, Cursor> {
    return new Map([...this.cursors].map(([k, c]) => [k, { ...c }]));
  }

  #onMessage(topic: string, payload: Buffer): void {
    const { gateway } = this.#o;
    if (topic === topics.birth(gateway)) this.#onBirth(decodeBirth(payload));
    else if (topic === topics.beat(gateway)) this.beats.push(decodeBeat(payload));
    else if (topic === topics.state(gateway)) this.states.push(decodeState(payload));
    else for (const lane of LANES) if (topic === topics.up(gateway, lane)) this.#onBatch(lane, payload);
  }

  #onBirth(birth: Birth): void {
    this.births.push(birth);
    this.knownBirths.add(birth.birth);
    this.#names.set(birth.birth, pointNames(birth));
    if (!birth.snapshot) return;
    this.epoch = birth.epoch;
    for (const lane of LANES) {
      const { seq, stored } = this.cursor(lane);
      this.#receipt(lane, Math.min(seq, stored) < birth.head[lane]);
    }
  }

  #onBatch(lane: Lane, payload: Buffer): void {
    this.arrivals.push(lane);
    if (this.#o.lose?.(lane, this.arrivals.length)) return;
    const batch = decodeBatch(payload);
    if (batch.epoch !== this.epoch) {
      this.ask();
      return;
    }
    if (!this.knownBirths.has(batch.birth)) {
      this.ask(batch.birth);
      return;
    }
    const c = this.cursor(lane);
    const last = batchLast(batch);
    const loss = coversLoss(batch);
    if (last <= c.seq) this.repeats++;
    else if (loss && batch.first === c.seq + 1) {
      this.losses.push([batch.first, loss.to]);
      c.seq = loss.to;
      c.crc = loss.crc;
    } else if (batch.first === c.seq + 1 && batch.prevCrc === c.crc) {
      for (const s of batch.samples)
        if (s.n > this.highestN[lane]) {
          this.applied[lane].push(s.value);
          this.named[lane].push(`${this.#names.get(batch.birth)?.get(s.i)}=${s.value}`);
          this.highestN[lane] = s.n;
        }
      c.seq = last;
      c.crc = runningCrc(c.crc, payload);
    } else {
      this.rewinds++;
      this.#receipt(lane, true);
      return;
    }
    if (this.historyInOrder) this.#store(c, batch.first, last);
    else if (!this.storedLags) c.stored = c.seq;
    this.#receipt(lane, false);
  }

  #store(c: Cursor, first: number, last: number): void {
    if (first > c.stored + 1) this.forHistory.ahead++;
    else if (last > c.stored) {
      this.forHistory.taken++;
      c.stored = last;
    }
  }

  /** Says that history has caught up. */
  store(lane: Lane): void {
    this.cursor(lane).stored = this.cursor(lane).seq;
    this.#receipt(lane, false);
  }

  #receipt(lane: Lane, rewind: boolean): void {
    if (this.#o.mute?.()) return;
    const { seq, crc, stored } = this.cursor(lane);
    const receipt: Receipt = { v: 1, epoch: this.epoch, seq, crc, stored, n: this.highestN[lane] };
    this.#client?.publish(
      topics.receipt(this.#o.gateway, lane),
      encodeReceipt(rewind ? { ...receipt, rewind } : receipt),
      { qos: 1 },
    );
  }
}
