// What screens see of the records: a row, what can be searched for, and how the logs stand.
import { Type, type Static } from 'typebox';

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Time = Type.String({ format: 'date-time' });

/** GB 25506-2010 6: 运行状态, 维护保养与操作（登录）, 消防安全管理. */
export const LOGS = ['running', 'upkeep', 'safety'] as const;
export type Log = (typeof LOGS)[number];

export const RecordView = Type.Object({
  id: Type.String(),
  log: Type.Enum([...LOGS]),
  at: Time,
  /** e.g. `alarm.raised`; `what` says it in words. */
  code: Type.String(),
  what: Words,
  class: Type.Optional(Type.String()),
  building: Type.Optional(Type.String()),
  floor: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.String()),
  device: Type.Optional(Type.String()),
  deviceName: Type.Optional(Words),
  person: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  title: Type.Optional(Words),
  note: Type.String(),
});
export type RecordView = Static<typeof RecordView>;

const Short = Type.String({ minLength: 1, maxLength: 200 });
export const RecordFilter = {
  log: Type.Enum([...LOGS]),
  from: Type.Optional(Time),
  /** Not included. */
  to: Type.Optional(Time),
  building: Type.Optional(Short),
  device: Type.Optional(Short),
  class: Type.Optional(Short),
  person: Type.Optional(Short),
  /** Anywhere in a name, a text, a note or the words of what happened. */
  text: Type.Optional(Short),
};

export const RecordQuery = Type.Object(
  {
    ...RecordFilter,
    cursor: Type.Optional(Type.String({ maxLength: 60 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  { additionalProperties: false },
);
export const ExportQuery = Type.Object(
  {
    ...RecordFilter,
    format: Type.Enum(['csv', 'pdf']),
    language: Type.Optional(Type.Enum(['zh', 'en'])),
  },
  { additionalProperties: false },
);
export type RecordSearch = Omit<Static<typeof RecordQuery>, 'cursor' | 'limit'>;

export const LogState = Type.Object({
  log: Type.Enum([...LOGS]),
  entries: Type.Integer(),
  /** Of them in no finished backup yet. */
  unsaved: Type.Integer(),
  oldest: Type.Union([Time, Type.Null()]),
  newest: Type.Union([Time, Type.Null()]),
});
export const RecordsState = Type.Object({
  logs: Type.Array(LogState),
  /** The most that a log keeps before its oldest entries may go, each only once a backup holds it. */
  keep: Type.Integer(),
  lastBackup: Type.Union([Time, Type.Null()]),
  /** Rows of the sources that are in no log: 0 when the records are complete. */
  missing: Type.Integer(),
});
export type RecordsState = Static<typeof RecordsState>;
