// What screens see of documents in the fire-safety archive.
import { Type, type Static } from 'typebox';
import { ARCHIVE_LIMITS } from './norms.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const Day = Type.String({ format: 'date' });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Line = (maximum: number) => Type.String({ minLength: 1, maxLength: maximum, pattern: '\\S' });
const Files = Type.Array(Type.Object({ title: Line(120), file: Type.String({ pattern: '^[0-9a-f]{64}$' }) }, closed), {
  minItems: 1,
  maxItems: ARCHIVE_LIMITS.filesMax,
});

export const DOCUMENT_STATES = ['valid', 'replaced', 'withdrawn'] as const;
export const DocumentView = Type.Object({
  id: Type.String(),
  chapter: Type.String(),
  kind: Type.String(),
  kindName: Words,
  title: Type.String(),
  edition: Type.String(),
  validFrom: Day,
  validUntil: Type.Optional(Day),
  /** Its last day has passed, and nothing has replaced it. */
  expired: Type.Boolean(),
  note: Type.String(),
  files: Files,
  state: Type.Enum([...DOCUMENT_STATES]),
  replaces: Type.Optional(Type.String()),
  entered: Type.Object({ by: Type.String(), at: Time }),
  ended: Type.Optional(Type.Object({ by: Type.String(), at: Time, reason: Type.String() })),
});
export type DocumentView = Static<typeof DocumentView>;

export const NewDocument = Type.Object(
  {
    chapter: Type.String({ maxLength: 40 }),
    kind: Type.String({ maxLength: 40 }),
    title: Line(120),
    edition: Line(60),
    validFrom: Day,
    validUntil: Type.Optional(Day),
    note: Type.Optional(Type.String({ maxLength: 2_000 })),
    files: Files,
    /** The edition that this one replaces. */
    replaces: Type.Optional(Type.String({ maxLength: 64 })),
  },
  closed,
);
export type NewDocument = Static<typeof NewDocument>;
export const WithdrawDocument = Type.Object({ reason: Line(2_000) }, closed);
