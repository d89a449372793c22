// How the devices that call a gateway (GB/T 26875.3) stand, for the engineer: it rides on the beat, and is no record.
import { Type, type Static } from 'typebox';

// As of the beat: what a newer gateway adds must not make it unheard.
const open = { additionalProperties: true } as const;
const Millis = Type.Integer();
const Count = Type.Integer({ minimum: 0 });

/** Named maxima of what is told (hard rule 10). */
export const CALL_IN_LIMITS = {
  /** So many with so much of each fit the bytes of a beat. */
  devices: 32,
  /** Last frames of a device, and of them what they tell. */
  frames: 10,
  told: 4,
  /** Bytes of a data unit or of what was refused. */
  bytes: 64,
  refused: 20,
  /** Ports on which devices call, and lines of one that is Modbus. */
  listeners: 4,
  lines: 64,
  /** How often it is told, beats. */
  everyBeats: 5,
} as const;

const Hex = Type.String({ pattern: '^([0-9a-f]{2})*$', maxLength: 2 * CALL_IN_LIMITS.bytes });

export const CallInFrame = Type.Object(
  {
    at: Millis,
    /** From the gateway to the device. */
    out: Type.Boolean(),
    serial: Count,
    command: Count,
    /** Type and number of objects of the data unit, where it has any. */
    flag: Type.Optional(Count),
    count: Type.Optional(Count),
    /** The time tag, ms; left out where it names no moment. */
    tag: Type.Optional(Millis),
    /** Beginning of the data unit, and its whole length. */
    hex: Hex,
    bytes: Count,
    /** Points and values that it tells, the first of them. */
    told: Type.Array(Type.Object({ point: Type.String({ maxLength: 96 }), value: Type.Number() }, open), {
      maxItems: CALL_IN_LIMITS.told,
    }),
  },
  open,
);

export const CallInDevice = Type.Object(
  {
    device: Type.String({ maxLength: 64 }),
    /** Source address by which it calls itself. */
    source: Count,
    /** IP address and since when there is this line; left out while it has not called. */
    from: Type.Optional(Type.String({ maxLength: 64 })),
    since: Type.Optional(Millis),
    connected: Type.Boolean(),
    heardAt: Type.Optional(Millis),
    /** Its clock less the gateway's. */
    clockOffMs: Type.Optional(Type.Integer()),
    clock: Type.Enum(['unknown', 'right', 'off', 'left-alone']),
    messages: Count,
    repeated: Count,
    notUnderstood: Count,
    clockSet: Count,
    /** Newest first. */
    frames: Type.Array(CallInFrame, { maxItems: CALL_IN_LIMITS.frames }),
  },
  open,
);

/** A line of a DTU that calls and passes Modbus through. */
export const CallInLine = Type.Object(
  {
    /** Id of the site's link. */
    link: Type.String({ maxLength: 64 }),
    /** It has not called; it has said who it is; something behind it has answered. */
    state: Type.Enum(['waiting', 'registered', 'answers']),
    from: Type.Optional(Type.String({ maxLength: 64 })),
    since: Type.Optional(Millis),
    heardAt: Type.Optional(Millis),
    calls: Count,
    /** Calls that took the place of a line that was there: a line that was dead, or two devices with one registration. */
    replaced: Count,
    heartbeats: Count,
    /** Bytes that were no frame and no heartbeat. */
    noise: Count,
  },
  open,
);

export const CallIns = Type.Object(
  {
    link: Type.String({ maxLength: 64 }),
    transport: Type.Enum(['tcp', 'udp']),
    port: Count,
    devices: Type.Array(CallInDevice, { maxItems: CALL_IN_LIMITS.devices }),
    /** Where the devices are DTUs: their lines, and connections that have not said who they are. */
    lines: Type.Optional(Type.Array(CallInLine, { maxItems: CALL_IN_LIMITS.lines })),
    unregistered: Type.Optional(Count),
    /** Newest first. */
    refused: Type.Array(
      Type.Object(
        { at: Millis, from: Type.String({ maxLength: 64 }), reason: Type.String({ maxLength: 32 }), hex: Hex },
        open,
      ),
      { maxItems: CALL_IN_LIMITS.refused },
    ),
    /** What was refused or denied since the start, by reason. */
    counters: Type.Record(Type.String(), Count),
  },
  open,
);
export type CallIns = Static<typeof CallIns>;
export type CallInFrame = Static<typeof CallInFrame>;
