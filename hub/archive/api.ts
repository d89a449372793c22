// What others may ask of the archive's documents; the whole archive is read by hub/read/archive.
export { enterDocument, KEEPERS, withdrawDocument } from './commands.ts';
export { ARCHIVE_LIMITS, CHAPTERS_RULE, PARTS, type Chapter } from './norms.ts';
export { countDocuments, documentsOf, searchDocuments, type DocumentCount, type DocumentRow } from './store.ts';
export { documentView } from './views.ts';
export { archiveRoutes } from './routes.ts';
