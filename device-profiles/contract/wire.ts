// The wire between gateway and hub: topics, the batch codec, and every limit of both (DESIGN 5, uplink contract).
// The encoded batch is one thing: the same bytes go to the spool, the broker and ingest.
//
// Conversation (states and cases: gateway/README.md, "Uplink")
//   gateway → state online (retained), birth with snapshot
//   hub     → a receipt per lane: its cursor for (gateway, epoch, lane), seq 0 and crc 0 when it has none
//   gateway → compares (epoch, seq, crc) with its spool; on a mismatch it mints a new epoch and sends a new birth,
//             else it sends everything after min(seq, stored), safety first
//   hub     → after each T1 a receipt; every beat second is also a chance to notice a head it has not reached
// What the hub does with a batch, by its cursor c (last sequence) and crc:
//   last ≤ c                      a repeat: no effect, answer with the receipt
//   first = c + 1, prevCrc = crc  apply; cursor = last, crc = runningCrc(crc, bytes)
//   `coversLoss` and first = c + 1  apply the note; cursor = note.to, crc = note.crc (prevCrc is not compared)
//   anything else                 (gap, overlap, other prevCrc) no effect, answer with the receipt and `rewind: true`
//   unknown birth id              no effect, `ask` for that birth; the gateway sends it and then goes back by itself
//   other epoch than the hub's    from an epoch the hub has not heard in a birth: `ask` for a birth; else drop it
// Order and repeats: `n` never repeats and only grows, over restarts and epochs. Records carried into a new epoch keep
// their n, so a sample whose n is not above the highest n the hub has applied from the lanes for that point is a repeat:
// without effect on alarms. The snapshot's n is no such mark: records between the hub's cursor and `head` are still to
// come and must be applied, pulses and all; the snapshot is compared with alarm states once the cursor reaches `head`.
// The note of a batch that `coversLoss` has n 0: it stands outside the order.
// Times: samples carry the wall clock as it was, and a clock can be set. Every batch and every birth therefore says on
// which timebase its times are, and no batch holds times of two. What delays go by is the time less `jumped`.
// Point `online` = 0 makes every point of its device stale (`device-offline`) from that n on, each until a record of
// its own with a greater n; there is no record per point for it.
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { crc32 } from 'node:zlib';
import { LANES, Text, type Lane } from './point.ts';
import { Signal } from './signal.ts';
import { DEVICE_KINDS } from './profile.ts';
import { CALL_IN_LIMITS, CallIns } from './call-in.ts';
import { cbor, encodeKept, encodeLarge } from './cbor.ts';
import { Columns, fromColumns, Millis, Sequence, TEXT_BYTES_MAX, Timebase, toColumns, type Sample } from './columns.ts';
import { decodePlain, WireError, type Check } from './cbor-guard.ts';

export { WireError } from './cbor-guard.ts';
export { fromColumns, toColumns, type Sample, type Timebase } from './columns.ts';

export const WIRE_VERSION = 1;

/** Named maxima (hard rule 10). Bytes, counts, milliseconds. */
export const WIRE_LIMITS = {
  batchRecords: 4_096,
  batchBytes: 512 * 1024,
  birthBytes: 32 * 1024 * 1024,
  /** Receipts, states, asks; beats name every link. */
  messageBytes: 256 * 1024,
  textBytes: TEXT_BYTES_MAX,
  /**
   * Batches of one lane published and not yet receipted, and their bytes: whichever is reached first. A flood comes in
   * many small batches, and what the hub takes in one transaction is what is in flight.
   */
  batchesInFlight: 128,
  bytesInFlight: 8 * 1024 * 1024,
  receiptTimeoutMs: 5_000,
  beatMs: 1_000,
} as const;

export const topics = {
  birth: (gateway: string) => `fengsui/v1/${gateway}/birth`,
  up: (gateway: string, lane: Lane) => `fengsui/v1/${gateway}/up/${lane}`,
  receipt: (gateway: string, lane: Lane) => `fengsui/v1/${gateway}/receipt/${lane}`,
  state: (gateway: string) => `fengsui/v1/${gateway}/state`,
  beat: (gateway: string) => `fengsui/v1/${gateway}/beat`,
  /**
   * Hub to gateway: `{need: 'birth', birth?: id}`. Without an id: a live birth with snapshot. With the id of an older
   * index: that birth without a snapshot, or nothing when the gateway no longer has it.
   */
  ask: (gateway: string) => `fengsui/v1/${gateway}/ask`,
} as const;
export const TOPIC_PATTERN = /^fengsui\/v1\/([a-z0-9][a-z0-9-]{0,62})\/(birth|up\/safety|up\/telemetry|state|beat)$/;
export const GATEWAY_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

