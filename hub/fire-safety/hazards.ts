// What people do to a hazard: report it, name who puts it right by when, mend, recheck, dismiss, comment. Each act is a
// row of the history, an audit entry and an event, in the command's own transaction.
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { missingFiles } from '../files/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { findUser } from '../staff/api.ts';
import {
  actOnOrder,
  openForHazard,
  orderWork,
  reopenForHazard,
  type OrderPorts,
  type OrderWork,
} from '../work-orders/api.ts';
import type { ActHazard, AmendHazard, AssignHazard, ExtendHazard, NewHazard } from './contract.ts';
import {
  addHazardEvent,
  insertHazard,
  lockHazard,
  lockHazardOfOrder,
  nextNumber,
  saveHazard,
  type Change,
  type Hazard,
  type Spot,
  type Where,
} from './hazard-store.ts';
import { OUTSIDE, OWN_ONLY, step, type Bounds, type Brought, type Doer, type HazardAct } from './machine.ts';
import { HAZARD_KINDS, HAZARD_RULE, type Grade, type HazardKind, type HazardRule } from './norms.ts';
import { watchHazard } from './hazard-watch.ts';

const HOUR = 3_600_000;

/** What orders of hazards must know of other domains. */
export type HazardPorts = OrderPorts;

/** One way to write a place: in a building with a floor the floor is close enough, elsewhere the words count. */
export function spotOf({ building, floor, place }: Spot): string | undefined {
  const words = (place ?? '').replace(/\s+/gu, '').toLowerCase();
  if (building !== undefined && floor !== undefined) return `${building}|${floor}`;
  if (words === '') return undefined;
  return `${building ?? ''}|${words}`;
}

/** The rule's numbers for a grade. */
export const boundsOf = (rule: HazardRule, grade: Grade): Bounds => ({
  mendMs: rule[grade].mendHours * HOUR,
  extendMsMax: rule[grade].extendHoursMax * HOUR,
  measures: rule[grade].measures,
});

async function kindOf(c: CommandContext, community: string, id: string): Promise<Result<HazardKind>> {
  const { kinds } = (await ruleInForce(c.tx, community, HAZARD_KINDS)).value;
  const found = kinds.find((k) => k.id === id);
  return found ? ok(found) : refuse('not-found', `kind: ${id}`);
}

const given = ({ building, floor, place }: Spot): Where => ({
  ...(building === undefined ? {} : { building }),
  ...(floor === undefined ? {} : { floor }),
  ...(place === undefined || place.trim() === '' ? {} : { place: place.trim() }),
});

function changed(c: CommandContext, hazard: Hazard, act: string, from: string | undefined): void {
  c.emit({
    effect: 'event',
    event: {
      type: 'hazard.changed',
      community: hazard.community,
      subject: hazard.id,
      payload: {
        hazard: hazard.id,
        number: hazard.number,
        act,
        state: hazard.state,
        grade: hazard.grade,
        title: hazard.kindName,
        reporter: hazard.reporter,
        ...(from === undefined ? {} : { from }),
        ...(hazard.responsible === undefined ? {} : { responsible: hazard.responsible }),
        by: c.actor.id,
      },
    },
  });
}

