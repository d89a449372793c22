// What screens and tools see of the rules in force.
import { Type, type Static } from 'typebox';

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
});
export type RuleView = Static<typeof RuleView>;

export const SetRuleBody = Type.Object(
  { value: Type.Unknown(), reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);