const closed = { additionalProperties: false } as const;

/** A point as the hub sees it. `i` is its index, unique in the gateway and valid for this birth only. */
export const BirthPoint = Type.Object(
  {
    i: Type.Integer({ minimum: 0, maximum: 10_000_000 }),
    id: Type.String({ minLength: 1, maxLength: 96 }),
    template: Type.Optional(Type.String()),
    name: Text,
    type: Type.String(),
    lane: Type.Enum([...LANES]),
    unit: Type.Optional(Type.String()),
    range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
    band: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
    enum: Type.Optional(Type.Record(Type.String(), Text)),
    building: Type.Optional(Type.String()),
    floor: Type.Optional(Type.Integer()),
    place: Type.Optional(Type.String()),
    /** Id of the device of this gateway whose state it tells, where that is not its own. */
    about: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    /** How often it is heard, s, where that is more rarely than a heartbeat. */
    everyS: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export type BirthPoint = Static<typeof BirthPoint>;

export const BirthDevice = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 64 }),
    name: Type.Optional(Text),
    kind: Type.Enum([...DEVICE_KINDS]),
    profile: Type.String(),
    /** Hash of the compiled model; its signals are in `models`. */
    model: Type.String(),
    link: Type.String(),
    unit: Type.Optional(Type.Integer()),
    building: Type.Optional(Type.String()),
    floor: Type.Optional(Type.Integer()),
    place: Type.Optional(Type.String()),
    points: Type.Array(BirthPoint),
  },
  closed,
);
export type BirthDevice = Static<typeof BirthDevice>;

/** What the hub needs of a compiled model: who made it and the conditions to evaluate. */
export const BirthModel = Type.Object(
  {
    hash: Type.String(),
    profile: Type.String(),
    vendor: Type.String(),
    model: Type.String(),
    name: Text,
    edition: Type.String(),
    evidence: Type.String(),
    signals: Type.Array(Signal),
  },
  closed,
);
export type BirthModel = Static<typeof BirthModel>;

