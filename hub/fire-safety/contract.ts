// What screens and tools see of fire-safety management: hazards and violations, inspections by the authority.
import { Type, type Static } from 'typebox';
import { ITEM_ACTS, ITEM_STATES } from './authority-machine.ts';
import { HAZARD_ACTS, HAZARD_STATES } from './machine.ts';
import { FAMILIES, FIRE_SAFETY_LIMITS, GRADES } from './norms.ts';

const Time = Type.String({ format: 'date-time' });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Named = Type.Object({ id: Type.String(), name: Type.String() });
const closed = { additionalProperties: false } as const;
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Photos = Type.Array(Hash, { maxItems: FIRE_SAFETY_LIMITS.photosMax, uniqueItems: true });
const Text = Type.String({ minLength: 1, maxLength: FIRE_SAFETY_LIMITS.textMax, pattern: '\\S' });
const Spot = {
  building: Type.Optional(Type.String({ maxLength: 64 })),
  floor: Type.Optional(Type.Integer({ minimum: -20, maximum: 300 })),
  place: Type.Optional(Type.String({ maxLength: 200 })),
};

export const OVERDUE_STEPS = ['triage', 'mend', 'recheck'] as const;

const hazardHead = {
  id: Type.String(),
  /** For people: YH-2026-000012. */
  number: Type.String(),
  kind: Type.String(),
  kindName: Words,
  family: Type.Enum([...FAMILIES]),
  grade: Type.Enum([...GRADES]),
  state: Type.Enum([...HAZARD_STATES]),
  description: Type.String(),
  ...Spot,
  reporter: Type.Object({ id: Type.String(), name: Type.String(), role: Type.String() }),
  reportedAt: Time,
  responsible: Type.Optional(Named),
  deadline: Type.Optional(Time),
  /** What should have been done by now. */
  overdue: Type.Optional(Type.Object({ step: Type.Enum([...OVERDUE_STEPS]), since: Time })),
  clearedAt: Type.Optional(Time),
  reopened: Type.Integer(),
  extended: Type.Integer(),
  /** Earlier ones of the same kind at the same place. */
  repeats: Type.Integer(),
};
export const HazardSummary = Type.Object(hazardHead);
export type HazardSummary = Static<typeof HazardSummary>;

export const HazardEvent = Type.Object({
  id: Type.String(),
  at: Time,
  /** Null: the hub itself. */
  by: Type.Union([Named, Type.Null()]),
  role: Type.Optional(Type.String()),
  act: Type.String(),
  from: Type.Optional(Type.String()),
  to: Type.String(),
  note: Type.String(),
  photos: Type.Array(Type.String()),
  /** What an edit changed: field by field what was and what is. */
  changes: Type.Array(Type.Object({ field: Type.String(), from: Type.String(), to: Type.String() })),
});
export type HazardEvent = Static<typeof HazardEvent>;

export const HazardView = Type.Object({
  ...hazardHead,
  version: Type.Integer(),
  measures: Type.String(),
  order: Type.Optional(Type.Object({ id: Type.String(), number: Type.String(), state: Type.String() })),
  /** Latest deadline that the rule allows from now on, for each grade. */
  latest: Type.Object({ general: Time, major: Time }),
  /** What must be said with a grade: the measures meanwhile. */
  measuresFor: Type.Array(Type.Enum([...GRADES])),
  events: Type.Array(HazardEvent),
  earlier: Type.Array(
    Type.Object({ id: Type.String(), number: Type.String(), state: Type.String(), reportedAt: Time }),
  ),
  /** What the person who asks may do now. */
  may: Type.Array(Type.Enum([...HAZARD_ACTS])),
});
export type HazardView = Static<typeof HazardView>;

export const HazardCounts = Type.Object({
  open: Type.Integer(),
  major: Type.Integer(),
  overdue: Type.Integer(),
  toRecheck: Type.Integer(),
});
export const HazardPage = Type.Object({
  items: Type.Array(HazardSummary),
  next: Type.Union([Type.String(), Type.Null()]),
  counts: HazardCounts,
});
export type HazardPage = Static<typeof HazardPage>;

