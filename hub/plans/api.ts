// What others may ask of emergency plans: which one is in force for an incident.
import type { Tx } from '../db/tx.ts';
import { ruleInForce } from '../rules/api.ts';
import type { PlanInForce } from './contract.ts';
import { kindOfAlarm, PLAN_KINDS } from './norms.ts';
import { versionInForce } from './store.ts';
import { planInForceView } from './views.ts';

export { draftPlan, judgePlan } from './commands.ts';
export { PLAN_KINDS } from './norms.ts';

/** Rule sets of plans that a site may set. */
export const PLAN_RULES = [PLAN_KINDS];

/**
 * The plan in force for a kind of incident (`fire`, `entrapment`, …; see `planKindOf`) at a place: the building's own
 * before the community's; undefined when there is none.
 */
export async function planInForce(
  tx: Tx,
  community: string,
  building: string | undefined,
  kind: string,
): Promise<PlanInForce | undefined> {
  const version = await versionInForce(tx, community, building, kind);
  return version && planInForceView(version);
}

/** The kind of plan that stands beside such an alarm, by the community's rule; undefined when it has none for it. */
export async function planKindOf(
  tx: Tx,
  community: string,
  alarm: { readonly class: string; readonly deviceKind: string },
): Promise<string | undefined> {
  const { kinds } = (await ruleInForce(tx, community, PLAN_KINDS)).value;
  return kindOfAlarm(kinds, alarm)?.id;
}
