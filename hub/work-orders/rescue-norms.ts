// The numbers of a rescue that are not its clocks, and the maintenance contracts, as rule sets with their sources.
import { Type, type Static } from 'typebox';
import { ruleSet } from '../rules/api.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const Ms = Type.Integer({ minimum: 1_000, maximum: 86_400_000, unit: 'ms' });
const PhoneNumber = Type.String({ minLength: 1, maxLength: 40 });
const closed = { additionalProperties: false } as const;

export const RESCUE_NORMS = ruleSet({
  id: 'work-orders.rescue',
  version: '2026-1',
  source:
    'the next call to the people inside after 5 min, sooner when nobody answered, window of telemetry: own; 119 and ' +
    '120: national numbers; 96333: the emergency centre for lifts of many Chinese cities, which knows a lift by its code',
  schema: Type.Object(
    {
      /** From a call that was answered to the next one, ms. */
      recallMs: Ms,
      /** The same after a call that nobody answered, ms. */
      retryMs: Ms,
      /** How much of the lift's telemetry before the signal belongs to the timeline, ms. */
      telemetryBeforeMs: Ms,
      numbers: Type.Object({ fire: PhoneNumber, ambulance: PhoneNumber, centre: PhoneNumber }, closed),
    },
    closed,
  ),
  value: {
    recallMs: 5 * MINUTE,
    retryMs: MINUTE,
    telemetryBeforeMs: 10 * MINUTE,
    numbers: { fire: '119', ambulance: '120', centre: '96333' },
  },
});

const Fen = Type.Integer({ minimum: 0, maximum: 100_000_000_000 });
const Words = Type.Object(
  { zh: Type.String({ minLength: 1, maxLength: 200 }), en: Type.String({ minLength: 1, maxLength: 200 }) },
  closed,
);

/** What a maintenance contract says of arriving at a rescue. Money in integer fen. */
export const PenaltyTerms = Type.Object(
  {
    /** Longest way to the lift, ms from when the company was told. */
    arriveMs: Ms,
    /** The penalty grows by `perStepFen` with each started step of this length, ms. */
    stepMs: Ms,
    perStepFen: Fen,
    /** The most that one rescue costs. */
    capFen: Fen,
  },
  closed,
);
export type PenaltyTerms = Static<typeof PenaltyTerms>;

export const MaintenanceContract = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 100 }),
    company: Words,
    /** The number that is answered day and night. */
    phone: PhoneNumber,
    /** Devices it covers, `{gateway}.{device}`; empty: every lift that no other contract names. */
    lifts: Type.Array(Type.String({ maxLength: 200 }), { maxItems: 2000 }),
    penalty: PenaltyTerms,
  },
  closed,
);
export type MaintenanceContract = Static<typeof MaintenanceContract>;

export const MAINTENANCE_CONTRACTS = ruleSet({
  id: 'work-orders.lift-contracts',
  version: '2026-1',
  source: 'requirement X6 (penalty from the contract); the values are those of the contract: a site enters its own',
  schema: Type.Object({ contracts: Type.Array(MaintenanceContract, { maxItems: 200 }) }, closed),
  value: { contracts: [] },
});

/** The contract that covers a lift: the one that names it, else one that covers all; undefined when there is none. */
export function contractOf(
  contracts: readonly MaintenanceContract[],
  device: string | undefined,
): MaintenanceContract | undefined {
  const named = device === undefined ? undefined : contracts.find((k) => k.lifts.includes(device));
  return named ?? contracts.find((k) => k.lifts.length === 0);
}