export const HazardKinds = Type.Object({
  items: Type.Array(
    Type.Object({ id: Type.String(), zh: Type.String(), en: Type.String(), family: Type.Enum([...FAMILIES]) }),
  ),
  next: Type.Null(),
});
export type HazardKinds = Static<typeof HazardKinds>;

export const NewHazard = Type.Object(
  { kind: Type.String({ maxLength: 40 }), description: Text, photos: Type.Optional(Photos), ...Spot },
  closed,
);
export type NewHazard = Static<typeof NewHazard>;

const version = { version: Type.Optional(Type.Integer({ minimum: 1 })) };
const Note = Type.Optional(Type.String({ maxLength: FIRE_SAFETY_LIMITS.textMax }));

export const AssignHazard = Type.Object(
  {
    responsible: Type.String({ maxLength: 64 }),
    grade: Type.Enum([...GRADES]),
    /** Left out: as late as the rule allows. */
    deadline: Type.Optional(Time),
    measures: Note,
    note: Note,
    ...version,
  },
  closed,
);
export type AssignHazard = Static<typeof AssignHazard>;
export const AmendHazard = Type.Object(
  { kind: Type.Optional(Type.String({ maxLength: 40 })), description: Type.Optional(Text), ...Spot, ...version },
  closed,
);
export type AmendHazard = Static<typeof AmendHazard>;
export const ActHazard = Type.Object({ note: Note, photos: Type.Optional(Photos), ...version }, closed);
export type ActHazard = Static<typeof ActHazard>;
export const ExtendHazard = Type.Object({ deadline: Time, note: Note, ...version }, closed);
export type ExtendHazard = Static<typeof ExtendHazard>;

export const VISIT_KINDS = ['routine', 'spot', 'complaint', 'recheck'] as const;
/** 责令立即改正, 责令限期改正, 重大火灾隐患整改, 临时查封, 行政处罚. */
export const NOTICE_KINDS = ['at-once', 'by-date', 'major', 'seal', 'penalty'] as const;

export const ItemEvent = Type.Object({
  id: Type.String(),
  at: Time,
  by: Type.String(),
  act: Type.String(),
  note: Type.String(),
  files: Type.Array(Type.String()),
  /** The deadline that this act asked for or gave. */
  deadline: Type.Optional(Time),
});
export const RectificationView = Type.Object({
  id: Type.String(),
  demand: Type.String(),
  state: Type.Enum([...ITEM_STATES]),
  version: Type.Integer(),
  responsible: Type.Optional(Named),
  measure: Type.String(),
  deadline: Time,
  overdue: Type.Boolean(),
  askedUntil: Type.Optional(Time),
  extended: Type.Integer(),
  refused: Type.Integer(),
  events: Type.Array(ItemEvent),
  may: Type.Array(Type.Enum([...ITEM_ACTS])),
});
export type RectificationView = Static<typeof RectificationView>;
export const NoticeView = Type.Object({
  id: Type.String(),
  kind: Type.Enum([...NOTICE_KINDS]),
  number: Type.String(),
  issuedAt: Time,
  deadline: Time,
  files: Type.Array(Type.String()),
  items: Type.Array(RectificationView),
});
const visitHead = {
  id: Type.String(),
  /** For people: JC-2026-000003. */
  number: Type.String(),
  kind: Type.Enum([...VISIT_KINDS]),
  authority: Type.String(),
  inspectors: Type.String(),
  at: Time,
  summary: Type.String(),
  enteredBy: Type.String(),
};
export const VisitSummary = Type.Object({
  ...visitHead,
  notices: Type.Array(Type.String()),
  items: Type.Integer(),
  open: Type.Integer(),
  overdue: Type.Integer(),
  /** The next deadline of what is open. */
  next: Type.Optional(Time),
});
export type VisitSummary = Static<typeof VisitSummary>;
export const VisitView = Type.Object({ ...visitHead, notices: Type.Array(NoticeView), mayEnter: Type.Boolean() });
export type VisitView = Static<typeof VisitView>;

