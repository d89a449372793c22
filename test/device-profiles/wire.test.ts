// The wire keeps what was put in it, and no bytes from outside do anything but raise a WireError.
import * as fc from 'fast-check';
import { Encoder } from 'cbor-x';
import { describe, expect, test } from 'vitest';
import { LANES, QUALITIES, REASONS } from '../../device-profiles/contract/point.ts';
import { plainCborFault } from '../../device-profiles/contract/cbor-guard.ts';
import {
  batchCount,
  batchLast,
  coversLoss,
  decodeAsk,
  decodeBatch,
  decodeBeat,
  decodeBirth,
  decodeReceipt,
  decodeState,
  encodeAsk,
  encodeBatch,
  encodeBeat,
  encodeBirth,
  encodeReceipt,
  encodeState,
  fromColumns,
  NOTE_KINDS,
  runningCrc,
  toColumns,
  TOPIC_PATTERN,
  topics,
  WIRE_LIMITS,
  WireError,
  type Batch,
  type Birth,
  type Note,
  type Sample,
} from '../../device-profiles/contract/wire.ts';

const millis = fc.integer({ min: 0, max: 4_102_444_800_000 });
const value = fc.oneof(
  // A whole number travels as an integer, which has one zero: a reading of -0 is a reading of 0.
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x)),
  fc.integer(),
  fc.string({ maxLength: 40 }),
  fc.constant(null),
);
const sample: fc.Arbitrary<Sample> = fc.record({
  i: fc.nat(10_000_000),
  value,
  quality: fc.constantFrom(...QUALITIES),
  reason: fc.constantFrom(...REASONS),
  sourceTime: millis,
  receivedTime: millis,
  n: fc.maxSafeNat(),
  historical: fc.boolean(),
  sourceClock: fc.boolean(),
});
const note: fc.Arbitrary<Note> = fc.record(
  {
    kind: fc.constantFrom(...NOTE_KINDS),
    at: millis,
    n: fc.maxSafeNat(),
    from: fc.maxSafeNat(),
    to: fc.maxSafeNat(),
    fromTime: millis,
    toTime: millis,
    count: fc.integer(),
    text: fc.string({ maxLength: 40 }),
    crc: fc.nat(0xffff_ffff),
  },
  { requiredKeys: ['kind', 'at', 'n'] },
);
const batch: fc.Arbitrary<Batch> = fc
  .record({
    gateway: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
    epoch: fc.uuid(),
    lane: fc.constantFrom(...LANES),
    first: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    birth: fc.stringMatching(/^[0-9a-f]{8,64}$/),
    prevCrc: fc.nat(0xffff_ffff),
    samples: fc.array(sample, { maxLength: 20 }),
    notes: fc.array(note, { maxLength: 3 }),
  })
  .filter((b) => batchCount(b) > 0);

const birth: Birth = {
  v: 1,
  gateway: 'gw-1',
  community: 'xingfuli',
  birth: 'a'.repeat(32),
  epoch: 'b'.repeat(32),
  at: 1_700_000_000_000,
  software: 'fengsui 0.1.0',
  devices: [
    {
      id: 'panel-1',
      kind: 'fire-panel',
      profile: 'notifier-modbus-gw',
      model: 'c'.repeat(32),
      link: 'bus-1',
      unit: 1,
      points: [{ i: 0, id: 'online', name: { zh: '在线', en: 'Online' }, type: 'bool', lane: 'safety' }],
    },
  ],
  models: [
    {
      hash: 'c'.repeat(32),
      profile: 'notifier-modbus-gw',
      vendor: 'Notifier',
      model: 'MODBUS-GW',
      name: { zh: '网关', en: 'Gateway' },
      edition: '1',
      evidence: 'A',
      signals: [
        {
          id: 'offline',
          class: 'COMMS',
          point: 'online',
          when: { all: [{ eq: 0 }, { not: { any: [{ gt: 3, hyst: 1 }, { in: [1, 2] }] } }] },
          text: { zh: '离线', en: 'Offline' },
        },
      ],
    },
  ],
  head: { safety: 3, telemetry: 9 },
  snapshot: {
    t0: 5,
    n0: 7,
    columns: { i: [0], v: [1], q: [0], r: [0], s: [0], t: [0], n: [0], f: [0] },
  },
  writesHistory: false,
};

