// What screens and tools see of the rules in force.
import { Type, type Static } from 'typebox';

const Time = Type.String({ format: 'date-time' });

export const RuleView = Type.Object({
  id: Type.String(),
  /** Version in force: of the default, or `site-<n>`. */
  version: Type.String(),
  /** Where the default comes from. */
  source: Type.String(),
  value: Type.Unknown(),
  default: Type.Unknown(),
  /** What the site has set and does not hold, because it no longer fits: the default does. */
  unfit: Type.Optional(Type.Object({ version: Type.String(), value: Type.Unknown(), why: Type.String() })),
  /** JSON Schema of the value. */
  schema: Type.Unknown(),
  /** The site's own version, where one is in force: since when, by whom and why. */
  set: Type.Optional(Type.Object({ at: Time, by: Type.String(), reason: Type.String() })),
});
export type RuleView = Static<typeof RuleView>;

export const SetRuleBody = Type.Object(
  { value: Type.Unknown(), reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

export const ResetRuleBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

export const RuleVersionView = Type.Object({
  version: Type.String(),
  /** Null: back to the default. */
  value: Type.Unknown(),
  reason: Type.String(),
  by: Type.String(),
  at: Time,
});
export type RuleVersionView = Static<typeof RuleVersionView>;