export const NewVisit = Type.Object(
  {
    kind: Type.Enum([...VISIT_KINDS]),
    authority: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
    inspectors: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
    at: Time,
    summary: Text,
  },
  closed,
);
export type NewVisit = Static<typeof NewVisit>;
export const NewNotice = Type.Object(
  {
    kind: Type.Enum([...NOTICE_KINDS]),
    number: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
    issuedAt: Time,
    deadline: Time,
    files: Type.Array(Hash, { minItems: 1, maxItems: FIRE_SAFETY_LIMITS.photosMax, uniqueItems: true }),
    /** What it wants put right. */
    items: Type.Array(Text, { minItems: 1, maxItems: FIRE_SAFETY_LIMITS.itemsMax }),
  },
  closed,
);
export type NewNotice = Static<typeof NewNotice>;
export const ActItem = Type.Object(
  {
    responsible: Type.Optional(Type.String({ maxLength: 64 })),
    measure: Note,
    note: Note,
    files: Type.Optional(Photos),
    deadline: Type.Optional(Time),
    ...version,
  },
  closed,
);
export type ActItem = Static<typeof ActItem>;

export const AUDIENCES = ['staff', 'owners'] as const;
export const TEACHERS = ['own', 'authority', 'outside'] as const;
export const TRAINING_STATES = ['planned', 'held', 'cancelled'] as const;
const Score = Type.Integer({ minimum: 0, maximum: 100 });
const trainingHead = {
  id: Type.String(),
  /** For people: PX-2026-000004. */
  number: Type.String(),
  topic: Type.String(),
  audience: Type.Enum([...AUDIENCES]),
  teacher: Type.Enum([...TEACHERS]),
  trainer: Type.String(),
  place: Type.String(),
  at: Time,
  minutes: Type.Integer(),
  state: Type.Enum([...TRAINING_STATES]),
  /** People of the staff who were there, and of them who passed; households and people of theirs. */
  attended: Type.Integer(),
  passed: Type.Integer(),
  households: Type.Integer(),
  people: Type.Integer(),
  passScore: Type.Optional(Score),
};
export const TrainingSummary = Type.Object(trainingHead);
export type TrainingSummary = Static<typeof TrainingSummary>;
export const TraineeView = Type.Object({
  person: Type.String(),
  name: Type.String(),
  role: Type.String(),
  how: Type.Enum(['self', 'hand']),
  at: Time,
  /** Oldest first; left out where the asker may not see results of others. */
  results: Type.Array(
    Type.Object({
      attempt: Type.Integer(),
      score: Type.Integer(),
      passed: Type.Boolean(),
      certificate: Type.Optional(Type.Object({ id: Type.String(), kind: Type.String(), no: Type.String() })),
      note: Type.String(),
      at: Time,
      by: Type.String(),
    }),
  ),
});
export type TraineeView = Static<typeof TraineeView>;
export const TRAINING_ACTS = ['attend', 'enrol', 'households', 'result', 'hold', 'change', 'cancel'] as const;
export const TrainingView = Type.Object({
  ...trainingHead,
  version: Type.Integer(),
  content: Type.String(),
  planned: Type.Object({ by: Type.String(), at: Time }),
  ended: Type.Optional(Type.Object({ by: Type.String(), at: Time })),
  summary: Type.String(),
  files: Type.Array(Type.String()),
  trainees: Type.Array(TraineeView),
  /** Rooms only for whoever enters them; everybody else sees how many there were. */
  rooms: Type.Array(Type.Object({ building: Type.String(), room: Type.String(), people: Type.Integer() })),
  /** Whether this person signed in. */
  mine: Type.Boolean(),
  may: Type.Array(Type.Enum([...TRAINING_ACTS])),
});
export type TrainingView = Static<typeof TrainingView>;
export const TrainingPage = Type.Object({
  items: Type.Array(TrainingSummary),
  next: Type.Union([Type.String(), Type.Null()]),
  mayPlan: Type.Boolean(),
  /** Proposed for a test. */
  passScore: Score,
});
export type TrainingPage = Static<typeof TrainingPage>;

