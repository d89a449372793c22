// Documents of the archive as screens and paper see them. Pure.
import type { DocumentView } from './contract.ts';
import type { Chapter } from './norms.ts';
import type { DocumentRow } from './store.ts';

const named = (chapters: readonly Chapter[], chapter: string, kind: string): { zh: string; en: string } => {
  const found = chapters.find((one) => one.id === chapter)?.kinds.find((k) => k.id === kind);
  return found ? { zh: found.zh, en: found.en } : { zh: kind, en: kind };
};

/** @param today YYYY-MM-DD as the community's calendar shows it */
export const documentView = (d: DocumentRow, chapters: readonly Chapter[], today: string): DocumentView => ({
  id: d.id,
  chapter: d.chapter,
  kind: d.kind,
  kindName: named(chapters, d.chapter, d.kind),
  title: d.title,
  edition: d.edition,
  validFrom: d.valid_from,
  ...(d.valid_until === null ? {} : { validUntil: d.valid_until }),
  expired: d.state === 'valid' && d.valid_until !== null && d.valid_until < today,
  note: d.note,
  files: d.files.map(({ title, file }) => ({ title, file })),
  state: d.state,
  ...(d.replaces === null ? {} : { replaces: d.replaces }),
  entered: { by: d.entered_by_name, at: d.entered_at.toISOString() },
  ...(d.ended_at === null
    ? {}
    : { ended: { by: d.ended_by_name ?? '', at: d.ended_at.toISOString(), reason: d.reason } }),
});
