// Inspections by the authority: the visit, the paper it served, and what becomes of each thing it wants put right.
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { missingFiles } from '../files/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { findUser } from '../staff/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { stepItem, type ItemAct } from './authority-machine.ts';
import { OUTSIDE } from './machine.ts';
import {
  addItemEvent,
  findVisit,
  insertItem,
  insertNotice,
  insertVisit,
  lockItem,
  lockItemIfFree,
  saveItem,
  type Item,
} from './authority-store.ts';
import type { ActItem, NewNotice, NewVisit } from './contract.ts';
import { nextNumber } from './hazard-store.ts';
import { AUTHORITY_RULE, FIRE_SAFETY_LIMITS, OVERDUE_RULE } from './norms.ts';

/** Timer kind: something that the authority wants is due soon, or overdue. */
export const ITEM_TIMER = 'fire-safety.rectification';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const keyOf = (id: string): string => `${ITEM_TIMER}:${id}`;

/** Enters a visit. Refuses `out-of-range` for one that has not been. */
export async function enterVisit(c: CommandContext, body: NewVisit): Promise<Result<{ id: string }>> {
  const { actor } = c;
  if (actor.kind !== 'user') return refuse('not-allowed');
  if (Date.parse(body.at) > c.now + FIRE_SAFETY_LIMITS.aheadMs) return refuse('out-of-range', 'at');
  const { community } = actor;
  const number = await nextNumber(c.tx, community, 'JC', c.now);
  const id = await insertVisit(c.tx, { ...body, community, number, by: actor, now: c.now });
  c.emit({
    effect: 'audit',
    community,
    action: 'authority.visit',
    entity: 'authority-visit',
    entityId: id,
    after: { ...body, number },
  });
  return ok({ id });
}

/**
 * Enters a paper with what it wants. Refuses `not-found` (visit, files), `duplicate` for a number that is there already,
 * `out-of-range` for a deadline before its issue.
 */
export async function enterNotice(c: CommandContext, visit: string, body: NewNotice): Promise<Result<{ id: string }>> {
  const { actor } = c;
  if (actor.kind !== 'user') return refuse('not-allowed');
  const { community } = actor;
  if (!(await findVisit(c.tx, community, visit))) return refuse('not-found', visit);
  const [issued, deadline] = [Date.parse(body.issuedAt), Date.parse(body.deadline)];
  if (issued > c.now + FIRE_SAFETY_LIMITS.aheadMs || deadline < issued) return refuse('out-of-range', 'deadline');
  const missing = await missingFiles(c.tx, community, body.files);
  if (missing.length > 0) return refuse('not-found', `files: ${missing.join(', ')}`);
  const notice = await insertNotice(c.tx, { ...body, community, visit, by: actor.id, now: c.now });
  if (notice === undefined) return refuse('duplicate', body.number);
  c.emit({
    effect: 'audit',
    community,
    action: 'authority.notice',
    entity: 'authority-notice',
    entityId: notice,
    after: { ...body, visit },
  });
  for (const demand of body.items) {
    const id = await insertItem(c.tx, { community, notice, demand: demand.trim(), deadline, now: c.now });
    await addItemEvent(c.tx, { item: id, now: c.now, by: actor, act: 'demand', to: 'open', deadline });
    const item = await lockItem(c.tx, community, id);
    if (!item) throw new Error(`rectification ${id} is gone`);
    tellChange(c, item, 'demand');
    await watchItem(c, item);
  }
  return ok({ id: visit });
}

function tellChange(c: CommandContext, item: Item, act: ItemAct | 'demand'): void {
  c.emit({
    effect: 'event',
    event: {
      type: 'rectification.changed',
      community: item.community,
      subject: item.id,
      payload: {
        item: item.id,
        visit: item.visit,
        number: item.number,
        demand: item.demand,
        act,
        by: c.actor.id,
        ...(item.responsible === undefined ? {} : { responsible: item.responsible }),
      },
    },
  });
}

/** Does an act to one thing that is wanted. See `stepItem` for what is refused; `conflict`: somebody was faster. */
export async function actOnItem(
  c: CommandContext,
  id: string,
  act: ItemAct,
  body: ActItem,
): Promise<Result<{ id: string }>> {
  const { actor } = c;
  if (actor.kind !== 'user') return refuse('not-allowed');
  const item = await lockItem(c.tx, actor.community, id);
  if (!item) return refuse('not-found', id);
  if (body.version !== undefined && body.version !== item.version)
    return refuse('conflict', `version: is ${item.version}`);
  const files = body.files ?? [];
  const missing = await missingFiles(c.tx, item.community, files);
  if (missing.length > 0) return refuse('not-found', `files: ${missing.join(', ')}`);
  const deadline = body.deadline === undefined ? undefined : Date.parse(body.deadline);
  const doer = { kind: 'user', id: actor.id, role: actor.role } as const;
  const stepped = stepItem(item, act, doer, { note: body.note, files: files.length, deadline }, c.now);
  if (!stepped.ok) return stepped;
  const fields = act === 'assign' ? await assignment(c, item, body) : ok(fieldsOf(item, act, actor.id));
  if (!fields.ok) return fields;
  const { to, askedUntil } = stepped.value;
  const after: Item = {
    ...item,
    ...fields.value,
    state: to,
    version: item.version + 1,
    deadline: stepped.value.deadline,
    askedUntil,
    ...(to === item.state ? {} : { since: c.now }),
    ...(to === item.state && stepped.value.deadline === item.deadline ? {} : { told: 0 }),
  };
  await saveItem(c.tx, after);
  const moved = act === 'ask' ? askedUntil : act === 'grant' ? after.deadline : undefined;
  await addItemEvent(c.tx, {
    item: id,
    now: c.now,
    by: actor,
    act,
    to,
    note: noteOf(act, body),
    files,
    deadline: moved,
  });
  c.emit({
    effect: 'audit',
    community: item.community,
    action: `authority.${act}`,
    entity: 'rectification',
    entityId: id,
    before: { state: item.state, deadline: item.deadline, responsible: item.responsible ?? null },
    after: {
      state: to,
      deadline: after.deadline,
      responsible: after.responsible ?? null,
      note: body.note ?? '',
      files,
    },
  });
  tellChange(c, after, act);
  await watchItem(c, after);
  return ok({ id: item.visit });
}