describe('what is encoded comes back', () => {
  test('any batch', () => {
    fc.assert(fc.property(batch, (b) => void expect(decodeBatch(encodeBatch(b))).toEqual(b)));
  });

  test('a number that is not finite comes back as no value', () => {
    const s: Sample = { ...first(fc.sample(sample, { numRuns: 1, seed: 1 })), value: Number.NaN, n: 1 };
    const back = decodeBatch(encodeBatch({ ...emptyBatch, samples: [s] }));
    expect(back.samples[0]?.value).toBeNull();
  });

  test('a batch holds its own bytes in memory and no others, whatever was encoded before it', () => {
    const batch: Batch = {
      gateway: 'gw',
      epoch: '0'.repeat(32),
      lane: 'safety',
      first: 1,
      birth: '0'.repeat(32),
      prevCrc: 0,
      samples: [],
      notes: [{ kind: 'started', at: 0, n: 1 }],
    };
    const text = 'x'.repeat(4 * 2 ** 20);
    encodeBirth({ software: text } as Birth);
    const afterBirth = encodeBatch(batch);
    expect(afterBirth.byteLength).toBeLessThan(500);
    expect(afterBirth.buffer.byteLength).toBe(afterBirth.byteLength);
    encodeBatch({ ...batch, notes: [{ kind: 'started', at: 0, n: 1, text: 'x'.repeat(200_000) }] });
    const afterBatch = encodeBatch(batch);
    expect(afterBatch.buffer.byteLength).toBe(afterBatch.byteLength);
  });

  test('births, receipts, states, beats and asks', () => {
    expect(decodeBirth(encodeBirth(birth))).toEqual(birth);
    const receipt = { v: 1, epoch: 'e'.repeat(8), seq: 2, stored: 1, crc: 4_000_000_000, rewind: true } as const;
    expect(decodeReceipt(encodeReceipt(receipt))).toEqual(receipt);
    expect(decodeState(encodeState({ v: 1, online: true, at: 3 }))).toEqual({ v: 1, online: true, at: 3 });
    expect(decodeAsk(encodeAsk({ need: 'birth', birth: 'x' }))).toEqual({ need: 'birth', birth: 'x' });
    const beat = {
      v: 1,
      epoch: 'e'.repeat(8),
      at: 1,
      birth: 'b',
      head: { safety: 1, telemetry: 2 },
      history: { safety: 1, telemetry: 1 },
      spool: { bytes: 1, maxBytes: 2, dropped: 0 },
      devices: { online: 1, offline: 0 },
      links: { 'bus-1': '', 'bus-2': 'link-down' },
    } as const;
    expect(decodeBeat(encodeBeat(beat))).toEqual(beat);
  });

  test('topics match the pattern the hub listens with', () => {
    for (const topic of [topics.birth('g'), topics.up('g', 'safety'), topics.state('g'), topics.beat('g')])
      expect(TOPIC_PATTERN.test(topic)).toBe(true);
    expect(TOPIC_PATTERN.test(topics.receipt('g', 'safety'))).toBe(false);
    expect(TOPIC_PATTERN.test('fengsui/v1/a/b/state')).toBe(false);
  });
});

describe('sequences and the running CRC', () => {
  test('a loss batch covers its range, any other covers what it holds', () => {
    const loss: Note = { kind: 'loss', at: 1, n: 5, from: 11, to: 40, count: 30, crc: 77 };
    const covering: Batch = { ...emptyBatch, first: 11, notes: [loss] };
    expect(coversLoss(decodeBatch(encodeBatch(covering)))).toMatchObject({ to: 40, crc: 77 });
    expect(batchLast(covering)).toBe(40);
    // A note that tells of a loss elsewhere takes one sequence like any other record.
    expect(batchLast({ ...covering, first: 50 })).toBe(50);
    expect(coversLoss({ ...covering, notes: [{ ...loss, to: 5 }] })).toBeUndefined();
  });

  test('the running CRC depends on every byte and on all that came before', () => {
    const a = Buffer.from('one');
    const b = Buffer.from('two');
    expect(runningCrc(runningCrc(0, a), b)).not.toBe(runningCrc(runningCrc(0, b), a));
    expect(runningCrc(1, a)).not.toBe(runningCrc(0, a));
    // CRC-32 of 00 00 00 00 'o' 'n' 'e', computed with another implementation (Python's zlib).
    expect(runningCrc(0, a)).toBe(0x1841809d);
  });
});

