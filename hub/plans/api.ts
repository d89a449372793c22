// What others may ask of emergency plans: which one is in force for an incident.
import type { Tx } from '../db/tx.ts';
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import type { DrillView, OpenRun, PlanInForce, RunView } from './contract.ts';
import { findDrill } from './drill-store.ts';
import { drillViews, lookForDrills, type Viewer } from './drills.ts';
import { DRILL_RULE, DRILLS_TIMER, kindOfAlarm, PLAN_KINDS } from './norms.ts';
import { findRun, openRunsOf } from './run-store.ts';
import { runViews } from './run-views.ts';
import { STEP_TIMER, stepLate } from './runs.ts';
import { isFinished } from './steps.ts';
import { versionInForce } from './store.ts';
import { planInForceView } from './views.ts';

export { draftPlan, judgePlan } from './commands.ts';
export { addFinding, announceDrill, attendDrill, endDrill, planDrill, startDrill, type DrillPorts } from './drills.ts';
export { drillsLook, PLAN_KINDS } from './norms.ts';
export { actOnStep, startRun } from './runs.ts';

/** Rule sets of plans that a site may set. */
export const PLAN_RULES = [PLAN_KINDS, DRILL_RULE];

/** The timers that plans set, with what to do when they are due. */
export const PLAN_TIMERS: Readonly<Record<string, (c: CommandContext, timer: DueTimer) => Promise<void>>> = {
  [STEP_TIMER]: stepLate,
  [DRILLS_TIMER]: (c, timer) => lookForDrills(c, timer.community),
};

/** Plans that are being run now, for real or as a drill. */
export async function openRuns(tx: Tx, community: string): Promise<OpenRun[]> {
  return (await runViews(tx, await openRunsOf(tx, community))).map((r) => ({
    id: r.id,
    kind: r.kind,
    title: r.title,
    mode: r.mode,
    ...(r.building === undefined ? {} : { building: r.building }),
    ...(r.alarm === undefined ? {} : { alarm: r.alarm }),
    startedAt: r.started.at,
    steps: r.steps.length,
    finished: r.steps.filter((s) => isFinished(s.state)).length,
    late: r.steps.filter((s) => s.lateAt !== undefined && !isFinished(s.state)).length,
  }));
}

/** A drill with how its plan was run, for its report, as much as `who` may know; undefined where the community has none of that id. */
export async function drillRecord(
  tx: Tx,
  who: Viewer & { readonly community: string },
  id: string,
): Promise<{ readonly drill: DrillView; readonly run: RunView | undefined } | undefined> {
  const { community } = who;
  const row = await findDrill(tx, community, id);
  const [drill] = row ? await drillViews(tx, [row], who) : [];
  if (!drill) return undefined;
  const ran = drill.run === undefined ? undefined : await findRun(tx, community, drill.run);
  const [run] = ran ? await runViews(tx, [ran]) : [];
  return { drill, run };
}

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
