// Papers over HTTP: a work order with its photos, a hand-over list, the duty form, a rescue with its chart, each as a PDF.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tx } from '../db/tx.ts';
import { findHandover, handoverView, listRecords, recordView } from '../duty/api.ts';
import type { OrderView } from '../work-orders/contract.ts';
import { ok, refuse } from '../errors.ts';
import { getFile } from '../files/api.ts';
import type { Entry } from '../http/entry.ts';
import type { Language } from '../http/language.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { valueOf } from '../http/problem.ts';
import { screenText, textOf } from '../messages/text.ts';
import type { Block, Printer } from '../print/api.ts';
import { orderView } from '../work-orders/api.ts';
import { PaperId, PaperLanguage, sendPaper, wanted } from './paper.ts';
import { formBlocks, handoverBlocks, orderBlocks, rescueBlocks, type PaperContext, type Photo } from './papers.ts';
import { timelineOf, type RescueParts } from './rescue.ts';

const DESK: Role[] = ['admin', 'operator', 'inspector', 'supervisor', 'manager'];
/** Papers of duty are for the fire authority too. */
const DUTY: Role[] = [...STAFF, 'authority'];
const WORK: Role[] = [...DESK, 'technician', 'contractor'];
const Span = Type.Object(
  {
    language: Type.Optional(Type.Enum(['zh', 'en'])),
    from: Type.String({ format: 'date-time' }),
    to: Type.String({ format: 'date-time' }),
  },
  { additionalProperties: false },
);
const tags = ['print'];

const PAPER_LIMITS = {
  /** Photos of an order on paper; the others are named with their hash. */
  photosMax: 30,
  /** Entries of the duty form in one print, and rows read at a time. */
  entriesMax: 2_000,
  pageRows: 200,
} as const;
/** What paper can show; WebP it can't. */
const PICTURES = ['image/jpeg', 'image/png'];

export interface PrintRouteParts extends RescueParts {
  readonly printer: Printer;
}

/** Photos in their order; one that paper can't show is named with its hash. */
async function photosOf(entry: Entry, community: string, order: OrderView, language: Language): Promise<Photo[]> {
  const photos: Photo[] = [];
  for (const [i, photo] of order.photos.entries()) {
    const caption = `${textOf(`print.photo.${photo.phase}`)[language]} ${photo.file.slice(0, 16)}…`;
    const shown = i < PAPER_LIMITS.photosMax;
    const file = shown ? await entry.db.transaction((tx: Tx) => getFile(tx, community, photo.file)) : undefined;
    const fits = file !== undefined && PICTURES.includes(file.type);
    photos.push(
      fits
        ? { caption, base64: file.bytes.toString('base64') }
        : { caption: `${caption} ${textOf('print.photo.elsewhere')[language]}` },
    );
  }
  return photos;
}

async function printOrder(
  parts: PrintRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
  language: Language,
) {
  const { entry } = parts;
  const user = entry.user(request);
  const order = await entry.read(async (tx) => {
    const found = await orderView(tx, user, id, parts.deviceNames);
    return found ? ok(found) : refuse('not-found', id);
  });
  const photos = await photosOf(entry, user.community, order, language);
  return sendPaper(
    parts,
    request,
    reply,
    {
      title: textOf('print.order.title')[language],
      subtitle: [order.number],
      name: order.number,
      what: 'order',
      blocks: (context) => orderBlocks(order, photos, context),
    },
    language,
  );
}

async function printForm(
  parts: PrintRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { from, to }: { readonly from: string; readonly to: string },
  language: Language,
) {
  const { entry } = parts;
  const { community } = entry.user(request);
  const filter = {
    community,
    from: Date.parse(from),
    to: Date.parse(to),
    person: undefined,
    shift: undefined,
    kinds: ['entry' as const],
  };
  const entries = await entry.read(async (tx) => {
    const all = [];
    let cursor: string | undefined;
    do {
      const page = await listRecords(tx, filter, cursor, PAPER_LIMITS.pageRows);
      all.push(...(page?.items ?? []).map(recordView));
      cursor = page?.next ?? undefined;
    } while (cursor !== undefined && all.length <= PAPER_LIMITS.entriesMax);
    return all.length > PAPER_LIMITS.entriesMax ? refuse('too-large', `> ${PAPER_LIMITS.entriesMax}`) : ok(all);
  });
  return sendPaper(
    parts,
    request,
    reply,
    {
      title: screenText('ui.dutylog.form.caption', language),
      landscape: true,
      name: `duty-${from.slice(0, 10)}`,
      what: 'duty-form',
      blocks: (context) => formBlocks(entries, context),
    },
    language,
  );
}

export function printRoutes(parts: PrintRouteParts): FastifyPluginAsyncTypebox {
  const { entry } = parts;
  return async (app) => {
    app.get(
      '/api/work-orders/:id/print',
      { config: { policy: { allow: WORK } }, schema: { tags, params: PaperId, querystring: PaperLanguage } },
      (request, reply) => printOrder(parts, request, reply, request.params.id, wanted(request, request.query.language)),
    );
    app.get(
      '/api/duty/handovers/:id/print',
      {
        config: { policy: { allow: DUTY }, reading: 'handover-print' },
        schema: { tags, params: PaperId, querystring: PaperLanguage },
      },
      async (request, reply) => {
        const { id } = request.params;
        const language = wanted(request, request.query.language);
        const view = await entry.read(async (tx) => {
          const found = await findHandover(tx, entry.user(request).community, id);
          return found ? ok(await handoverView(tx, found, entry.clock.now())) : refuse('not-found', id);
        });
        const blocks = (context: PaperContext): Block[] => handoverBlocks(view, context);
        const title = screenText('ui.handover.head', language);
        return sendPaper(parts, request, reply, { title, name: `handover-${id}`, what: 'handover', blocks }, language);
      },
    );
    app.get(
      '/api/duty/form/print',
      { config: { policy: { allow: DUTY }, reading: 'duty-form-print' }, schema: { tags, querystring: Span } },
      (request, reply) => printForm(parts, request, reply, request.query, wanted(request, request.query.language)),
    );
    app.get(
      '/api/rescues/:id/print',
      { config: { policy: { allow: DESK } }, schema: { tags, params: PaperId, querystring: PaperLanguage } },
      async (request, reply) => {
        const language = wanted(request, request.query.language);
        const timeline = valueOf(await timelineOf(parts, entry.user(request), request.params.id));
        const blocks = (context: PaperContext): Block[] => rescueBlocks(timeline, context);
        const { number } = timeline.order;
        const title = textOf('print.rescue.title')[language];
        const paper = { title, subtitle: [number], name: number, what: 'rescue', blocks };
        return sendPaper(parts, request, reply, paper, language);
      },
    );
  };
}
