// What a point is: one named value of a device, where it is read, how it is decoded, and what may be believed of it.
import { Type, type Static } from 'typebox';
import { DEVICE_KINDS } from './kinds.ts';

/** A value on the wire. Booleans and enums travel as numbers (0/1, code); NULL means "no value", never "zero". */
export type Value = number | string | null;

/** How far a value may be believed. Index in this list is the code on the wire and in history. */
export const QUALITIES = ['good', 'stale', 'bad', 'never'] as const;
export type Quality = (typeof QUALITIES)[number];

/**
 * Why a value is not good. Index in this list is the code on the wire, so the list only grows at its end.
 * Modbus exceptions keep their own words: 02 address, 06 busy, 0A unit not configured, 0B panel offline.
 */
export const REASONS = [
  '', // good
  'not-yet-read',
  'link-down',
  'timeout',
  'exception-01',
  'exception-02',
  'exception-03',
  'exception-04',
  'exception-06',
  'exception-0A',
  'exception-0B',
  'exception-other',
  'short-reply',
  'wrong-unit',
  'crc',
  'silent', // the device said nothing within its expected interval
  'device-offline',
  'sentinel', // the device's own mark for "no value"
  'invalid-bit', // the validity bit beside it is not set
  'not-present', // the device says that nothing is mounted at this address
  'out-of-range',
  'nan',
  'unknown-code', // a code the profile does not know: shown, never dropped
  'payload', // the message is not what the codec says
  'missing-field',
  'source-clock', // the device's clock is implausible; received time is used
  'breaker-open', // the slave failed repeatedly and is asked less often
  'gateway-silent', // set by the hub
  'wrong-map', // a register with fixed content holds something else: not the device (or edition) of the profile
  'hub-cannot-store', // set by the hub: what gateways tell is not stored, so nothing newer can be shown
  'not-told', // set by the hub: the gateway lives, and has not told this point for three of its intervals
] as const;
export type Reason = (typeof REASONS)[number];

/** Poll interval in milliseconds by class; a site file can change them (DESIGN 5). */
export const POLL_CLASS_MS = { safety: 200, fast: 1_000, normal: 5_000, slow: 60_000 } as const;
export type PollClass = keyof typeof POLL_CLASS_MS;

/** Lane of a point: any point that a signal reads is on the safety lane. Index is the code on the wire. */
export const LANES = ['safety', 'telemetry'] as const;
export type Lane = (typeof LANES)[number];

export const Text = Type.Object(
  { zh: Type.String({ minLength: 1 }), en: Type.String({ minLength: 1 }) },
  { additionalProperties: false },
);
export type Text = Static<typeof Text>;

const closed = { additionalProperties: false } as const;

/** A number, or the name of a parameter that a site's device may set. */
export const NumberOrParam = Type.Union([Type.Number(), Type.Object({ param: Type.String({ minLength: 1 }) }, closed)]);
export type NumberOrParam = Static<typeof NumberOrParam>;

export const POINT_TYPES = [
  'bool', // one bit of a coil/discrete table, or `bit` of a register
  'bits', // an unsigned field `bits: [low, high]` of a register (nibbles, packed states)
  'word', // a raw 16-bit register whose signals look at single bits
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'bcd16',
  'bcd32',
  'string',
  'enum', // a number with a closed table of meanings; anything else is `unknown-code`
] as const;
export type PointType = (typeof POINT_TYPES)[number];

/** Byte letters as Modbus tools print them: ABCD is high word first, high byte first. */
export const WORD_ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
export type WordOrder = (typeof WORD_ORDERS)[number];

export const TABLES = ['coil', 'discrete', 'holding', 'input'] as const;
export type Table = (typeof TABLES)[number];

const BitRange = Type.Tuple([Type.Integer({ minimum: 0, maximum: 63 }), Type.Integer({ minimum: 0, maximum: 63 })]);

