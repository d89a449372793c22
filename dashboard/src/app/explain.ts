// A problem in words: what happened, and what the person can do.
import type { Problem } from '../api/problem.ts';
import type { Args, Key } from './words.ts';

export interface Explanation {
  readonly what: string;
  readonly todo: string;
}

/** Codes of the hub's table (hub/errors.ts; a test compares) and of api/problem.ts, each with its two texts. */
export const EXPLAINED = [
  'not-signed-in',
  'wrong-credentials',
  'access-ended',
  'password-change-required',
  'too-many-tries',
  'too-many-looks',
  'not-allowed',
  'foreign-origin',
  'not-qualified',
  'no-certificate',
  'not-rostered',
  'too-little-rest',
  'not-on-duty',
  'own-handover',
  'handover-open',
  'list-too-old',
  'not-found',
  'bad-request',
  'too-large',
  'wrong-state',
  'already-done',
  'conflict',
  'duplicate',
  'key-reused',
  'never-shelved',
  'note-required',
  'photo-required',
  'own-work',
  'still-active',
  'release-required',
  'service-state-required',
  'inspection-required',
  'verdict-required',
  'cause-required',
  'reason-required',
  'out-of-range',
  'unavailable',
  'internal',
  'network',
  'timeout',
  'not-json',
] as const;
type Code = (typeof EXPLAINED)[number];

const isCode = (code: string): code is Code => (EXPLAINED as readonly string[]).includes(code);

export function explain(problem: Problem, t: (key: Key, args?: Args) => string): Explanation {
  // A code that a newer hub has added: its own words are better than none.
  if (!isCode(problem.code)) return { what: problem.title || problem.code, todo: t('ui.error.internal.todo') };
  return { what: t(`ui.error.${problem.code}`), todo: t(`ui.error.${problem.code}.todo`) };
}
