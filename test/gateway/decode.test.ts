import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WORD_ORDERS, type PointType, type WordOrder } from '../../device-profiles/contract/point.ts';
import type { DeviceModel, ModelPoint, ResolvedModbus } from '../../device-profiles/contract/profile.ts';
import { decodeBlock, decodeFields, decodePoint, type FieldValue, type RawLookup } from '../../gateway/decode.ts';

type Overrides = Omit<Partial<ModelPoint>, 'modbus'> & { readonly modbus?: Partial<ResolvedModbus> };

function point(type: PointType, more: Overrides = {}): ModelPoint {
  const { modbus, ...rest } = more;
  return {
    id: 'p',
    template: 'p',
    name: { zh: '点', en: 'Point' },
    type,
    lane: 'telemetry',
    poll: 'normal',
    ...(rest.field === undefined
      ? { modbus: { table: 'holding', address: 0, length: 1, wordOrder: 'ABCD', ...modbus } }
      : {}),
    ...rest,
  };
}

const model = (points: readonly ModelPoint[]): DeviceModel => ({
  hash: 'h',
  profile: 'test',
  kind: 'environment',
  vendor: 'v',
  model: 'm',
  name: { zh: '设备', en: 'Device' },
  edition: 'e',
  evidence: 'A',
  points,
  signals: [],
});

const words =
  (content: Readonly<Record<number, number>> | readonly number[]): RawLookup =>
  (_table, address) =>
    Object.hasOwn(content, address) ? Object.entries(content).find(([k]) => Number(k) === address)?.[1] : undefined;

const decode = (p: ModelPoint, content: readonly number[], others: readonly ModelPoint[] = []) =>
  decodePoint(p, words(content), model([p, ...others]));

const field = (p: ModelPoint, value: FieldValue | undefined) =>
  decodeFields(model([p]), (name) => (name === p.field ? value : undefined), 'missing')[0];

/** Registers that a device with this word order sends for these big-endian bytes. */
function encode(bytes: Buffer, order: WordOrder): number[] {
  const out = Array.from({ length: bytes.length / 2 }, (_, k) => bytes.readUInt16BE(k * 2));
  const swapped = order === 'BADC' || order === 'DCBA' ? out.map((w) => ((w & 0xff) << 8) | (w >>> 8)) : out;
  return order === 'CDAB' || order === 'DCBA' ? swapped.toReversed() : swapped;
}

const buffer = (size: number, write: (b: Buffer) => void): Buffer => {
  const b = Buffer.alloc(size);
  write(b);
  return b;
};
const good = (value: number | string) => ({ value, quality: 'good', reason: '' });
const bad = (reason: string, value: number | string | null = null) => ({ value, quality: 'bad', reason });
const orders = fc.constantFrom(...WORD_ORDERS);

