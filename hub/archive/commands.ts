// Keeping documents: entered, replaced by a later edition, withdrawn with a reason; nothing is ever deleted.
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { missingFiles } from '../files/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { NewDocument } from './contract.ts';
import { CHAPTERS_RULE } from './norms.ts';
import { endDocument, insertDocument, lockDocument } from './store.ts';

/** Who keeps the archive; everybody else reads. */
export const KEEPERS: readonly string[] = ['supervisor', 'manager', 'admin'];

type Done = Promise<Result<{ id: string }>>;

function audit(c: CommandContext, community: string, id: string, action: string, after: unknown): void {
  c.emit({ effect: 'audit', community, action, entity: 'archive-document', entityId: id, after });
}

/**
 * Keeps a document, or a later edition of one. Refuses `not-allowed`, `not-found` (chapter, kind, file, the edition before),
 * `out-of-range` (ends before it begins), `wrong-state` when what it replaces holds no more.
 */
export async function enterDocument(c: CommandContext, body: NewDocument): Done {
  const { actor } = c;
  if (actor.kind !== 'user' || !KEEPERS.includes(actor.role)) return refuse('not-allowed');
  const { community } = actor;
  const { chapters } = (await ruleInForce(c.tx, community, CHAPTERS_RULE)).value;
  const chapter = chapters.find((one) => one.id === body.chapter);
  if (!chapter) return refuse('not-found', `chapter: ${body.chapter}`);
  if (!chapter.kinds.some((k) => k.id === body.kind)) return refuse('not-found', `kind: ${body.kind}`);
  if (body.validUntil !== undefined && body.validUntil < body.validFrom) return refuse('out-of-range', 'validUntil');
  const missing = await missingFiles(
    c.tx,
    community,
    body.files.map((f) => f.file),
  );
  if (missing.length > 0) return refuse('not-found', `files: ${missing.join(', ')}`);
  const { replaces } = body;
  if (replaces !== undefined) {
    const before = await lockDocument(c.tx, community, replaces);
    if (!before || before.chapter !== body.chapter) return refuse('not-found', 'replaces');
    if (before.state !== 'valid') return refuse('wrong-state', before.state);
    await endDocument(c.tx, replaces, { state: 'replaced', reason: '', by: actor.name, now: c.now });
  }
  const id = await insertDocument(c.tx, { ...body, community, by: actor, now: c.now });
  audit(c, community, id, replaces === undefined ? 'archive.enter' : 'archive.replace', body);
  return ok({ id });
}

/** Says that a document holds no more, and why. Refuses `not-allowed`, `not-found`, `wrong-state`. */
export async function withdrawDocument(c: CommandContext, id: string, reason: string): Done {
  const { actor } = c;
  if (actor.kind !== 'user' || !KEEPERS.includes(actor.role)) return refuse('not-allowed');
  const document = await lockDocument(c.tx, actor.community, id);
  if (!document) return refuse('not-found', id);
  if (document.state !== 'valid') return refuse('wrong-state', document.state);
  await endDocument(c.tx, id, { state: 'withdrawn', reason: reason.trim(), by: actor.name, now: c.now });
  audit(c, actor.community, id, 'archive.withdraw', { reason });
  return ok({ id });
}