export const Birth = Type.Object(
  {
    v: Type.Literal(WIRE_VERSION),
    gateway: Type.String({ pattern: GATEWAY_ID.source }),
    community: Type.String({ minLength: 1, maxLength: 64 }),
    /** Identity of the point index: SHA-256 of devices and models. Batches name the birth they were encoded with. */
    birth: Type.String({ minLength: 8, maxLength: 64 }),
    epoch: Type.String({ minLength: 8, maxLength: 64 }),
    at: Millis,
    software: Type.String(),
    devices: Type.Array(BirthDevice),
    models: Type.Array(BirthModel),
    /** Of `at` and of the snapshot: times told before a jump are given in the new time there. */
    timebase: Type.Optional(Timebase),
    /** Last sequence given in each lane, so that the hub sees how far behind it is. */
    head: Type.Object({ safety: Sequence, telemetry: Sequence }, closed),
    /**
     * The state at `head`. A birth sent only to explain an old index carries no snapshot; live ones always do.
     */
    snapshot: Type.Optional(Type.Object({ t0: Millis, n0: Sequence, columns: Columns }, closed)),
    /** Whether the gateway writes history itself (INFLUX_URL set there). */
    writesHistory: Type.Boolean(),
    /** A point that is heard and does not change is told this often, s; older gateways do not say. */
    heartbeatS: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export type Birth = Static<typeof Birth>;

/**
 * From the hub, on a birth and after T1. `seq` is contiguous and durable in T1; `stored` is durable in history too
 * (equal to `seq` where the gateway writes history itself). `seq` frees the sending window; the gateway may forget up to
 * min(seq, stored), except what it keeps longer. `rewind` asks for everything after min(seq, stored) again. seq 0 with
 * crc 0 = nothing yet under this epoch. Receipts of another epoch than the gateway's are ignored there.
 */
export const Receipt = Type.Object(
  {
    v: Type.Literal(WIRE_VERSION),
    epoch: Type.String(),
    seq: Sequence,
    stored: Sequence,
    /** Running CRC of the lane at `seq`; the gateway compares it with its own and mints a new epoch on a mismatch. */
    crc: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
    rewind: Type.Optional(Type.Boolean()),
    /**
     * Highest n that the hub has applied from this lane, over all epochs. A gateway whose own n is behind (wiped disk and
     * a clock that is wrong as well) goes on above it under a new epoch, since the hub would take its records for repeats.
     */
    n: Type.Optional(Sequence),
  },
  closed,
);
export type Receipt = Static<typeof Receipt>;

/** Retained; its last will is `{online: false}`. */
export const State = Type.Object({ v: Type.Literal(WIRE_VERSION), online: Type.Boolean(), at: Millis }, closed);
export type State = Static<typeof State>;

const Refusal = Type.String({ maxLength: 64 });
export const Beat = Type.Object(
  {
    v: Type.Literal(WIRE_VERSION),
    epoch: Type.String(),
    at: Millis,
    birth: Type.String(),
    head: Type.Object({ safety: Sequence, telemetry: Sequence }, closed),
    /** Last sequence of each lane that is durable in history, where the gateway writes it. */
    history: Type.Optional(Type.Object({ safety: Sequence, telemetry: Sequence }, closed)),
    /** Spool use in bytes, and what was dropped since the epoch began. */
    spool: Type.Object({ bytes: Sequence, maxBytes: Sequence, dropped: Sequence }, closed),
    devices: Type.Object({ online: Sequence, offline: Sequence }, closed),
    /** Link id → ok, or the reason why not. */
    links: Type.Record(Type.String(), Type.String()),
    /**
     * Lanes whose records the gateway's own disk refuses, each with the refusal: they are in its memory alone. Left out
     * while all is kept, so that a hub from before this field reads every other beat (from this one it hears nothing:
     * such a gateway is silent to it, which is no worse than what is so).
     */
    failing: Type.Optional(Type.Partial(Type.Object({ safety: Refusal, telemetry: Refusal }, closed))),
    /** How devices that call in stand, for the engineer; only in every so many beats. */
    callIns: Type.Optional(Type.Array(CallIns, { maxItems: CALL_IN_LIMITS.listeners })),
  },
  // What a newer gateway adds to its beat must not make it unheard.
  { additionalProperties: true },
);
export type Beat = Static<typeof Beat>;

/** From the hub, on the topic of that name. */
export const Ask = Type.Object({ need: Type.Literal('birth'), birth: Type.Optional(Type.String()) }, closed);
export type Ask = Static<typeof Ask>;

/** What a gateway says about itself inside a lane, so that it can't be lost: a forced loss with its bounds, a clock jump. */
export const NOTE_KINDS = ['loss', 'corrupt-segment', 'clock-jump', 'refused-history', 'started'] as const;
export interface Note {
  readonly kind: (typeof NOTE_KINDS)[number];
  readonly at: number;
  readonly n: number;
  /**
   * loss: first and last lane sequence that are gone and how many records, with the times between which they fell.
   * Without from and to, records were lost before they had sequences. clock-jump: `count` is the jump in ms, + is
   * forward. refused-history: `count` lines of history refused by the server. corrupt-segment: as loss, plus the text.
   */
  readonly from?: number;
  readonly to?: number;
  readonly fromTime?: number;
  readonly toTime?: number;
  readonly count?: number;
  readonly text?: string;
  /** loss in a batch of its own (`coversLoss`): the running CRC of the lane after `to`. */
  readonly crc?: number;
}

/**
 * Records of one lane: samples take sequences first … first+samples−1, notes those after them. A batch that
 * `coversLoss` stands for the sequences first … note.to, which the gateway no longer has.
 */
export interface Batch {
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: Lane;
  readonly first: number;
  readonly birth: string;
  /** Running CRC of the lane before this batch. */
  readonly prevCrc: number;
  /** Of all times in it; older gateways do not say. */
  readonly timebase?: Timebase;
  readonly samples: readonly Sample[];
  readonly notes: readonly Note[];
}
/** The loss note, when this batch holds nothing else and so stands for all sequences first … to. */
export function coversLoss(b: Batch): (Note & { readonly to: number; readonly crc: number }) | undefined {
  const note = b.notes[0];
  if (!note || b.samples.length > 0 || b.notes.length > 1 || note.kind !== 'loss' || note.from !== b.first)
    return undefined;
  const { to, crc } = note;
  return to === undefined || crc === undefined || to < b.first ? undefined : { ...note, to, crc };
}
/** Records held in the batch itself. */
export const batchCount = (b: Batch): number => b.samples.length + b.notes.length;
/** Last sequence that the batch stands for. */
export const batchLast = (b: Batch): number => coversLoss(b)?.to ?? b.first + batchCount(b) - 1;

const NoteSchema = Type.Object(
  {
    kind: Type.Enum([...NOTE_KINDS]),
    at: Millis,
    n: Sequence,
    from: Type.Optional(Sequence),
    to: Type.Optional(Sequence),
    fromTime: Type.Optional(Millis),
    toTime: Type.Optional(Millis),
    count: Type.Optional(Type.Integer()),
    text: Type.Optional(Type.String({ maxLength: WIRE_LIMITS.textBytes })),
    crc: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff })),
  },
  closed,
);
const BatchSchema = Type.Object(
  {
    v: Type.Literal(WIRE_VERSION),
    g: Type.String({ pattern: GATEWAY_ID.source }),
    e: Type.String({ minLength: 8, maxLength: 64 }),
    l: Type.Integer({ minimum: 0, maximum: LANES.length - 1 }),
    f: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    b: Type.String({ minLength: 8, maxLength: 64 }),
    p: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
    t0: Millis,
    n0: Sequence,
    c: Columns,
    x: Type.Array(NoteSchema),
    k: Type.Optional(Timebase),
  },
  closed,
);