describe('numbers of several registers', () => {
  it.each([
    ['ABCD', [0x1122, 0x3344]],
    ['CDAB', [0x3344, 0x1122]],
    ['BADC', [0x2211, 0x4433]],
    ['DCBA', [0x4433, 0x2211]],
  ] as const)('reads 0x11223344 in order %s', (wordOrder, content) => {
    expect(decode(point('uint32', { modbus: { length: 2, wordOrder } }), content)).toEqual(good(0x11223344));
  });

  it('gets any int32, uint32 and float32 back, in every order', () => {
    fc.assert(
      fc.property(
        orders,
        fc.integer(),
        fc.nat(0xffff_ffff),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        (wordOrder, i, u, f) => {
          const read = (type: PointType, b: Buffer) =>
            decode(point(type, { modbus: { length: 2, wordOrder } }), encode(b, wordOrder));
          expect(
            read(
              'int32',
              buffer(4, (b) => b.writeInt32BE(i)),
            ),
          ).toEqual(good(i));
          expect(
            read(
              'uint32',
              buffer(4, (b) => b.writeUInt32BE(u)),
            ),
          ).toEqual(good(u));
          expect(
            read(
              'float32',
              buffer(4, (b) => b.writeFloatBE(f)),
            ),
          ).toEqual(good(f));
        },
      ),
    );
  });

  it('gets any float64 back, and any 64-bit integer as number or, beyond 2^53, as text', () => {
    const asValue = (n: bigint) => (Number.isSafeInteger(Number(n)) ? Number(n) : n.toString());
    fc.assert(
      fc.property(
        orders,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (wordOrder, d, i, u) => {
          const read = (type: PointType, b: Buffer) =>
            decode(point(type, { modbus: { length: 4, wordOrder } }), encode(b, wordOrder));
          expect(
            read(
              'float64',
              buffer(8, (b) => b.writeDoubleBE(d)),
            ),
          ).toEqual(good(d));
          expect(
            read(
              'int64',
              buffer(8, (b) => b.writeBigInt64BE(i)),
            ),
          ).toEqual(good(asValue(i)));
          expect(
            read(
              'uint64',
              buffer(8, (b) => b.writeBigUInt64BE(u)),
            ),
          ).toEqual(good(asValue(u)));
        },
      ),
    );
  });

  it('has not been read while one of its registers has not', () => {
    const p = point('uint32', { modbus: { length: 2 } });
    expect(decode(p, [1])).toEqual({ value: null, quality: 'never', reason: 'not-yet-read' });
  });
});

describe('numbers and fields of one register', () => {
  it.each([
    ['int16', 0xffff, -1],
    ['int16', 0x8000, -32_768],
    ['uint16', 0xffff, 65_535],
    ['word', 0xabcd, 0xabcd],
    ['bcd16', 0x1234, 1_234],
  ] as const)('%s 0x%s is %d', (type, raw, value) => {
    expect(decode(point(type), [raw])).toEqual(good(value));
  });

  it('takes bits, and one bit as bool, inverted where the device says 0 for yes', () => {
    expect(decode(point('bits', { modbus: { bits: [4, 7] } }), [0x00a0])).toEqual(good(0xa));
    expect(decode(point('bits', { modbus: { bits: [0, 15] } }), [0xffff])).toEqual(good(0xffff));
    expect(decode(point('bool', { modbus: { bits: [15, 15] } }), [0x8000])).toEqual(good(1));
    expect(decode(point('bool', { invert: true, modbus: { bits: [15, 15] } }), [0x8000])).toEqual(good(0));
  });

  it('reads a coil and a discrete input as they are', () => {
    const p = point('bool', { modbus: { table: 'discrete', address: 3 } });
    const lookup: RawLookup = (table, address) => (table === 'discrete' && address === 3 ? 1 : undefined);
    expect(decodePoint(p, lookup, model([p]))).toEqual(good(1));
  });

  it('refuses digits above 9 in BCD', () => {
    expect(decode(point('bcd16'), [0x12a4])).toEqual(bad('payload'));
    expect(decode(point('bcd32', { modbus: { length: 2 } }), [0x9999, 0x9999])).toEqual(good(99_999_999));
  });

  it('reads text up to the first NUL, in both byte orders, and refuses what is no text', () => {
    const p = (wordOrder: WordOrder) => point('string', { modbus: { length: 3, wordOrder } });
    expect(decode(p('ABCD'), [0x4142, 0x4300, 0x5858])).toEqual(good('ABC'));
    expect(decode(p('BADC'), [0x4241, 0x2043, 0x0000])).toEqual(good('ABC'));
    expect(decode(p('ABCD'), [0xff41, 0x4100, 0])).toEqual(bad('payload'));
  });
});

