// A device profile: as authored in YAML (`ProfileFile`) and as compiled for one device of a site (`DeviceModel`).
import { Type, type Static } from 'typebox';
import {
  NumberOrParam,
  Point,
  Text,
  type Lane,
  type Sentinel,
  type PointType,
  type PollClass,
  type Table,
  type WordOrder,
} from './point.ts';
import { DEVICE_KINDS, type DeviceKind } from './kinds.ts';
import { Signal } from './signal.ts';

export { DEVICE_KINDS, type DeviceKind } from './kinds.ts';

const closed = { additionalProperties: false } as const;
const AddressRange = Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 0 })]);

export const ModbusSection = Type.Object(
  {
    /** Printed address of wire address 0, per table, e.g. holding: 40001. A single number is for all tables. */
    addressBase: Type.Union([
      Type.Integer({ minimum: 0, maximum: 499_999 }),
      Type.Object(
        {
          coil: Type.Optional(Type.Integer({ minimum: 0, maximum: 499_999 })),
          discrete: Type.Optional(Type.Integer({ minimum: 0, maximum: 499_999 })),
          holding: Type.Optional(Type.Integer({ minimum: 0, maximum: 499_999 })),
          input: Type.Optional(Type.Integer({ minimum: 0, maximum: 499_999 })),
        },
        { ...closed, minProperties: 1 },
      ),
    ]),
    /** Of 32 and 64 bit values. A site's device may set another where the document does not say. Default ABCD. */
    wordOrder: Type.Optional(Type.Enum(['ABCD', 'CDAB', 'BADC', 'DCBA'])),
    /** Most registers (or coils ÷ 16) in one read the device takes. Default 125. */
    maxRegisters: Type.Optional(Type.Integer({ minimum: 1, maximum: 125 })),
    /** Most unused registers a read may bridge. Default 0: many devices refuse holes. */
    gap: Type.Optional(Type.Integer({ minimum: 0, maximum: 124 })),
    /** Ranges (as printed) that must never be read. */
    illegal: Type.Optional(
      Type.Array(
        Type.Object({ table: Type.Enum(['coil', 'discrete', 'holding', 'input']), range: AddressRange }, closed),
      ),
    ),
    requestGapMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 5_000 })),
    connectDelayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30_000 })),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 50, maximum: 30_000 })),
    maxInFlight: Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
    maxClients: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
    serial: Type.Optional(
      Type.Object(
        {
          baud: Type.Integer({ minimum: 300, maximum: 1_000_000 }),
          parity: Type.Enum(['none', 'even', 'odd']),
          stopBits: Type.Enum([1, 2]),
          unit: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type ModbusSection = Static<typeof ModbusSection>;

/** Named payload codecs; a new quirk is a new name with a test, never code in a profile. */
export const MQTT_CODECS = ['json', 'meokon-v3-hex'] as const;
export type MqttCodec = (typeof MQTT_CODECS)[number];

export const MqttSection = Type.Object(
  {
    /** Topic with {variables} that the device of the site file fills in (`vars`). */
    topic: Type.String({ minLength: 1, maxLength: 200 }),
    codec: Type.Enum([...MQTT_CODECS]),
    /** Where the source time stands and in what unit; ISO text for `iso`. */
    time: Type.Optional(Type.Object({ field: Type.String(), unit: Type.Enum(['s', 'ms', 'iso']) }, closed)),
    /** Field that must equal the device's variable of that name, so that a message on a wrong topic is refused. */
    identity: Type.Optional(Type.Object({ field: Type.String(), var: Type.String() }, closed)),
    /** The device speaks at least this often, s; silence past 3× makes its points stale and then the device offline. */
    expectEveryS: Type.Integer({ minimum: 1, maximum: 7 * 86_400 }),
    /** Messages carry only some fields: a field that is absent says nothing. Default: it is missing. */
    partial: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type MqttSection = Static<typeof MqttSection>;

/**
 * A transmission device (用户信息传输装置) by GB/T 26875.3: its points and signals come from the code tables of that
 * edition and from what the device tells of, so the profile has none of its own.
 */
export const Gb26875Section = Type.Object(
  {
    /** Year of the edition, e.g. "2011": names the table file. */
    edition: Type.String({ pattern: '^[0-9]{4}$' }),
    /** The device speaks at least this often, s; silence past 3× means that it is offline. */
    expectEveryS: Type.Integer({ minimum: 1, maximum: 7 * 86_400 }),
    /**
     * The gateway sets the device's clock when it is off by more than so many seconds, at most once in so many minutes,
     * and only while its own clock is sure. Without this it sends the device nothing but questions and answers.
     */
    clockSet: Type.Optional(Type.Object({ offBeyondS: NumberOrParam, everyMinutes: NumberOrParam }, closed)),
  },
  closed,
);
export type Gb26875Section = Static<typeof Gb26875Section>;
/** After parameters are numbers. */
export type Gb26875Model = Omit<Gb26875Section, 'clockSet'> & {
  readonly clockSet?: { readonly offBeyondS: number; readonly everyMinutes: number };
};

/**
 * Fields of the named binary codecs, which a point's `field` names (codec `json` takes JSON pointers instead).
 * Numbers are in the unit given here; flags are 0 or 1. A field that a message does not have yields no reading.
 */
export const CODEC_FIELDS = {
  'meokon-v3-hex': {
    value: 'MPa',
    lowLimit: 'MPa',
    highLimit: 'MPa',
    battery: '%',
    externalPower: '',
    signal: 'dBm',
    recordInterval: 's',
    type: '',
    alarmLow: '',
    alarmHigh: '',
    alarmBattery: '',
    alarmSensor: '',
    alarmHardware: '',
    alarmSecondLow: '',
    alarmSecondHigh: '',
    alarmThird: '',
    discharge: '',
    tilt: '',
    impact: '',
  },
} as const satisfies Partial<Record<MqttCodec, Readonly<Record<string, string>>>>;

export const Repeat = Type.Object(
  {
    /** Index names with their first and last value, e.g. loop: [1, 10]. A site's device may narrow them. */
    over: Type.Record(Type.String({ pattern: '^[a-z]+$' }), AddressRange, closed),
    /** Padding of an index in ids and names, e.g. n: 3 → 007. */
    pad: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 1, maximum: 6 }))),
    /** Only points named in the device's point list (CSV) exist. */
    fromPointList: Type.Optional(Type.Boolean()),
    points: Type.Array(Point, { minItems: 1 }),
  },
  closed,
);
export type Repeat = Static<typeof Repeat>;

export const ProfileFile = Type.Object(
  {
    kind: Type.Enum([...DEVICE_KINDS]),
    /** Kinds that a site may choose instead, for parts that serve several (a transmitter on a main or in a tank). */
    alsoKinds: Type.Optional(Type.Array(Type.Enum([...DEVICE_KINDS]), { minItems: 1 })),
    vendor: Type.String({ minLength: 1 }),
    model: Type.String({ minLength: 1 }),
    name: Text,
    /** Edition of the document the map was read from. */
    edition: Type.String({ minLength: 1 }),
    source: Type.String({ minLength: 1 }),
    /** A table read, B partly read (gaps named in `notes`), C table not readable, M from memory. */
    evidence: Type.Enum(['A', 'B', 'C', 'M']),
    notes: Type.Optional(Type.Array(Type.String())),
    modbus: Type.Optional(ModbusSection),
    mqtt: Type.Optional(MqttSection),
    gb26875: Type.Optional(Gb26875Section),
    /** Named numbers with defaults that a site's device may set (limits, spans), each with unit and words. */
    params: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }),
        Type.Object(
          {
            default: Type.Number(),
            unit: Type.Optional(Type.String()),
            name: Text,
            range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
            source: Type.String(),
          },
          closed,
        ),
        closed,
      ),
    ),
    points: Type.Optional(Type.Array(Point)),
    repeat: Type.Optional(Type.Array(Repeat)),
    signals: Type.Array(Signal),
    /** Vectors that prove the map: fixture files under test/fixtures/profiles/<profile>/. */
    fixtures: Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9-]*\\.json$' }), { minItems: 1 }),
  },
  closed,
);
export type ProfileFile = Static<typeof ProfileFile>;

