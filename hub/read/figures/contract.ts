// What screens see of the figures of the alarm system, and how they ask for the alarms behind each.
import { Type, type Static } from 'typebox';
import { ALARM_CLASSES } from '../../../device-profiles/contract/signal.ts';
import { VERDICTS } from '../../alarms/contract.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const maybe = <T extends ReturnType<typeof Type.Number> | typeof Time>(type: T) => Type.Union([type, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });
/** 0–1; null: nothing that it could be a share of. */
const Share = Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]);
const Ms = Type.Union([Type.Number({ minimum: 0 }), Type.Null()]);

export const PERIODS = ['shift', 'day', 'week', 'month', 'range'] as const;
const period = {
  period: Type.Enum([...PERIODS]),
  /** A date by the site's clock, in the period wanted: YYYY-MM-DD. */
  on: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })),
  /** Which shift of the day, from 0. */
  shift: Type.Optional(Type.Integer({ minimum: 0, maximum: 5 })),
  /** Of a range: by the site's clock, YYYY-MM-DDTHH:MM. */
  from: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}$' })),
  to: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}$' })),
};
export const PeriodQuery = Type.Object(period, closed);

/** Each figure that opens its rows. */
export const FIGURES = [
  'all',
  'attended',
  'window',
  'acknowledged',
  'unacknowledged',
  'judged',
  'false',
  'stale',
  'chattering',
  'fleeting',
  'disabled',
  'shelved',
  'drill',
  'maintenance',
  'test',
  'link',
] as const;
export type Figure = (typeof FIGURES)[number];

/** In place of a cause's id where none was recorded; no id has this form. */
export const NO_CAUSE = '?';

