// What screens see of emergency plans: the plans, their versions and steps.
import { Type, type Static } from 'typebox';
import { ALARM_CLASSES } from '../../device-profiles/contract/signal.ts';
import { ROLES } from '../http/policy.ts';
import { PLAN_LIMITS } from './limits.ts';

const Time = Type.String({ format: 'date-time' });
const closed = { additionalProperties: false } as const;
const Words = Type.Object(
  { zh: Type.String({ minLength: 1, maxLength: 60 }), en: Type.String({ minLength: 1, maxLength: 60 }) },
  closed,
);

export const PlanKind = Type.Object(
  {
    /** Never re-used for another meaning. */
    id: Type.String({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9-]+$' }),
    name: Words,
    /** Classes of alarm beside which the plan is shown. */
    classes: Type.Array(Type.Enum([...ALARM_CLASSES]), { maxItems: ALARM_CLASSES.length }),
    /** Kinds of device it is limited to; empty: any. */
    deviceKinds: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), { maxItems: 20 }),
  },
  closed,
);
export type PlanKind = Static<typeof PlanKind>;

const By = Type.Object({ name: Type.String(), at: Time });

export const Phone = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 80 }), number: Type.String({ minLength: 1, maxLength: 40 }) },
  closed,
);
export const PlanStep = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 40 }),
    /** Steps with the same number are done at once; the next number follows. */
    order: Type.Integer({ minimum: 1, maximum: 99 }),
    title: Type.String({ minLength: 1, maxLength: 120 }),
    detail: Type.Optional(Type.String({ maxLength: 2000 })),
    /** Who does it: people of a role, a named post (灭火行动组组长), or both. */
    role: Type.Optional(Type.Enum([...ROLES])),
    post: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
    /** Time from the opening of its turn, s. */
    limitSeconds: Type.Optional(Type.Integer({ minimum: 10, maximum: 86_400 })),
    phones: Type.Array(Phone, { maxItems: 10 }),
  },
  closed,
);
export type PlanStep = Static<typeof PlanStep>;

export const PlanBody = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 120 }),
    purpose: Type.Optional(Type.String({ maxLength: 2000 })),
    steps: Type.Array(PlanStep, { minItems: 1, maxItems: PLAN_LIMITS.stepsMax }),
    phones: Type.Array(Phone, { maxItems: 40 }),
    /** Uploaded papers by SHA-256, hex. */
    documents: Type.Array(
      Type.Object(
        { title: Type.String({ minLength: 1, maxLength: 120 }), file: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
        closed,
      ),
      { maxItems: 20 },
    ),
  },
  closed,
);
export type PlanBody = Static<typeof PlanBody>;

export const VERSION_STATES = ['draft', 'approved', 'in-force', 'retired', 'dropped'] as const;
export type VersionState = (typeof VERSION_STATES)[number];

export const VersionView = Type.Object({
  id: Type.String(),
  plan: Type.String(),
  number: Type.Integer(),
  state: Type.Enum([...VERSION_STATES]),
  kind: Type.String(),
  building: Type.Optional(Type.String()),
  body: PlanBody,
  written: Type.Intersect([By, Type.Object({ by: Type.String() })]),
  approved: Type.Optional(By),
  inForce: Type.Optional(By),
  endedAt: Type.Optional(Time),
  note: Type.String(),
});
export type VersionView = Static<typeof VersionView>;

/** A plan in force, as it stands beside an incident. */
export const PlanInForce = Type.Object({
  plan: Type.String(),
  version: Type.String(),
  number: Type.Integer(),
  kind: Type.String(),
  /** Absent: the whole community's. */
  building: Type.Optional(Type.String()),
  since: Time,
  title: Type.String(),
  steps: Type.Array(PlanStep),
  phones: Type.Array(Phone),
  documents: PlanBody.properties.documents,
});
export type PlanInForce = Static<typeof PlanInForce>;

export const PlanView = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  building: Type.Optional(Type.String()),
  inForce: Type.Optional(VersionView),
  /** The version that is being written or waits to be put in force. */
  pending: Type.Optional(VersionView),
  /** Last drill that was run from it. */
  lastDrillAt: Type.Optional(Time),
});
export type PlanView = Static<typeof PlanView>;

export const PlanList = Type.Object({
  items: Type.Array(PlanView),
  next: Type.Null(),
  kinds: Type.Array(PlanKind),
});
export type PlanList = Static<typeof PlanList>;

export const NewPlan = Type.Object(
  {
    kind: Type.String({ minLength: 1, maxLength: 40 }),
    building: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    body: PlanBody,
  },
  closed,
);
export type NewPlan = Static<typeof NewPlan>;
export const NoteBody = Type.Object({ note: Type.String({ minLength: 1, maxLength: 500 }) }, closed);
