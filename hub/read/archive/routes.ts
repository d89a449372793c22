// The fire-safety archive over HTTP: the chapters, one of them, a search, and all of it as one PDF.
import { Type, type Static } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { CHAPTERS_RULE, KEEPERS } from '../../archive/api.ts';
import type { Tx } from '../../db/tx.ts';
import { ok, refuse } from '../../errors.ts';
import type { Entry } from '../../http/entry.ts';
import { languageOf } from '../../http/language.ts';
import type { Role } from '../../http/policy.ts';
import { textOf } from '../../messages/text.ts';
import { localTime, printHead, sendPdf, type Printer } from '../../print/api.ts';
import { PRINT_LIMITS } from '../../print/limits.ts';
import { communityOf, listBuildings, placeWords } from '../../property/api.ts';
import { ruleInForce } from '../../rules/api.ts';
import { chapterHeads, chapterPage, searchArchive, type ArchiveContext } from './chapters.ts';
import { ArchiveFound, ArchiveOverview, ChapterPage } from './contract.ts';
import { ARCHIVE_READ_LIMITS } from './limits.ts';
import { archiveBlocks } from './paper.ts';

const READ: readonly Role[] = ['admin', 'operator', 'inspector', 'supervisor', 'manager', 'committee', 'authority'];
const tags = ['archive'];
const closed = { additionalProperties: false } as const;
const Spoken = { language: Type.Optional(Type.Enum(['zh', 'en'])) };
const Text = Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' });
const ChapterQuery = Type.Object(
  {
    ...Spoken,
    text: Type.Optional(Text),
    cursor: Type.Optional(Type.String({ maxLength: 240 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: ARCHIVE_READ_LIMITS.pageMax })),
  },
  closed,
);
const Chapter = Type.Object({ chapter: Type.String({ maxLength: 40 }) });
const PrintQuery = Type.Object({ ...Spoken, chapter: Type.Optional(Type.String({ maxLength: 40 })) }, closed);

export interface ArchiveReadParts {
  readonly entry: Entry;
  readonly printer: Printer;
}

/** What each of them needs to know of the site. */
async function contextOf(
  entry: Entry,
  tx: Tx,
  request: FastifyRequest,
  language: Static<typeof PrintQuery>['language'] = languageOf(request.headers['accept-language']),
): Promise<ArchiveContext> {
  const { community, role } = entry.user(request);
  const timeZone = (await communityOf(tx, community))?.timeZone ?? 'UTC';
  return {
    community,
    chapters: (await ruleInForce(tx, community, CHAPTERS_RULE)).value.chapters,
    language,
    timeZone,
    where: await placeWords(tx, community, language),
    buildings: await listBuildings(tx, community),
    today: localTime(entry.clock.now(), timeZone).slice(0, 10),
    staff: role !== 'committee',
  };
}

export function archiveReadRoutes({ entry, printer }: ArchiveReadParts): FastifyPluginAsyncTypebox {
  const read = { policy: { allow: READ }, reading: 'archive' as const };
  const keeps = (request: FastifyRequest): boolean => KEEPERS.includes(entry.user(request).role);
  return async (app) => {
    app.get(
      '/api/archive',
      { config: read, schema: { tags, querystring: Type.Object(Spoken, closed), response: { 200: ArchiveOverview } } },
      (request) =>
        entry.read(async (tx) => {
          const chapters = await chapterHeads(tx, await contextOf(entry, tx, request, request.query.language));
          const missing = chapters.filter((one) => one.state === 'missing').length;
          return ok({ chapters, missing, mayKeep: keeps(request) });
        }),
    );
    app.get(
      '/api/archive/chapters/:chapter',
      { config: read, schema: { tags, params: Chapter, querystring: ChapterQuery, response: { 200: ChapterPage } } },
      (request) =>
        entry.read(async (tx) => {
          const { language, text, cursor, limit = ARCHIVE_READ_LIMITS.pageDefault } = request.query;
          const context = await contextOf(entry, tx, request, language);
          const page = await chapterPage(tx, context, request.params.chapter, { text: text?.trim(), cursor, limit });
          return page ? ok({ ...page, mayKeep: keeps(request) }) : refuse('not-found', request.params.chapter);
        }),
    );
    app.get(
      '/api/archive/search',
      {
        config: read,
        schema: { tags, querystring: Type.Object({ ...Spoken, text: Text }, closed), response: { 200: ArchiveFound } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { language, text } = request.query;
          return ok(await searchArchive(tx, await contextOf(entry, tx, request, language), text.trim()));
        }),
    );
    await app.register(printRoute({ entry, printer }));
  };
}

function printRoute({ entry, printer }: ArchiveReadParts): FastifyPluginAsyncTypebox {
  const read = { policy: { allow: READ }, reading: 'archive-print' as const };
  return async (app) => {
    app.get(
      '/api/archive/print',
      { config: read, schema: { tags, querystring: PrintQuery } },
      async (request, reply) => {
        const { chapter } = request.query;
        const { context, heads, name } = await entry.read(async (tx) => {
          const of = await contextOf(entry, tx, request, request.query.language);
          if (chapter !== undefined && !of.chapters.some((one) => one.id === chapter))
            return refuse('not-found', chapter);
          const found = await communityOf(tx, of.community);
          const site = found?.name ?? { zh: of.community, en: of.community };
          return ok({ context: of, heads: await chapterHeads(tx, of), name: site });
        });
        const now = entry.clock.now();
        const { language, timeZone } = context;
        const title = textOf('archive.print.title')[language];
        const head = printHead(entry.user(request), { name, timeZone }, now, language, { title, landscape: true });
        // A chapter alone is printed in full: one row more than paper holds, so that too many are refused and not cut.
        const rowsMax = chapter === undefined ? ARCHIVE_READ_LIMITS.wholeChapterRows : PRINT_LIMITS.rowsMax + 1;
        const blocks = archiveBlocks(entry.db, context, heads, chapter, rowsMax);
        const file = `fire-archive-${chapter ?? 'whole'}-${context.today}`;
        return sendPdf({ entry, printer }, request, reply, { document: { head, blocks }, name: file, what: 'archive' });
      },
    );
  };
}
