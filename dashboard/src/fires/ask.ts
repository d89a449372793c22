// What the desk is asked for at a fire: the next step, the question behind each step, and what its answer sends. Pure.
import type { FireAct, FireEntry, FireView, Once, Step } from '../../../hub/handling/contract.ts';

export type Asking =
  | { readonly ask: 'send' | 'linkage' | 'call-119' | 'report' | 'cause' | 'close' | 'remark' }
  | { readonly ask: 'answer'; readonly sent: FireEntry }
  | { readonly ask: 'once'; readonly what: Once };

const ONCE: readonly Step[] = ['evacuation', 'plan', 'brigade-arrived', 'fire-out', 'brigade-left'];
const isOnce = (step: Step): step is Once => ONCE.includes(step);

/** Those who were sent and have not answered, the oldest first. */
export function waiting({ entries }: Pick<FireView, 'entries'>): FireEntry[] {
  const answered = new Set(entries.filter((e) => e.kind === 'answered').map((e) => e.body['sent']));
  return entries.filter((e) => e.kind === 'sent' && !answered.has(e.id));
}

/** The first step that is missing; null when nothing is left but to close. */
export const nextStep = ({ steps }: Pick<FireView, 'steps'>): Step | null =>
  steps.find((s) => s.status === 'missing')?.step ?? null;

/** The question behind a step; null where the answer is an act of its own (acknowledge, verdict) or the panel's. */
export function askFor(step: Step, view: Pick<FireView, 'entries'>): Asking | null {
  if (isOnce(step)) return { ask: 'once', what: step };
  if (step === 'confirm') {
    const [sent] = waiting(view);
    return sent ? { ask: 'answer', sent } : { ask: 'send' };
  }
  if (step === 'acked' || step === 'verdict' || step === 'restored') return null;
  return { ask: step };
}

/** What a verdict may carry beside itself. */
export interface Draft {
  readonly choice: string;
  readonly whom: string;
  readonly note: string;
  readonly call: Readonly<Record<CallField, string>>;
}
export const CALL_FIELDS = [
  'address',
  'seat',
  'material',
  'size',
  'trapped',
  'gate',
  'lane',
  'callerName',
  'callerNumber',
] as const;
export type CallField = (typeof CALL_FIELDS)[number];

/** What is lacking before it can be sent. */
export function lacks(asking: Asking, draft: Draft): 'choice' | 'note' | 'call' | null {
  const { ask } = asking;
  if (['send', 'answer', 'linkage', 'report', 'cause'].includes(ask) && draft.choice === '') return 'choice';
  const noted = ask === 'cause' || ask === 'remark' || (ask === 'linkage' && draft.choice !== 'auto');
  if (noted && draft.note.trim() === '') return 'note';
  const bare = (['address', 'seat', 'callerName'] as const).some((field) => draft.call[field].trim() === '');
  return ask === 'call-119' && bare ? 'call' : null;
}

/** The act that an answered question sends; a closing is sent by itself. */
export function actOf(asking: Asking, draft: Draft): FireAct {
  const note = draft.note.trim() === '' ? {} : { note: draft.note.trim() };
  const whom = draft.whom.trim() === '' ? {} : { whom: draft.whom.trim() };
  // The choices of each question are those of its act.
  switch (asking.ask) {
    case 'send':
      return { act: 'send', means: draft.choice, ...whom, ...note } as FireAct;
    case 'answer':
      return { act: 'answer', sent: asking.sent.id, finding: draft.choice, ...note } as FireAct;
    case 'linkage':
      return { act: 'linkage', result: draft.choice, ...note } as FireAct;
    case 'call-119':
      return { act: 'call-119', call: { ...draft.call, ...note } };
    case 'report':
      return { act: 'report', means: draft.choice, ...whom, ...note } as FireAct;
    case 'cause':
      return { act: 'cause', cause: draft.choice, note: draft.note.trim() };
    case 'once':
      return { act: asking.what, ...note };
    default:
      return { act: 'remark', note: draft.note.trim() };
  }
}
