// The steps of a fire as its entries and alarms prove them: what is done, what is missing, what may be asked for later,
// which clocks are met. Pure.
import type { Clock, EntryKind, FireEntry, Step, StepView } from './contract.ts';
import type { Found } from './machine.ts';

/** What the alarms of a fire prove. */
export interface AlarmsNow {
  readonly all: number;
  readonly open: number;
  readonly unacked: number;
  /** The first acknowledgement. */
  readonly acked?: { readonly at: string; readonly name: string } | undefined;
  /** When the last of them was over. */
  readonly overAt?: string | undefined;
}

export interface Standing {
  readonly result: Found;
  readonly entries: readonly FireEntry[];
  readonly alarms: AlarmsNow;
}

const COMMON: readonly Step[] = ['acked', 'confirm', 'verdict'];
/** GB 25506-2010 4.2.2: linkage in automatic, 119, evacuation and plan, report; then until it is over. */
const IF_REAL: readonly Step[] = [
  'linkage',
  'call-119',
  'evacuation',
  'plan',
  'report',
  'brigade-arrived',
  'fire-out',
  'brigade-left',
];

/** What is asked for, in order. */
export function askedFor(result: Found): readonly Step[] {
  if (result === 'real') return [...COMMON, ...IF_REAL, 'restored'];
  if (result === 'false') return [...COMMON, 'cause', 'restored'];
  if (result === 'test') return ['acked', 'verdict', 'restored'];
  return COMMON;
}

const KIND_OF: Partial<Record<Step, EntryKind>> = {
  confirm: 'answered',
  linkage: 'linkage',
  'call-119': 'call-119',
  evacuation: 'evacuation',
  plan: 'plan',
  report: 'told',
  'brigade-arrived': 'brigade-arrived',
  'fire-out': 'fire-out',
  'brigade-left': 'brigade-left',
};

type Proof = Pick<StepView, 'at' | 'name'>;
const proof = (at: string | undefined, name: string | undefined): Proof => ({
  ...(at === undefined ? {} : { at }),
  ...(name === undefined ? {} : { name }),
});

/** What proves a step; undefined while nothing does. */
function proofOf(step: Step, { result, entries, alarms }: Standing): Proof | undefined {
  if (step === 'acked')
    return alarms.unacked === 0 && alarms.acked ? proof(alarms.acked.at, alarms.acked.name) : undefined;
  if (step === 'restored') return alarms.open === 0 ? proof(alarms.overAt, undefined) : undefined;
  const last = (fits: (e: FireEntry) => boolean): Proof | undefined => {
    const found = entries.findLast(fits);
    return found && proof(found.at, found.name);
  };
  if (step === 'verdict') return result === undefined ? undefined : last((e) => e.kind === 'judged');
  if (step === 'cause') return last((e) => typeof e.body['cause'] === 'string');
  const kind = KIND_OF[step];
  // The first counts: a second call to 119 does not make the first later.
  const found = entries.find((e) => e.kind === kind && !(kind === 'answered' && e.body['finding'] === 'not-reached'));
  return found && proof(found.at, found.name);
}

/** Reasons given at the last closing, by step. */
function reasonsOf(entries: readonly FireEntry[]): Readonly<Record<string, unknown>> {
  const closing = entries.findLast((e) => e.kind === 'closed' || e.kind === 'again');
  const reasons = closing?.kind === 'closed' ? closing.body['reasons'] : undefined;
  return typeof reasons === 'object' && reasons !== null ? (reasons as Record<string, unknown>) : {};
}

/** Every step with how it stands; what only a real fire asks for is `later` while it is not known. */
export function stepsOf(standing: Standing): StepView[] {
  const asked = askedFor(standing.result);
  const shown = standing.result === undefined ? [...COMMON, ...IF_REAL] : asked;
  const reasons = reasonsOf(standing.entries);
  return shown.map((step): StepView => {
    const done = proofOf(step, standing);
    if (done) return { step, status: 'done', ...done };
    const reason = reasons[step];
    if (typeof reason === 'string') return { step, status: 'skipped', reason };
    return { step, status: asked.includes(step) ? 'missing' : 'later' };
  });
}

/** Steps that were asked for and have no proof. A verdict has a refusal of its own, a cause too. */
export const missingOf = (standing: Standing): Step[] =>
  askedFor(standing.result).filter((s) => s !== 'verdict' && s !== 'cause' && proofOf(s, standing) === undefined);

/** Whether the evacuation began before the brigade was there, as it must. */
export function evacuationOrder(entries: readonly FireEntry[]): 'open' | 'before' | 'late' {
  const [began, came] = ['evacuation', 'brigade-arrived'].map((k) => entries.find((e) => e.kind === k)?.at);
  if (began === undefined) return came === undefined ? 'open' : 'late';
  return came === undefined || Date.parse(began) <= Date.parse(came) ? 'before' : 'late';
}

const STEP_OF: Record<Clock, Step> = {
  confirm: 'verdict',
  linkage: 'linkage',
  'call-119': 'call-119',
  evacuation: 'evacuation',
  report: 'report',
};

/** What a clock waits for is done, or is not asked for any more. */
export function isMet(clock: Clock, standing: Standing): boolean {
  if (clock !== 'confirm' && standing.result !== 'real') return true;
  return proofOf(STEP_OF[clock], standing) !== undefined;
}