const text = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));
export const RowsQuery = Type.Object(
  {
    ...period,
    figure: Type.Enum([...FIGURES]),
    /** Narrows any of them. */
    class: Type.Optional(Type.Enum([...ALARM_CLASSES])),
    /** Received in this shift of its day, from 0. */
    ofShift: Type.Optional(Type.Integer({ minimum: 0, maximum: 5 })),
    device: text,
    point: text,
    signal: text,
    kind: text,
    building: text,
    /** Of `false`: a cause by its id, or NO_CAUSE. */
    cause: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
    /** Of `window`: which; of a flood: its windows. */
    since: Type.Optional(Time),
    until: Type.Optional(Time),
    /** Of `disabled` and `shelved`: which of the ages. */
    age: Type.Optional(Type.Integer({ minimum: 0, maximum: 3 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    cursor: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T[\\d:.]{8,12}Z\\|[0-9a-f-]{36}$' })),
  },
  closed,
);
export type RowsQuery = Static<typeof RowsQuery>;

/** One alarm behind a figure. */
export const FigureRow = Type.Object({
  id: Type.String(),
  receivedAt: Time,
  raisedAt: Time,
  class: Type.Enum([...ALARM_CLASSES]),
  device: Type.String(),
  deviceName: Words,
  deviceKind: Type.String(),
  point: Type.String(),
  pointName: Words,
  signal: Type.String(),
  text: Words,
  building: Type.Union([Type.String(), Type.Null()]),
  floor: Type.Union([Type.Integer(), Type.Null()]),
  state: Type.String(),
  /** The first acknowledgement, and how long after the hub had the alarm. */
  ackedAt: maybe(Time),
  ackMs: Type.Union([Type.Number(), Type.Null()]),
  verdict: Type.Union([Type.Enum([...VERDICTS]), Type.Null()]),
  verdictAt: maybe(Time),
  verdictMs: Type.Union([Type.Number(), Type.Null()]),
  /** As the fire procedure keeps it, by id; null where none was recorded. */
  cause: Type.Union([Type.String(), Type.Null()]),
  causeName: Type.Union([Words, Type.Null()]),
  /** What whoever judged it wrote. */
  note: Type.Union([Type.String(), Type.Null()]),
  /** When the signal was gone, or the episode closed by hand. */
  endedAt: maybe(Time),
  recurrences: Type.Integer(),
  shift: Type.Integer(),
  mode: Type.Union([Type.String(), Type.Null()]),
});
export type FigureRow = Static<typeof FigureRow>;
export const RowsReply = Type.Object({
  items: Type.Array(FigureRow),
  next: Type.Union([Type.String(), Type.Null()]),
  count: Count,
});
export type RowsReply = Static<typeof RowsReply>;

const Group = Type.Object({
  key: Type.String(),
  name: Type.Union([Words, Type.Null()]),
  judged: Count,
  false: Count,
  share: Share,
});
const Aged = Type.Object({ count: Count, ages: Type.Array(Count) });
const Link = Type.Object({
  device: Type.String(),
  name: Words,
  /** Null: not known in this period at all. */
  availability: Share,
  downMs: Type.Number(),
  knownMs: Type.Number(),
  count: Count,
});
const Times = Type.Object({
  class: Type.Union([Type.Enum([...ALARM_CLASSES]), Type.Null()]),
  /** Of the day, from 0; null: all. */
  shift: Type.Union([Type.Integer(), Type.Null()]),
  count: Count,
  acked: Count,
  ackP50: Ms,
  ackP95: Ms,
  judged: Count,
  verdictP50: Ms,
  verdictP95: Ms,
});
export type Times = Static<typeof Times>;
const Flood = Type.Object({
  from: Time,
  to: Time,
  count: Count,
  first: Type.Union([
    Type.Object({ id: Type.String(), device: Type.String(), deviceName: Words, text: Words, receivedAt: Time }),
    Type.Null(),
  ]),
});
const Frequent = Type.Object({
  device: Type.String(),
  deviceName: Words,
  point: Type.String(),
  pointName: Words,
  signal: Type.String(),
  class: Type.Enum([...ALARM_CLASSES]),
  text: Words,
  count: Count,
  share: Type.Number(),
});

/**
 * All figures of a period. Drills, maintenance and TEST are in none of them but `apart`. `null` is "no data": the hub had
 * nothing to count with, which is not the same as 0.
 */
export const AlarmFigures = Type.Object({
  period: Type.Object({
    from: Time,
    to: Time,
    /** Figures are as of then: the end, or now while the period runs. */
    asOf: Time,
    timeZone: Type.String(),
    running: Type.Boolean(),
    /** Since when there is anything to count with; null: not yet. */
    dataFrom: maybe(Time),
    /** The period begins before that. */
    startsBeforeData: Type.Boolean(),
    /** Nothing was recorded in it. */
    noData: Type.Boolean(),
    /** Hours at which shifts begin. */
    shifts: Type.Array(Type.Integer()),
  }),
  rule: Type.Object({
    version: Type.String(),
    source: Type.String(),
    value: Type.Record(Type.String(), Type.Unknown()),
  }),
  count: Type.Union([Count, Type.Null()]),
  load: Type.Object({
    windows: Count,
    average: maybe(Type.Number()),
    peak: Type.Union([Type.Object({ from: Time, to: Time, count: Count }), Type.Null()]),
    floodWindows: Count,
    floodShare: Share,
    /** By people on duty, over the time in which somebody was; null where duty was not kept. */
    attended: Count,
    perPerson: maybe(Type.Number()),
  }),
  floods: Type.Array(Flood),
  times: Type.Array(Times),
  stale: Type.Union([Count, Type.Null()]),
  chattering: Type.Union([Type.Object({ points: Count, alarms: Count }), Type.Null()]),
  fleeting: Type.Union([Count, Type.Null()]),
  top: Type.Object({ share: Share, items: Type.Array(Frequent) }),
  falseAlarms: Type.Object({
    judged: Count,
    false: Count,
    share: Share,
    byDevice: Type.Array(Group),
    byKind: Type.Array(Group),
    byBuilding: Type.Array(Group),
    /** By id, or NO_CAUSE. `name` null: that, or not on the site's list any more. */
    causes: Type.Array(Type.Object({ cause: Type.String(), name: Type.Union([Words, Type.Null()]), count: Count })),
  }),
  disabled: Type.Union([Aged, Type.Null()]),
  /** As it is now; null for a period that is over: when something was taken back is not in these rows. */
  shelved: Type.Union([Aged, Type.Null()]),
  apart: Type.Union([Type.Object({ drill: Count, maintenance: Count, test: Count }), Type.Null()]),
  gateways: Type.Array(Link),
  panels: Type.Array(Link),
});
export type AlarmFigures = Static<typeof AlarmFigures>;
