// What screens and tools see of the fire procedure: its phase, steps, entries, the 119 card, and reports of people.
import { Type, type Static } from 'typebox';
import { VERDICTS } from '../alarms/contract.ts';

export const PHASES = ['confirming', 'real', 'false', 'test', 'closed'] as const;
export type Phase = (typeof PHASES)[number];

/** What the procedure asks for, in its usual order; which of them depends on what was found. */
export const STEPS = [
  'acked',
  'confirm',
  'verdict',
  'cause',
  'linkage',
  'call-119',
  'evacuation',
  'plan',
  'report',
  'brigade-arrived',
  'fire-out',
  'brigade-left',
  'restored',
] as const;
export type Step = (typeof STEPS)[number];

/** Acts that happen once in a fire; all others may be done again. */
export const ONCE = ['evacuation', 'plan', 'brigade-arrived', 'fire-out', 'brigade-left'] as const;
export type Once = (typeof ONCE)[number];

export const ENTRY_KINDS = [
  'opened',
  'again',
  'reported',
  'sent',
  'answered',
  'judged',
  'cause',
  'linkage',
  'call-119',
  'told',
  ...ONCE,
  'remark',
  'breach',
  'closed',
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export const CLOCKS = ['confirm', 'linkage', 'call-119', 'evacuation', 'report'] as const;
export type Clock = (typeof CLOCKS)[number];

/** How somebody looks: a guard or technician goes, the flat is phoned, a camera is turned there. */
export const MEANS = ['guard', 'technician', 'phone', 'camera', 'other'] as const;
export const FINDINGS = ['fire', 'smoke', 'nothing', 'not-reached', 'other'] as const;
/** What was found and done at the panel: in automatic, switched to it by hand, or left out of it. */
export const LINKAGE_RESULTS = ['auto', 'switched', 'not-auto'] as const;
export const TOLD_BY = ['page', 'phone', 'in-person'] as const;
export const LINKAGE_STATES = ['auto', 'not-auto', 'unknown', 'not-told'] as const;
export type LinkageState = (typeof LINKAGE_STATES)[number];
export const VIAS = ['phone', 'chat', 'passer-by', 'staff', 'other'] as const;
export const SIGHTS = ['fire', 'smoke', 'smell', 'other'] as const;

const closed = { additionalProperties: false } as const;
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Time = Type.String({ format: 'date-time' });
const text = (max: number) => Type.String({ maxLength: max });
const said = (max: number) => Type.String({ minLength: 1, maxLength: max, pattern: '\\S' });
const note = Type.Optional(text(1000));

/** What is read out to 119 (GB 25506-2010 4.2.2), as it was read out. */
export const Call119 = Type.Object(
  {
    address: said(300),
    /** Seat of the fire: building, floor, place. */
    seat: said(300),
    material: text(200),
    size: text(200),
    trapped: text(200),
    callerName: said(100),
    callerNumber: text(40),
    /** By which gate and road, and whether the fire lane is free. */
    gate: text(200),
    lane: text(200),
    note,
  },
  closed,
);
export type Call119 = Static<typeof Call119>;

export const FireAct = Type.Union([
  Type.Object(
    { act: Type.Literal('send'), means: Type.Enum([...MEANS]), whom: Type.Optional(text(100)), note },
    closed,
  ),
  Type.Object(
    {
      act: Type.Literal('answer'),
      sent: Type.String({ pattern: '^\\d{1,18}$' }),
      finding: Type.Enum([...FINDINGS]),
      note,
    },
    closed,
  ),
  Type.Object({ act: Type.Literal('linkage'), result: Type.Enum([...LINKAGE_RESULTS]), note }, closed),
  Type.Object({ act: Type.Literal('call-119'), call: Call119 }, closed),
  Type.Object(
    { act: Type.Literal('report'), means: Type.Enum([...TOLD_BY]), whom: Type.Optional(text(100)), note },
    closed,
  ),
  Type.Object({ act: Type.Enum([...ONCE]), note }, closed),
  Type.Object({ act: Type.Literal('cause'), cause: said(40), note: said(1000) }, closed),
  Type.Object({ act: Type.Literal('remark'), note: said(1000) }, closed),
]);
export type FireAct = Static<typeof FireAct>;

/** Why a step that was asked for was not done, by step. */
export const CloseFire = Type.Object(
  { reasons: Type.Partial(Type.Object(Object.fromEntries(STEPS.map((s) => [s, said(500)])))), note },
  closed,
);
export type CloseFire = { readonly reasons: Readonly<Partial<Record<Step, string>>>; readonly note?: string };

/** A fire or smoke that somebody tells of: one short form. Building or place must be given. */
export const FireReport = Type.Object(
  {
    via: Type.Enum([...VIAS]),
    sight: Type.Enum([...SIGHTS]),
    building: Type.Optional(said(64)),
    floor: Type.Optional(Type.Integer({ minimum: -20, maximum: 200 })),
    place: Type.Optional(text(200)),
    callerName: Type.Optional(text(100)),
    callerNumber: Type.Optional(text(40)),
    note,
  },
  closed,
);
export type FireReport = Static<typeof FireReport>;
export const Reported = Type.Object({ alarm: Type.String(), fire: Type.String() });

export const FireEntry = Type.Object({
  id: Type.String(),
  at: Time,
  kind: Type.Enum([...ENTRY_KINDS]),
  /** Absent: the hub itself. */
  by: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  body: Type.Record(Type.String(), Type.Unknown()),
  sha256: Type.String(),
});
export type FireEntry = Static<typeof FireEntry>;

/** done; missing: asked for and not done; later: asked for only if the fire is real; skipped: closed without it, with a reason. */
export const STEP_STATUS = ['done', 'missing', 'later', 'skipped'] as const;
export const StepView = Type.Object({
  step: Type.Enum([...STEPS]),
  status: Type.Enum([...STEP_STATUS]),
  at: Type.Optional(Time),
  name: Type.Optional(Type.String()),
  /** Why it was skipped. */
  reason: Type.Optional(Type.String()),
});
export type StepView = Static<typeof StepView>;

export const LinkageDevice = Type.Object({
  device: Type.String(),
  name: Words,
  /** Which contact tells it; absent where nothing does. */
  point: Type.Optional(Words),
  state: Type.Enum([...LINKAGE_STATES]),
  /** Since when it is not in automatic. */
  since: Type.Optional(Time),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
});
export type LinkageDevice = Static<typeof LinkageDevice>;

export const LinkageView = Type.Object({
  /** Everything that should tell it says automatic. */
  fine: Type.Boolean(),
  devices: Type.Array(LinkageDevice),
});
export type LinkageView = Static<typeof LinkageView>;

export const FireItem = Type.Object({
  /** Of the incident; of the alarm itself where alarms could not be grouped. */
  id: Type.String(),
  phase: Type.Enum([...PHASES]),
  result: Type.Optional(Type.Enum([...VERDICTS])),
  source: Type.Enum(['panel', 'report']),
  alarm: Type.String(),
  what: Words,
  text: Words,
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
  mode: Type.Optional(Type.Enum(['drill', 'maintenance'])),
  openedAt: Time,
  closedAt: Type.Optional(Time),
});
export type FireItem = Static<typeof FireItem>;

const Delivery = Type.Object({
  /** What the page was for: the report of a person, the word to who is responsible. */
  about: Type.Enum(['reported', 'told']),
  /** Empty where nobody has the role that was to be told. */
  name: Type.String(),
  state: Type.Enum(['pending', 'delivered', 'undelivered']),
  at: Time,
  deliveredAt: Type.Optional(Time),
});
export type Delivery = Static<typeof Delivery>;

export const FireView = Type.Object({
  fire: FireItem,
  cause: Type.Optional(Type.String()),
  alarms: Type.Object({ all: Type.Integer(), open: Type.Integer(), unacked: Type.Integer() }),
  steps: Type.Array(StepView),
  /** What must be given a reason before it can be closed. */
  missing: Type.Array(Type.Enum([...STEPS])),
  entries: Type.Array(FireEntry),
  clocks: Type.Array(Type.Object({ clock: Type.Enum([...CLOCKS]), dueAt: Time })),
  /** Whether the evacuation began before the brigade arrived. */
  evacuation: Type.Enum(['open', 'before', 'late']),
  linkage: LinkageView,
  card: Type.Object({
    address: Type.String(),
    seat: Words,
    callerName: Type.String(),
    callerNumber: Type.String(),
    gates: Type.Array(Type.Object({ name: Type.String(), road: Type.String() })),
    lane: Type.Optional(Type.Object({ state: Type.Enum(['clear', 'blocked']), note: Type.String() })),
    responsible: Type.String(),
  }),
  plan: Type.Optional(
    Type.Object({ id: Type.String(), title: Type.String(), version: Type.String(), number: Type.Integer() }),
  ),
  causes: Type.Array(Type.Object({ id: Type.String(), name: Words, order: Type.Boolean() })),
  pages: Type.Array(Delivery),
  /** Whether a page is still on its way or unseen: nothing is told when its time runs out, so it is asked for. */
  pagesAwaited: Type.Boolean(),
  workOrder: Type.Optional(Type.String()),
});
export type FireView = Static<typeof FireView>;

/** What an alarm did or what was done to it, or an entry of the procedure. */
export const TimelineItem = Type.Object({
  at: Time,
  name: Type.Optional(Type.String()),
  alarm: Type.Optional(
    Type.Object({
      id: Type.String(),
      act: Type.String(),
      class: Type.String(),
      text: Words,
      what: Words,
      floor: Type.Optional(Type.Integer()),
      place: Type.Optional(Type.String()),
      note: Type.Optional(Type.String()),
    }),
  ),
  entry: Type.Optional(FireEntry),
  /** The entry in words: what was chosen, who was meant, what was noted. */
  said: Type.Optional(Words),
});
export type TimelineItem = Static<typeof TimelineItem>;

/** A fire as it is read afterwards: without what only those who act need. */
export interface FireRecord {
  readonly fire: FireItem;
  readonly cause?: { readonly zh: string; readonly en: string };
  readonly steps: readonly StepView[];
  readonly evacuation: FireView['evacuation'];
  readonly pages: readonly Delivery[];
  readonly items: readonly TimelineItem[];
}