/** Reports a hazard. Refuses `not-found` for a kind that the site does not have, or photos that were not uploaded. */
export async function reportHazard(c: CommandContext, body: NewHazard): Promise<Result<Hazard>> {
  const { actor } = c;
  if (actor.kind !== 'user') return refuse('not-allowed');
  const { community } = actor;
  const kind = await kindOf(c, community, body.kind);
  if (!kind.ok) return kind;
  const photos = body.photos ?? [];
  const missing = await missingFiles(c.tx, community, photos);
  if (missing.length > 0) return refuse('not-found', `photos: ${missing.join(', ')}`);
  const where = given(body);
  const hazard = await insertHazard(c.tx, {
    community,
    number: await nextNumber(c.tx, community, 'YH', c.now),
    kind: kind.value.id,
    kindName: { zh: kind.value.zh, en: kind.value.en },
    family: kind.value.family,
    grade: kind.value.grade,
    description: body.description.trim(),
    where,
    spot: spotOf(where),
    by: { id: actor.id, name: actor.name, role: actor.role },
    now: c.now,
  });
  const note = hazard.description;
  await addHazardEvent(c.tx, { hazard: hazard.id, now: c.now, by: actor, act: 'report', to: 'reported', note, photos });
  c.emit({
    effect: 'audit',
    community,
    action: 'hazard.report',
    entity: 'hazard',
    entityId: hazard.id,
    after: { number: hazard.number, kind: hazard.kind, grade: hazard.grade, where, photos },
  });
  changed(c, hazard, 'report', undefined);
  await watchHazard(c, hazard);
  return ok(hazard);
}

/** What an act writes beside the step: the hazard's own new fields, and what the history says. */
interface Written {
  readonly brought: Brought;
  readonly fields?: Partial<Hazard>;
  readonly photos?: readonly string[];
  readonly version?: number | undefined;
}

const iso = (value: number | undefined): string => (value === undefined ? '' : new Date(value).toISOString());
const shown = (h: Hazard): Readonly<Record<string, string>> => ({
  kind: h.kind,
  grade: h.grade,
  description: h.description,
  building: h.where.building ?? '',
  floor: h.where.floor === undefined ? '' : String(h.where.floor),
  place: h.where.place ?? '',
  responsible: h.responsibleName ?? '',
  deadline: iso(h.deadline),
  measures: h.measures,
});

/** Field by field what is otherwise now. */
export function changesOf(before: Hazard, after: Hazard): Change[] {
  const [was, is] = [shown(before), shown(after)];
  return Object.keys(was).flatMap((field) => {
    const [from, to] = [was[field] ?? '', is[field] ?? ''];
    return from === to ? [] : [{ field, from, to }];
  });
}

const doerOf = (c: CommandContext): Doer =>
  c.actor.kind === 'user' ? { kind: 'user', id: c.actor.id, role: c.actor.role } : { kind: 'system' };

async function act(
  c: CommandContext,
  hazard: Hazard,
  name: HazardAct,
  written: Written,
  by: { readonly id: string; readonly name: string; readonly role: string } | undefined,
): Promise<Result<Hazard>> {
  const { brought, fields = {}, photos = [], version } = written;
  if (version !== undefined && version !== hazard.version) return refuse('conflict', `version: is ${hazard.version}`);
  const rule = (await ruleInForce(c.tx, hazard.community, HAZARD_RULE)).value;
  const bounds = boundsOf(rule, brought.grade ?? hazard.grade);
  const stepped = step(hazard, name, doerOf(c), { ...brought, photos: photos.length }, bounds, c.now);
  if (!stepped.ok) return stepped;
  const { from, to, deadline } = stepped.value;
  const after: Hazard = {
    ...hazard,
    ...fields,
    state: to,
    version: hazard.version + 1,
    deadline,
    ...(to === from ? {} : { since: c.now, told: 0 }),
    ...(deadline === hazard.deadline ? {} : { told: 0 }),
  };
  const changes = changesOf(hazard, after);
  await saveHazard(c.tx, after);
  const { note } = brought;
  await addHazardEvent(c.tx, { hazard: hazard.id, now: c.now, by, act: name, from, to, note, photos, changes });
  c.emit({
    effect: 'audit',
    community: hazard.community,
    action: `hazard.${name}`,
    entity: 'hazard',
    entityId: hazard.id,
    before: { state: from, version: hazard.version },
    after: { state: to, version: after.version, changes, note: note ?? '', photos },
  });
  changed(c, after, name, from);
  await watchHazard(c, after);
  return ok(after);
}

type User = Extract<CommandContext['actor'], { kind: 'user' }>;

