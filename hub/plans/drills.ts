// Drills: planned by cycle, announced, run from the plan under the mode that marks every alarm, and what came of them.
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { Tx } from '../db/tx.ts';
import { reportHazard } from '../fire-safety/api.ts';
import type { Role } from '../http/policy.ts';
import { READ_ONLY } from '../http/reading.ts';
import { listBuildings } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { personOf } from './commands.ts';
import type { AttendBody, DrillDue, DrillView, FindingBody, NewDrill } from './contract.ts';
import {
  attendanceOf,
  findDrill,
  findingsOf,
  insertAttendance,
  insertDrill,
  insertFinding,
  lockDrill,
  plansToExercise,
  saveDrill,
  saveFindingHazard,
  saveFindingOrder,
  type Drill,
} from './drill-store.ts';
import { DRILL_RULE, drillsLook, monthsOf } from './norms.ts';
import { endRun, startRun } from './runs.ts';
import { drillDueAt, stepDrill, type DrillEvent } from './steps.ts';
import { listPlans } from './store.ts';

const DAY = 86_400_000;

/** What drills need of other domains; main.ts hands it in. */
export interface DrillPorts {
  /** Begins the mode that marks every alarm as of a drill and ends by itself; answers its id. */
  readonly beginMode: (
    c: CommandContext,
    of: { readonly building?: string; readonly minutes: number; readonly reason: string },
  ) => Promise<Result<string>>;
  /** Ends it before its time; one that is over already stays so. */
  readonly endMode: (c: CommandContext, id: string) => Promise<void>;
  readonly openOrder: (
    c: CommandContext,
    id: string,
    wish: { readonly title: string; readonly detail: string; readonly building?: string; readonly place: string },
  ) => Promise<Result<string>>;
}

const iso = (at: Date): string => at.toISOString();
const by = (name: string | null, at: Date): { name: string; at: string } => ({ name: name ?? '', at: iso(at) });

/** Whoever was signed in by hand has no account, as residents and visitors: readers from outside see that somebody came. */
const unnamed = (who: Viewer | undefined, how: string): boolean =>
  who !== undefined && READ_ONLY.includes(who.role) && how === 'hand';

/** Whom a view is for. */
export interface Viewer {
  readonly role: Role;
}

export async function drillViews(tx: Tx, rows: readonly Drill[], who?: Viewer): Promise<DrillView[]> {
  const ids = rows.map((r) => r.id);
  const [attendance, findings] = [await attendanceOf(tx, ids), await findingsOf(tx, ids)];
  return rows.map((d) => ({
    id: d.id,
    plan: d.plan,
    kind: d.kind,
    title: d.title,
    ...(d.building === null ? {} : { building: d.building }),
    state: d.state,
    at: iso(d.due_at),
    minutes: d.minutes,
    goal: d.goal,
    planned: by(d.planned_by_name, d.planned_at),
    ...(d.announced_at === null ? {} : { announced: by(d.announced_by_name, d.announced_at) }),
    ...(d.run === null ? {} : { run: d.run }),
    ...(d.started_at === null ? {} : { startedAt: iso(d.started_at) }),
    ...(d.ended_at === null ? {} : { ended: by(d.ended_by_name, d.ended_at) }),
    report: d.report,
    attendance: attendance
      .filter((a) => a.drill === d.id)
      .map(({ name, party, how, at, by: signed }) => ({
        ...(unnamed(who, how) ? { name: '', party: '' } : { name, party }),
        how,
        at: iso(at),
        by: signed,
      })),
    findings: findings
      .filter((f) => f.drill === d.id)
      .map(({ id, text, place, name, at, step, work_order, hazard, hazard_number }) => ({
        id,
        text,
        place,
        name,
        at: iso(at),
        ...(step === null ? {} : { step }),
        ...(work_order === null ? {} : { workOrder: work_order }),
        ...(hazard === null ? {} : { hazard: { id: hazard, number: hazard_number ?? '' } }),
      })),
  }));
}

async function viewed(c: CommandContext, community: string, id: string): Promise<Result<DrillView>> {
  const row = await findDrill(c.tx, community, id);
  const [view] = row ? await drillViews(c.tx, [row]) : [];
  if (!view) throw new Error(`drill ${id} is gone`);
  return ok(view);
}

function tell(c: CommandContext, of: Pick<Drill, 'community' | 'id'>, action: string, after: unknown): void {
  const { community, id } = of;
  c.emit({ effect: 'audit', community, action, entity: 'drill', entityId: id, after });
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'drill' } } });
}