describe('scale, decimals and units', () => {
  it('divides by tenths instead of multiplying, so that decimals stay what they are', () => {
    expect(decode(point('uint16', { scale: 0.1 }), [3])).toEqual(good(0.3));
    expect(decode(point('uint16', { scale: 0.001 }), [1_003])).toEqual(good(1.003));
    expect(decode(point('int16', { scale: 0.5, offset: -40 }), [10])).toEqual(good(-35));
  });

  it('takes decimals and unit from other points, which may lie in another block', () => {
    const decimals = point('uint16', { id: 'd', template: 'd', modbus: { address: 100 }, range: [0, 3] });
    const unit = point('enum', {
      id: 'u',
      template: 'u',
      modbus: { address: 200 },
      enum: { '1': { zh: 'kPa', en: 'kPa' }, '3': { zh: 'bar', en: 'bar' }, '5': { zh: '?', en: 'furlong' } },
    });
    const p = point('int16', { decimalsFrom: 'd', unitFrom: 'u', unit: 'MPa' });
    const read = (content: Record<number, number>) => decodePoint(p, words(content), model([p, decimals, unit]));
    expect(read({ 0: 650, 100: 2, 200: 3 })).toEqual(good(0.65));
    expect(read({ 0: 650, 100: 1, 200: 1 })).toEqual(good(0.065));
    expect(read({ 0: 650, 200: 1 })).toEqual({ value: null, quality: 'never', reason: 'not-yet-read' });
    expect(read({ 0: 650, 100: 7, 200: 1 })).toEqual(bad('out-of-range'));
    expect(read({ 0: 650, 100: 1, 200: 9 })).toEqual(bad('unknown-code'));
    expect(read({ 0: 650, 100: 1, 200: 5 })).toEqual(bad('unknown-code'));
  });
});

describe('what must not be believed', () => {
  it('knows the marks of a device for "no value", as numbers of the raw type', () => {
    expect(decode(point('uint16', { sentinels: [0xffff] }), [0xffff])).toEqual(bad('sentinel'));
    expect(decode(point('int16', { sentinels: [-1], scale: 0.1 }), [0xffff])).toEqual(bad('sentinel'));
    expect(decode(point('int16', { sentinels: [0xffff] }), [0xffff])).toEqual(good(-1));
  });

  it('knows marks in a field, unless the device reports something beside them', () => {
    const p = point('word', { sentinels: [{ bits: [0, 7], eq: 0xff, unless: [13], reason: 'not-present' }] });
    expect(decode(p, [0x00ff])).toEqual(bad('not-present'));
    expect(decode(p, [0x20ff])).toEqual(good(0x20ff));
    expect(decode(p, [0x00fe])).toEqual(good(0x00fe));
  });

  it('asks the validity bit', () => {
    const valid = point('bool', { id: 'v', template: 'v', modbus: { address: 9, bits: [0, 0] } });
    const p = point('uint16', { validBit: 'v' });
    const read = (content: Record<number, number>) => decodePoint(p, words(content), model([p, valid]));
    expect(read({ 0: 5, 9: 1 })).toEqual(good(5));
    expect(read({ 0: 5, 9: 0 })).toEqual(bad('invalid-bit'));
    expect(read({ 0: 5 })).toEqual({ value: null, quality: 'never', reason: 'not-yet-read' });
  });

  it('never passes NaN or infinity on as a number', () => {
    const p = point('float32', { modbus: { length: 2 }, scale: 10 });
    for (const raw of [0x7fc0, 0x7f80, 0xff80]) expect(decode(p, [raw, 0])).toEqual(bad('nan'));
  });

  it('keeps a value out of range, and calls it bad', () => {
    const p = point('int16', { scale: 0.1, range: [0, 10] });
    expect(decode(p, [100])).toEqual(good(10));
    expect(decode(p, [101])).toEqual(bad('out-of-range', 10.1));
    expect(decode(p, [0xffff])).toEqual(bad('out-of-range', -0.1));
  });

  it('keeps an unknown code, and calls it bad', () => {
    const p = point('enum', { enum: { '0': { zh: '正常', en: 'Normal' } } });
    expect(decode(p, [0])).toEqual(good(0));
    expect(decode(p, [7])).toEqual(bad('unknown-code', 7));
  });

  it('says that it is another map when fixed content differs', () => {
    expect(decode(point('uint16', { expect: 0x180 }), [0x180])).toEqual(good(0x180));
    expect(decode(point('uint16', { expect: 0x180 }), [0x181])).toEqual(bad('wrong-map', 0x181));
    expect(decode(point('string', { expect: 'AB', modbus: { length: 1 } }), [0x4143])).toEqual(bad('wrong-map', 'AC'));
  });

  it('never throws and never calls a non-finite number good, whatever the registers hold', () => {
    const types = fc.constantFrom<PointType>(
      'int16',
      'uint16',
      'word',
      'bcd16',
      'int32',
      'float32',
      'bcd32',
      'int64',
      'float64',
      'string',
    );
    const lengths: Partial<Record<PointType, number>> = {
      int32: 2,
      float32: 2,
      bcd32: 2,
      int64: 4,
      float64: 4,
      string: 3,
    };
    fc.assert(
      fc.property(
        types,
        orders,
        fc.array(fc.nat(0xffff), { minLength: 0, maxLength: 5 }),
        (type, wordOrder, content) => {
          const p = point(type, {
            modbus: { length: lengths[type] ?? 1, wordOrder: type === 'string' ? 'ABCD' : wordOrder },
          });
          const { value, quality } = decode(p, content);
          expect(quality !== 'good' || typeof value === 'string' || Number.isFinite(value)).toBe(true);
        },
      ),
    );
  });
});

