// From raw registers, bits and message fields to values that may be believed: pure, no device is named here.
import type { ModelPoint, DeviceModel, ResolvedModbus } from '../device-profiles/contract/profile.ts';
import type {
  PointType,
  Quality,
  Reason,
  Sentinel,
  Table,
  Value,
  WordOrder,
} from '../device-profiles/contract/point.ts';
import { extractBits } from '../device-profiles/contract/conditions.ts';
import { unitFactor } from '../device-profiles/contract/units.ts';
import type { Reading } from './drivers/driver.ts';

/**
 * What was last read of one device: a register (0–65535) or a bit (0 or 1) at a 0-based wire address; undefined when it
 * has not been read. It must answer for the whole device, not only for one block, because a value may need the decimals,
 * the unit or the validity bit that lies in another block.
 */
export type RawLookup = (table: Table, wireAddress: number) => number | undefined;

/** A field of a message: JSON's kinds, or `broken` when the codec found something there that it can't read. */
export type FieldValue = number | string | boolean | null | { readonly broken: true };

/** Value of a point's `field`; undefined when the message does not have it. */
export type FieldLookup = (field: string) => FieldValue | undefined;

export interface Decoded {
  readonly value: Value;
  readonly quality: Quality;
  readonly reason: Reason;
}

/** Longest text of a string point, bytes of UTF-8: what the wire carries. */
export const TEXT_BYTES_MAX = 1_024;

/** A raw value before sentinels and scaling; `Decoded` when it can't become one. */
type Raw = number | bigint | string | Decoded;
type ReadRaw = (raw: RawLookup) => Raw;
type Finish = (raw: number | bigint | string, lookup: RawLookup) => Decoded;
type DecodePoint = (raw: RawLookup) => Decoded;

const bad = (reason: Reason, value: Value = null): Decoded => ({ value, quality: 'bad', reason });
const good = (value: Value): Decoded => ({ value, quality: 'good', reason: '' });
const NOT_READ: Decoded = { value: null, quality: 'never', reason: 'not-yet-read' };
const PAYLOAD = bad('payload');
const isDecoded = (r: Raw): r is Decoded => typeof r === 'object';

interface ModelDecoder {
  readonly points: readonly (DecodePoint | undefined)[];
  readonly byPoint: ReadonlyMap<ModelPoint, DecodePoint>;
  readonly fields: readonly (Finish | undefined)[];
}

/** Models are frozen and few; what is worked out from one is kept as long as it lives. */
const decoders = new WeakMap<DeviceModel, ModelDecoder>();

function decoderOf(model: DeviceModel): ModelDecoder {
  const known = decoders.get(model);
  if (known) return known;
  const byId = new Map(model.points.map((p) => [p.id, p]));
  const points = model.points.map((p) => (p.modbus ? modbusDecoder(p, p.modbus, byId) : undefined));
  const fields = model.points.map((p) => (p.field === undefined ? undefined : finisher(p, byId)));
  const byPoint = new Map(model.points.flatMap((p, i) => [[p, points[i] ?? (() => NOT_READ)] as const]));
  const made = { points, byPoint, fields };
  decoders.set(model, made);
  return made;
}

/**
 * Decodes one Modbus point of `model` from raw content. Never throws: what can't be believed comes back with quality
 * `bad` and a reason, what has not been read (or whose companion has not) with quality `never`.
 * Integers beyond 2^53 are decimal text.
 */
export function decodePoint(point: ModelPoint, raw: RawLookup, model: DeviceModel): Decoded {
  return (decoderOf(model).byPoint.get(point) ?? (() => NOT_READ))(raw);
}

/**
 * Decodes the points with these indices into `model.points`, in this order; points without a Modbus address are left
 * out. `sourceTime` stays unset: Modbus has none.
 */
export function decodeBlock(model: DeviceModel, pointIndexes: readonly number[], raw: RawLookup): Reading[] {
  const { points } = decoderOf(model);
  const readings: Reading[] = [];
  for (const point of pointIndexes) {
    const decode = points[point];
    if (decode) readings.push({ point, ...decode(raw) });
  }
  return readings;
}

