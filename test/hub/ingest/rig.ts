// A hub's ingest on a real PostgreSQL without a broker between: messages go in as bytes, receipts and asks are collected.
// And a gateway that speaks the wire contract, so that tests say what devices do.
import { createHash } from 'node:crypto';
import { AlarmEngine, alarmTimers } from '../../../hub/alarms/api.ts';
import { ManualClock } from '../../../hub/clock.ts';
import { Register } from '../../../hub/equipment/register.ts';
import { appendEvents } from '../../../hub/events/store.ts';
import type { HistoryWriter } from '../../../hub/history/api.ts';
import { groupAlarms } from '../../../hub/incidents/api.ts';
import { Ingest } from '../../../hub/ingest/ingest.ts';
import { enrol } from '../../../hub/ingest/store.ts';
import { TimerRunner } from '../../../hub/timers.ts';
import { cancelTimers, setTimers } from '../../../hub/timers-store.ts';
import type { Lane, Quality, Reason, Value } from '../../../device-profiles/contract/point.ts';
import type { Signal } from '../../../device-profiles/contract/signal.ts';
import {
  batchLast,
  decodeAsk,
  decodeReceipt,
  encodeBatch,
  encodeBeat,
  encodeBirth,
  runningCrc,
  toColumns,
  topics,
  WIRE_VERSION,
  type Ask,
  type Batch,
  type Birth,
  type BirthDevice,
  type Note,
  type Receipt,
  type Sample,
  type Timebase,
} from '../../../device-profiles/contract/wire.ts';
import { silentLog, type TestDatabase } from '../../helpers/database.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { until } from '../../helpers/wait.ts';

export const T0 = Date.UTC(2026, 10, 22, 8);
export const COMMUNITY = 'xfl';

export interface Said {
  readonly topic: string;
  readonly receipt?: Receipt;
  readonly ask?: Ask;
}

export interface Rig {
  readonly ingest: Ingest;
  readonly engine: AlarmEngine;
  readonly register: Register;
  readonly timers: TimerRunner;
  readonly clock: ManualClock;
  /** Everything the hub told gateways, in order. */
  readonly said: Said[];
  stop(): Promise<void>;
}

export interface RigOptions {
  readonly clock?: ManualClock;
  readonly history?: HistoryWriter | null;
}

/** Starts an ingest on a database; several may run on one database, as hubs that fight for the lease would. */
export async function startRig({ db }: TestDatabase, options: RigOptions = {}): Promise<Rig> {
  const clock = options.clock ?? new ManualClock(T0);
  const register = new Register({ ensureCommunity: async () => undefined });
  const ports = { appendEvents, group: groupAlarms };
  const engine = new AlarmEngine({ ...ports, proved: (num) => register.isProved(num) });
  const said: Said[] = [];
  const ingest = new Ingest({
    db,
    clock,
    log: silentLog,
    sink: engine,
    registry: register,
    appendEvents,
    history: options.history ?? null,
    publish: (topic, payload) =>
      said.push(
        topic.includes('/receipt/') ? { topic, receipt: decodeReceipt(payload) } : { topic, ask: decodeAsk(payload) },
      ),
  });
  const timers = new TimerRunner({
    db,
    clock,
    log: silentLog,
    community: COMMUNITY,
    execute: async (tx, effects, { now }) => {
      await setTimers(
        tx,
        effects.filter((e) => e.effect === 'timer'),
        now,
      );
      await cancelTimers(
        tx,
        effects.filter((e) => e.effect === 'cancel-timer').map((e) => e.key),
      );
      await appendEvents(
        tx,
        effects.filter((e) => e.effect === 'event').map((e) => e.event),
        now,
      );
    },
  });
  const kinds = alarmTimers({
    engine,
    ports,
    exclusive: (work) => ingest.exclusive(work),
    assertLease: (tx) => ingest.assertLease(tx),
    settled: (gateway) => ingest.site(gateway)?.settled,
  });
  for (const [kind, handler] of Object.entries(kinds)) timers.register(kind, handler);
  await db.ingest((tx) => register.load(tx));
  await ingest.start();
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await ingest.stop();
  };
  onCleanup(stop);
  return { ingest, engine, register, timers, clock, said, stop };
}

