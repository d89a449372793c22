// The numbers of a blocked fire lane: how long it may stay blocked, what counts as again, whom to call for a strange car.
import { Type } from 'typebox';
import { ruleSet } from '../rules/api.ts';

const closed = { additionalProperties: false } as const;
const PhoneNumber = Type.String({ minLength: 1, maxLength: 40 });

export const LANE_RULE = ruleSet({
  id: 'lanes.clearance',
  version: '2026-1',
  source:
    'Requirement S7 (cleared within 10 min, repeats, more patrols); a blocked lane is an offence under Art. 28 and 60 of the Fire Protection Law; the other times: own; 122: traffic police, 114: telephone service that calls the owner of a car in many cities',
  schema: Type.Object(
    {
      minutes: Type.Integer({ minimum: 1, maximum: 240 }),
      /** Told again so long after, until the lane is clear. */
      againMinutes: Type.Integer({ minimum: 1, maximum: 240 }),
      /** How far back a plate or place counts as blocked before. */
      repeatDays: Type.Integer({ minimum: 1, maximum: 730 }),
      /** From so many times on, this one included, more patrols are proposed. */
      repeatsForPatrol: Type.Integer({ minimum: 2, maximum: 50 }),
      numbers: Type.Object({ trafficPolice: PhoneNumber, moveCar: PhoneNumber }, closed),
    },
    closed,
  ),
  value: {
    minutes: 10,
    againMinutes: 5,
    repeatDays: 30,
    repeatsForPatrol: 3,
    numbers: { trafficPolice: '122', moveCar: '114' },
  },
});
export const LANE_RULES = [LANE_RULE];