/**
 * Decodes every point with a `field` from one message. A field that is absent is bad (`missing-field`), or yields no
 * reading where `absent` is 'skip' (devices that send only what changed, codecs whose message types differ).
 */
export function decodeFields(model: DeviceModel, fields: FieldLookup, absent: 'missing' | 'skip'): Reading[] {
  const decoder = decoderOf(model);
  const readings: Reading[] = [];
  model.points.forEach((p, point) => {
    const finish = decoder.fields[point];
    if (finish === undefined || p.field === undefined) return;
    const found = fields(p.field);
    if (found === undefined) {
      if (absent === 'missing') readings.push({ point, ...bad('missing-field') });
      return;
    }
    const raw = fieldRaw(p.type, found);
    readings.push({ point, ...(isDecoded(raw) ? raw : finish(raw, noRegisters)) });
  });
  return readings;
}

const noRegisters: RawLookup = () => undefined;

// ── Modbus: words to a raw value ────────────────────────────────────────────────────────────────────────────────────

function modbusDecoder(p: ModelPoint, at: ResolvedModbus, byId: ReadonlyMap<string, ModelPoint>): DecodePoint {
  const read = rawReader(p.type, at);
  const finish = finisher(p, byId);
  return (lookup) => {
    const raw = read(lookup);
    return isDecoded(raw) ? raw : finish(raw, lookup);
  };
}

function rawReader(type: PointType, at: ResolvedModbus): ReadRaw {
  const { table, address } = at;
  if (at.bits) {
    const [low, high] = at.bits;
    const mask = 2 ** (high - low + 1) - 1;
    return (raw) => {
      const word = raw(table, address);
      return word === undefined ? NOT_READ : (word >>> low) & mask;
    };
  }
  if (at.length === 1 && type !== 'string') {
    const convert = oneWord(type === 'enum' ? (at.of ?? 'uint16') : type);
    return (raw) => {
      const word = raw(table, address);
      return word === undefined ? NOT_READ : convert(word);
    };
  }
  const convert = type === 'string' ? text : manyWords(type === 'enum' ? (at.of ?? 'uint32') : type);
  const view = new DataView(new ArrayBuffer(at.length * 2));
  const reverseWords = at.wordOrder === 'CDAB' || at.wordOrder === 'DCBA';
  const swapBytes = at.wordOrder === 'BADC' || at.wordOrder === 'DCBA';
  return (raw) => {
    for (let k = 0; k < at.length; k++) {
      const word = raw(table, address + k);
      if (word === undefined) return NOT_READ;
      view.setUint16((reverseWords ? at.length - 1 - k : k) * 2, word, swapBytes);
    }
    return convert(view);
  };
}

/**
 * A value of this type and order at the beginning of `words`, without scale or meaning: what a register range would be
 * if it were that. Undefined when there are too few words, or when they can't be that (a BCD digit above 9, no text).
 */
export function plainValue(
  type: Exclude<PointType, 'bool' | 'bits' | 'enum'>,
  wordOrder: WordOrder,
  words: readonly number[],
  length: number,
): number | bigint | string | undefined {
  const raw = rawReader(type, { table: 'holding', address: 0, length, wordOrder })((_, k) => words[k]);
  return isDecoded(raw) ? undefined : raw;
}

function oneWord(type: PointType): (word: number) => Raw {
  if (type === 'int16') return (word) => (word << 16) >> 16;
  if (type === 'bcd16') return (word) => bcd(word, 4);
  return (word) => word;
}

function manyWords(type: PointType): (view: DataView) => Raw {
  switch (type) {
    case 'int32':
      return (v) => v.getInt32(0);
    case 'int64':
      return (v) => v.getBigInt64(0);
    case 'uint64':
      return (v) => v.getBigUint64(0);
    case 'float32':
      return (v) => v.getFloat32(0);
    case 'float64':
      return (v) => v.getFloat64(0);
    case 'bcd32':
      return (v) => bcd(v.getUint32(0), 8);
    default:
      return (v) => v.getUint32(0);
  }
}

