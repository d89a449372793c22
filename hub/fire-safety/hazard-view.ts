// Hazards as screens see them: the list with what is overdue and what was there before, one with its whole history.
import type { Tx } from '../db/tx.ts';
import { ruleInForce } from '../rules/api.ts';
import { orderWork } from '../work-orders/api.ts';
import type { HazardPage, HazardSummary, HazardView } from './contract.ts';
import {
  earlierOf,
  hazardEvents,
  listHazards,
  openHazards,
  type Earlier,
  type Hazard,
  type HazardFilter,
} from './hazard-store.ts';
import { nextDue } from './hazard-watch.ts';
import { mayDo } from './machine.ts';
import { GRADES, HAZARD_RULE, type HazardRule } from './norms.ts';

const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();

export interface Asker {
  readonly id: string;
  readonly role: string;
  readonly community: string;
}

/** Who an owner is stays in the community, also as an id that could be met elsewhere: the fire authority sees that an owner reported, not who. */
const told = <P extends { readonly id: string; readonly name: string }>(
  who: { readonly role: string },
  role: string | null,
  person: P,
): P => (who.role === 'authority' && role === 'owner' ? { ...person, id: '', name: '' } : person);

function summaryOf(
  h: Hazard,
  rule: HazardRule,
  earlier: readonly Earlier[],
  who: { readonly role: string },
  now: number,
): HazardSummary {
  const due = nextDue(h, rule);
  return {
    id: h.id,
    number: h.number,
    kind: h.kind,
    kindName: h.kindName,
    family: h.family,
    grade: h.grade,
    state: h.state,
    description: h.description,
    ...h.where,
    reporter: told(who, h.reporterRole, { id: h.reporter, name: h.reporterName, role: h.reporterRole }),
    reportedAt: iso(h.reportedAt),
    ...(h.responsible === undefined ? {} : { responsible: { id: h.responsible, name: h.responsibleName ?? '' } }),
    ...(h.deadline === undefined ? {} : { deadline: iso(h.deadline) }),
    ...(due !== undefined && due.at <= now ? { overdue: { step: due.step, since: iso(due.at) } } : {}),
    ...(h.clearedAt === undefined ? {} : { clearedAt: iso(h.clearedAt) }),
    reopened: h.reopened,
    extended: h.extended,
    repeats: earlier.filter((e) => e.hazard === h.id).length,
  };
}

/** A page of the list with the counts of everything open that the person sees. */
export async function hazardPage(
  tx: Tx,
  filter: HazardFilter & { readonly overdue?: boolean | undefined },
  who: { readonly role: string },
  now: number,
): Promise<HazardPage> {
  const rule = (await ruleInForce(tx, filter.community, HAZARD_RULE)).value;
  const late = (h: Hazard): boolean => (nextDue(h, rule)?.at ?? Infinity) <= now;
  const open = await openHazards(tx, filter);
  const found = filter.overdue
    ? open.filter(late).toSorted((a, b) => Number(BigInt(b.n) - BigInt(a.n)))
    : await listHazards(tx, { ...filter, limit: filter.limit + 1 });
  const rows = filter.overdue ? found : found.slice(0, filter.limit);
  const earlier = await earlierOf(
    tx,
    rows.map((h) => h.id),
    rule.repeatDays,
  );
  return {
    items: rows.map((h) => summaryOf(h, rule, earlier, who, now)),
    next: found.length > rows.length ? (rows.at(-1)?.n ?? null) : null,
    counts: {
      open: open.length,
      major: open.filter((h) => h.grade === 'major').length,
      overdue: open.filter(late).length,
      toRecheck: open.filter((h) => h.state === 'mended').length,
    },
  };
}

/** One hazard with everything that ever happened to it. */
export async function hazardView(tx: Tx, hazard: Hazard, who: Asker, now: number): Promise<HazardView> {
  const rule = (await ruleInForce(tx, hazard.community, HAZARD_RULE)).value;
  const earlier = await earlierOf(tx, [hazard.id], rule.repeatDays);
  const events = await hazardEvents(tx, hazard.id);
  const order = hazard.workOrder === undefined ? undefined : await orderWork(tx, hazard.community, hazard.workOrder);
  const latest = (grade: 'general' | 'major'): string => iso(now + rule[grade].mendHours * HOUR);
  return {
    ...summaryOf(hazard, rule, earlier, who, now),
    version: hazard.version,
    measures: hazard.measures,
    ...(order === undefined ? {} : { order: { id: order.id, number: order.number, state: order.state } }),
    latest: { general: latest('general'), major: latest('major') },
    measuresFor: GRADES.filter((g) => rule[g].measures),
    events: events.map((e) => ({
      id: e.id,
      at: e.at.toISOString(),
      by: e.by === null ? null : told(who, e.by_role, { id: e.by, name: e.by_name ?? '' }),
      ...(e.by_role === null ? {} : { role: e.by_role }),
      act: e.act,
      ...(e.from_state === null ? {} : { from: e.from_state }),
      to: e.to_state,
      note: e.note,
      photos: [...e.photos],
      changes: [...e.changes],
    })),
    earlier: earlier.map((e) => ({
      id: e.id,
      number: e.number,
      state: e.state,
      reportedAt: e.reported_at.toISOString(),
    })),
    may: mayDo(hazard, { kind: 'user', id: who.id, role: who.role }),
  };
}
