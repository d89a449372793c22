// The records over HTTP: search, how the logs stand, and export on paper or for a spreadsheet.
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tx } from '../db/tx.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { Entry, SignedIn } from '../http/entry.ts';
import { languageOf } from '../http/language.ts';
import type { Role } from '../http/policy.ts';
import { textOf } from '../messages/text.ts';
import { printHead, sendPdf, type Printer } from '../print/api.ts';
import { communityOf, placeWords } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { ExportQuery, LOGS, RecordQuery, RecordsState, RecordView, type RecordSearch } from './contract.ts';
import { allRecords, recordBlocks, recordCsv, type ExportContext } from './export.ts';
import { KEEP_RULE, RECORD_LIMITS } from './norms.ts';
import { countLogs, lastBackup, missingRows, searchEntries, type Search } from './store.ts';
import { codesSaying, recordView } from './words.ts';

const READERS: Role[] = [
  'admin',
  'operator',
  'technician',
  'inspector',
  'supervisor',
  'manager',
  'legal',
  'committee',
  'authority',
];
const EXPORTERS: Role[] = ['admin', 'operator', 'inspector', 'supervisor', 'manager', 'legal', 'authority'];
const tags = ['records'];

const timeOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));

const searchOf = ({ community, role }: SignedIn, q: RecordSearch): Search => ({
  community,
  hideOwners: role === 'authority',
  log: q.log,
  from: timeOf(q.from),
  to: timeOf(q.to),
  building: q.building,
  device: q.device,
  class: q.class,
  person: q.person,
  text: q.text,
  codes: q.text === undefined ? [] : codesSaying(q.text),
});

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

async function stateOf(tx: Tx, community: string): Promise<Result<RecordsState>> {
  const counts = new Map((await countLogs(tx, community)).map((c) => [c.log, c]));
  return ok({
    logs: LOGS.map((log) => {
      const { entries = 0, unsaved = 0, oldest = null, newest = null } = counts.get(log) ?? {};
      return { log, entries, unsaved, oldest: iso(oldest), newest: iso(newest) };
    }),
    keep: (await ruleInForce(tx, community, KEEP_RULE)).value.entries,
    lastBackup: iso(await lastBackup(tx)),
    missing: await missingRows(tx, community),
  });
}

export interface RecordRouteParts {
  readonly entry: Entry;
  readonly printer: Printer;
}

export function recordRoutes(parts: RecordRouteParts): FastifyPluginAsyncTypebox {
  const { entry } = parts;
  return async (app) => {
    app.get(
      '/api/records',
      {
        config: { policy: { allow: READERS }, reading: 'records' },
        schema: {
          tags,
          querystring: RecordQuery,
          response: {
            200: Type.Object({ items: Type.Array(RecordView), next: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { cursor, limit = RECORD_LIMITS.pageDefault, ...q } = request.query;
          const page = await searchEntries(tx, searchOf(entry.user(request), q), cursor, limit);
          return page ? ok({ items: page.rows.map(recordView), next: page.next }) : refuse('bad-request', 'cursor');
        }),
    );
    app.get(
      '/api/records/state',
      {
        config: { policy: { allow: READERS }, reading: 'everyday' },
        schema: { tags, response: { 200: RecordsState } },
      },
      (request) => entry.read((tx) => stateOf(tx, entry.user(request).community)),
    );
    app.get(
      '/api/records/export',
      {
        config: { policy: { allow: EXPORTERS }, reading: 'records-export' },
        schema: { tags, querystring: ExportQuery },
      },
      (request, reply) => exportRecords(parts, request, reply, request.query),
    );
  };
}

async function exportRecords(
  parts: RecordRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  {
    format,
    language = languageOf(request.headers['accept-language']),
    ...q
  }: Omit<RecordSearch, never> & {
    readonly format: 'csv' | 'pdf';
    readonly language?: 'zh' | 'en';
  },
): Promise<FastifyReply> {
  const { entry } = parts;
  const user = entry.user(request);
  const now = entry.clock.now();
  const { place, context } = await entry.read(async (tx) => {
    const found = await communityOf(tx, user.community);
    const site = {
      name: found?.name ?? { zh: user.community, en: user.community },
      timeZone: found?.timeZone ?? 'UTC',
    };
    const of: ExportContext = {
      language,
      timeZone: site.timeZone,
      where: await placeWords(tx, user.community, language),
    };
    return ok({ place: site, context: of });
  });
  const search = searchOf(user, q);
  const name = `${q.log}-${new Date(now).toISOString().slice(0, 10)}`;
  if (format === 'csv') {
    await entry.command(request, async (c) => {
      const { community } = user;
      c.emit({ effect: 'audit', community, action: 'record.exported', entity: 'record', entityId: q.log, after: q });
      return ok(null);
    });
    const rows = allRecords(entry.db, search, RECORD_LIMITS.csvRowsMax);
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="${name}.csv"`)
      .header('cache-control', 'no-store')
      .send(Readable.from(recordCsv(rows, context)));
  }
  const { log: _log, ...filters } = q;
  const said = Object.entries(filters).map(([key, value]) => `${textOf(`record.filter.${key}`)[language]}: ${value}`);
  const head = printHead(user, place, now, language, {
    title: textOf(`record.log.${q.log}`)[language],
    subtitle: said,
    landscape: true,
  });
  // One more than paper holds: the printer refuses instead of leaving rows out in silence.
  const blocks = recordBlocks(allRecords(entry.db, search, RECORD_LIMITS.csvRowsMax), context);
  return sendPdf(parts, request, reply, { document: { head, blocks }, name, what: 'record' });
}