/** The hazard of a request, locked, if the person sees it at all. */
async function mine(c: CommandContext, id: string): Promise<Result<{ hazard: Hazard; by: User }>> {
  const { actor } = c;
  if (actor.kind !== 'user') return refuse('not-allowed');
  const hazard = await lockHazard(c.tx, actor.community, id);
  if (!hazard || !seesHazard(actor, hazard)) return refuse('not-found', id);
  return ok({ hazard, by: actor });
}

/** An owner sees what they reported; a contractor that too, and what they answer for or have put right. */
export const seesHazard = (
  who: { readonly id: string; readonly role: string },
  hazard: Pick<Hazard, 'reporter' | 'responsible' | 'menders'>,
): boolean => {
  if (OWN_ONLY.includes(who.role)) return hazard.reporter === who.id;
  if (who.role !== 'contractor') return true;
  return hazard.reporter === who.id || hazard.responsible === who.id || hazard.menders.includes(who.id);
};

/** Names grade, responsible person, deadline and the measures meanwhile; again when something of it changes. */
export async function assignHazard(c: CommandContext, id: string, body: AssignHazard): Promise<Result<Hazard>> {
  const loaded = await mine(c, id);
  if (!loaded.ok) return loaded;
  const { hazard, by } = loaded.value;
  const person = await findUser(c.tx, body.responsible);
  if (!person?.active || person.community !== hazard.community || OUTSIDE.includes(person.role))
    return refuse('not-found', `responsible: ${body.responsible}`);
  const measures = body.measures?.trim() ?? hazard.measures;
  const deadline = body.deadline === undefined ? undefined : Date.parse(body.deadline);
  return act(
    c,
    hazard,
    'assign',
    {
      brought: { note: body.note, measures, grade: body.grade, deadline },
      fields: { grade: body.grade, responsible: person.id, responsibleName: person.name, measures },
      version: body.version,
    },
    by,
  );
}

/** Puts right what the report says; what it said stays in the history. Refuses `bad-request` when nothing differs. */
export async function amendHazard(c: CommandContext, id: string, body: AmendHazard): Promise<Result<Hazard>> {
  const loaded = await mine(c, id);
  if (!loaded.ok) return loaded;
  const { hazard, by } = loaded.value;
  const kind = await kindOf(c, hazard.community, body.kind ?? hazard.kind);
  if (!kind.ok && body.kind !== undefined && body.kind !== hazard.kind) return kind;
  const where = given({ ...hazard.where, ...body });
  const fields: Partial<Hazard> = {
    description: body.description?.trim() ?? hazard.description,
    where,
    spot: spotOf(where),
    ...(kind.ok && body.kind !== undefined
      ? { kind: kind.value.id, kindName: { zh: kind.value.zh, en: kind.value.en }, family: kind.value.family }
      : {}),
  };
  if (changesOf(hazard, { ...hazard, ...fields }).length === 0) return refuse('bad-request', 'nothing differs');
  return act(c, hazard, 'amend', { brought: {}, fields, version: body.version }, by);
}

/** A later deadline, with its reason: not by whoever is measured by it. */
export async function extendHazard(c: CommandContext, id: string, body: ExtendHazard): Promise<Result<Hazard>> {
  const loaded = await mine(c, id);
  if (!loaded.ok) return loaded;
  const { hazard, by } = loaded.value;
  const brought = { note: body.note, deadline: Date.parse(body.deadline) };
  return act(c, hazard, 'extend', { brought, fields: { extended: hazard.extended + 1 }, version: body.version }, by);
}

