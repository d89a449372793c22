// Inspections by the authority over HTTP: /api/authority.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Tx } from '../db/tx.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { Entry, SignedIn } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { ITEM_ACTS, itemActs, type ItemAct } from './authority-machine.ts';
import { findVisit, itemEvents, itemsOf, listVisits, noticesOf, type Item, type VisitRow } from './authority-store.ts';
import { actOnItem, enterNotice, enterVisit } from './authority.ts';
import { ActItem, NewNotice, NewVisit, VisitSummary, VisitView, type RectificationView } from './contract.ts';
import { FIRE_SAFETY_LIMITS } from './norms.ts';

const tags = ['fire-safety'];
const READS: readonly Role[] = [...STAFF, 'committee', 'authority'];
const ENTERS: readonly Role[] = ['supervisor', 'manager', 'admin'];
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });
const allowOf = (act: ItemAct): readonly Role[] => (act === 'do' ? STAFF : ENTERS);
const iso = (ms: number): string => new Date(ms).toISOString();
const late = (item: Item, now: number): boolean =>
  (item.state === 'open' || item.state === 'assigned') && item.deadline <= now;

const headOf = (v: VisitRow) => ({
  id: v.id,
  number: v.number,
  kind: v.kind,
  authority: v.authority,
  inspectors: v.inspectors,
  at: v.at.toISOString(),
  summary: v.summary,
  enteredBy: v.entered_by_name,
});

async function summaries(tx: Tx, community: string, now: number): Promise<VisitSummary[]> {
  const visits = await listVisits(tx, community, FIRE_SAFETY_LIMITS.listMax);
  const ids = visits.map((v) => v.id);
  const [notices, items] = [await noticesOf(tx, ids), await itemsOf(tx, ids)];
  return visits.map((v) => {
    const of = items.filter((i) => i.visit === v.id);
    const open = of.filter((i) => i.state !== 'accepted');
    const waiting = open.filter((i) => i.state !== 'done').map((i) => i.deadline);
    return {
      ...headOf(v),
      notices: notices.filter((n) => n.visit === v.id).map((n) => n.number),
      items: of.length,
      open: open.length,
      overdue: of.filter((i) => late(i, now)).length,
      ...(waiting.length === 0 ? {} : { next: iso(Math.min(...waiting)) }),
    };
  });
}

async function visitView(tx: Tx, who: SignedIn, id: string, now: number): Promise<Result<VisitView>> {
  const visit = await findVisit(tx, who.community, id);
  if (!visit) return refuse('not-found', id);
  const [notices, items] = [await noticesOf(tx, [id]), await itemsOf(tx, [id])];
  const events = await itemEvents(
    tx,
    items.map((i) => i.id),
  );
  const itemView = (item: Item): RectificationView => ({
    id: item.id,
    demand: item.demand,
    state: item.state,
    version: item.version,
    ...(item.responsible === undefined
      ? {}
      : { responsible: { id: item.responsible, name: item.responsibleName ?? '' } }),
    measure: item.measure,
    deadline: iso(item.deadline),
    overdue: late(item, now),
    ...(item.askedUntil === undefined ? {} : { askedUntil: iso(item.askedUntil) }),
    extended: item.extended,
    refused: item.refused,
    events: events
      .filter((e) => e.rectification === item.id)
      .map((e) => ({
        id: e.id,
        at: e.at.toISOString(),
        by: e.by_name ?? '',
        act: e.act,
        note: e.note,
        files: [...e.files],
        ...(e.deadline === null ? {} : { deadline: e.deadline.toISOString() }),
      })),
    may: itemActs(item, { kind: 'user', id: who.id, role: who.role }),
  });
  return ok({
    ...headOf(visit),
    notices: notices.map((n) => ({
      id: n.id,
      kind: n.kind,
      number: n.number,
      issuedAt: n.issued_at.toISOString(),
      deadline: n.deadline.toISOString(),
      files: [...n.files],
      items: items.filter((i) => i.notice === n.id).map(itemView),
    })),
    mayEnter: ENTERS.includes(who.role),
  });
}

export function authorityRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    const reads = { policy: { allow: READS }, reading: 'visits' as const };
    const enters = { policy: { allow: ENTERS } };
    const list = Type.Object({ items: Type.Array(VisitSummary), next: Type.Null() });
    app.get('/api/authority/visits', { config: reads, schema: { tags, response: { 200: list } } }, (request) =>
      entry.read(async (tx) =>
        ok({ items: await summaries(tx, entry.user(request).community, entry.clock.now()), next: null }),
      ),
    );
    app.get(
      '/api/authority/visits/:id',
      { config: reads, schema: { tags, params: Id, response: { 200: VisitView } } },
      (request) => entry.read((tx) => visitView(tx, entry.user(request), request.params.id, entry.clock.now())),
    );
    app.post(
      '/api/authority/visits',
      { config: enters, schema: { tags, body: NewVisit, response: { 200: VisitView } } },
      (request) =>
        entry.command(request, async (c) => {
          const done = await enterVisit(c, request.body);
          return done.ok ? visitView(c.tx, entry.user(request), done.value.id, c.now) : done;
        }),
    );
    app.post(
      '/api/authority/visits/:id/notices',
      { config: enters, schema: { tags, params: Id, body: NewNotice, response: { 200: VisitView } } },
      (request) =>
        entry.command(request, async (c) => {
          const done = await enterNotice(c, request.params.id, request.body);
          return done.ok ? visitView(c.tx, entry.user(request), done.value.id, c.now) : done;
        }),
    );
    for (const act of ITEM_ACTS)
      app.post(
        `/api/authority/items/:id/${act}`,
        {
          config: { policy: { allow: allowOf(act) } },
          schema: { tags, params: Id, body: ActItem, response: { 200: VisitView } },
        },
        (request) =>
          entry.command(request, async (c) => {
            const done = await actOnItem(c, request.params.id, act, request.body);
            return done.ok ? visitView(c.tx, entry.user(request), done.value.id, c.now) : done;
          }),
      );
  };
}
