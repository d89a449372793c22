// What people do to a training: plan it, sign in, count households, enter results, hold it or call it off.
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { missingFiles } from '../files/api.ts';
import { listBuildings } from '../property/api.ts';
import { certificatesOf, findUser } from '../staff/api.ts';
import type { EndTraining, NewHousehold, NewResult, NewTraining } from './contract.ts';
import { nextNumber } from './hazard-store.ts';
import { LEADS } from './machine.ts';
import { FIRE_SAFETY_LIMITS } from './norms.ts';
import { NOT_STAFF, trainingActs, type TrainingAct } from './training-acts.ts';
import {
  changeTrainingRow,
  countTrainees,
  endTrainingRow,
  insertHousehold,
  insertResult,
  insertTrainee,
  insertTraining,
  lockTraining,
  resultsOf,
  traineesOf,
  type Training,
} from './training-store.ts';
import { trainingLook } from './training-watch.ts';

const DAY = 86_400_000;
type Done = Promise<Result<{ id: string }>>;
type UserActor = Extract<CommandContext['actor'], { kind: 'user' }>;

function tell(c: CommandContext, community: string, id: string, act: string, after: unknown): void {
  c.emit({ effect: 'audit', community, action: `training.${act}`, entity: 'training', entityId: id, after });
}

interface Held {
  readonly training: Training;
  readonly actor: UserActor;
}

/** The training, locked, when this person may do the act to it now. */
async function hold(c: CommandContext, id: string, act: TrainingAct): Promise<Result<Held>> {
  const { actor } = c;
  if (actor.kind !== 'user') return refuse('not-allowed');
  const training = await lockTraining(c.tx, actor.community, id);
  if (!training) return refuse('not-found', id);
  if (trainingActs(training, actor, false, c.now).includes(act)) return ok({ training, actor });
  // Never theirs, or only not now.
  const asked = { state: 'planned', at: new Date(0), pass_score: 1 } as const;
  const audience = act === 'households' ? 'owners' : 'staff';
  const ever = trainingActs({ ...asked, audience }, actor, false, c.now);
  return ever.includes(act) ? refuse('wrong-state', training.state) : refuse('not-allowed', act);
}

const stale = (body: { readonly version?: number | undefined }, t: Training): boolean =>
  body.version !== undefined && body.version !== t.version;

/** Plans a training; one that was held before may be entered afterwards. Refuses `not-allowed`. */
export async function planTraining(c: CommandContext, body: NewTraining): Done {
  const { actor } = c;
  if (actor.kind !== 'user' || !LEADS.includes(actor.role)) return refuse('not-allowed');
  const { community } = actor;
  const number = await nextNumber(c.tx, community, 'PX', c.now);
  const id = await insertTraining(c.tx, { ...body, community, number, by: actor, now: c.now });
  tell(c, community, id, 'plan', { ...body, number });
  c.emit({
    effect: 'event',
    event: {
      type: 'training.planned',
      community,
      subject: id,
      payload: {
        training: id,
        topic: body.topic.trim(),
        audience: body.audience,
        place: body.place.trim(),
        at: Date.parse(body.at),
      },
    },
  });
  c.emit(trainingLook(community, c.now + DAY));
  return ok({ id });
}

/** Changes what is planned. Refuses `not-found`, `wrong-state` once it ended, `conflict`. */
export async function changeTraining(
  c: CommandContext,
  id: string,
  body: NewTraining & { readonly version?: number | undefined },
): Done {
  const held = await hold(c, id, 'change');
  if (!held.ok) return held;
  const { training } = held.value;
  if (stale(body, training)) return refuse('conflict', `version: is ${training.version}`);
  // Who has signed in did so to what was planned then.
  if (body.audience !== training.audience && (await countTrainees(c.tx, id)) > 0)
    return refuse('wrong-state', 'audience');
  await changeTrainingRow(c.tx, id, body);
  tell(c, training.community, id, 'change', body);
  return ok({ id });
}

