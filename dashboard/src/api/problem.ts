// What can go wrong between screen and hub, told apart by what the person should do about it.

export interface Problem {
  /**
   * A code of the hub's table of refusals, or one of ours: `network` (no answer: unknown whether it was done),
   * `timeout` (alike), `not-json` (something other than the hub answered).
   */
  readonly code: string;
  readonly status: number;
  /** The hub's own words in the language asked for; empty when it sent none. */
  readonly title: string;
  /** Which field or row. */
  readonly detail: string;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.code}${problem.detail ? `: ${problem.detail}` : ''}`);
    this.problem = problem;
  }
}

/** No answer came, or one that says nothing about the act: the same request may and should be sent again. */
export const isUnanswered = (problem: Problem): boolean =>
  problem.code === 'network' || problem.code === 'timeout' || problem.status >= 502;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads an application/problem+json body; anything else gives a problem named after the status. */
export function problemOf(status: number, body: unknown): Problem {
  if (typeof body !== 'object' || body === null) return { code: 'not-json', status, title: '', detail: '' };
  const fields = body as Readonly<Record<string, unknown>>;
  const code = text(fields['code']) || (status === 401 ? 'not-signed-in' : status === 404 ? 'not-found' : 'internal');
  return { code, status, title: text(fields['title']), detail: text(fields['detail']) };
}

/** Anything thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { code: 'internal', status: 0, title: '', detail: error instanceof Error ? error.message : String(error) };
}