/** Binary-coded decimal, most significant digit first; a nibble above 9 is no digit. */
function bcd(word: number, digits: number): Raw {
  let value = 0;
  for (let k = digits - 1; k >= 0; k--) {
    const digit = (word >>> (k * 4)) & 0xf;
    if (digit > 9) return PAYLOAD;
    value = value * 10 + digit;
  }
  return value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Text up to the first NUL, without padding blanks. */
function text(view: DataView): Raw {
  const bytes = new Uint8Array(view.buffer);
  const end = bytes.indexOf(0);
  try {
    return utf8.decode(end === -1 ? bytes : bytes.subarray(0, end)).trim();
  } catch {
    return PAYLOAD;
  }
}

// ── Messages: a field to a raw value ────────────────────────────────────────────────────────────────────────────────

const INTEGER_RANGE: Partial<Record<PointType, readonly [number, number]>> = {
  bool: [0, 1],
  word: [0, 0xffff],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
  enum: [-0x8000_0000, 0xffff_ffff],
};

/** JSON's null is the device's word for "no value". Numbers as text are refused: a guess could be wrong by a locale. */
function fieldRaw(type: PointType, found: FieldValue): Raw {
  if (found === null) return bad('sentinel');
  if (typeof found === 'object') return PAYLOAD;
  if (typeof found === 'boolean') return type === 'bool' ? Number(found) : PAYLOAD;
  if (type === 'string')
    return typeof found === 'string' && Buffer.byteLength(found) <= TEXT_BYTES_MAX ? found : PAYLOAD;
  if (type === 'int64' || type === 'uint64') return fieldInteger64(type, found);
  if (typeof found === 'string') return PAYLOAD;
  const range = INTEGER_RANGE[type];
  if (!range) return found;
  if (!Number.isInteger(found)) return Number.isFinite(found) ? PAYLOAD : bad('nan');
  return found >= range[0] && found <= range[1] ? found : PAYLOAD;
}

/** 64 bits do not fit a JSON number, so these, and only these, may be text. */
function fieldInteger64(type: 'int64' | 'uint64', found: number | string): Raw {
  if (typeof found === 'number' ? !Number.isSafeInteger(found) : !/^-?[0-9]{1,20}$/.test(found)) return PAYLOAD;
  const n = BigInt(found);
  const fits = type === 'int64' ? BigInt.asIntN(64, n) === n : BigInt.asUintN(64, n) === n;
  return fits ? n : PAYLOAD;
}

// ── A raw value to one that may be believed ─────────────────────────────────────────────────────────────────────────

/**
 * In this order: the device's own marks for "no value", the validity bit, NaN and infinity, fixed content, then the
 * meaning (bool, enum) or the number with decimals, scale, offset, unit and plausible range.
 */
function finisher(p: ModelPoint, byId: ReadonlyMap<string, ModelPoint>): Finish {
  const marked = sentinelTest(p.sentinels ?? []);
  const valid = companion(p.validBit, byId);
  const meaning = p.type === 'string' ? textMeaning : meaningOf(p, byId);
  return (raw, lookup) => {
    const mark = marked(raw);
    if (mark !== '') return bad(mark);
    if (valid) {
      const v = valid(lookup);
      if (v.quality === 'never') return NOT_READ;
      if (v.quality !== 'good' || v.value !== 1) return bad('invalid-bit');
    }
    if (typeof raw === 'number' && !Number.isFinite(raw)) return bad('nan');
    const decoded = meaning(raw, lookup);
    return p.expect !== undefined && decoded.value !== p.expect && decoded.quality !== 'never'
      ? bad('wrong-map', decoded.value)
      : decoded;
  };
}

function companion(id: string | undefined, byId: ReadonlyMap<string, ModelPoint>): DecodePoint | undefined {
  const p = id === undefined ? undefined : byId.get(id);
  return p?.modbus ? modbusDecoder(p, p.modbus, byId) : undefined;
}

function sentinelTest(sentinels: readonly Sentinel[]): (raw: number | bigint | string) => Reason {
  if (sentinels.length === 0) return () => '';
  return (raw) => {
    if (typeof raw === 'string') return '';
    for (const s of sentinels) {
      if (typeof s === 'number') {
        if (Number(raw) === s) return 'sentinel';
        continue;
      }
      const whole = typeof raw === 'bigint' ? raw.toString() : raw;
      const field = s.bits ? extractBits(whole, s.bits[0], s.bits[1]) : Number(raw);
      if (field === s.eq && !s.unless?.some((bit) => extractBits(whole, bit, bit) === 1)) return s.reason;
    }
    return '';
  };
}

const textMeaning: Finish = (raw) => good(String(raw));

function meaningOf(p: ModelPoint, byId: ReadonlyMap<string, ModelPoint>): Finish {
  if (p.type === 'word') return (raw) => good(Number(raw));
  if (p.type === 'bool') {
    const yes = p.invert === true ? 0 : 1;
    return (raw) => good(Number(raw) === yes ? 1 : 0);
  }
  if (p.type === 'enum') {
    const codes = new Set(Object.keys(p.enum ?? {}).map(Number));
    return (raw) => {
      const code = Number(raw);
      return codes.has(code) ? good(code) : bad('unknown-code', code);
    };
  }
  return numberMeaning(p, byId);
}

function numberMeaning(p: ModelPoint, byId: ReadonlyMap<string, ModelPoint>): Finish {
  const scale = multiplier(p.scale ?? 1);
  const offset = p.offset ?? 0;
  const decimals = companion(p.decimalsFrom, byId);
  const unitCode = companion(p.unitFrom, byId);
  const factors = unitFactors(p, byId);
  const [low, high] = p.range ?? [-Infinity, Infinity];
  const plain = p.scale === undefined && offset === 0 && !decimals && !unitCode;
  const ranged = (value: number): Decoded =>
    !Number.isFinite(value)
      ? bad('nan')
      : value < low || value > high
        ? bad('out-of-range', value)
        : { value, quality: 'good', reason: '' };
  if (plain)
    return (raw) => (typeof raw === 'number' ? ranged(raw) : bigMeaning(raw, (v) => ranged(v).quality === 'good'));
  return (raw, lookup) => {
    let value = scale(Number(raw)) + offset;
    if (decimals) {
      const places = decimals(lookup);
      if (places.quality !== 'good' || typeof places.value !== 'number') return blame(places);
      value /= 10 ** places.value;
    }
    if (unitCode) {
      const code = unitCode(lookup);
      if (code.quality !== 'good' || typeof code.value !== 'number') return blame(code);
      const convert = factors.get(code.value);
      if (!convert) return bad('unknown-code');
      value = convert(value);
    }
    return ranged(value);
  };
}

/** A value whose companion can't be believed can't be either, and for the same reason. */
const blame = (companionValue: Decoded): Decoded =>
  companionValue.quality === 'never' ? NOT_READ : bad(companionValue.reason === '' ? 'payload' : companionValue.reason);

/** 64-bit integers are numbers where a number holds them exactly, else decimal text. */
function bigMeaning(raw: bigint | string, inRange: (v: number) => boolean): Decoded {
  const asNumber = Number(raw);
  const value = Number.isSafeInteger(asNumber) ? asNumber : raw.toString();
  return inRange(asNumber) ? good(value) : bad('out-of-range', value);
}

/** Multiplies; by tenths, hundredths, … it divides instead, so that 3 × 0.1 is 0.3 and not 0.30000000000000004. */
function multiplier(factor: number): (x: number) => number {
  const inverse = Math.round(1 / factor);
  return Math.abs(factor) < 1 && Math.abs(1 / factor - inverse) < 1e-9 * Math.abs(inverse)
    ? (x) => x / inverse
    : (x) => x * factor;
}

/** How to convert by unit code: the English words of the companion's enum are unit symbols. */
function unitFactors(p: ModelPoint, byId: ReadonlyMap<string, ModelPoint>): Map<number, (x: number) => number> {
  const codes = p.unitFrom === undefined ? undefined : byId.get(p.unitFrom)?.enum;
  const factors = new Map<number, (x: number) => number>();
  for (const [code, symbol] of Object.entries(codes ?? {})) {
    const factor = unitFactor(symbol.en, p.unit ?? '');
    if (factor !== undefined) factors.set(Number(code), multiplier(factor));
  }
  return factors;
}