const noteOf = (act: ItemAct, { note, measure }: ActItem): string =>
  act === 'assign' ? [measure, note].filter(Boolean).join('\n') : (note ?? '');

function fieldsOf(item: Item, act: ItemAct, by: string): Partial<Item> {
  if (act === 'do') return { doers: [...new Set([...item.doers, by])] };
  if (act === 'refuse') return { refused: item.refused + 1 };
  return act === 'grant' ? { extended: item.extended + 1 } : {};
}

async function assignment(c: CommandContext, item: Item, body: ActItem): Promise<Result<Partial<Item>>> {
  const person = body.responsible === undefined ? undefined : await findUser(c.tx, body.responsible);
  if (!person?.active || person.community !== item.community || OUTSIDE.includes(person.role))
    return refuse('not-found', 'responsible');
  if ((body.measure ?? '').trim() === '') return refuse('note-required', 'measure');
  return ok({ responsible: person.id, responsibleName: person.name, measure: (body.measure ?? '').trim() });
}

/** When somebody must be told of it next (ms wall), and of what; undefined: never. Pure. */
export function nextTelling(
  item: Pick<Item, 'state' | 'since' | 'deadline'>,
  rule: { readonly assignHours: number; readonly remindDays: readonly number[] },
  now: number,
): { readonly step: 'assign' | 'soon' | 'overdue'; readonly at: number } | undefined {
  if (item.state === 'accepted' || item.state === 'done') return undefined;
  if (now >= item.deadline) return { step: 'overdue', at: item.deadline };
  const ahead = rule.remindDays.map((d) => item.deadline - d * DAY).filter((t) => t > now);
  const soon = { step: 'soon', at: Math.min(...ahead) } as const;
  const overdue = { step: 'overdue', at: item.deadline } as const;
  const next = ahead.length > 0 ? soon : overdue;
  const assign = item.since + rule.assignHours * HOUR;
  return item.state === 'open' && assign > now && assign < next.at ? { step: 'assign', at: assign } : next;
}

function setTimer(c: CommandContext, item: Item, dueAt: number, step: string): void {
  c.emit({
    effect: 'timer',
    key: keyOf(item.id),
    kind: ITEM_TIMER,
    community: item.community,
    dueAt,
    basis: 'calendar',
    payload: { item: item.id, step },
  });
}

async function watchItem(c: CommandContext, item: Item): Promise<void> {
  const next = nextTelling(item, (await ruleInForce(c.tx, item.community, AUTHORITY_RULE)).value, c.now);
  if (next === undefined) c.emit({ effect: 'cancel-timer', key: keyOf(item.id) });
  else if (next.at > c.now || item.told === 0) setTimer(c, item, next.at, next.step);
}

/** Tells what is due soon, not yet anybody's, or overdue (again and again), and sets itself to what comes next. */
export async function itemTimer(c: CommandContext, timer: DueTimer): Promise<void> {
  const { item: id, step } = timer.payload as { readonly item: string; readonly step: 'assign' | 'soon' | 'overdue' };
  const item = await lockItemIfFree(c.tx, timer.community, id);
  if (item === 'busy') {
    const { key, kind, community, payload } = timer;
    const dueAt = c.now + FIRE_SAFETY_LIMITS.busyMs;
    return c.emit({ effect: 'timer', key, kind, community, dueAt, basis: 'duration', payload });
  }
  if (!item || item.state === 'accepted' || item.state === 'done') return;
  const overdue = c.now >= item.deadline;
  if (step === 'assign' && item.state !== 'open') return watchItem(c, item);
  const round = overdue ? item.told + 1 : 0;
  if (overdue) await saveItem(c.tx, { ...item, told: round });
  c.emit({
    effect: 'event',
    event: {
      type: 'rectification.due',
      community: item.community,
      subject: item.id,
      payload: {
        item: item.id,
        visit: item.visit,
        number: item.number,
        demand: item.demand,
        step: overdue ? 'overdue' : step,
        days: Math.ceil((item.deadline - c.now) / DAY),
        round,
        ...(item.responsible === undefined ? {} : { responsible: item.responsible }),
      },
    },
  });
  if (!overdue) return watchItem(c, item);
  const { repeatHours } = (await ruleInForce(c.tx, item.community, OVERDUE_RULE)).value;
  setTimer(c, item, c.now + repeatHours * HOUR, 'overdue');
}