/** A Modbus field, fully resolved: 0-based wire address. */
export interface ResolvedModbus {
  readonly table: Table;
  readonly address: number;
  /** Registers (holding, input) or bits (coil, discrete) that the value occupies. */
  readonly length: number;
  readonly bits?: readonly [low: number, high: number];
  readonly wordOrder: WordOrder;
  readonly of?: 'int16' | 'uint16' | 'int32' | 'uint32';
}

/** One point of one device, after repeats, point list and defaults are applied. */
export interface ModelPoint {
  readonly id: string;
  /** Id of the point in the profile from which this was made; equals `id` outside repeats. */
  readonly template: string;
  readonly name: Text;
  readonly type: PointType;
  readonly lane: Lane;
  readonly poll: PollClass;
  readonly modbus?: ResolvedModbus;
  readonly field?: string;
  readonly scale?: number;
  readonly offset?: number;
  readonly decimalsFrom?: string;
  readonly unitFrom?: string;
  readonly unit?: string;
  readonly range?: readonly [number, number];
  readonly band?: readonly [number, number];
  readonly sentinels?: readonly Sentinel[];
  readonly validBit?: string;
  readonly deadband?: number;
  readonly invert?: boolean;
  readonly enum?: Readonly<Record<string, Text>>;
  readonly expect?: number | string;
  /** From the point list of the site: where this very point is. */
  readonly building?: string;
  readonly floor?: number;
  readonly place?: string;
  /** Id of the site's device whose state it tells, where that is not its own. */
  readonly about?: string;
}

/** A signal after parameters are numbers; `point` is still a template id (conditions.ts says what that means). */
export type ModelSignal = Signal;

/**
 * The compiled profile of one device. Two devices with the same profile, parameters and points share one model;
 * `hash` (SHA-256 of its canonical JSON, hex, first 32 digits) names it on the wire.
 */
export interface DeviceModel {
  readonly hash: string;
  /** File name of the profile without `.yaml`. */
  readonly profile: string;
  readonly kind: DeviceKind;
  readonly vendor: string;
  readonly model: string;
  readonly name: Text;
  readonly edition: string;
  readonly evidence: 'A' | 'B' | 'C' | 'M';
  readonly modbus?: ModbusSection;
  readonly mqtt?: MqttSection;
  readonly gb26875?: Gb26875Model;
  /** `modbus.illegal` as 0-based wire addresses, both ends included. */
  readonly illegal?: readonly { readonly table: Table; readonly from: number; readonly to: number }[];
  readonly points: readonly ModelPoint[];
  readonly signals: readonly ModelSignal[];
}

/**
 * Every device has this point, made by the loader: 1 while the gateway hears the device, 0 when it does not.
 * The implicit signal `offline` (COMMS) stands on it.
 */
export const ONLINE_POINT = 'online';
export const OFFLINE_SIGNAL = 'offline';
/** Prefix of the implicit FAULT signal on every enum point of the safety lane: an unknown code is visible. */
export const UNKNOWN_CODE_SIGNAL = 'unknown-code';
