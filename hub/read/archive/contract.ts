// What screens see of the fire-safety archive: its chapters with what they lack, one chapter with its rows and documents,
// and what a search found. Cells are in the words of the language that was asked for.
import { Type, type Static } from 'typebox';
import { DocumentView } from '../../archive/contract.ts';

const Time = Type.String({ format: 'date-time' });
const Words = Type.Object({ zh: Type.String(), en: Type.String() });

export const CHAPTER_STATES = ['ok', 'missing', 'empty'] as const;
export const LACKS = ['documents', 'records', 'expired'] as const;
export const ChapterHead = Type.Object({
  id: Type.String(),
  part: Type.Enum(['basic', 'management']),
  name: Words,
  /** `missing`: something must be there and is not; `empty`: there is nothing, and need not be. */
  state: Type.Enum([...CHAPTER_STATES]),
  lacks: Type.Array(Type.Enum([...LACKS])),
  /** Rows of the hub's own records; absent where the chapter is made of documents alone. */
  records: Type.Optional(Type.Integer()),
  latest: Type.Optional(Time),
  /** Documents that hold today, and all editions that were ever kept. */
  documents: Type.Integer(),
  editions: Type.Integer(),
});
export type ChapterHead = Static<typeof ChapterHead>;

export const ArchiveOverview = Type.Object({
  chapters: Type.Array(ChapterHead),
  missing: Type.Integer(),
  mayKeep: Type.Boolean(),
});
export type ArchiveOverview = Static<typeof ArchiveOverview>;

export const ArchiveRow = Type.Object({
  id: Type.String(),
  /** Address of its own screen. */
  link: Type.Optional(Type.String()),
  files: Type.Array(Type.String()),
  cells: Type.Array(Type.String()),
});
export type ArchiveRow = Static<typeof ArchiveRow>;
export const ArchiveColumns = Type.Array(Type.String());

export const ChapterPage = Type.Object({
  chapter: ChapterHead,
  kinds: Type.Array(Type.Object({ id: Type.String(), zh: Type.String(), en: Type.String() })),
  columns: ArchiveColumns,
  items: Type.Array(ArchiveRow),
  next: Type.Union([Type.String(), Type.Null()]),
  documents: Type.Array(DocumentView),
  mayKeep: Type.Boolean(),
});
export type ChapterPage = Static<typeof ChapterPage>;

export const ArchiveFound = Type.Object({
  documents: Type.Array(DocumentView),
  chapters: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Words,
      columns: ArchiveColumns,
      items: Type.Array(ArchiveRow),
      /** There are more in the chapter. */
      more: Type.Boolean(),
    }),
  ),
});
export type ArchiveFound = Static<typeof ArchiveFound>;
