// What screens see of how panels and pumps ran: one bar a device in words everyone knows, and a bar for each point of it.
import { Type, type Static } from 'typebox';
import { RUNNING_LIMITS } from './limits.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Ms = Type.Integer({ minimum: 0 });

/**
 * How a device is, the first that holds. `offline`: it was not heard, or said nothing that can be believed while its line
 * stood; what nobody knows at all is no state.
 */
export const DEVICE_STATES = ['fire', 'offline', 'fault', 'running', 'manual', 'disabled', 'normal'] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

/** What a point says of its device: heard, running, not in automatic, or something of its own. */
export const ROLES = ['online', 'running', 'manual', 'other'] as const;

export const RUNNING_KINDS = ['fire-panel', 'fire-pump', 'jockey-pump'] as const;

export const RunningQuery = Type.Object(
  {
    from: Time,
    to: Time,
    kind: Type.Optional(Type.Enum([...RUNNING_KINDS])),
    building: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    cursor: Type.Optional(Type.String({ maxLength: 200 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: RUNNING_LIMITS.page })),
  },
  closed,
);

const Track = Type.Object(
  {
    point: Type.String(),
    name: Words,
    role: Type.Enum([...ROLES]),
    enum: Type.Optional(Type.Record(Type.String(), Words)),
    runs: Type.Array(Type.Object({ from: Time, to: Time, value: Type.Union([Type.Number(), Type.String()]) }, closed)),
    /** More stretches than are listed: the bar ends early. */
    more: Type.Boolean(),
    states: Type.Array(
      Type.Object({ value: Type.Union([Type.Number(), Type.String()]), ms: Ms, entered: Type.Integer() }, closed),
    ),
    unknownMs: Ms,
  },
  closed,
);
export type Track = Static<typeof Track>;

export const RunningDevice = Type.Object(
  {
    device: Type.String(),
    name: Words,
    kind: Type.String(),
    building: Type.Optional(Type.String()),
    floor: Type.Optional(Type.Integer()),
    place: Type.Optional(Type.String()),
    bar: Type.Array(Type.Object({ from: Time, to: Time, state: Type.Enum([...DEVICE_STATES]) }, closed)),
    totals: Type.Array(Type.Object({ state: Type.Enum([...DEVICE_STATES]), ms: Ms, times: Type.Integer() }, closed)),
    unknownMs: Ms,
    /** Something had more stretches or alarms than were looked at: the bar is not complete. */
    more: Type.Boolean(),
    tracks: Type.Array(Track),
  },
  closed,
);
export type RunningDevice = Static<typeof RunningDevice>;

export const RunningReply = Type.Object(
  {
    timeZone: Type.String(),
    /** Nothing is known after it. */
    asOf: Time,
    from: Time,
    to: Time,
    items: Type.Array(RunningDevice),
    next: Type.Union([Type.String(), Type.Null()]),
  },
  closed,
);
export type RunningReply = Static<typeof RunningReply>;