/** [W9] Plans a drill. Refuses `not-found` (plan, building) and `bad-request` (a time that is past). */
export async function planDrill(c: CommandContext, body: NewDrill): Promise<Result<DrillView>> {
  const { community, name } = personOf(c);
  const plan = (await listPlans(c.tx, community)).find((p) => p.id === body.plan);
  if (!plan) return refuse('not-found', 'plan');
  const building = body.building ?? plan.building;
  if (building !== null && !(await listBuildings(c.tx, community)).some((b) => b.id === building))
    return refuse('not-found', `building: ${building}`);
  const at = Date.parse(body.at);
  if (at < c.now - DAY) return refuse('bad-request', 'at: is past');
  const { minutes, goal = '' } = body;
  const id = await insertDrill(c.tx, { community, plan: plan.id, building, minutes, goal, at, by: name, now: c.now });
  tell(c, { community, id }, 'drill.plan', { plan: plan.id, at: body.at });
  return viewed(c, community, id);
}

interface Held {
  readonly drill: Drill;
  readonly name: string;
}
async function hold(c: CommandContext, id: string, event: DrillEvent): Promise<Result<Held>> {
  const { community, name } = personOf(c);
  const drill = await lockDrill(c.tx, community, id);
  if (!drill) return refuse('not-found', id);
  const to = stepDrill(drill.state, event);
  return to.ok ? ok({ drill: { ...drill, state: to.value }, name }) : to;
}

/** Tells the people who live and work there. Refuses `not-found`, `wrong-state`. */
export async function announceDrill(c: CommandContext, id: string): Promise<Result<DrillView>> {
  const held = await hold(c, id, 'announce');
  if (!held.ok) return held;
  const { drill, name } = held.value;
  await saveDrill(c.tx, { ...drill, announced_at: new Date(c.now), announced_by_name: name });
  tell(c, drill, 'drill.announce', {});
  const payload = {
    drill: id,
    title: drill.title,
    at: drill.due_at.getTime(),
    ...(drill.building === null ? {} : { building: drill.building }),
  };
  c.emit({ effect: 'event', event: { type: 'drill.announced', community: drill.community, subject: id, payload } });
  return viewed(c, drill.community, id);
}

/** Begins: the mode marks alarms, the plan runs. Real signals stay real: they are marked, never hidden. */
export async function startDrill(c: CommandContext, ports: DrillPorts, id: string): Promise<Result<DrillView>> {
  const held = await hold(c, id, 'start');
  if (!held.ok) return held;
  const { drill } = held.value;
  const place = drill.building === null ? {} : { building: drill.building };
  const mode = await ports.beginMode(c, { ...place, minutes: drill.minutes, reason: drill.title });
  if (!mode.ok) return mode;
  const run = await startRun(c, { kind: drill.kind, ...place }, 'drill');
  if (!run.ok) return run;
  await saveDrill(c.tx, { ...drill, run: run.value.id, mode: mode.value, started_at: new Date(c.now) });
  tell(c, drill, 'drill.start', { run: run.value.id, mode: mode.value });
  return viewed(c, drill.community, id);
}

/** Ends with a report: the run and the mode end too. Refuses `note-required`, `wrong-state`, `not-found`. */
export async function endDrill(
  c: CommandContext,
  ports: DrillPorts,
  id: string,
  report: string,
): Promise<Result<DrillView>> {
  const held = await hold(c, id, 'end');
  if (!held.ok) return held;
  if (report.trim() === '') return refuse('note-required', 'report');
  const { drill, name } = held.value;
  if (drill.run !== null) {
    const ended = await endRun(c, drill.run, report);
    if (!ended.ok && ended.code !== 'already-done') return ended;
  }
  if (drill.mode !== null) await ports.endMode(c, drill.mode);
  await saveDrill(c.tx, { ...drill, ended_at: new Date(c.now), ended_by_name: name, report });
  tell(c, drill, 'drill.end', { report });
  return viewed(c, drill.community, id);
}

/** Refuses `not-found`, `wrong-state`. */
export async function cancelDrill(c: CommandContext, id: string, note: string): Promise<Result<DrillView>> {
  const held = await hold(c, id, 'cancel');
  if (!held.ok) return held;
  const { drill, name } = held.value;
  await saveDrill(c.tx, { ...drill, ended_at: new Date(c.now), ended_by_name: name, report: note });
  tell(c, drill, 'drill.cancel', { note });
  return viewed(c, drill.community, id);
}

