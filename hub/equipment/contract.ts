// What screens and tools see of devices and points (DESIGN 10).
import { Type, type Static } from 'typebox';
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Time = Type.String({ format: 'date-time' });
const QualityEnum = Type.Enum(['good', 'stale', 'bad', 'never']);

export const DeviceView = Type.Object({
  /** `{gateway}.{device}` */
  id: Type.String(),
  gateway: Type.String(),
  name: Words,
  kind: Type.String(),
  profile: Type.String(),
  vendor: Type.String(),
  model: Type.String(),
  /** Grade of evidence of the profile: A, B, C or M. */
  evidence: Type.String(),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
  online: Type.Boolean(),
  /** Why it is not online. */
  reason: Type.String(),
  lastHeard: Type.Union([Time, Type.Null()]),
  points: Type.Object({ all: Type.Integer(), good: Type.Integer(), unproved: Type.Integer() }),
  openAlarms: Type.Integer(),
});
export type DeviceView = Static<typeof DeviceView>;

export const PointView = Type.Object({
  id: Type.String(),
  /** Number of the point on the live channel. */
  num: Type.Integer(),
  name: Words,
  type: Type.String(),
  lane: Type.String(),
  value: Type.Union([Type.Number(), Type.String(), Type.Null()]),
  unit: Type.String(),
  quality: QualityEnum,
  reason: Type.String(),
  sourceTime: Type.Union([Time, Type.Null()]),
  receivedTime: Type.Union([Time, Type.Null()]),
  range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
  band: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
  enum: Type.Optional(Type.Record(Type.String(), Words)),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
  proved: Type.Boolean(),
  /** The last mark, given or taken back: by whom, and what they wrote. */
  mark: Type.Optional(Type.Object({ at: Type.Optional(Time), by: Type.String(), note: Type.String() })),
});
export type PointView = Static<typeof PointView>;

/** Commissioning: someone made the point act on site and saw it here. */
export const ProveBody = Type.Object(
  {
    points: Type.Optional(Type.Array(Type.String(), { maxItems: 5000 })),
    proved: Type.Boolean(),
    note: Type.String({ minLength: 1, maxLength: 500 }),
  },
  { additionalProperties: false },
);

export const COMMISSIONING_MAX = 500;
/** Many devices at once, all their points. */
export const CommissionBody = Type.Object(
  {
    devices: Type.Array(Type.String({ maxLength: 200 }), {
      minItems: 1,
      maxItems: COMMISSIONING_MAX,
      uniqueItems: true,
    }),
    proved: Type.Boolean(),
    note: Type.String({ minLength: 1, maxLength: 500 }),
  },
  { additionalProperties: false },
);