export async function enrolGateway(
  { db }: TestDatabase,
  id: string,
  community: string | null = COMMUNITY,
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.run(
      `insert into property.community (id, name, time_zone, created_at) values ($1, $2::jsonb, 'Asia/Shanghai', now())
       on conflict (id) do nothing`,
      [COMMUNITY, JSON.stringify({ zh: '幸福里', en: 'Xingfuli' })],
    );
    await enrol(tx, { id, community, username: id, passwordSha256: 'x', by: 'test', at: T0 });
  });
}

export interface PointSpec {
  readonly id: string;
  readonly lane?: Lane;
  readonly template?: string;
  readonly floor?: number;
  readonly type?: string;
  readonly everyS?: number;
  readonly about?: string;
}
export interface DeviceSpec {
  readonly id: string;
  readonly kind?: BirthDevice['kind'];
  readonly points: readonly PointSpec[];
  readonly signals: readonly Signal[];
  readonly building?: string;
  readonly floor?: number;
}

const text = (s: string): { zh: string; en: string } => ({ zh: s, en: s });
export const signal = (s: Omit<Signal, 'text'> & { readonly text?: Signal['text'] }): Signal => ({
  text: text(s.id),
  ...s,
});

/** Point `online` with its COMMS signal, as the loader makes them for every device. */
export const ONLINE: PointSpec = { id: 'online' };
export const OFFLINE = signal({ id: 'offline', class: 'COMMS', point: 'online', when: { eq: 0 } });

/** A gateway's side of the wire: numbers records, keeps what it sent, can send it again. */
export class WireGateway {
  readonly id: string;
  epoch: string;
  n = 0;
  at: number;
  /** By how much its clock is ahead of the hub's, ms. */
  ahead = 0;
  /** What it says its times are on; older gateways say nothing. */
  timebase: Timebase | undefined;
  readonly #clock: ManualClock;
  readonly #points: { device: string; spec: PointSpec; i: number }[] = [];
  readonly #devices: BirthDevice[];
  readonly #models: Birth['models'];
  readonly birthId: string;
  readonly latest = new Map<number, Sample>();
  readonly head: Record<Lane, number> = { safety: 0, telemetry: 0 };
  #crc: Record<Lane, number> = { safety: 0, telemetry: 0 };
  /** Everything ever encoded, in order. */
  readonly sent: { readonly lane: Lane; readonly bytes: Buffer; readonly batch: Batch }[] = [];
  writesHistory = false;

