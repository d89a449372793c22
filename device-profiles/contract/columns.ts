// Samples as columns, in batches and in the snapshot of a birth: one array for each of their properties.
import { Type, type Static } from 'typebox';
import { WireError } from './cbor-guard.ts';
import { QUALITIES, REASONS, type Quality, type Reason, type Value } from './point.ts';

/** Longest text that a value may be, bytes. */
export const TEXT_BYTES_MAX = 1_024;

const closed = { additionalProperties: false } as const;
const MAX_MILLIS = 8_640_000_000_000_000;
/** Milliseconds since 1970 UTC. */
export const Millis = Type.Integer({ minimum: 0, maximum: MAX_MILLIS });
export const Sequence = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/**
 * What a gateway's times are worth as durations. `run`: one start of its process (a place in the order of `n`; grows from
 * start to start). `jumped`: by how much its wall clock had been set since that start, ms, + is forward. Times less
 * `jumped` pass evenly within a run, whatever is done to the clock; how two runs lie to each other nobody knows.
 */
export const Timebase = Type.Object(
  { run: Sequence, jumped: Type.Integer({ minimum: -MAX_MILLIS, maximum: MAX_MILLIS }) },
  closed,
);
export type Timebase = Readonly<Static<typeof Timebase>>;

/** One reported sample. Times in ms since 1970 UTC. */
export interface Sample {
  readonly i: number;
  readonly value: Value;
  readonly quality: Quality;
  readonly reason: Reason;
  readonly sourceTime: number;
  readonly receivedTime: number;
  /** Gateway-wide sequence over both lanes: the order of things. */
  readonly n: number;
  readonly historical: boolean;
  readonly sourceClock: boolean;
  /** Of `receivedTime`; set by decoding, from the batch or birth that it came in. */
  readonly timebase?: Timebase;
}

/** Snapshot columns: every point's value, quality, reason, source time, received time and n at the moment of birth. */
export const Columns = Type.Object(
  {
    i: Type.Array(Type.Integer({ minimum: 0 })),
    v: Type.Array(Type.Union([Type.Number(), Type.String(), Type.Null()])),
    q: Type.Array(Type.Integer({ minimum: 0, maximum: QUALITIES.length - 1 })),
    r: Type.Array(Type.Integer({ minimum: 0, maximum: 255 })),
    /** Source time minus t0, ms. */
    s: Type.Array(Type.Integer()),
    /** Received time minus t0, ms. */
    t: Type.Array(Type.Integer()),
    /** n minus n0. */
    n: Type.Array(Type.Integer()),
    /** Bit 0: historical (backfilled; never raises a live alarm). Bit 1: source time is the device's own. */
    f: Type.Array(Type.Integer({ minimum: 0, maximum: 3 })),
  },
  closed,
);
export type Columns = Static<typeof Columns>;

const QUALITY_CODE = new Map<Quality, number>(QUALITIES.map((q, i) => [q, i]));
const REASON_CODE = new Map<Reason, number>(REASONS.map((r, i) => [r, i]));

export function toColumns(samples: readonly Sample[], t0: number, n0: number): Columns {
  const c: Columns = { i: [], v: [], q: [], r: [], s: [], t: [], n: [], f: [] };
  for (const s of samples) {
    c.i.push(s.i);
    c.v.push(typeof s.value === 'number' && !Number.isFinite(s.value) ? null : s.value);
    c.q.push(QUALITY_CODE.get(s.quality) ?? 2);
    c.r.push(REASON_CODE.get(s.reason) ?? 0);
    c.s.push(Math.trunc(s.sourceTime) - t0);
    c.t.push(Math.trunc(s.receivedTime) - t0);
    c.n.push(s.n - n0);
    c.f.push((s.historical ? 1 : 0) | (s.sourceClock ? 2 : 0));
  }
  return c;
}

/** @throws WireError when columns differ in length, or a time, sequence or text is outside its limits. */
export function fromColumns(c: Columns, t0: number, n0: number, timebase?: Timebase): Sample[] {
  const base = timebase && { timebase };
  const count = c.i.length;
  for (const [name, column] of Object.entries(c))
    if (column.length !== count)
      throw new WireError(`column ${name} has ${column.length} entries, column i has ${count}`);
  const out: Sample[] = [];
  for (let k = 0; k < count; k++) {
    const flags = c.f[k] ?? 0;
    const value = c.v[k] ?? null;
    if (typeof value === 'string' && value.length > TEXT_BYTES_MAX)
      throw new WireError(`text of ${value.length} characters in column v`);
    out.push({
      i: c.i[k] ?? 0,
      value,
      quality: QUALITIES[c.q[k] ?? 2] ?? 'bad',
      // A reason from a newer gateway is not known here; the quality says enough, and 'payload' is never shown as good.
      reason: REASONS[c.r[k] ?? 0] ?? 'payload',
      sourceTime: within(t0 + (c.s[k] ?? 0), MAX_MILLIS, 's'),
      receivedTime: within(t0 + (c.t[k] ?? 0), MAX_MILLIS, 't'),
      n: within(n0 + (c.n[k] ?? 0), Number.MAX_SAFE_INTEGER, 'n'),
      historical: (flags & 1) !== 0,
      sourceClock: (flags & 2) !== 0,
      ...base,
    });
  }
  return out;
}

function within(x: number, max: number, column: string): number {
  if (x < 0 || x > max) throw new WireError(`column ${column} leads outside 0…${max}`);
  return x;
}
