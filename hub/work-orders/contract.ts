// What screens and tools see of work orders (DESIGN 8, 10).
import { Type, type Static } from 'typebox';

export const ORDER_STATES = [
  'open',
  'dispatched',
  'accepted',
  'en-route',
  'on-site',
  'in-progress',
  'waiting',
  'done',
  'verified',
  'closed',
  'cancelled',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];
export const ORDER_KINDS = ['repair', 'rescue', 'inspection-fault', 'request'] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];
export const SOURCE_KINDS = ['alarm', 'check', 'request', 'plan', 'hand', 'hazard'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];
export const CLOCKS = ['respond', 'arrive', 'restore'] as const;
export const WAIT_REASONS = ['parts', 'access', 'contractor', 'power', 'approval', 'weather'] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];
/** Rescue only, in the order in which they are due. */
export const MILESTONES = ['answered', 'contractor-called', 'on-site', 'released'] as const;
export type Milestone = (typeof MILESTONES)[number];
/** In what state the lift was left after a rescue. */
export const SERVICE_STATES = ['in-service', 'stopped'] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];
export const PAYERS = [
  'fees',
  'fund',
  'developer',
  'contractor',
  'insurer',
  'utility',
  'owner',
  'third-party',
] as const;

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Time = Type.String({ format: 'date-time' });

export const ClockView = Type.Object({
  clock: Type.Enum([...CLOCKS]),
  dueAt: Time,
  doneAt: Type.Optional(Time),
  breachedAt: Type.Optional(Time),
  pausedMs: Type.Integer(),
  /** Set while a wait pauses it. */
  pausedSince: Type.Optional(Time),
});
export const OrderEventView = Type.Object({
  id: Type.String(),
  at: Time,
  /** When the phone captured it, if it was offline. */
  capturedAt: Type.Optional(Time),
  by: Type.String(),
  name: Type.String(),
  act: Type.String(),
  from: Type.Optional(Type.String()),
  to: Type.Optional(Type.String()),
  note: Type.Optional(Type.String()),
  /** A step that a later act implied, such as `en-route` when the first thing heard is `arrive`. */
  implied: Type.Optional(Type.Boolean()),
});
export const PhotoView = Type.Object({
  /** SHA-256 hex: GET /api/files/{sha256}. */
  file: Type.String(),
  phase: Type.Enum(['before', 'during', 'after']),
  at: Time,
  by: Type.String(),
});

export const OrderView = Type.Object({
  id: Type.String(),
  /** For people: WO-2026-000123. */
  number: Type.String(),
  kind: Type.Enum([...ORDER_KINDS]),
  state: Type.Enum([...ORDER_STATES]),
  /** Rises with every change; sent back with commands from a phone to show conflicts. */
  version: Type.Integer(),
  source: Type.Object({ kind: Type.Enum([...SOURCE_KINDS]), id: Type.String() }),
  title: Words,
  detail: Type.String(),
  priority: Type.Enum(['life', 'urgent', 'normal']),
  dutyClass: Type.String(),
  device: Type.Optional(Type.String()),
  deviceName: Type.Optional(Words),
  /** The point whose live value verifies the repair. */
  point: Type.Optional(Type.String()),
  /** Every alarm this order answers: its own and those of the same device that joined it. */
  alarms: Type.Array(Type.String()),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
  assignee: Type.Optional(Type.Object({ id: Type.String(), name: Type.String() })),
  openedAt: Time,
  closedAt: Type.Optional(Time),
  clocks: Type.Array(ClockView),
  waiting: Type.Optional(Type.Object({ reason: Type.String(), since: Time, note: Type.String() })),
  result: Type.Optional(Type.String()),
  /** Rescue only: milestones answered, contractor-called, on-site, released. */
  milestones: Type.Array(
    Type.Object({
      milestone: Type.String(),
      dueAt: Type.Optional(Time),
      at: Type.Optional(Time),
      by: Type.Optional(Type.String()),
    }),
  ),
  /** Rescue only: in what state the lift was left. Without it and `released` the order can't be closed. */
  serviceState: Type.Optional(Type.Enum([...SERVICE_STATES])),
  verification: Type.Optional(
    Type.Object({
      by: Type.Enum(['live-data', 'waiver', 'person']),
      at: Time,
      name: Type.String(),
      note: Type.String(),
    }),
  ),
  photos: Type.Array(PhotoView),
  events: Type.Array(OrderEventView),
});
export type OrderView = Static<typeof OrderView>;