/** Where a Modbus point lies. `address` is as the manual prints it; the profile's `addressBase` makes it 0-based. */
export const ModbusAddress = Type.Object(
  {
    table: Type.Optional(Type.Enum([...TABLES])),
    address: Type.Optional(Type.Integer({ minimum: 0, maximum: 499_999 })),
    bit: Type.Optional(Type.Integer({ minimum: 0, maximum: 15 })),
    bits: Type.Optional(BitRange),
    wordOrder: Type.Optional(Type.Enum([...WORD_ORDERS])),
    /** Number of registers, for strings. */
    length: Type.Optional(Type.Integer({ minimum: 1, maximum: 125 })),
    /** In a repeat: address = `address` + Σ (index − first index) · stride. */
    strides: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 0 }))),
    /**
     * In a repeat: states packed several to a register. slot = index + offset, register = address + ⌊slot / perWord⌋,
     * the field is `width` bits wide, counted from bit 15 down for `high-first`, from bit 0 up for `low-first`.
     */
    packed: Type.Optional(
      Type.Object(
        {
          index: Type.String(),
          width: Type.Integer({ minimum: 1, maximum: 8 }),
          perWord: Type.Integer({ minimum: 2, maximum: 16 }),
          offset: Type.Integer({ minimum: -16, maximum: 16 }),
          order: Type.Enum(['high-first', 'low-first']),
        },
        closed,
      ),
    ),
    /** An enum may be inside a field of the register. */
    of: Type.Optional(Type.Enum(['int16', 'uint16', 'int32', 'uint32'])),
  },
  closed,
);
export type ModbusAddress = Static<typeof ModbusAddress>;

/**
 * The device's own mark for "no value here", as the raw number before scaling. A field form looks at some bits of the
 * raw integer only, and does not hold while one of the bits in `unless` is set: what a device reports beside its mark
 * must stay visible.
 */
export const Sentinel = Type.Union([
  Type.Number(),
  Type.Object(
    {
      bits: Type.Optional(BitRange),
      eq: Type.Integer(),
      unless: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 63 }), { minItems: 1 })),
      reason: Type.Enum(['sentinel', 'not-present']),
    },
    closed,
  ),
]);
export type Sentinel = Static<typeof Sentinel>;

export const Point = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_{}-]*$', maxLength: 64 }),
    name: Text,
    type: Type.Enum([...POINT_TYPES]),
    /** Only devices of these kinds have the point. Default: all kinds of the profile. */
    kinds: Type.Optional(Type.Array(Type.Enum([...DEVICE_KINDS]), { minItems: 1 })),
    lane: Type.Optional(Type.Enum([...LANES])),
    poll: Type.Optional(Type.Enum(['safety', 'fast', 'normal', 'slow'])),
    modbus: Type.Optional(ModbusAddress),
    /** JSON pointer into the decoded message (codec `json`), or the name of a field of a named codec. */
    field: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    scale: Type.Optional(Type.Number()),
    offset: Type.Optional(Type.Number()),
    /** Decimal places are read from another point (generic transmitters store them beside the value). */
    decimalsFrom: Type.Optional(Type.String()),
    /**
     * The unit code is read from another point, an enum whose English words are unit symbols of units.ts; the value is
     * converted to `unit`.
     */
    unitFrom: Type.Optional(Type.String()),
    unit: Type.Optional(Type.String({ maxLength: 16 })),
    /** Plausible values, in `unit`; outside them the sample is bad (`out-of-range`). */
    range: Type.Optional(Type.Tuple([NumberOrParam, NumberOrParam])),
    /** Values of normal running, in `unit`: the grey band behind a trend. */
    band: Type.Optional(Type.Tuple([NumberOrParam, NumberOrParam])),
    sentinels: Type.Optional(Type.Array(Sentinel)),
    /** Bool point that must be 1 for this value to be believed. */
    validBit: Type.Optional(Type.String()),
    /** A change smaller than this, in `unit`, is not reported. */
    deadband: Type.Optional(Type.Number({ minimum: 0 })),
    /** Bool only: the device says 0 where it means "yes". */
    invert: Type.Optional(Type.Boolean()),
    /** Meaning of each code of an enum (and of 0/1 of a bool, where the plain words do not do). */
    enum: Type.Optional(Type.Record(Type.String({ pattern: '^-?[0-9]+$' }), Text, closed)),
    /** Register with fixed content: read once at start to recognise the map; anything else marks the device bad. */
    expect: Type.Optional(Type.Union([Type.Number(), Type.String()])),
  },
  closed,
);
export type Point = Static<typeof Point>;
