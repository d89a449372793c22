// What screens and tools see of duty.
import { Type, type Static } from 'typebox';
import { DutyForm } from './form.ts';

export { DutyForm, FORM_CHECKS, FORM_COUNTS, FORM_SYSTEMS } from './form.ts';

const Time = Type.String({ format: 'date-time' });
export const SHIFT_KINDS = ['control-room', 'maintenance'] as const;
export type ShiftKind = (typeof SHIFT_KINDS)[number];

export const DutyPerson = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.String(),
  /** Valid certificate now; null where the shift needs none. */
  certified: Type.Union([Type.Boolean(), Type.Null()]),
});
export const ShiftView = Type.Object({
  id: Type.String(),
  kind: Type.Enum([...SHIFT_KINDS]),
  from: Time,
  to: Time,
  people: Type.Array(DutyPerson),
});
export type ShiftView = Static<typeof ShiftView>;

/** Someone who has taken over and was not released yet. */
export const OnDutyPerson = Type.Object({
  attendance: Type.String(),
  id: Type.String(),
  name: Type.String(),
  role: Type.String(),
  since: Time,
  /** When the planned shift ends; past: nobody has relieved them. */
  plannedEnd: Time,
  shift: Type.String(),
  /** End of the certificate; null without one. */
  certifiedUntil: Type.Union([Time, Type.Null()]),
  certified: Type.Boolean(),
  /** Longer on duty than the rule allows. */
  over: Type.Boolean(),
});
export type OnDutyPerson = Static<typeof OnDutyPerson>;

export const ROLL_CALL_SOURCES = ['supervisor', 'random', 'authority'] as const;
export const RollCallView = Type.Object({
  id: Type.String(),
  source: Type.Enum([...ROLL_CALL_SOURCES]),
  askedAt: Time,
  askedBy: Type.Optional(Type.String()),
  answerBy: Time,
});
export type RollCallView = Static<typeof RollCallView>;

/** Why someone may not take over now; `ok`: they may. */
export const TAKE_OVER = [
  'ok',
  'already-done',
  'no-certificate',
  'not-rostered',
  'too-little-rest',
  'handover-open',
] as const;

export const CurrentDuty = Type.Object({
  at: Time,
  /** Certified people in the control room now, and how many there must be. */
  qualified: Type.Integer(),
  minimum: Type.Integer(),
  shifts: Type.Array(ShiftView),
  present: Type.Array(OnDutyPerson),
  /** When the next entry is due; null while nobody is on duty. */
  entryDue: Type.Union([Time, Type.Null()]),
  /** How long before that the desk is reminded, ms. */
  entryRemindMs: Type.Integer(),
  lastEntry: Type.Union([Type.Object({ id: Type.String(), at: Time, name: Type.String() }), Type.Null()]),
  /** Entries that were missed in the last 24 h. */
  entriesMissed: Type.Integer(),
  rollCall: Type.Union([RollCallView, Type.Null()]),
  /** A hand-over that waits for signatures. */
  handover: Type.Union([
    Type.Object({ id: Type.String(), preparedAt: Time, by: Type.String(), signed: Type.Integer() }),
    Type.Null(),
  ]),
  /** How long before a shift begins its people may take over. */
  takeOverEarlyMinutes: Type.Integer(),
  me: Type.Object({ onDuty: Type.Boolean(), takeOver: Type.Enum([...TAKE_OVER]) }),
});
export type CurrentDuty = Static<typeof CurrentDuty>;

