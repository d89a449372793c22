// One paper over HTTP, whatever it is of: its head with community, language and who asked, and its blocks, as a PDF.
import { Type } from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ok } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { languageOf, type Language } from '../http/language.ts';
import { printHead, sendPdf, type Block, type Printer } from '../print/api.ts';
import { communityOf, placeWords } from '../property/api.ts';
import type { PaperContext } from './papers.ts';

export const PaperId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const PaperLanguage = Type.Object(
  { language: Type.Optional(Type.Enum(['zh', 'en'])) },
  { additionalProperties: false },
);

export interface PaperParts {
  readonly entry: Entry;
  readonly printer: Printer;
}

export interface Paper {
  readonly title: string;
  readonly subtitle?: readonly string[];
  readonly landscape?: boolean;
  /** Of the file, and of the act in the audit: `<what>.printed`. */
  readonly name: string;
  readonly what: string;
  readonly blocks: (context: PaperContext) => readonly Block[];
}

export async function sendPaper(
  parts: PaperParts,
  request: FastifyRequest,
  reply: FastifyReply,
  paper: Paper,
  language: Language,
): Promise<FastifyReply> {
  const { entry } = parts;
  const user = entry.user(request);
  const now = entry.clock.now();
  const { place, context } = await entry.read(async (tx) => {
    const found = await communityOf(tx, user.community);
    const timeZone = found?.timeZone ?? 'UTC';
    const where = await placeWords(tx, user.community, language);
    const name = found?.name ?? { zh: user.community, en: user.community };
    return ok({ place: { name, timeZone }, context: { language, timeZone, where } });
  });
  const { title, subtitle = [], landscape = false, name, what } = paper;
  const head = printHead(user, place, now, language, { title, subtitle, landscape });
  return sendPdf(parts, request, reply, { document: { head, blocks: paper.blocks(context) }, name, what });
}

/** The language asked for, else that of the browser. */
export const wanted = (request: FastifyRequest, language: Language | undefined): Language =>
  language ?? languageOf(request.headers['accept-language']);
