// What screens and tools see of alarms.
import { Type, type Static } from 'typebox';
import { ALARM_LIMITS } from './limits.ts';
import { ALARM_CLASSES } from '../../device-profiles/contract/signal.ts';

/** States after ISA-18.2 / IEC 62682 (DESIGN 6). Open = any state but normal. */
export const ALARM_STATES = [
  'normal',
  'unacked-active',
  'acked-active',
  'unacked-cleared',
  'latched-unacked',
  'latched-acked',
  'shelved',
  'suppressed',
  'out-of-service',
] as const;
export type AlarmState = (typeof ALARM_STATES)[number];
export const VERDICTS = ['real', 'false', 'test'] as const;

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Time = Type.String({ format: 'date-time' });
const act = { by: Type.String(), name: Type.String(), at: Time };

export const AlarmView = Type.Object({
  id: Type.String(),
  /** `{gateway}.{device}` */
  device: Type.String(),
  deviceName: Words,
  deviceKind: Type.String(),
  point: Type.String(),
  pointName: Words,
  signal: Type.String(),
  class: Type.Enum([...ALARM_CLASSES]),
  rank: Type.Integer(),
  text: Words,
  advice: Type.Optional(Words),
  state: Type.Enum([...ALARM_STATES]),
  /** The condition holds at this moment as far as is known; `unknown` while its data is stale or bad. */
  condition: Type.Enum(['true', 'false', 'unknown']),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
  raisedAt: Time,
  /** When the hub stored it: raisedAt is the device's or gateway's time. */
  receivedAt: Time,
  clearedAt: Type.Optional(Time),
  closedAt: Type.Optional(Time),
  acked: Type.Optional(Type.Object(act)),
  verdict: Type.Optional(Type.Object({ ...act, verdict: Type.Enum([...VERDICTS]), note: Type.String() })),
  shelved: Type.Optional(Type.Object({ ...act, until: Time, reason: Type.String() })),
  /** How often it came back within this episode. */
  recurrences: Type.Integer(),
  value: Type.Union([Type.Number(), Type.String(), Type.Null()]),
  mode: Type.Optional(Type.Enum(['drill', 'maintenance'])),
  /** False while nobody has proved this point on site (commissioning). */
  proved: Type.Boolean(),
  incident: Type.Optional(Type.String()),
  workOrder: Type.Union([Type.String(), Type.Null()]),
  /** Sequence of its last change in its community's live channel. */
  seq: Type.Integer(),
});
export type AlarmView = Static<typeof AlarmView>;

export const AckBody = Type.Object(
  { note: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false },
);
/**
 * Many at once, each as it was last seen: by its change (`seq`), or more forgiving by how often it had come back. One that
 * came back since is another matter. Never life safety, which is looked at singly.
 */
export const AckManyBody = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          id: Type.String({ format: 'uuid' }),
          seq: Type.Integer(),
          recurrences: Type.Optional(Type.Integer({ minimum: 0 })),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: ALARM_LIMITS.ackManyMax },
    ),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
);
/** What became of each: `changed` since it was seen, `singly` because its class is, `gone`: closed or unknown. */
export const ACK_OUTCOMES = ['acknowledged', 'already', 'changed', 'singly', 'gone'] as const;
export const AckManyAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      outcome: Type.Enum([...ACK_OUTCOMES]),
      /** As it is now; absent where it is gone. */
      alarm: Type.Optional(AlarmView),
    }),
  ),
});
export type AckManyAnswer = Static<typeof AckManyAnswer>;

export const VerdictBody = Type.Object(
  {
    verdict: Type.Enum([...VERDICTS]),
    note: Type.String({ minLength: 1, maxLength: 1000 }),
    /** FIRE: the other fire alarms of the incident that nobody has judged are judged with it. */
    whole: Type.Optional(Type.Boolean()),
    /** FIRE, false: why it went off, of the site's list of causes. */
    cause: Type.Optional(Type.String({ maxLength: 40 })),
    /** FIRE, false: the equipment is at fault, a work order is wanted. */
    order: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export const ShelveBody = Type.Object(
  {
    /** At most one shift. */
    minutes: Type.Integer({ minimum: 1, maximum: 480 }),
    reason: Type.String({ minLength: 1, maxLength: 500 }),
  },
  { additionalProperties: false },
);
/** Closes an episode latched `manual` (entrapment) after its condition is gone. */
export const CloseBody = Type.Object(
  { note: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);
/** Takes an alarm out of service or puts it back; never FIRE or ENTRAPMENT. */
export const ServiceBody = Type.Object(
  { inService: Type.Boolean(), reason: Type.String({ minLength: 1, maxLength: 500 }) },
  { additionalProperties: false },
);

/** Drill or maintenance over a place or devices: marks everything, ends by itself. */
export const ModeBody = Type.Object(
  {
    mode: Type.Enum(['drill', 'maintenance']),
    scope: Type.Object({
      building: Type.Optional(Type.String()),
      floor: Type.Optional(Type.Integer()),
      devices: Type.Optional(Type.Array(Type.String(), { maxItems: 500 })),
    }),
    minutes: Type.Integer({ minimum: 1, maximum: 480 }),
    reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }),
  },
  { additionalProperties: false },
);
export const ModeView = Type.Object({
  id: Type.String(),
  mode: Type.Enum(['drill', 'maintenance']),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  devices: Type.Array(Type.String()),
  by: Type.String(),
  reason: Type.String(),
  from: Time,
  until: Time,
  endedAt: Type.Optional(Time),
});
export type ModeView = Static<typeof ModeView>;

/** When a desk's list of open alarms rolls up by place, so that a flood stays readable. */
export const RollUp = Type.Object(
  {
    /** More open alarms than this in the list are a flood… */
    rollAbove: Type.Integer({ minimum: 5, maximum: 10_000 }),
    /** …which lasts until there are this many or fewer, so that the list does not flicker. */
    rollUntil: Type.Integer({ minimum: 0, maximum: 10_000 }),
    /** Fewer alarms of one class in one place stay rows of their own. */
    zoneMin: Type.Integer({ minimum: 2, maximum: 1_000 }),
  },
  { additionalProperties: false },
);
export type RollUp = Static<typeof RollUp>;

/** One act on an alarm, from its journal. */
export const AlarmActView = Type.Object({
  act: Type.String(),
  /** State after it. */
  state: Type.Enum([...ALARM_STATES]),
  by: Type.String(),
  name: Type.Optional(Type.String()),
  note: Type.Optional(Type.String()),
  at: Time,
});
export type AlarmActView = Static<typeof AlarmActView>;