export const RECORD_KINDS = [
  'taken-over',
  'released',
  'relieved',
  'entry',
  'entry-missed',
  'roll-call-asked',
  'roll-call-answered',
  'roll-call-missed',
  'handover-prepared',
  'handover-withdrawn',
  'handover-signed',
  'handover-done',
  'unstaffed',
  'over-hours',
  'not-relieved',
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export const DutyRecord = Type.Object({
  id: Type.String(),
  at: Time,
  kind: Type.Enum([...RECORD_KINDS]),
  by: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  shift: Type.Optional(Type.String()),
  /** The entry that this one corrects, and the latest that corrects this one. */
  corrects: Type.Optional(Type.String()),
  correctedBy: Type.Optional(Type.String()),
  /** Entries: the form as signed. */
  form: Type.Optional(DutyForm),
  /** What else the row says. */
  body: Type.Record(Type.String(), Type.Unknown()),
  /** Hex of SHA-256 over the canonical text of the row. */
  sha256: Type.String(),
});
export type DutyRecord = Static<typeof DutyRecord>;

export const NewEntry = Type.Object(
  { form: DutyForm, corrects: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$' })) },
  { additionalProperties: false },
);
export type NewEntry = Static<typeof NewEntry>;

/** What the hub proposes for the counts, with the time they are counted from. */
export const EntryDraft = Type.Object({ since: Time, counts: DutyForm.properties.counts });
export type EntryDraft = Static<typeof EntryDraft>;

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const ListedAlarm = Type.Object({
  id: Type.String(),
  class: Type.String(),
  state: Type.String(),
  text: Words,
  device: Words,
  point: Words,
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
  raisedAt: Time,
  acked: Type.Boolean(),
  shelvedUntil: Type.Optional(Time),
  shelvedBy: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
});
export type ListedAlarm = Static<typeof ListedAlarm>;
const ListedMode = Type.Object({
  mode: Type.String(),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  devices: Type.Integer(),
  until: Time,
  by: Type.String(),
  reason: Type.String(),
});
const ListedOrder = Type.Object({
  id: Type.String(),
  number: Type.String(),
  title: Words,
  state: Type.String(),
  priority: Type.String(),
  assignee: Type.Optional(Type.String()),
});
export type ListedOrder = Static<typeof ListedOrder>;
/** A panel or pump that was not in automatic, or of which nobody knew whether it was. */
const ListedLinkage = Type.Object({
  device: Type.String(),
  name: Words,
  /** The contact that told it; absent where nothing does. */
  point: Type.Optional(Words),
  state: Type.Enum(['not-auto', 'unknown', 'not-told']),
  /** Since when it was not in automatic. */
  since: Type.Optional(Time),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
});
export type ListedLinkage = Static<typeof ListedLinkage>;

/** Everything that goes over to the next shift, read at one moment. */
export const HandoverList = Type.Object({
  at: Time,
  /** Last change of any alarm that the list holds. */
  seq: Type.Integer(),
  alarms: Type.Array(ListedAlarm),
  disabled: Type.Array(ListedAlarm),
  shelved: Type.Array(ListedAlarm),
  outOfService: Type.Array(ListedAlarm),
  modes: Type.Array(ListedMode),
  /** Absent in lists that were signed before it was kept. */
  linkage: Type.Optional(Type.Array(ListedLinkage)),
  orders: Type.Array(ListedOrder),
  /** Rows that did not fit; 0 but in the worst of floods. */
  more: Type.Integer(),
  /** Since the last hand-over, or in the last 24 h. */
  entriesMissed: Type.Integer(),
  rollCallsMissed: Type.Integer(),
  lastEntry: Type.Union([Type.Object({ at: Time, name: Type.String(), note: Type.String() }), Type.Null()]),
});
export type HandoverList = Static<typeof HandoverList>;

const Named = Type.Object({ id: Type.String(), name: Type.String() });
export const HandoverView = Type.Object({
  id: Type.String(),
  state: Type.Enum(['open', 'done', 'withdrawn']),
  preparedAt: Time,
  preparedBy: Named,
  leaving: Type.Array(Named),
  note: Type.String(),
  list: HandoverList,
  sha256: Type.String(),
  doneAt: Type.Optional(Time),
  signatures: Type.Array(Type.Object({ person: Type.String(), name: Type.String(), at: Time })),
  /** The list is too old to be signed: prepare it anew. */
  stale: Type.Boolean(),
});
export type HandoverView = Static<typeof HandoverView>;

export const NewHandover = Type.Object(
  {
    leaving: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 50, uniqueItems: true }),
    note: Type.String({ maxLength: 4000 }),
  },
  { additionalProperties: false },
);
/** At the same desk: who comes gives their own name and password. In their own session: neither. */
export const SignHandover = Type.Object(
  {
    /** The hash of the list that was read. */
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  { additionalProperties: false },
);

export const CertificateState = Type.Object({
  person: Type.String(),
  name: Type.String(),
  role: Type.String(),
  kind: Type.String(),
  /** The moment it ends, and its last day. */
  until: Time,
  lastDay: Type.String({ format: 'date' }),
  daysLeft: Type.Integer(),
  /** The warning that holds: days before the end; null: none yet. Expired: daysLeft 0. */
  warning: Type.Union([Type.Integer(), Type.Null()]),
});
export type CertificateState = Static<typeof CertificateState>;

export const CertificateStates = Type.Object({
  items: Type.Array(CertificateState),
  next: Type.Null(),
  /** Days before its end on which a certificate is warned of, most first. */
  warnDays: Type.Array(Type.Integer()),
});
export type CertificateStates = Static<typeof CertificateStates>;

export const RelieveBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
  { additionalProperties: false },
);

export const NewShift = Type.Object(
  {
    kind: Type.Enum([...SHIFT_KINDS]),
    from: Time,
    to: Time,
    people: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 50, uniqueItems: true }),
  },
  { additionalProperties: false },
);
export type NewShift = Static<typeof NewShift>;

/** A week of the roster: shifts, and when fewer people are planned than the site's minimum. */
export const Roster = Type.Object({
  items: Type.Array(ShiftView),
  next: Type.Null(),
  minimum: Type.Integer(),
  thin: Type.Array(Type.Object({ from: Time, to: Time, people: Type.Integer() })),
});
export type Roster = Static<typeof Roster>;