const closed = { additionalProperties: false } as const;
/** Every act of a phone carries what it knew and when it was done. */
const captured = {
  capturedAt: Type.Optional(Time),
  version: Type.Optional(Type.Integer({ minimum: 0 })),
};
export const AssignBody = Type.Object(
  {
    assignee: Type.String(),
    /** Required when the assignee hands the order over. */
    note: Type.Optional(Type.String({ maxLength: 2000 })),
    ...captured,
  },
  closed,
);
export const ActBody = Type.Object({ note: Type.Optional(Type.String({ maxLength: 2000 })), ...captured }, closed);
export const WaitBody = Type.Object(
  { reason: Type.Enum([...WAIT_REASONS]), note: Type.String({ minLength: 1, maxLength: 2000 }), ...captured },
  closed,
);
export const FinishBody = Type.Object(
  {
    result: Type.String({ minLength: 1, maxLength: 4000 }),
    /** SHA-256 of uploaded files (POST /api/files); at least one of phase `after`. */
    photos: Type.Array(
      Type.Object(
        { file: Type.String({ pattern: '^[0-9a-f]{64}$' }), phase: Type.Enum(['before', 'during', 'after']) },
        closed,
      ),
      { maxItems: 20 },
    ),
    serviceState: Type.Optional(Type.Enum([...SERVICE_STATES])),
    ...captured,
  },
  closed,
);
/** Without `waiver` the hub verifies by live data; a waiver needs a reason and never opens a fund stage. */
export const VerifyBody = Type.Object(
  {
    waiver: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
    ...captured,
  },
  closed,
);
export const MilestoneBody = Type.Object(
  {
    milestone: Type.Enum([...MILESTONES]),
    /** With `released` or after it: in what state the lift was left. */
    serviceState: Type.Optional(Type.Enum([...SERVICE_STATES])),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
    ...captured,
  },
  closed,
);
export const OpenOrderBody = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 200 }),
    detail: Type.Optional(Type.String({ maxLength: 4000 })),
    device: Type.Optional(Type.String()),
    building: Type.Optional(Type.String()),
    floor: Type.Optional(Type.Integer()),
    place: Type.Optional(Type.String()),
    priority: Type.Optional(Type.Enum(['urgent', 'normal'])),
  },
  closed,
);

/** Rescue only: whom someone called. `inside`: the people in the car, by intercom or through the landing door. */
export const CALL_PARTIES = ['inside', 'contractor', 'centre', 'fire', 'ambulance', 'leader'] as const;
export type CallParty = (typeof CALL_PARTIES)[number];
export const CALL_OUTCOMES = ['reached', 'not-reached', 'refused'] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];
/** What a rescue records beside its milestones, each once. */
export const RESCUE_STEPS = [
  'contractor-departed',
  'contractor-arrived',
  'leader',
  'condition',
  'explained-people',
  'explained-owners',
  'cause',
  'inspection',
] as const;
export type RescueStep = (typeof RESCUE_STEPS)[number];
/** How the people were when they came out. */
export const CONDITIONS = ['unhurt', 'unwell', 'hurt'] as const;
export type Condition = (typeof CONDITIONS)[number];

const Note = Type.Optional(Type.String({ maxLength: 2000 }));
const Count = Type.Optional(Type.Integer({ minimum: 0, maximum: 60 }));
export const CallBody = Type.Object(
  {
    party: Type.Enum([...CALL_PARTIES]),
    outcome: Type.Enum([...CALL_OUTCOMES]),
    /** The number that was dialled. */
    number: Type.Optional(Type.String({ maxLength: 40 })),
    note: Note,
  },
  closed,
);
export type CallBody = Static<typeof CallBody>;
/** What is known of the people inside; what is left out is not known. */
export const PeopleBody = Type.Object(
  { count: Count, elderly: Count, children: Count, unwell: Type.Optional(Type.Boolean()), note: Note },
  closed,
);
export type PeopleBody = Static<typeof PeopleBody>;
export const StepBody = Type.Object(
  { step: Type.Enum([...RESCUE_STEPS]), condition: Type.Optional(Type.Enum([...CONDITIONS])), note: Note },
  closed,
);
export type StepBody = Static<typeof StepBody>;
