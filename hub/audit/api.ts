// What other parts may ask of the audit: append an entry in their own transaction, erase a person's contents.
import { randomBytes } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import type { Tx } from '../db/tx.ts';
import type { Actor, Effect } from '../events/api.ts';
import { contentHash } from './chain.ts';
import { eraseContents, insertEntries, type NewEntry } from './store.ts';

export { makeHeadsLog, type HeadsLog } from './heads.ts';
export { makeSealer, type Sealer } from './sealer.ts';
export { verifyChain } from './verify.ts';
export type { Head } from './chain.ts';
export type { LostEntries } from './store.ts';
export { headsOf as headsInDatabase } from './store.ts';

type AuditEffect = Omit<Extract<Effect, { effect: 'audit' }>, 'effect'>;

const SALT_BYTES = 16;

function newEntry(entry: AuditEffect, { now, actor }: { readonly now: number; readonly actor: Actor }): NewEntry {
  const { community, action, entity, entityId, before, after } = entry;
  // Names stay out: a person is an id here, and whoever that is can be erased where people are kept.
  const who =
    actor.kind === 'user' ? { kind: 'user', id: actor.id, role: actor.role } : { kind: actor.kind, id: actor.id };
  const content = canonicalJson({ actor: who, before, after });
  const salt = randomBytes(SALT_BYTES);
  const facts = { community, at: now, action, entity, entityId, actorKind: actor.kind };
  return { ...facts, salt, content, contentHash: contentHash(salt, content) };
}

/**
 * Appends entries in the caller's transaction.
 * @param context who acts, and when (ms wall)
 */
export async function appendAudit(
  tx: Tx,
  entries: readonly AuditEffect[],
  context: { readonly now: number; readonly actor: Actor },
): Promise<void> {
  if (entries.length === 0) return;
  await insertEntries(
    tx,
    entries.map((entry) => newEntry(entry, context)),
  );
}

/** What follows when entries were deleted before they were sealed: an entry that says so, and a FAULT of the hub. */
export const lostEntries = (community: string, count: number): readonly Effect[] => [
  { effect: 'audit', community, action: 'entries.lost', entity: 'audit', entityId: community, after: { count } },
  { effect: 'event', event: { type: 'audit.lost', community, subject: 'audit', payload: { count } } },
];

/** Erases what entries say about one thing, and appends the entry that says so. Answers how many were erased. */
export async function eraseAudit(
  tx: Tx,
  what: { readonly community: string; readonly entity: string; readonly entityId: string; readonly reason: string },
  context: { readonly now: number; readonly actor: Actor },
): Promise<number> {
  const { community, entity, entityId, reason } = what;
  const entries = await eraseContents(tx, community, entity, entityId);
  await appendAudit(
    tx,
    [{ community, action: 'content.erased', entity, entityId, after: { entries, reason } }],
    context,
  );
  return entries.length;
}
