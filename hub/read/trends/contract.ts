// What screens see of trends: points to choose from, several points over one stretch of time, the alarms that stood then.
import { Type, type Static } from 'typebox';
import { DEVICE_KINDS } from '../../../device-profiles/contract/kinds.ts';
import { ALARM_CLASSES } from '../../../device-profiles/contract/signal.ts';
import { Bucket } from '../../history/contract.ts';
import { TREND_LIMITS } from './limits.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const id = { minLength: 1, maxLength: 200 } as const;

export const PointsQuery = Type.Object(
  {
    /** Words that device or point must contain, in any order. */
    q: Type.Optional(Type.String({ maxLength: 200 })),
    device: Type.Optional(Type.String(id)),
    kind: Type.Optional(Type.Enum([...DEVICE_KINDS])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: TREND_LIMITS.foundMax })),
  },
  closed,
);

const point = {
  device: Type.String(),
  deviceName: Words,
  kind: Type.String(),
  point: Type.String(),
  pointName: Words,
  unit: Type.String(),
  type: Type.String(),
  enum: Type.Optional(Type.Record(Type.String(), Words)),
  band: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
};
export const TrendPoint = Type.Object(point, closed);
export type TrendPoint = Static<typeof TrendPoint>;
/** `more`: the search found more than it gives. */
export const PointsReply = Type.Object({ items: Type.Array(TrendPoint), more: Type.Boolean() }, closed);
export type PointsReply = Static<typeof PointsReply>;

export const TrendQuery = Type.Object(
  {
    /** `{device}~{point}`, separated by commas. */
    points: Type.String({ minLength: 3, maxLength: 4_000 }),
    from: Time,
    to: Time,
    buckets: Type.Optional(Type.Integer({ minimum: 1, maximum: TREND_LIMITS.bucketsMax })),
  },
  closed,
);
export type TrendQuery = Static<typeof TrendQuery>;

export const TrendLine = Type.Object({ ...point, buckets: Type.Array(Bucket) }, closed);
export type TrendLine = Static<typeof TrendLine>;

/** An episode that stood at some time of the stretch. */
export const TrendAlarm = Type.Object(
  {
    id: Type.String(),
    class: Type.Enum([...ALARM_CLASSES]),
    device: Type.String(),
    point: Type.String(),
    text: Words,
    raisedAt: Time,
    /** When its condition was gone; absent while it stands. */
    endedAt: Type.Optional(Time),
    incident: Type.Optional(Type.String()),
  },
  closed,
);
export type TrendAlarm = Static<typeof TrendAlarm>;

export const TrendReply = Type.Object(
  {
    /** IANA name of the zone in which people at the site read times. */
    timeZone: Type.String(),
    /** When it was answered: a stretch that ends later is not over. */
    asOf: Time,
    /** The stretch asked for, widened to whole buckets. */
    from: Time,
    to: Time,
    widthMs: Type.Integer({ minimum: 1 }),
    lines: Type.Array(TrendLine),
    /** Points asked for that the community does not have, as `{device}~{point}`. */
    missing: Type.Array(Type.String()),
    alarms: Type.Object({ items: Type.Array(TrendAlarm), more: Type.Boolean() }, closed),
  },
  closed,
);
export type TrendReply = Static<typeof TrendReply>;
