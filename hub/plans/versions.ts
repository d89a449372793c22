// A version of a plan: draft, approved by somebody else, in force, retired by the next. Pure.
import { ok, refuse, type Result } from '../errors.ts';
import type { PlanBody, VersionState } from './contract.ts';

export const VERSION_EVENTS = ['edit', 'approve', 'give-back', 'put-in-force', 'retire', 'drop'] as const;
export type VersionEvent = (typeof VERSION_EVENTS)[number];

/** Where an event leads; what is not here is refused. */
const TABLE: Readonly<Record<VersionState, Partial<Record<VersionEvent, VersionState>>>> = {
  draft: { edit: 'draft', approve: 'approved', drop: 'dropped' },
  approved: { 'give-back': 'draft', 'put-in-force': 'in-force', drop: 'dropped' },
  'in-force': { retire: 'retired' },
  retired: {},
  dropped: {},
};

export interface VersionAct {
  readonly event: VersionEvent;
  /** Who acts. */
  readonly by: string;
  readonly note?: string | undefined;
}

/**
 * The state after an act. Refuses `wrong-state`, `own-work` (who wrote a plan does not approve it) and `note-required`
 * (giving back, dropping and retiring say why).
 */
export function stepVersion(
  version: { readonly state: VersionState; readonly writtenBy: string },
  { event, by, note }: VersionAct,
): Result<VersionState> {
  const to = TABLE[version.state][event];
  if (to === undefined) return refuse('wrong-state', `${version.state}: ${event}`);
  if (event === 'approve' && by === version.writtenBy) return refuse('own-work', 'approve');
  const says = event === 'give-back' || event === 'drop' || event === 'retire';
  if (says && (note ?? '').trim() === '') return refuse('note-required', event);
  return ok(to);
}

/** What is wrong with the steps; undefined when nothing is. */
export function faultOf(body: PlanBody): string | undefined {
  const ids = new Set<string>();
  for (const [i, step] of body.steps.entries()) {
    if (ids.has(step.id)) return `steps.${i}.id: ${step.id} is there twice`;
    ids.add(step.id);
    if (step.role === undefined && step.post === undefined) return `steps.${i}: says nobody who does it`;
  }
  return undefined;
}

/** In the order in which they are done; at once stays as written. */
export const inOrder = <S extends { readonly order: number }>(steps: readonly S[]): S[] =>
  steps.toSorted((a, b) => a.order - b.order);
