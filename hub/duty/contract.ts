// What screens and tools see of duty.
import { Type, type Static } from 'typebox';

const Time = Type.String({ format: 'date-time' });
export const SHIFT_KINDS = ['control-room', 'maintenance'] as const;
export type ShiftKind = (typeof SHIFT_KINDS)[number];

export const DutyPerson = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.String(),
  /** Valid certificate now; null where the shift needs none. */
  certified: Type.Union([Type.Boolean(), Type.Null()]),
});
export const ShiftView = Type.Object({
  id: Type.String(),
  kind: Type.Enum([...SHIFT_KINDS]),
  from: Time,
  to: Time,
  people: Type.Array(DutyPerson),
});
export type ShiftView = Static<typeof ShiftView>;

export const CurrentDuty = Type.Object({
  at: Time,
  /** Certified people in the control room now, and how many there must be. */
  qualified: Type.Integer(),
  minimum: Type.Integer(),
  shifts: Type.Array(ShiftView),
});
export type CurrentDuty = Static<typeof CurrentDuty>;

export const NewShift = Type.Object(
  {
    kind: Type.Enum([...SHIFT_KINDS]),
    from: Time,
    to: Time,
    people: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 50, uniqueItems: true }),
  },
  { additionalProperties: false },
);
