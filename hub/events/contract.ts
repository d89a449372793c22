// What administrators see of policies that were set aside.
import { Type, type Static } from 'typebox';

export const SetAsideView = Type.Object({
  rule: Type.String(),
  event: Type.String(),
  attempts: Type.Integer(),
  error: Type.String(),
  at: Type.String({ format: 'date-time' }),
});
export type SetAsideView = Static<typeof SetAsideView>;

export const TakeUpBody = Type.Object(
  { rule: Type.String({ maxLength: 100 }), event: Type.String({ pattern: '^\\d{1,18}$' }) },
  { additionalProperties: false },
);
