// A range of registers in every type and order at once, and where in it a number that is known stands. Pure.
import { WORD_ORDERS, type PointType, type WordOrder } from '../../device-profiles/contract/point.ts';
import { plainValue } from '../decode.ts';

type PlainType = Exclude<PointType, 'bool' | 'bits' | 'word' | 'enum'>;

/** Types by how many registers they take; text is shown apart. */
const TYPES: readonly { readonly words: number; readonly types: readonly Exclude<PlainType, 'string'>[] }[] = [
  { words: 1, types: ['uint16', 'int16', 'bcd16'] },
  { words: 2, types: ['uint32', 'int32', 'float32', 'bcd32'] },
  { words: 4, types: ['uint64', 'int64', 'float64'] },
];

export interface Reading {
  /** Place in the range, 0-based. */
  readonly at: number;
  readonly type: Exclude<PlainType, 'string'>;
  /** Where it makes no difference (one register), ABCD. */
  readonly order: WordOrder;
  readonly value: number | bigint;
}

/** Everything that the registers from `at` on may be (NaN is a register that could not be read); what can't be (a BCD digit above 9, NaN) is left out. */
export function readingsAt(words: readonly number[], at: number): readonly Reading[] {
  const rest = words.slice(at);
  return TYPES.flatMap(({ words: length, types }) => {
    if (rest.length < length || rest.slice(0, length).some((w) => Number.isNaN(w))) return [];
    const orders = length === 1 ? (['ABCD'] as const) : WORD_ORDERS;
    return types.flatMap((type) =>
      orders.flatMap((order): Reading[] => {
        const value = plainValue(type, order, rest, length);
        if (value === undefined || typeof value === 'string') return [];
        return typeof value === 'number' && !Number.isFinite(value) ? [] : [{ at, type, order, value }];
      }),
    );
  });
}

/** Text as devices write it, high byte first, and with bytes swapped; '·' for what is no printable ASCII. */
export function textOf(words: readonly number[]): { readonly straight: string; readonly swapped: string } {
  const char = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·');
  const [high, low] = [(w: number) => char(w >>> 8), (w: number) => char(w & 0xff)];
  return {
    straight: words.map((w) => high(w) + low(w)).join(''),
    swapped: words.map((w) => low(w) + high(w)).join(''),
  };
}

/** Factors by which devices send numbers: tenths to ten-thousandths, and tens. */
const FACTORS = [1, 0.1, 0.01, 0.001, 0.0001, 10, 100] as const;

export interface Match extends Reading {
  /** What the raw value is multiplied by to be the number that was looked for. */
  readonly scale: number;
}

/**
 * Where a number stands that a display shows: every place, type, order and factor that gives it within `tolerance` of
 * itself, the closest first, then the plainest.
 */
export function findNumber(words: readonly number[], wanted: number, tolerance: number): readonly Match[] {
  const reach = Math.max(Math.abs(wanted) * tolerance, Number.EPSILON);
  const off = (m: Match): number => Math.abs(Number(m.value) * m.scale - wanted);
  const matches = words.flatMap((_, at) =>
    readingsAt(words, at).flatMap((reading) =>
      // A floating-point number is sent as it is.
      (reading.type.startsWith('float') ? FACTORS.slice(0, 1) : FACTORS).map((scale): Match => ({ ...reading, scale })),
    ),
  );
  return matches.filter((m) => off(m) <= reach).toSorted((a, b) => off(a) - off(b) || plainness(a) - plainness(b));
}

const RANKS = TYPES.flatMap((t) => t.types);
const plainness = (m: Match): number =>
  RANKS.indexOf(m.type) * FACTORS.length + FACTORS.findIndex((f) => f === m.scale);
