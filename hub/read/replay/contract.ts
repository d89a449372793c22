// What screens see of an incident that is over or goes on: each alarm as it changed, what people did, floors as they were.
import { Type, type Static } from 'typebox';
import { ALARM_CLASSES } from '../../../device-profiles/contract/signal.ts';
import { ALARM_STATES } from '../../alarms/contract.ts';
import { FloorPlanView } from '../../floor-plans/contract.ts';
import { TimelineItem } from '../../handling/contract.ts';
import { INCIDENT_FAMILIES } from '../../incidents/contract.ts';
import { TimelineEntry } from '../contract.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });

/** An alarm of the incident and the state after each change, oldest first. */
export const ReplayAlarm = Type.Object(
  {
    id: Type.String(),
    class: Type.Enum([...ALARM_CLASSES]),
    device: Type.String(),
    deviceName: Words,
    deviceKind: Type.String(),
    point: Type.String(),
    pointName: Words,
    text: Words,
    building: Type.Optional(Type.String()),
    floor: Type.Optional(Type.Integer()),
    place: Type.Optional(Type.String()),
    changes: Type.Array(Type.Object({ at: Time, state: Type.Enum([...ALARM_STATES]) }, closed)),
  },
  closed,
);
export type ReplayAlarm = Static<typeof ReplayAlarm>;

export const ReplayView = Type.Object(
  {
    id: Type.String(),
    family: Type.Enum([...INCIDENT_FAMILIES]),
    building: Type.Optional(Type.String()),
    timeZone: Type.String(),
    from: Time,
    to: Time,
    /** Something of it is still open: the replay ends where it was answered. */
    ongoing: Type.Boolean(),
    /** It is longer, or has more alarms or acts, than a replay holds. */
    cut: Type.Boolean(),
    mode: Type.Optional(Type.Enum(['drill', 'maintenance'])),
    alarms: Type.Array(ReplayAlarm),
    /** What alarms did and people did to them, and the entries of the fire procedure, in order. */
    items: Type.Array(TimelineItem),
    /** What else was done in a rescue: calls, steps, milestones, pages. */
    rescue: Type.Array(TimelineEntry),
  },
  closed,
);
export type ReplayView = Static<typeof ReplayView>;

const Runs = Type.Array(
  Type.Object({ from: Time, to: Time, value: Type.Union([Type.Number(), Type.String()]) }, closed),
);

/** A lift of the incident with what was known of its car. */
export const ReplayLift = Type.Object(
  {
    device: Type.String(),
    name: Words,
    building: Type.Optional(Type.String()),
    /** Floors of its building at which the car stood, as its position says; lowest first. */
    floors: Type.Array(Type.Integer()),
    /** The point among them that tells the floor; absent where none does. */
    position: Type.Optional(Type.String()),
    points: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          name: Words,
          type: Type.String(),
          unit: Type.String(),
          enum: Type.Optional(Type.Record(Type.String(), Words)),
          /** Stretches in which the value is known; between them nobody knows. */
          runs: Runs,
          /** There were more stretches than are listed. */
          more: Type.Boolean(),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type ReplayLift = Static<typeof ReplayLift>;
export const ReplayLifts = Type.Object({ items: Type.Array(ReplayLift) }, closed);
export type ReplayLifts = Static<typeof ReplayLifts>;

/** A floor's plan with what was known of each thing. */
export const ReplayFloor = Type.Object(
  {
    plan: FloorPlanView,
    /** Stretches in which a value is known, by thing; between them nobody knows. */
    known: Type.Array(
      Type.Object(
        {
          device: Type.String(),
          point: Type.Optional(Type.String()),
          runs: Runs,
        },
        closed,
      ),
    ),
    /** More things than are followed. */
    more: Type.Boolean(),
  },
  closed,
);
export type ReplayFloor = Static<typeof ReplayFloor>;