describe('decodeBlock', () => {
  it('reads the points asked for, in their order, and leaves out those that are not registers', () => {
    const points = [
      point('uint16', { id: 'a', modbus: { address: 0 } }),
      point('uint16', { id: 'b', field: '/b' }),
      point('uint16', { id: 'c', modbus: { address: 2 } }),
    ];
    expect(decodeBlock(model(points), [2, 1, 0], words([7, 8, 9]))).toEqual([
      { point: 2, ...good(9) },
      { point: 0, ...good(7) },
    ]);
  });
});

describe('fields of messages', () => {
  it.each<[PointType, FieldValue, ReturnType<typeof good> | ReturnType<typeof bad>]>([
    ['bool', true, good(1)],
    ['bool', false, good(0)],
    ['bool', 1, good(1)],
    ['bool', 2, bad('payload')],
    ['bool', 'true', bad('payload')],
    ['uint16', 65_535, good(65_535)],
    ['uint16', 65_536, bad('payload')],
    ['uint16', 1.5, bad('payload')],
    ['uint16', '5', bad('payload')],
    ['uint16', true, bad('payload')],
    ['int16', -1, good(-1)],
    ['float64', 1.5, good(1.5)],
    ['float64', '1.5', bad('payload')],
    ['float64', Infinity, bad('nan')],
    ['float64', null, bad('sentinel')],
    ['float64', { broken: true }, bad('payload')],
    ['uint64', '18446744073709551615', good('18446744073709551615')],
    ['uint64', '18446744073709551616', bad('payload')],
    ['int64', 5, good(5)],
    ['int64', 2 ** 60, bad('payload')],
    ['string', 'abc', good('abc')],
    ['string', 5, bad('payload')],
    ['string', '很'.repeat(400), bad('payload')],
    ['word', 0x1234, good(0x1234)],
  ])('%s from %j', (type, value, expected) => {
    expect(field(point(type, { field: '/x' }), value)).toEqual({ point: 0, ...expected });
  });

  it('says that a field is missing, or leaves it out where that says nothing', () => {
    const p = point('float64', { field: '/x' });
    expect(field(p, undefined)).toEqual({ point: 0, ...bad('missing-field') });
    expect(decodeFields(model([p]), () => undefined, 'skip')).toEqual([]);
  });
});
