// Running a plan, for real or as a drill: whose turn it is, who did what when, and what took too long.
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext, EventPayloads } from '../events/api.ts';
import { missingFiles } from '../files/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { personOf } from './commands.ts';
import type { NewRun, PlanStep, RunView, StepActBody } from './contract.ts';
import {
  endRunRow,
  findRun,
  insertRun,
  lockRun,
  openSteps,
  saveLate,
  saveStep,
  stepsOf,
  type Run,
} from './run-store.ts';
import { runViews } from './run-views.ts';
import { isFinished, stepStep, turnOf } from './steps.ts';
import { versionInForce } from './store.ts';
import { inOrder } from './versions.ts';

/** Timer kind: a step has taken longer than its plan allows. */
export const STEP_TIMER = 'plans.step-late';
const timerKey = (run: string, step: string): string => `${STEP_TIMER}:${run}:${step}`;

const factOf = (r: Run): EventPayloads['plan.started'] => ({
  run: r.id,
  title: r.body.title,
  mode: r.mode,
  ...(r.building === null ? {} : { building: r.building }),
  ...(r.floor === null ? {} : { floor: r.floor }),
  ...(r.place === '' ? {} : { place: r.place }),
});

function tell(c: CommandContext, r: Run, action: string, after: unknown): void {
  const { community, id } = r;
  c.emit({ effect: 'audit', community, action, entity: 'plan-run', entityId: id, after });
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'run' } } });
}

export async function viewedRun(
  c: Pick<CommandContext, 'tx'>,
  community: string,
  id: string,
): Promise<Result<RunView>> {
  const row = await findRun(c.tx, community, id);
  const [view] = row ? await runViews(c.tx, [row]) : [];
  return view ? ok(view) : refuse('not-found', id);
}

/** Gives the steps whose turn has come to their people, with their clocks. */
async function openTurn(c: CommandContext, run: Run): Promise<void> {
  const rows = await stepsOf(c.tx, [run.id]);
  const states = new Map(rows.map((r) => [r.step, r.state]));
  const steps = inOrder(run.body.steps);
  const turn = turnOf(steps.map(({ id, order }) => ({ id, order, state: states.get(id) ?? 'waiting' })));
  if (turn.length === 0) return;
  await openSteps(c.tx, run.id, turn, c.now);
  const opened = steps.filter((s) => turn.includes(s.id));
  for (const step of opened)
    if (step.limitSeconds !== undefined)
      c.emit({
        effect: 'timer',
        key: timerKey(run.id, step.id),
        kind: STEP_TIMER,
        community: run.community,
        dueAt: c.now + step.limitSeconds * 1_000,
        basis: 'duration',
        payload: { run: run.id, step: step.id },
      });
  const told = opened.map(({ title, role }) => ({ title, ...(role === undefined ? {} : { role }) }));
  const payload = { ...factOf(run), steps: told };
  const { community, id } = run;
  c.emit({ effect: 'event', event: { type: 'plan.turn', community, subject: id, payload } });
}

/**
 * [W9] Starts the plan that is in force for a kind of incident there. Refuses `not-found` when there is none, and
 * `already-done` when it runs for that alarm.
 */
export async function startRun(
  c: CommandContext,
  wish: NewRun,
  mode: 'real' | 'drill' = 'real',
): Promise<Result<RunView>> {
  const person = personOf(c);
  const { community } = person;
  const version = await versionInForce(c.tx, community, wish.building, wish.kind);
  if (!version) return refuse('not-found', `plan: ${wish.kind}`);
  const id = await insertRun(c.tx, {
    community,
    plan: version.plan,
    version: version.id,
    mode,
    building: wish.building ?? null,
    floor: wish.floor ?? null,
    place: wish.place ?? '',
    alarm: wish.alarm ?? null,
    by: person,
    now: c.now,
    steps: inOrder(version.body.steps).map((s) => s.id),
  });
  if (id === undefined) return refuse('already-done', 'the plan runs for this alarm');
  const run = await findRun(c.tx, community, id);
  if (!run) throw new Error(`run ${id} is gone`);
  tell(c, run, 'plan-run.start', { mode, version: version.id, alarm: wish.alarm });
  c.emit({ effect: 'event', event: { type: 'plan.started', community, subject: id, payload: factOf(run) } });
  await openTurn(c, run);
  return viewedRun(c, community, id);
}

interface Held {
  readonly run: Run;
  readonly step: PlanStep;
}
async function hold(c: CommandContext, id: string, step: string): Promise<Result<Held>> {
  const run = await lockRun(c.tx, personOf(c).community, id);
  const found = run?.body.steps.find((s) => s.id === step);
  if (!run || !found) return refuse('not-found', step);
  return run.ended_at === null ? ok({ run, step: found }) : refuse('already-done', 'the run has ended');
}

/** Takes a step on, does it, or skips it with a reason. Refuses `not-found`, `already-done`, `note-required`. */
export async function actOnStep(
  c: CommandContext,
  id: string,
  step: string,
  body: StepActBody,
): Promise<Result<RunView>> {
  const held = await hold(c, id, step);
  if (!held.ok) return held;
  const { run } = held.value;
  const row = (await stepsOf(c.tx, [id])).find((r) => r.step === step);
  const to = stepStep(row?.state ?? 'waiting', body.act, body.note);
  if (!to.ok) return to;
  const gone = body.photo === undefined ? [] : await missingFiles(c.tx, run.community, [body.photo]);
  if (gone.length > 0) return refuse('not-found', 'photo');
  const person = personOf(c);
  await saveStep(c.tx, { run: id, step }, to.value, {
    ...person,
    now: c.now,
    note: body.note ?? '',
    photo: body.photo,
  });
  if (isFinished(to.value)) c.emit({ effect: 'cancel-timer', key: timerKey(id, step) });
  tell(c, run, `plan-run.${body.act}`, { step, note: body.note });
  if (isFinished(to.value)) await openTurn(c, run);
  return viewedRun(c, run.community, id);
}

/** Ends a run; what is not finished is skipped for the reason given. Refuses `not-found`, `already-done`, `note-required`. */
export async function endRun(c: CommandContext, id: string, note: string): Promise<Result<RunView>> {
  const person = personOf(c);
  const run = await lockRun(c.tx, person.community, id);
  if (!run) return refuse('not-found', id);
  if (run.ended_at !== null) return refuse('already-done');
  if (note.trim() === '') return refuse('note-required', 'end');
  for (const row of await stepsOf(c.tx, [id])) {
    if (isFinished(row.state)) continue;
    await saveStep(c.tx, row, 'skipped', { ...person, now: c.now, note, photo: undefined });
    c.emit({ effect: 'cancel-timer', key: timerKey(id, row.step) });
  }
  await endRunRow(c.tx, id, person.name, note, c.now);
  tell(c, run, 'plan-run.end', { note });
  return viewedRun(c, person.community, id);
}

/** A step has had its time. */
export async function stepLate(c: CommandContext, timer: DueTimer): Promise<void> {
  const { run: id, step } = timer.payload as { readonly run: string; readonly step: string };
  const { community } = timer;
  const run = await lockRun(c.tx, community, id);
  const row = (await stepsOf(c.tx, [id])).find((r) => r.step === step);
  const found = run?.body.steps.find((s) => s.id === step);
  if (!run || run.ended_at !== null || !row || !found || isFinished(row.state)) return;
  await saveLate(c.tx, id, step, c.now);
  const payload = { ...factOf(run), step: found.title };
  c.emit({ effect: 'event', event: { type: 'plan.step-late', community, subject: id, payload } });
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: id, payload: { what: 'run' } } });
}