const batchCheck = Compile(BatchSchema);
const birthCheck = Compile(Birth);
const receiptCheck = Compile(Receipt);
const stateCheck = Compile(State);
const beatCheck = Compile(Beat);
const askCheck = Compile(Ask);

/** Next running CRC: CRC-32 of the previous one (4 bytes, big-endian) followed by the batch's bytes. */
export function runningCrc(prev: number, bytes: Uint8Array): number {
  const head = Buffer.allocUnsafe(4);
  head.writeUInt32BE(prev >>> 0);
  return crc32(bytes, crc32(head)) >>> 0;
}

export function encodeBatch(b: Batch): Buffer {
  const t0 = b.samples[0]?.receivedTime ?? b.notes[0]?.at ?? 0;
  const n0 = b.samples[0]?.n ?? b.notes[0]?.n ?? 0;
  const base = Math.trunc(t0);
  return encodeKept({
    v: WIRE_VERSION,
    g: b.gateway,
    e: b.epoch,
    l: LANES.indexOf(b.lane),
    f: b.first,
    b: b.birth,
    p: b.prevCrc,
    t0: base,
    n0,
    c: toColumns(b.samples, base, n0),
    x: b.notes,
    ...(b.timebase && { k: b.timebase }),
  });
}

/** @throws WireError when the bytes are not a batch of this version or exceed a limit. */
export function decodeBatch(bytes: Uint8Array): Batch {
  const raw = decode(bytes, 'batch', batchCheck, WIRE_LIMITS.batchBytes);
  const samples = fromColumns(raw.c, raw.t0, raw.n0, raw.k);
  const count = samples.length + raw.x.length;
  if (count === 0 || count > WIRE_LIMITS.batchRecords) throw new WireError(`batch of ${count} records`);
  return {
    gateway: raw.g,
    epoch: raw.e,
    lane: LANES[raw.l] ?? 'telemetry',
    first: raw.f,
    birth: raw.b,
    prevCrc: raw.p,
    ...(raw.k && { timebase: raw.k }),
    samples,
    notes: raw.x as readonly Note[],
  };
}

export const encodeBirth = (b: Birth): Buffer => encodeLarge(b);
/** @throws WireError */
export const decodeBirth = (bytes: Uint8Array): Birth => decode(bytes, 'birth', birthCheck, WIRE_LIMITS.birthBytes);

export const encodeReceipt = (r: Receipt): Buffer => cbor.encode(r);
export const encodeState = (s: State): Buffer => cbor.encode(s);
export const encodeBeat = (b: Beat): Buffer => cbor.encode(b);
export const encodeAsk = (a: Ask): Buffer => cbor.encode(a);
/** @throws WireError */
export const decodeReceipt = (bytes: Uint8Array): Receipt => decode(bytes, 'receipt', receiptCheck);
/** @throws WireError */
export const decodeState = (bytes: Uint8Array): State => decode(bytes, 'state', stateCheck);
/** @throws WireError */
export const decodeBeat = (bytes: Uint8Array): Beat => decode(bytes, 'beat', beatCheck);
/** @throws WireError */
export const decodeAsk = (bytes: Uint8Array): Ask => decode(bytes, 'ask', askCheck);

const decode = <T>(bytes: Uint8Array, what: string, check: Check<T>, maxBytes: number = WIRE_LIMITS.messageBytes): T =>
  decodePlain(bytes, { what, check, maxBytes, decode: (plain) => cbor.decode(plain) as unknown });
