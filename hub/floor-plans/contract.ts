// What screens see of floor plans: the drawing of a floor, what belongs on it, and where it stands.
import { Type, type Static } from 'typebox';
import { FLOOR_PLAN_LIMITS as LIMITS } from './limits.ts';

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Time = Type.String({ format: 'date-time' });
const Who = Type.Object({ id: Type.String(), name: Type.String() });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const closed = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const Position = Type.Object(
  {
    /** `{gateway}.{device}` */
    device: Type.String({ minLength: 1, maxLength: LIMITS.idChars }),
    /** Left out: the device itself. */
    point: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.idChars })),
    /** Share of the drawing's breadth, from the left. */
    x: Share,
    /** Share of the drawing's height, from the top. */
    y: Share,
  },
  closed,
);
export type Position = Static<typeof Position>;

export const DrawingView = Type.Object({
  version: Type.Integer(),
  /** GET /api/files/{sha256}. */
  sha256: Type.String(),
  type: Type.String(),
  note: Type.String(),
  addedAt: Time,
  addedBy: Who,
});
export type DrawingView = Static<typeof DrawingView>;

/** A device, or a point that stands somewhere else than its device (a detector of a panel). */
export const ThingView = Type.Object({
  device: Type.String(),
  point: Type.Optional(Type.String()),
  name: Words,
  deviceName: Words,
  kind: Type.String(),
  place: Type.Optional(Type.String()),
  /** Number on the live channel: of the point, or of the device's own "online". */
  num: Type.Optional(Type.Integer()),
  value: Type.Union([Type.Number(), Type.String(), Type.Null()]),
  quality: Type.Enum(['good', 'stale', 'bad', 'never']),
  sourceTime: Type.Union([Time, Type.Null()]),
  /** Somebody made it act on site and saw it here. */
  proved: Type.Boolean(),
  /** It belongs to the building, not to this floor (a lift), or to another floor, or is gone; it is placed all the same. */
  elsewhere: Type.Boolean(),
  at: Type.Optional(Type.Object({ x: Share, y: Share })),
});
export type ThingView = Static<typeof ThingView>;

export const FloorPlanView = Type.Object({
  building: Type.String(),
  floor: Type.Integer(),
  /** Goes up with every change; 0 while nobody has worked on this floor. */
  revision: Type.Integer(),
  changedAt: Type.Union([Time, Type.Null()]),
  changedBy: Type.Union([Who, Type.Null()]),
  drawing: Type.Union([DrawingView, Type.Null()]),
  things: Type.Array(ThingView),
});
export type FloorPlanView = Static<typeof FloorPlanView>;

export const FloorPlanItem = Type.Object({
  building: Type.String(),
  floor: Type.Integer(),
  revision: Type.Integer(),
  version: Type.Union([Type.Integer(), Type.Null()]),
  positions: Type.Integer(),
});
export type FloorPlanItem = Static<typeof FloorPlanItem>;

export const NewDrawing = Type.Object(
  {
    /** A picture or drawing from POST /api/files. */
    sha256: Sha256,
    note: Type.Optional(Type.String({ maxLength: LIMITS.noteChars })),
    /** Other floors of the building that get the same drawing, as where floors are alike. */
    alsoFloors: Type.Optional(Type.Array(Type.Integer(), { maxItems: LIMITS.floorsMax, uniqueItems: true })),
  },
  closed,
);
export type NewDrawing = Static<typeof NewDrawing>;

export const NewPositions = Type.Object(
  {
    /** The revision that was shown; another one in the meantime is refused as `conflict`. */
    revision: Type.Integer({ minimum: 0 }),
    /** All that stands on the floor; what is not in it is taken away. */
    positions: Type.Array(Position, { maxItems: LIMITS.positionsMax }),
  },
  closed,
);
export type NewPositions = Static<typeof NewPositions>;

export const ImportPositions = Type.Object(
  { csv: Type.String({ minLength: 1, maxLength: LIMITS.csvCharsMax }) },
  closed,
);

export const ImportedPositions = Type.Object({ placed: Type.Integer(), moved: Type.Integer(), floors: Type.Integer() });
export type ImportedPositions = Static<typeof ImportedPositions>;