/** Signs in: oneself while it is on, or by somebody who leads. Refuses `already-done`, `too-large`, `not-found`. */
export async function attendTraining(c: CommandContext, id: string, person: string | undefined): Done {
  const held = await hold(c, id, person === undefined ? 'attend' : 'enrol');
  if (!held.ok) return held;
  const { training, actor } = held.value;
  const who = await findUser(c.tx, person ?? actor.id);
  if (!who?.active || who.community !== training.community || NOT_STAFF.includes(who.role))
    return refuse('not-found', 'person');
  if ((await countTrainees(c.tx, id)) >= FIRE_SAFETY_LIMITS.traineesMax) return refuse('too-large', 'trainees');
  const how = person === undefined ? 'self' : 'hand';
  const { name, role } = who;
  const fresh = await insertTrainee(c.tx, { training: id, person: who.id, name, role, how, by: actor, now: c.now });
  if (!fresh) return refuse('already-done');
  tell(c, training.community, id, 'attend', { person: who.id, how });
  return ok({ id });
}

/** Counts a household. Refuses `not-found` (building), `already-done`. */
export async function countHousehold(c: CommandContext, id: string, body: NewHousehold): Done {
  const held = await hold(c, id, 'households');
  if (!held.ok) return held;
  const { training, actor } = held.value;
  const buildings = await listBuildings(c.tx, training.community);
  if (!buildings.some((b) => b.id === body.building)) return refuse('not-found', `building: ${body.building}`);
  const row = { ...body, room: body.room.trim(), training: id, by: actor, now: c.now };
  if (!(await insertHousehold(c.tx, row))) return refuse('already-done');
  // The room stays out of the logs: they are read by more people than may know who was there.
  tell(c, training.community, id, 'household', { people: body.people });
  return ok({ id });
}

/**
 * Enters what somebody reached in the test; another try is a retake. Refuses `not-found` (not in the list of who was
 * there, a certificate that is not theirs), `own-work`, `already-done` once they passed.
 */
export async function enterResult(c: CommandContext, id: string, body: NewResult): Done {
  const held = await hold(c, id, 'result');
  if (!held.ok) return held;
  const { training, actor } = held.value;
  if (body.person === actor.id) return refuse('own-work', 'person');
  if (!(await traineesOf(c.tx, id)).some((e) => e.person === body.person)) return refuse('not-found', 'person');
  const before = (await resultsOf(c.tx, id)).filter((r) => r.person === body.person);
  if (before.some((r) => r.passed)) return refuse('already-done');
  const { certificate } = body;
  if (certificate !== undefined && !(await certificatesOf(c.tx, body.person)).some((one) => one.id === certificate))
    return refuse('not-found', 'certificate');
  const passed = body.score >= (training.pass_score ?? 0);
  const attempt = before.length + 1;
  const { person, score, note = '' } = body;
  const row = { training: id, person, score, passed, attempt, certificate: certificate ?? null, note: note.trim() };
  await insertResult(c.tx, { ...row, by: actor, now: c.now });
  tell(c, training.community, id, 'result', { person, attempt, passed, certificate: certificate ?? null });
  return ok({ id });
}

/**
 * Ends a training: it was held, or called off. Refuses `wrong-state` (not begun, ended already), `conflict`, `not-found`
 * for files that were not uploaded.
 */
export async function endTraining(c: CommandContext, id: string, to: 'hold' | 'cancel', body: EndTraining): Done {
  const held = await hold(c, id, to);
  if (!held.ok) return held;
  const { training, actor } = held.value;
  if (stale(body, training)) return refuse('conflict', `version: is ${training.version}`);
  const files = body.files ?? [];
  const missing = await missingFiles(c.tx, training.community, files);
  if (missing.length > 0) return refuse('not-found', `files: ${missing.join(', ')}`);
  const state = to === 'hold' ? 'held' : 'cancelled';
  await endTrainingRow(c.tx, id, { state, summary: body.summary.trim(), files, by: actor, now: c.now });
  tell(c, training.community, id, to, { state, summary: body.summary, files });
  return ok({ id });
}