/** Has it repaired by a work order. Refuses `already-done` while one is unfinished. */
export async function orderForHazard(
  c: CommandContext,
  ports: HazardPorts,
  id: string,
  body: ActHazard,
): Promise<Result<Hazard>> {
  const loaded = await mine(c, id);
  if (!loaded.ok) return loaded;
  const { hazard, by } = loaded.value;
  const before = hazard.workOrder === undefined ? undefined : await orderWork(c.tx, hazard.community, hazard.workOrder);
  if (before && before.state !== 'cancelled') return refuse('already-done', before.number);
  const ordered = await act(c, hazard, 'order', { brought: { note: body.note }, version: body.version }, by);
  if (!ordered.ok) return ordered;
  const workOrder = await openForHazard(c, ports, {
    community: hazard.community,
    cause: `${hazard.id}:${hazard.version}`,
    title: hazard.kindName,
    detail: [`${hazard.number} ${hazard.description}`, hazard.measures].filter(Boolean).join('\n'),
    urgent: hazard.grade === 'major',
    spot: hazard.where,
  });
  const after = { ...ordered.value, workOrder };
  await saveHazard(c.tx, after);
  return ok(after);
}

export type SimpleAct = 'mend' | 'pass' | 'fail' | 'dismiss' | 'reopen' | 'comment';

function fieldsAfter(c: CommandContext, hazard: Hazard, name: SimpleAct, by: User): Partial<Hazard> {
  switch (name) {
    case 'mend':
      return { menders: [...new Set([...hazard.menders, by.id])] };
    case 'pass':
      return { clearedAt: c.now };
    case 'fail':
      return { reopened: hazard.reopened + 1 };
    case 'reopen':
      return {
        reopened: hazard.reopened + 1,
        clearedAt: undefined,
        responsible: undefined,
        responsibleName: undefined,
        measures: '',
      };
    default:
      return {};
  }
}

/** Mends, rechecks, dismisses, reopens or comments. See `step` for what is refused. */
export async function actOnHazard(
  c: CommandContext,
  id: string,
  name: SimpleAct,
  body: ActHazard,
): Promise<Result<Hazard>> {
  const loaded = await mine(c, id);
  if (!loaded.ok) return loaded;
  const { hazard, by } = loaded.value;
  const photos = body.photos ?? [];
  const missing = await missingFiles(c.tx, hazard.community, photos);
  if (missing.length > 0) return refuse('not-found', `photos: ${missing.join(', ')}`);
  const fields = fieldsAfter(c, hazard, name, by);
  const done = await act(c, hazard, name, { brought: { note: body.note }, fields, photos, version: body.version }, by);
  if (!done.ok || hazard.workOrder === undefined) return done;
  if (name === 'fail' || name === 'reopen')
    await reopenForHazard(c, hazard.community, hazard.workOrder, body.note ?? '');
  return done;
}

/** Rechecks well. The same look at the place verifies and closes the order of its repair, where that waits for one. */
export async function passHazard(
  c: CommandContext,
  ports: HazardPorts,
  id: string,
  body: ActHazard,
): Promise<Result<Hazard>> {
  const passed = await actOnHazard(c, id, 'pass', body);
  if (!passed.ok || passed.value.workOrder === undefined) return passed;
  const order = passed.value.workOrder;
  const verified = await actOnOrder(c, ports, order, { act: 'verify', note: body.note });
  if (verified.ok) await actOnOrder(c, ports, order, { act: 'close' });
  return passed;
}

/** The order that repairs a hazard was finished: the hazard is mended, by whoever worked on it, with their photos. */
export async function orderFinished(c: CommandContext, order: string): Promise<void> {
  const hazard = await lockHazardOfOrder(c.tx, order);
  if (!hazard || hazard.state !== 'assigned') return;
  const work: OrderWork | undefined = await orderWork(c.tx, hazard.community, order);
  if (work?.state !== 'done') return;
  const by = work.workers.map((id) => ({ id }));
  const person = work.assignee === undefined ? undefined : await findUser(c.tx, work.assignee);
  const mended = await act(
    c,
    hazard,
    'mend',
    {
      brought: { note: `${work.number} ${work.result}` },
      fields: { menders: [...new Set([...hazard.menders, ...by.map((w) => w.id)])] },
      photos: work.photos,
    },
    person,
  );
  if (!mended.ok) throw new Error(`hazard ${hazard.id} after order ${order}: ${mended.code}`);
}
