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

/** What stands beside an alarm: the kind of incident it is, and the plan in force for it. */
export const PlanBeside = Type.Object({
  kind: Type.Union([Type.String(), Type.Null()]),
  plan: Type.Union([PlanInForce, Type.Null()]),
});
export type PlanBeside = Static<typeof PlanBeside>;

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

/** A step of a plan that is run. */
export const RunStep = Type.Intersect([
  PlanStep,
  Type.Object({
    state: Type.Enum(['waiting', 'open', 'taken', 'done', 'skipped']),
    openedAt: Type.Optional(Time),
    dueAt: Type.Optional(Time),
    lateAt: Type.Optional(Time),
    taken: Type.Optional(By),
    finished: Type.Optional(By),
    /** From its turn to its end, s. */
    seconds: Type.Optional(Type.Integer()),
    note: Type.String(),
    photo: Type.Optional(Type.String()),
  }),
]);
export type RunStep = Static<typeof RunStep>;

export const RunView = Type.Object({
  id: Type.String(),
  plan: Type.String(),
  version: Type.String(),
  number: Type.Integer(),
  kind: Type.String(),
  title: Type.String(),
  mode: Type.Enum(['real', 'drill']),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.String(),
  alarm: Type.Optional(Type.String()),
  started: By,
  ended: Type.Optional(Type.Intersect([By, Type.Object({ note: Type.String() })])),
  phones: Type.Array(Phone),
  documents: PlanBody.properties.documents,
  steps: Type.Array(RunStep),
});
export type RunView = Static<typeof RunView>;

export const NewRun = Type.Object(
  {
    kind: Type.String({ minLength: 1, maxLength: 40 }),
    building: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    floor: Type.Optional(Type.Integer({ minimum: -20, maximum: 300 })),
    place: Type.Optional(Type.String({ maxLength: 200 })),
    alarm: Type.Optional(Type.String({ maxLength: 64 })),
  },
  closed,
);
export type NewRun = Static<typeof NewRun>;
export const StepActBody = Type.Object(
  {
    act: Type.Enum(['take', 'done', 'skip']),
    note: Type.Optional(Type.String({ maxLength: 500 })),
    photo: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  },
  closed,
);
export type StepActBody = Static<typeof StepActBody>;

export const DrillView = Type.Object({
  id: Type.String(),
  plan: Type.String(),
  kind: Type.String(),
  title: Type.String(),
  building: Type.Optional(Type.String()),
  state: Type.Enum(['planned', 'announced', 'running', 'done', 'cancelled']),
  at: Time,
  minutes: Type.Integer(),
  goal: Type.String(),
  planned: By,
  announced: Type.Optional(By),
  run: Type.Optional(Type.String()),
  startedAt: Type.Optional(Time),
  ended: Type.Optional(By),
  report: Type.String(),
  attendance: Type.Array(
    Type.Object({
      name: Type.String(),
      party: Type.String(),
      how: Type.Enum(['phone', 'hand']),
      at: Time,
      by: Type.String(),
    }),
  ),
  findings: Type.Array(
    Type.Object({
      id: Type.String(),
      text: Type.String(),
      step: Type.Optional(Type.String()),
      place: Type.String(),
      at: Time,
      name: Type.String(),
      workOrder: Type.Optional(Type.String()),
      /** It is followed as a hazard until it is cleared; number for people. */
      hazard: Type.Optional(Type.Object({ id: Type.String(), number: Type.String() })),
    }),
  ),
});
export type DrillView = Static<typeof DrillView>;

/** When each plan is to be exercised next. */
export const DrillDue = Type.Object({
  plan: Type.String(),
  kind: Type.String(),
  title: Type.String(),
  building: Type.Optional(Type.String()),
  months: Type.Integer(),
  last: Type.Optional(Time),
  dueAt: Time,
  overdue: Type.Boolean(),
});
export type DrillDue = Static<typeof DrillDue>;
export const DrillList = Type.Object({ items: Type.Array(DrillView), next: Type.Null(), due: Type.Array(DrillDue) });
export type DrillList = Static<typeof DrillList>;

export const NewDrill = Type.Object(
  {
    plan: Type.String({ minLength: 1, maxLength: 64 }),
    building: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    at: Time,
    minutes: Type.Integer({ minimum: 5, maximum: 480 }),
    goal: Type.Optional(Type.String({ maxLength: 1000 })),
  },
  closed,
);
export type NewDrill = Static<typeof NewDrill>;
export const AttendBody = Type.Object(
  {
    /** Written down by hand; absent: who asks signs in for themselves. */
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
    party: Type.Optional(Type.String({ maxLength: 80 })),
  },
  closed,
);
export type AttendBody = Static<typeof AttendBody>;
export const FindingBody = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: 1000 }),
    step: Type.Optional(Type.String({ maxLength: 40 })),
    place: Type.Optional(Type.String({ maxLength: 200 })),
    /** Also opens a work order for it. */
    order: Type.Boolean(),
    /** It is a hazard of this kind: reported as one, and repaired by the hazard's own order. */
    hazard: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
  },
  closed,
);
export type FindingBody = Static<typeof FindingBody>;

/** A plan that is being run, in a line. */
export const OpenRun = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  title: Type.String(),
  mode: Type.Enum(['real', 'drill']),
  building: Type.Optional(Type.String()),
  alarm: Type.Optional(Type.String()),
  startedAt: Time,
  steps: Type.Integer(),
  finished: Type.Integer(),
  late: Type.Integer(),
});
export type OpenRun = Static<typeof OpenRun>;
