// Every refusal and failure as application/problem+json (RFC 9457) with a code of the one table of errors.ts.
import { isDatabaseTrouble } from '../db/trouble.ts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { REFUSALS, type RefusalCode, type Result } from '../errors.ts';
import { languageOf } from './language.ts';

/** An expected refusal on its way to the caller; rolls back what was begun. */
export class RefusalError extends Error {
  override name = 'RefusalError';
  readonly code: RefusalCode;
  readonly detail: string | undefined;
  constructor(code: RefusalCode, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
  }
}

/** The value of a result. @throws RefusalError when it is a refusal */
export function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new RefusalError(result.code, result.detail);
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: RefusalCode;
  readonly detail?: string;
  /** Id of the request, as in the log and the header `x-request-id`. */
  readonly request: string;
}

const UNIQUE_VIOLATION = '23505';

function fromDatabase(error: Error & { code?: unknown }): RefusalCode | undefined {
  if (error.code === UNIQUE_VIOLATION) return 'conflict';
  return isDatabaseTrouble(error) ? 'unavailable' : undefined;
}

/** Which refusal of the table an error is; undefined when it is a failure of ours. */
function refusalOf(error: FastifyError | Error): { code: RefusalCode; detail?: string | undefined } | undefined {
  if (error instanceof RefusalError) return { code: error.code, detail: error.detail };
  if ('validation' in error && error.validation !== undefined) return { code: 'bad-request', detail: error.message };
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return { code: 'too-large' };
  if (status === 429) return { code: 'too-many-tries' };
  if (status === 404) return { code: 'not-found' };
  // Malformed JSON, unknown content type and the like: the framework's messages name what is wrong.
  if (status !== undefined && status >= 400 && status < 500) return { code: 'bad-request', detail: error.message };
  const code = fromDatabase(error);
  return code === undefined ? undefined : { code };
}

export function problem(request: FastifyRequest, code: RefusalCode, detail?: string): Problem {
  const refusal = REFUSALS[code];
  return {
    type: 'about:blank',
    title: refusal[languageOf(request.headers['accept-language'])],
    status: refusal.status,
    code,
    ...(detail === undefined ? {} : { detail }),
    request: request.id,
  };
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, code: RefusalCode, detail?: string): void {
  const body = problem(request, code, detail);
  void reply.status(body.status).type('application/problem+json; charset=utf-8').send(JSON.stringify(body));
}

/** The server's error handler. A failure of ours is logged with its cause; the caller gets only its id. */
export function onError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = refusalOf(error);
  if (refusal === undefined) request.log.error({ err: error }, 'request failed');
  else if (!(error instanceof RefusalError)) request.log.info({ code: refusal.code, why: error.message }, 'refused');
  sendProblem(request, reply, refusal?.code ?? 'internal', refusal?.detail);
}