  constructor(id: string, devices: readonly DeviceSpec[], clock: ManualClock, epoch = 'epoch-0001') {
    this.id = id;
    this.epoch = epoch;
    this.#clock = clock;
    this.at = clock.now();
    let i = 0;
    this.#devices = devices.map((d) => ({
      id: d.id,
      name: text(d.id),
      kind: d.kind ?? 'fire-panel',
      profile: 'test',
      model: `model-${d.id}`,
      link: 'link',
      ...(d.building === undefined ? {} : { building: d.building }),
      ...(d.floor === undefined ? {} : { floor: d.floor }),
      points: d.points.map((p) => {
        this.#points.push({ device: d.id, spec: p, i });
        return {
          i: i++,
          id: p.id,
          ...(p.template === undefined ? {} : { template: p.template }),
          ...(p.floor === undefined ? {} : { floor: p.floor }),
          ...(p.everyS === undefined ? {} : { everyS: p.everyS }),
          ...(p.about === undefined ? {} : { about: p.about }),
          name: text(p.id),
          type: p.type ?? 'uint16',
          lane: p.lane ?? 'safety',
        };
      }),
    }));
    this.#models = devices.map((d) => ({
      hash: `model-${d.id}`,
      profile: 'test',
      vendor: 'Test',
      model: d.id,
      name: text(d.id),
      edition: '1',
      evidence: 'A',
      signals: [...d.signals],
    }));
    const canonical = JSON.stringify([this.#devices, this.#models]);
    this.birthId = createHash('sha256').update(canonical).digest('hex').slice(0, 32);
  }

  index(device: string, point: string): number {
    const found = this.#points.find((p) => p.device === device && p.spec.id === point);
    if (!found) throw new Error(`no point ${device}/${point}`);
    return found.i;
  }

  now(): number {
    return this.#clock.now() + this.ahead;
  }

  /** Its process begins, with a clock that is so far ahead: nothing has been read yet. */
  start(ahead: number): { bytes: Buffer; batch: Batch; lane: Lane } {
    this.timebase = { run: ++this.n, jumped: 0 };
    this.ahead = ahead;
    this.latest.clear();
    return this.batch('safety', [], [this.note('started')]);
  }

  /** Its clock is set, and it has noticed: told times move, and the note goes before what follows. */
  jump(ms: number): { bytes: Buffer; batch: Batch; lane: Lane } {
    const { run, jumped } = this.timebase ?? { run: 0, jumped: 0 };
    this.timebase = { run, jumped: jumped + ms };
    this.ahead += ms;
    const moved = (time: number): number => Math.max(0, time + ms);
    for (const [i, s] of this.latest)
      this.latest.set(i, { ...s, sourceTime: moved(s.sourceTime), receivedTime: moved(s.receivedTime) });
    return this.batch('safety', [], [this.note('clock-jump', { count: ms })]);
  }

  /** A record, numbered now. */
  sample(device: string, point: string, value: Value, more: Partial<Omit<Sample, 'i' | 'n' | 'value'>> = {}): Sample {
    const i = this.index(device, point);
    const now = this.now();
    const s: Sample = {
      i,
      value,
      quality: 'good',
      reason: '',
      sourceTime: now,
      receivedTime: now,
      historical: false,
      sourceClock: false,
      ...more,
      n: ++this.n,
    };
    if (!s.historical) this.latest.set(i, s);
    return s;
  }

  /** A record of a point that can't be read. */
  gap(device: string, point: string, quality: Quality = 'stale', reason: Reason = 'timeout'): Sample {
    const last = this.latest.get(this.index(device, point));
    return this.sample(device, point, last?.value ?? null, { quality, reason });
  }

  note(kind: Note['kind'], more: Partial<Note> = {}): Note {
    return { kind, at: this.now(), n: ++this.n, ...more };
  }

  /** Puts records into a batch; sending is another matter. */
  batch(
    lane: Lane,
    samples: readonly Sample[],
    notes: readonly Note[] = [],
  ): { bytes: Buffer; batch: Batch; lane: Lane } {
    const first = this.head[lane] + 1;
    const batch: Batch = {
      gateway: this.id,
      epoch: this.epoch,
      lane,
      first,
      birth: this.birthId,
      prevCrc: this.#crc[lane],
      ...(this.timebase && { timebase: this.timebase }),
      samples,
      notes,
    };
    const bytes = encodeBatch(batch);
    this.head[lane] = batchLast(batch);
    this.#crc[lane] = runningCrc(this.#crc[lane], bytes);
    const made = { lane, bytes, batch };
    this.sent.push(made);
    return made;
  }

  /** Stands for sequences up to `to` that are gone. */
  loss(lane: Lane, to: number, count: number): { bytes: Buffer; batch: Batch; lane: Lane } {
    const first = this.head[lane] + 1;
    const note = this.note('loss', { from: first, to, count, crc: 12_345 });
    const batch: Batch = {
      gateway: this.id,
      epoch: this.epoch,
      lane,
      first,
      birth: this.birthId,
      prevCrc: this.#crc[lane],
      samples: [],
      notes: [note],
    };
    this.head[lane] = to;
    this.#crc[lane] = 12_345;
    const made = { lane, bytes: encodeBatch(batch), batch };
    this.sent.push(made);
    return made;
  }

  /** Goes on where another configuration of the same gateway stopped. */
  takeOver(from: WireGateway): this {
    this.n = from.n;
    this.epoch = from.epoch;
    this.#crc = { ...from.#crc };
    Object.assign(this.head, from.head);
    for (const { device, spec, i } of from.#points) {
      const s = from.latest.get(i);
      const mine = this.#points.find((q) => q.device === device && q.spec.id === spec.id);
      if (s && mine) this.latest.set(mine.i, { ...s, i: mine.i });
    }
    return this;
  }

  newEpoch(epoch: string): void {
    this.epoch = epoch;
    this.head.safety = 0;
    this.head.telemetry = 0;
    this.#crc = { safety: 0, telemetry: 0 };
  }

  born(more: Partial<Birth> = {}): Birth {
    const t0 = T0;
    return {
      v: WIRE_VERSION,
      gateway: this.id,
      community: COMMUNITY,
      birth: this.birthId,
      epoch: this.epoch,
      at: this.now(),
      ...(this.timebase && { timebase: this.timebase }),
      software: 'test',
      devices: this.#devices,
      models: this.#models,
      head: { ...this.head },
      snapshot: { t0, n0: 0, columns: toColumns([...this.latest.values()], t0, 0) },
      writesHistory: this.writesHistory,
      ...more,
    };
  }

  birth(more: Partial<Birth> = {}): Buffer {
    return encodeBirth(this.born(more));
  }

  beat(): Buffer {
    return encodeBeat({
      v: WIRE_VERSION,
      epoch: this.epoch,
      at: this.now(),
      birth: this.birthId,
      head: { ...this.head },
      spool: { bytes: 0, maxBytes: 1, dropped: 0 },
      devices: { online: this.#devices.length, offline: 0 },
      links: {},
    });
  }
}

/** Sends a live birth and waits until the hub has answered with both cursors. */
export async function bear(rig: Rig, gateway: WireGateway, more: Partial<Birth> = {}): Promise<void> {
  const before = rig.said.length;
  void rig.ingest.receive(topics.birth(gateway.id), gateway.birth(more));
  await until(
    () => rig.said.slice(before).filter((s) => s.receipt && s.topic.includes(`/${gateway.id}/`)).length >= 2,
    { what: `a birth of ${gateway.id} is answered` },
  );
}

/** Hands an encoded batch to the hub. */
export function send(rig: Rig, gateway: WireGateway, made: { readonly lane: Lane; readonly bytes: Buffer }): void {
  void rig.ingest.receive(topics.up(gateway.id, made.lane), Buffer.from(made.bytes));
}

/** The hub's last receipt for a lane. */
export function lastReceipt(rig: Rig, gateway: WireGateway, lane: Lane): Receipt | undefined {
  return rig.said.findLast((s) => s.topic === topics.receipt(gateway.id, lane))?.receipt;
}

/** Waits until the hub has committed a lane up to a sequence. */
export async function reached(
  rig: Rig,
  gateway: WireGateway,
  lane: Lane = 'safety',
  seq = gateway.head[lane],
): Promise<void> {
  await until(() => (lastReceipt(rig, gateway, lane)?.seq ?? -1) >= seq, {
    what: () => `${lane} reaches ${seq}; the last receipt is ${JSON.stringify(lastReceipt(rig, gateway, lane))}`,
  });
}

/** Sends records of the safety lane as one batch and waits for its receipt. */
export async function tell(rig: Rig, gateway: WireGateway, ...samples: Sample[]): Promise<void> {
  send(rig, gateway, gateway.batch('safety', samples));
  await reached(rig, gateway);
}
