// Inspection checks entered through the API (first form): one check of one item, passed or failed.
import { Type, type Static } from 'typebox';
const Time = Type.String({ format: 'date-time' });

export const CheckBody = Type.Object(
  {
    /** What was checked, from the site's list or in words. */
    item: Type.String({ minLength: 1, maxLength: 200 }),
    device: Type.Optional(Type.String()),
    building: Type.Optional(Type.String()),
    floor: Type.Optional(Type.Integer()),
    place: Type.Optional(Type.String()),
    outcome: Type.Enum(['pass', 'fail', 'not-applicable']),
    value: Type.Optional(Type.Number()),
    unit: Type.Optional(Type.String({ maxLength: 16 })),
    range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
    photos: Type.Optional(Type.Array(Type.String({ pattern: '^[0-9a-f]{64}$' }), { maxItems: 20 })),
    capturedAt: Type.Optional(Time),
    /** A failed check opens an order, or takes a signed waiver: its reason. */
    waiver: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
  },
  { additionalProperties: false },
);
export const CheckView = Type.Object({
  id: Type.String(),
  item: Type.String(),
  device: Type.Optional(Type.String()),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
  outcome: Type.Enum(['pass', 'fail', 'not-applicable']),
  value: Type.Optional(Type.Number()),
  unit: Type.Optional(Type.String()),
  note: Type.String(),
  at: Time,
  by: Type.String(),
  name: Type.String(),
  waiver: Type.Optional(Type.String()),
  workOrder: Type.Union([Type.String(), Type.Null()]),
});
export type CheckView = Static<typeof CheckView>;