describe('hostile bytes raise a WireError and nothing else', () => {
  const decoders = { decodeBatch, decodeBirth, decodeReceipt, decodeState, decodeBeat, decodeAsk };
  /** What each decoder makes of the bytes: 'WireError', 'accepted', or the error that must not happen. */
  const outcomes = (bytes: Uint8Array): unknown[] =>
    Object.values(decoders).map((decodeIt) => {
      try {
        decodeIt(bytes);
        return 'accepted';
      } catch (error) {
        return error instanceof WireError ? 'WireError' : error;
      }
    });
  const refused = Object.values(decoders).map(() => 'WireError');
  const orderly = expect.toSatisfy((o) => o === 'accepted' || o === 'WireError');
  const raw = new Encoder({ useRecords: false, tagUint8Array: false });
  const plain = raw.decode(encodeBatch({ ...emptyBatch, notes: [{ kind: 'started', at: 1, n: 1 }] })) as Record<
    string,
    unknown
  >;

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void expect(outcomes(bytes)).toEqual(refused)),
      { numRuns: 2_000 },
    );
  });

  test('valid messages with flipped, cut, doubled or inserted bytes', () => {
    const seeds = [encodeBirth(birth), encodeState({ v: 1, online: true, at: 3 })];
    const mutation = fc.record({
      bytes: fc.oneof(batch.map(encodeBatch), fc.constantFrom(...seeds)),
      at: fc.nat(),
      with: fc.uint8Array({ minLength: 1, maxLength: 9 }),
      how: fc.constantFrom('set' as const, 'cut' as const, 'insert' as const, 'double' as const),
    });
    fc.assert(
      fc.property(mutation, (m) => {
        const at = m.at % m.bytes.length;
        const head = m.bytes.subarray(0, at);
        const tail = m.bytes.subarray(at);
        const changed = {
          cut: head,
          double: Buffer.concat([m.bytes, m.bytes]),
          insert: Buffer.concat([head, m.with, tail]),
          set: Buffer.concat([head, m.with, tail.subarray(m.with.length)]),
        };
        expect(outcomes(changed[m.how])).toEqual(refused.map(() => orderly));
      }),
      { numRuns: 3_000 },
    );
  });

  test('a __proto__ key is refused and pollutes nothing', () => {
    const key = Buffer.concat([Buffer.from([0x69]), Buffer.from('__proto__')]);
    const polluted = Buffer.concat([Buffer.from([0xa1]), key, Buffer.from([0xa1, 0x61, 0x78, 0x01])]);
    expect(outcomes(polluted)).toEqual(refused);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test.each([
    ['nesting a million deep', Buffer.alloc(300_000, 0x81)],
    ['an array of 2³² − 1', Buffer.from([0x9a, 0xff, 0xff, 0xff, 0xff])],
    ['an array of 2⁶⁴ − 1', Buffer.from([0x9b, ...Array<number>(8).fill(0xff)])],
    ['a map of 2³¹', Buffer.from([0xba, 0x80, 0, 0, 0])],
    ['text of 2³¹', Buffer.from([0x7a, 0x80, 0, 0, 0, 0x61])],
    ['text of indefinite length', Buffer.from([0x7f, 0x61, 0x61, 0xff])],
    ['an array without end', Buffer.from([0x9f, 1, 2])],
    ['a date tag', Buffer.from([0xc0, 0x61, 0x31])],
    ['a record definition', Buffer.from([0xd9, 0xdf, 0xff, 0x81, 0x61, 0x61])],
    ['a cyclic reference', Buffer.from([0xd8, 28, 0x81, 0xd8, 29, 0x00])],
    ['nothing', Buffer.alloc(0)],
    ['a lone break', Buffer.from([0xff])],
    ['two items', Buffer.from([0xa0, 0xa0])],
  ])('%s', (_name, bytes) => {
    expect(outcomes(bytes)).toEqual(refused);
  });

  test.each([
    ['a batch of no records', { x: [] }],
    ['a wrong version', { v: 2 }],
    ['a gateway name with a topic level', { g: 'a/b' }],
    ['an unknown key', { z: 1 }],
    ['sequence 0', { f: 0 }],
    ['a fraction', { f: 1.5 }],
    ['NaN as time', { t0: Number.NaN }],
    ['a big integer', { n0: 2n ** 63n }],
    ['an unknown note', { x: [{ kind: 'fire', at: 1, n: 1 }] }],
    ['a text over the limit', { x: [{ kind: 'started', at: 1, n: 1, text: 'x'.repeat(WIRE_LIMITS.textBytes + 1) }] }],
    ['columns of different length', { c: { i: [1], v: [], q: [], r: [], s: [], t: [], n: [], f: [] } }],
    ['a quality that is none', { c: { i: [1], v: [1], q: [9], r: [0], s: [0], t: [0], n: [0], f: [0] } }],
    ['a time before 1970', { c: { i: [1], v: [1], q: [0], r: [0], s: [-9], t: [0], n: [0], f: [0] }, t0: 1 }],
    ['a time past all dates', { c: { i: [1], v: [1], q: [0], r: [0], s: [0], t: [2 ** 53], n: [0], f: [0] } }],
    ['a value that is an object', { c: { i: [1], v: [{}], q: [0], r: [0], s: [0], t: [0], n: [0], f: [0] } }],
    ['an infinite value', { c: { i: [1], v: [Infinity], q: [0], r: [0], s: [0], t: [0], n: [0], f: [0] } }],
  ])('%s', (_name, change) => {
    expect(() => decodeBatch(raw.encode({ ...plain, ...change }))).toThrow(WireError);
  });

  test('a value text over the limit', () => {
    const long = { ...first(fc.sample(sample, { numRuns: 1, seed: 1 })), value: 'x'.repeat(WIRE_LIMITS.textBytes + 1) };
    expect(() => decodeBatch(encodeBatch({ ...emptyBatch, samples: [long] }))).toThrow(/text of 1025/);
  });

  test('more records or bytes than the limits', () => {
    const one: Note = { kind: 'started', at: 1, n: 1 };
    const many = Array.from({ length: WIRE_LIMITS.batchRecords + 1 }, () => one);
    expect(() => decodeBatch(encodeBatch({ ...emptyBatch, notes: many }))).toThrow(/batch of 4097 records/);
    expect(decodeBatch(encodeBatch({ ...emptyBatch, notes: many.slice(1) })).notes).toHaveLength(4_096);
    expect(() => decodeBatch(Buffer.alloc(WIRE_LIMITS.batchBytes + 1))).toThrow(/exceeds/);
    expect(() => decodeReceipt(Buffer.alloc(WIRE_LIMITS.messageBytes + 1))).toThrow(/exceeds/);
    expect(() => decodeBirth(Buffer.alloc(WIRE_LIMITS.birthBytes + 1))).toThrow(/exceeds/);
  });

  test('the error names the part and never carries the payload', () => {
    const secret = { ...plain, g: 'Secret Password' };
    expect(() => decodeBatch(raw.encode(secret))).toThrow(/\/g/);
    expect(() => decodeBatch(raw.encode(secret))).not.toThrow(/Secret/);
  });
});

test('everything that is encoded is plain CBOR', () => {
  fc.assert(fc.property(batch, (b) => void expect(plainCborFault(encodeBatch(b))).toBe('')));
  expect(plainCborFault(encodeBirth(birth))).toBe('');
});

test('columns and samples are two forms of one thing', () => {
  fc.assert(
    fc.property(fc.array(sample), millis, fc.nat(), (samples, t0, n0) => {
      expect(fromColumns(toColumns(samples, t0, n0), t0, n0)).toEqual(samples);
    }),
  );
});

const emptyBatch: Batch = {
  gateway: 'gw-1',
  epoch: 'e'.repeat(8),
  lane: 'safety',
  first: 1,
  birth: 'b'.repeat(8),
  prevCrc: 0,
  samples: [],
  notes: [],
};

function first<T>(list: readonly T[]): T {
  const [x] = list;
  if (x === undefined) throw new Error('empty list');
  return x;
}