/** Signs in: oneself by phone, or somebody by hand. Refuses `not-found`, `already-done`, `wrong-state` (not under way). */
export async function attendDrill(c: CommandContext, id: string, body: AttendBody): Promise<Result<DrillView>> {
  const person = personOf(c);
  const drill = await lockDrill(c.tx, person.community, id);
  if (!drill) return refuse('not-found', id);
  if (drill.state !== 'running' && drill.state !== 'done') return refuse('wrong-state', drill.state);
  const self = body.name === undefined;
  const made = await insertAttendance(c.tx, {
    drill: id,
    person: self ? person.id : undefined,
    name: body.name ?? person.name,
    party: body.party ?? '',
    by: person.name,
    now: c.now,
  });
  if (!made) return refuse('already-done');
  tell(c, drill, 'drill.attend', { how: self ? 'phone' : 'hand' });
  return viewed(c, person.community, id);
}

/**
 * What went wrong. With `order` a work order follows it, with `hazard` it is reported as one and followed until it is
 * cleared, its order included. Refuses `not-found` (drill, kind of hazard), `wrong-state` before it began, `bad-request`
 * for both at once: two orders would repair one thing.
 */
export async function addFinding(
  c: CommandContext,
  ports: DrillPorts,
  id: string,
  body: FindingBody,
): Promise<Result<DrillView>> {
  const { community, name } = personOf(c);
  const drill = await lockDrill(c.tx, community, id);
  if (!drill) return refuse('not-found', id);
  if (drill.state !== 'running' && drill.state !== 'done') return refuse('wrong-state', drill.state);
  if (body.order && body.hazard !== undefined) return refuse('bad-request', 'order: the hazard has its own');
  const { text, step, place = '' } = body;
  const at = { place, ...(drill.building === null ? {} : { building: drill.building }) };
  const finding = await insertFinding(c.tx, { drill: id, text, step, place, by: name, now: c.now });
  if (body.order) {
    const wish = { title: text.slice(0, 100), detail: `${drill.title}\n${text}`, ...at };
    const order = await ports.openOrder(c, `drill:${id}:${finding}`, wish);
    if (!order.ok) return order;
    await saveFindingOrder(c.tx, finding, order.value);
  }
  if (body.hazard !== undefined) {
    const hazard = await reportHazard(c, { kind: body.hazard, description: text, ...at });
    if (!hazard.ok) return hazard;
    await saveFindingHazard(c.tx, finding, hazard.value);
  }
  tell(c, drill, 'drill.finding', { text, order: body.order, hazard: body.hazard ?? null });
  return viewed(c, community, id);
}

/** When each plan in force is to be exercised next. */
export async function drillsDue(tx: Tx, community: string, now: number): Promise<DrillDue[]> {
  const rule = (await ruleInForce(tx, community, DRILL_RULE)).value;
  return (await plansToExercise(tx, community)).map((p) => {
    const months = monthsOf(rule, p.kind);
    const dueAt = drillDueAt((p.last ?? p.in_force_at).getTime(), months);
    return {
      plan: p.plan,
      kind: p.kind,
      title: p.title,
      ...(p.building === null ? {} : { building: p.building }),
      months,
      ...(p.last === null ? {} : { last: iso(p.last) }),
      dueAt: new Date(dueAt).toISOString(),
      overdue: now >= dueAt,
    };
  });
}

/** Says which drills are due soon or overdue, and looks again tomorrow. */
export async function lookForDrills(c: CommandContext, community: string): Promise<void> {
  const rule = (await ruleInForce(c.tx, community, DRILL_RULE)).value;
  for (const d of await drillsDue(c.tx, community, c.now)) {
    const daysLeft = Math.ceil((Date.parse(d.dueAt) - c.now) / DAY);
    if (daysLeft > rule.remindDays) continue;
    // Once ahead, then every so many days past it: the key of the page holds the round.
    const round = d.overdue ? 1 + Math.floor((c.now - Date.parse(d.dueAt)) / (rule.againDays * DAY)) : 0;
    const payload = { plan: d.plan, title: d.title, dueAt: Date.parse(d.dueAt), daysLeft, round };
    c.emit({ effect: 'event', event: { type: 'drill.due', community, subject: d.plan, payload } });
  }
  c.emit(drillsLook(community, c.now + DAY));
}
