// A printed document as an answer: who and when in its head, its stream, and an entry of the audit with its hash, by which
// a paper can be told to be ours.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entry } from '../http/entry.ts';
import type { Language } from '../http/language.ts';
import { ok } from '../errors.ts';
import type { PrintDocument, PrintHead } from './document.ts';
import type { Printer } from './printer.ts';
import { localTime } from './times.ts';

export interface Place {
  readonly name: { readonly zh: string; readonly en: string };
  readonly timeZone: string;
}

/** The head of what somebody prints now. */
export function printHead(
  who: { readonly name: string },
  place: Place,
  now: number,
  language: Language,
  of: Pick<PrintHead, 'title' | 'subtitle' | 'landscape'>,
): PrintHead {
  return {
    ...of,
    community: place.name[language],
    madeAt: new Date(now).toISOString(),
    madeAtLocal: localTime(now, place.timeZone),
    madeBy: who.name,
    language,
  };
}

/** Header of an answer that holds the hash of the content. */
export const CONTENT_HASH = 'x-content-sha256';

/** Makes a document, notes in the audit that it was made, and sends it. */
export async function sendPdf(
  { entry, printer }: { readonly entry: Entry; readonly printer: Printer },
  request: FastifyRequest,
  reply: FastifyReply,
  { document, name, what }: { readonly document: PrintDocument; readonly name: string; readonly what: string },
): Promise<FastifyReply> {
  const { community } = entry.user(request);
  const { sha256, rows, pdf } = await printer.print(document);
  try {
    await entry.command(request, async (c) => {
      const after = { title: document.head.title, rows };
      c.emit({ effect: 'audit', community, action: `${what}.printed`, entity: 'print', entityId: sha256, after });
      return ok(null);
    });
  } catch (error) {
    pdf.destroy();
    throw error;
  }
  return reply
    .type('application/pdf')
    .header('content-disposition', `inline; filename="${name}.pdf"`)
    .header('cache-control', 'no-store')
    .header(CONTENT_HASH, sha256)
    .send(pdf);
}
