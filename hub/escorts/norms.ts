// The numbers of escorts and of reserved lifts: services with their telephone numbers, times for gate and arrival.
import { Type } from 'typebox';
import { ruleSet } from '../rules/api.ts';

const closed = { additionalProperties: false } as const;
const Words = Type.Object(
  { zh: Type.String({ minLength: 1, maxLength: 60 }), en: Type.String({ minLength: 1, maxLength: 60 }) },
  closed,
);

export const ESCORT_RULE = ruleSet({
  id: 'escorts.services',
  version: '2026-1',
  source:
    'Requirement S8 (escort in and out, lift held, numbers configurable); 120, 119, 110: national numbers; the times: own',
  schema: Type.Object(
    {
      services: Type.Array(
        Type.Object(
          {
            id: Type.String({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9-]+$' }),
            name: Words,
            number: Type.String({ minLength: 1, maxLength: 40 }),
            /** They come with a stretcher or gear: a person holds a lift. */
            lift: Type.Boolean(),
          },
          closed,
        ),
        { minItems: 1, maxItems: 20 },
      ),
      /** The gate guard says within this time that the way is open. */
      gateSeconds: Type.Integer({ minimum: 15, maximum: 1_800 }),
      /** Expected at the gate so long after the call; then the desk asks where they are. */
      arriveMinutes: Type.Integer({ minimum: 1, maximum: 180 }),
      /** Told again so long after, until it is done. */
      againSeconds: Type.Integer({ minimum: 15, maximum: 1_800 }),
    },
    closed,
  ),
  value: {
    services: [
      { id: 'ambulance', name: { zh: '救护车', en: 'Ambulance' }, number: '120', lift: true },
      { id: 'fire-engine', name: { zh: '消防车', en: 'Fire engine' }, number: '119', lift: false },
      { id: 'police', name: { zh: '警车', en: 'Police' }, number: '110', lift: false },
    ],
    gateSeconds: 120,
    arriveMinutes: 15,
    againSeconds: 60,
  },
});

export const RESERVATION_RULE = ruleSet({
  id: 'escorts.lift-reservations',
  version: '2026-1',
  source: 'Requirement S8 (a wedding’s lift reserved 专梯); every number: own',
  schema: Type.Object(
    {
      hoursMax: Type.Number({ minimum: 0.5, maximum: 24 }),
      aheadDays: Type.Integer({ minimum: 1, maximum: 365 }),
      /** Lifts of the building that stay for everybody. */
      leaveLifts: Type.Integer({ minimum: 0, maximum: 10 }),
    },
    closed,
  ),
  value: { hoursMax: 4, aheadDays: 60, leaveLifts: 1 },
});
export const ESCORT_RULES = [ESCORT_RULE, RESERVATION_RULE];
