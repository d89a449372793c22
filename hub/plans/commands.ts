// Writing plans: a draft, its approval by somebody else, and the moment from which it holds.
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { missingFiles } from '../files/api.ts';
import { listBuildings } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { NewPlan, PlanBody, VersionView } from './contract.ts';
import { drillsLook, PLAN_KINDS } from './norms.ts';
import {
  ensurePlan,
  findVersion,
  hasPending,
  insertVersion,
  lockVersion,
  retireOthers,
  saveDraft,
  saveState,
} from './store.ts';
import { faultOf, stepVersion, type VersionEvent } from './versions.ts';
import { versionView } from './views.ts';

/** Whoever runs a command of a plan is a person. */
export function personOf(c: CommandContext): Extract<CommandContext['actor'], { kind: 'user' }> {
  if (c.actor.kind !== 'user') throw new Error('plans are written and run by people');
  return c.actor;
}

async function fits(c: CommandContext, community: string, body: PlanBody): Promise<Result<null>> {
  const fault = faultOf(body);
  if (fault !== undefined) return refuse('bad-request', fault);
  const files = body.documents.map((d) => d.file);
  const [missing] = await missingFiles(c.tx, community, files);
  return missing === undefined ? ok(null) : refuse('not-found', `documents: ${missing}`);
}

async function viewed(c: CommandContext, community: string, id: string): Promise<Result<VersionView>> {
  const version = await findVersion(c.tx, community, id);
  if (!version) throw new Error(`version ${id} of a plan is gone`);
  return ok(versionView(version));
}

/** Screens that show plans ask again. */
const changed = (c: CommandContext, community: string, subject: string): void =>
  c.emit({
    effect: 'event',
    event: { type: 'scene.changed', community, subject, payload: { what: 'plan' } },
  });

/**
 * Begins the next version of the plan of a kind and building. Refuses `bad-request` (an unknown kind, steps that say
 * nobody), `not-found` (building, document) and `duplicate` while another version is being written.
 */
export async function draftPlan(c: CommandContext, { kind, building, body }: NewPlan): Promise<Result<VersionView>> {
  const { community, id, name } = personOf(c);
  const { kinds } = (await ruleInForce(c.tx, community, PLAN_KINDS)).value;
  if (!kinds.some((k) => k.id === kind)) return refuse('bad-request', `kind: ${kind}`);
  if (building !== undefined && !(await listBuildings(c.tx, community)).some((b) => b.id === building))
    return refuse('not-found', `building: ${building}`);
  const fitting = await fits(c, community, body);
  if (!fitting.ok) return fitting;
  const plan = await ensurePlan(c.tx, { community, kind, building }, c.now);
  if (await hasPending(c.tx, plan.id)) return refuse('duplicate', 'a version is being written already');
  const version = await insertVersion(c.tx, plan, { body, by: { id, name }, now: c.now });
  audit(c, community, version, { action: 'plan.draft', after: { kind, building, body } });
  changed(c, community, version);
  return viewed(c, community, version);
}

/** Changes a draft. Refuses `not-found`, `wrong-state` once it is approved, and what `draftPlan` refuses of a body. */
export async function editPlan(c: CommandContext, id: string, body: PlanBody): Promise<Result<VersionView>> {
  const person = personOf(c);
  const { community } = person;
  const version = await lockVersion(c.tx, community, id);
  if (!version) return refuse('not-found', id);
  const may = stepVersion({ state: version.state, writtenBy: version.written_by }, { event: 'edit', by: person.id });
  if (!may.ok) return may;
  const fitting = await fits(c, community, body);
  if (!fitting.ok) return fitting;
  await saveDraft(c.tx, id, { body, by: person, now: c.now });
  audit(c, community, id, { action: 'plan.edit', before: version.body, after: body });
  changed(c, community, id);
  return viewed(c, community, id);
}

/** Approves, gives back, puts in force (which retires the one before), drops or retires. Refuses what `stepVersion` does. */
export async function judgePlan(
  c: CommandContext,
  id: string,
  event: Exclude<VersionEvent, 'edit'>,
  note = '',
): Promise<Result<VersionView>> {
  const person = personOf(c);
  const { community } = person;
  const version = await lockVersion(c.tx, community, id);
  if (!version) return refuse('not-found', id);
  const to = stepVersion({ state: version.state, writtenBy: version.written_by }, { event, by: person.id, note });
  if (!to.ok) return to;
  if (to.value === 'in-force') {
    await retireOthers(c.tx, version.plan, id, c.now);
    c.emit(drillsLook(community, c.now));
  }
  await saveState(c.tx, id, to.value, { id: person.id, name: person.name, now: c.now, note });
  audit(c, community, id, {
    action: `plan.${event}`,
    before: { state: version.state },
    after: { state: to.value, note },
  });
  changed(c, community, id);
  return viewed(c, community, id);
}

function audit(
  c: CommandContext,
  community: string,
  id: string,
  what: { readonly action: string; readonly before?: unknown; readonly after?: unknown },
): void {
  c.emit({ effect: 'audit', community, entity: 'plan-version', entityId: id, ...what });
}
