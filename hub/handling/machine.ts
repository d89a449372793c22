// The life of one fire procedure: a table of phases and events, and one step. Pure.
//
// In an emergency steps are done in any sensible order: nothing is refused because something else is missing. Refused is
// only what is done twice that happens once, what is done to a procedure that is closed, and closing before it is known
// what it was and why something is missing.
import { ok, refuse, type Result } from '../errors.ts';
import { ONCE, type Once, type Phase, type Step } from './contract.ts';

/** What was found: undecided while an alarm of the incident is unjudged and none is real. */
export type Found = 'real' | 'false' | 'test' | undefined;

export interface Fire {
  readonly phase: Phase;
  readonly result: Found;
  /** What has happened once. */
  readonly once: ReadonlySet<Once>;
  readonly cause: boolean;
}

export type FireEvent =
  /** An alarm came, or came back, after the last finding. */
  | { readonly type: 'alarm' }
  | { readonly type: 'judge'; readonly result: Found; readonly cause: boolean }
  | { readonly type: 'cause' }
  | { readonly type: 'once'; readonly what: Once }
  /** What may be done any number of times: someone sent, an answer, linkage, a call, word to who is responsible. */
  | { readonly type: 'act' }
  | { readonly type: 'remark' }
  | { readonly type: 'close'; readonly unexplained: readonly Step[] };
export type FireEventType = FireEvent['type'];

type Next = (f: Fire, event: FireEvent) => Fire;

const same: Next = (f) => f;
const again: Next = (f) => ({ ...f, phase: 'confirming', result: undefined, cause: false });
const judged: Next = (f, e) =>
  e.type === 'judge'
    ? { ...f, phase: e.result ?? 'confirming', result: e.result, cause: e.result === 'false' && (e.cause || f.cause) }
    : f;
const once: Next = (f, e) => (e.type === 'once' ? { ...f, once: new Set([...f.once, e.what]) } : f);
const caused: Next = (f) => ({ ...f, cause: true });
const ended: Next = (f) => ({ ...f, phase: 'closed' });

const open = { judge: judged, once, act: same, remark: same } as const;

/** Phase × event. A missing entry: not possible here (`wrong-state`). */
export const TABLE: Readonly<Record<Phase, Partial<Record<FireEventType, Next>>>> = {
  confirming: { ...open, alarm: same },
  // More detectors speak for what is known already.
  real: { ...open, alarm: same, close: ended },
  false: { ...open, alarm: again, cause: caused, close: ended },
  test: { ...open, alarm: again, close: ended },
  // A later finding corrects an earlier one, and a new alarm asks anew, even when all seemed over.
  closed: { alarm: again, judge: judged, remark: same },
};

/**
 * One event. Refuses `wrong-state`, `already-done` for what happens once, `verdict-required` when it is closed before it
 * is known what it was, `cause-required` for a false alarm without its cause, `reason-required` for missing steps.
 */
export function step(before: Fire, event: FireEvent): Result<Fire> {
  if (event.type === 'close' && before.phase === 'confirming') return refuse('verdict-required');
  const next = TABLE[before.phase][event.type];
  if (next === undefined) return refuse('wrong-state');
  if (event.type === 'once' && before.once.has(event.what)) return refuse('already-done', event.what);
  if (event.type === 'close') {
    if (before.result === 'false' && !before.cause) return refuse('cause-required');
    if (event.unexplained.length > 0) return refuse('reason-required', event.unexplained.join(', '));
  }
  return ok(next(before, event));
}

export const isOnce = (kind: string): kind is Once => (ONCE as readonly string[]).includes(kind);

/** What an incident is by the verdicts on its alarms; null: that alarm is open and unjudged. */
export function foundOf(verdicts: readonly ('real' | 'false' | 'test' | null)[]): Found {
  if (verdicts.includes('real')) return 'real';
  if (verdicts.includes(null)) return undefined;
  if (verdicts.includes('false')) return 'false';
  return verdicts.includes('test') ? 'test' : undefined;
}
