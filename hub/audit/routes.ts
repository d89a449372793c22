// GET /api/audit (entries, newest first), /api/audit/heads, /api/audit/verification.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AUDIT_LIMITS } from '../config.ts';
import { ok } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { AuditEntryView, HeadView, VerificationView } from './contract.ts';
import type { HeadsLog } from './heads.ts';
import { headsOf, listEntries, type ListedEntry } from './store.ts';
import { verifyChain } from './verify.ts';

const auditors = { policy: { allow: ['admin' as const, 'manager' as const, 'committee' as const] } };

/** What says something about a person is not for the committee: it checks deeds, not people's papers. */
const PERSONAL = ['person', 'certificate', 'session', 'reading'];

function viewOf(entry: ListedEntry, role: string): AuditEntryView {
  const hidden = role === 'committee' && PERSONAL.includes(entry.entity);
  return {
    id: entry.id,
    seq: entry.seq,
    action: entry.action,
    entity: entry.entity,
    entityId: entry.entityId,
    actorKind: entry.actorKind,
    hash: entry.hash?.toString('hex') ?? null,
    at: new Date(entry.at).toISOString(),
    contentHash: entry.contentHash.toString('hex'),
    salt: hidden ? null : (entry.salt?.toString('hex') ?? null),
    content: hidden ? null : entry.content,
  };
}

export function auditRoutes(entry: Entry, heads: HeadsLog): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/audit',
      {
        config: auditors,
        schema: {
          tags: ['audit'],
          querystring: Type.Object({
            entity: Type.Optional(Type.String({ maxLength: 64 })),
            entityId: Type.Optional(Type.String({ maxLength: 200 })),
            before: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$', description: 'the `next` of a page' })),
            limit: Type.Integer({ minimum: 1, maximum: AUDIT_LIMITS.pageMax, default: 50 }),
          }),
          response: {
            200: Type.Object({ items: Type.Array(AuditEntryView), next: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community, role } = entry.user(request);
          const { limit, ...filter } = request.query;
          const rows = await listEntries(tx, { ...filter, community, max: limit + 1 });
          const page = rows.slice(0, limit);
          const next = rows.length > limit ? (page.at(-1)?.id ?? null) : null;
          return ok({ items: page.map((row) => viewOf(row, role)), next });
        }),
    );
    app.get(
      '/api/audit/heads',
      {
        config: auditors,
        schema: {
          tags: ['audit'],
          response: { 200: Type.Object({ items: Type.Array(HeadView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const found = await headsOf(tx, entry.user(request).community);
          return ok({ items: found.map((h) => ({ ...h, at: new Date(h.at).toISOString() })), next: null });
        }),
    );
    app.get(
      '/api/audit/verification',
      { config: auditors, schema: { tags: ['audit'], response: { 200: VerificationView } } },
      (request) =>
        // Entries go on being sealed meanwhile: all pages must see one moment.
        entry.read(async (tx) => {
          await tx.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
          return ok(await verifyChain(tx, heads, entry.user(request).community));
        }),
    );
  };
}