export const TrainingDue = Type.Object({
  /** Everybody who is to be trained; who is overdue by name for whoever leads, else only oneself. */
  all: Type.Integer(),
  overdue: Type.Integer(),
  soon: Type.Integer(),
  people: Type.Array(
    Type.Object({
      person: Type.String(),
      name: Type.String(),
      role: Type.String(),
      last: Type.Optional(Time),
      dueAt: Time,
      overdue: Type.Boolean(),
    }),
  ),
  owners: Type.Object({ last: Type.Optional(Time), dueAt: Type.Optional(Time), overdue: Type.Boolean() }),
  publicity: Type.Object({ last: Type.Optional(Time), dueAt: Type.Optional(Time), overdue: Type.Boolean() }),
});
export type TrainingDue = Static<typeof TrainingDue>;

const Line = (maximum: number) => Type.String({ minLength: 1, maxLength: maximum, pattern: '\\S' });
const trainingBody = {
  topic: Line(120),
  audience: Type.Enum([...AUDIENCES]),
  teacher: Type.Enum([...TEACHERS]),
  trainer: Line(100),
  place: Line(120),
  at: Time,
  minutes: Type.Integer({ minimum: 5, maximum: 1_440 }),
  content: Note,
  /** Left out: no test, being there is enough. */
  passScore: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
};
export const NewTraining = Type.Object(trainingBody, closed);
export type NewTraining = Static<typeof NewTraining>;
export const ChangeTraining = Type.Object({ ...trainingBody, ...version }, closed);
export type ChangeTraining = Static<typeof ChangeTraining>;
export const AttendTraining = Type.Object(
  { /** Left out: oneself. */ person: Type.Optional(Type.String({ maxLength: 64 })) },
  closed,
);
export type AttendTraining = Static<typeof AttendTraining>;
export const NewHousehold = Type.Object(
  { building: Line(64), room: Line(40), people: Type.Integer({ minimum: 1, maximum: 99 }) },
  closed,
);
export type NewHousehold = Static<typeof NewHousehold>;
export const NewResult = Type.Object(
  {
    person: Type.String({ maxLength: 64 }),
    score: Score,
    /** A certificate of this person that the training led to. */
    certificate: Type.Optional(Type.String({ maxLength: 64 })),
    note: Note,
  },
  closed,
);
export type NewResult = Static<typeof NewResult>;
export const EndTraining = Type.Object({ summary: Text, files: Type.Optional(Photos), ...version }, closed);
export type EndTraining = Static<typeof EndTraining>;

export const PUBLICITY_KINDS = ['poster', 'leaflet', 'board', 'message', 'event', 'media'] as const;
export const PublicityView = Type.Object({
  id: Type.String(),
  /** For people: XC-2026-000002. */
  number: Type.String(),
  kind: Type.Enum([...PUBLICITY_KINDS]),
  activity: Type.String(),
  material: Type.String(),
  place: Type.String(),
  from: Time,
  until: Time,
  copies: Type.Optional(Type.Integer()),
  files: Type.Array(Type.String()),
  photos: Type.Array(Type.String()),
  at: Time,
  by: Type.String(),
  withdrawn: Type.Optional(Type.Object({ at: Time, by: Type.String(), reason: Type.String() })),
});
export type PublicityView = Static<typeof PublicityView>;
export const PublicityPage = Type.Object({
  items: Type.Array(PublicityView),
  next: Type.Union([Type.String(), Type.Null()]),
  mayEnter: Type.Boolean(),
});
export type PublicityPage = Static<typeof PublicityPage>;
export const NewPublicity = Type.Object(
  {
    kind: Type.Enum([...PUBLICITY_KINDS]),
    activity: Line(120),
    material: Note,
    place: Line(200),
    from: Time,
    until: Time,
    copies: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    files: Type.Optional(Photos),
    photos: Type.Array(Hash, { minItems: 1, maxItems: FIRE_SAFETY_LIMITS.photosMax, uniqueItems: true }),
  },
  closed,
);
export type NewPublicity = Static<typeof NewPublicity>;
export const WithdrawPublicity = Type.Object({ reason: Text }, closed);
