// The numbers of duty as a rule set: how many, how long, with which certificate.
import { Type, type Static } from 'typebox';
import { ruleSet } from '../rules/api.ts';

export const DUTY_RULE = ruleSet({
  id: 'duty.shift',
  version: '2026-1',
  source: 'GB 25506-2010 4.2.1 (two certified people a shift), GB 25201-2010 5.3 (at most 8 h); requirement F1',
  schema: Type.Object(
    {
      /** Qualified people in the control room at any time. */
      minimum: Type.Integer({ minimum: 1, maximum: 20 }),
      shiftHoursMax: Type.Number({ minimum: 1, maximum: 24 }),
    },
    { additionalProperties: false },
  ),
  value: { minimum: 2, shiftHoursMax: 8 },
});
export type DutyRule = Static<typeof DUTY_RULE.schema>;

export const DUTY_RULES = [DUTY_RULE];

/** The certificate that control-room duty needs (消防设施操作员). */
export const CONTROL_ROOM_CERTIFICATE = 'fire-control-operator';

export const DUTY_LIMITS = { peopleMax: 50, listMax: 500, planAheadMs: 400 * 86_400_000, planBackMs: 300_000 } as const;
