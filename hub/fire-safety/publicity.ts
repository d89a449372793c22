// Publicity: what was shown where and for how long, proved by photos; a mistaken entry is withdrawn, never deleted.
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { missingFiles } from '../files/api.ts';
import type { NewPublicity, PublicityView } from './contract.ts';
import { nextNumber } from './hazard-store.ts';
import { LEADS } from './machine.ts';
import { FIRE_SAFETY_LIMITS } from './norms.ts';
import { insertPublicity, lockPublicity, withdrawPublicityRow, type PublicityRow } from './publicity-store.ts';

export const publicityView = (p: PublicityRow): PublicityView => ({
  id: p.id,
  number: p.number,
  kind: p.kind,
  activity: p.activity,
  material: p.material,
  place: p.place,
  from: p.from_at.toISOString(),
  until: p.until_at.toISOString(),
  ...(p.copies === null ? {} : { copies: p.copies }),
  files: [...p.files],
  photos: [...p.photos],
  at: p.at.toISOString(),
  by: p.by_name,
  ...(p.withdrawn_at === null
    ? {}
    : { withdrawn: { at: p.withdrawn_at.toISOString(), by: p.withdrawn_by_name ?? '', reason: p.reason } }),
});

/** Enters what was shown. Refuses `not-allowed`, `out-of-range` (ends before it begins, not begun), `not-found` for files. */
export async function enterPublicity(c: CommandContext, body: NewPublicity): Promise<Result<PublicityView>> {
  const { actor } = c;
  if (actor.kind !== 'user' || !LEADS.includes(actor.role)) return refuse('not-allowed');
  const { community } = actor;
  const [from, until] = [Date.parse(body.from), Date.parse(body.until)];
  if (until < from) return refuse('out-of-range', 'until');
  // It is proved by a photo: nothing can be shown before it hangs.
  if (from > c.now + FIRE_SAFETY_LIMITS.aheadMs) return refuse('out-of-range', 'from');
  const missing = await missingFiles(c.tx, community, [...(body.files ?? []), ...body.photos]);
  if (missing.length > 0) return refuse('not-found', `files: ${missing.join(', ')}`);
  const number = await nextNumber(c.tx, community, 'XC', c.now);
  const row = await insertPublicity(c.tx, { ...body, community, number, by: actor, now: c.now });
  c.emit({
    effect: 'audit',
    community,
    action: 'publicity.enter',
    entity: 'publicity',
    entityId: row.id,
    after: { ...body, number },
  });
  return ok(publicityView(row));
}

/** Says that an entry was a mistake. Refuses `not-allowed`, `not-found`, `already-done`. */
export async function withdrawPublicity(c: CommandContext, id: string, reason: string): Promise<Result<PublicityView>> {
  const { actor } = c;
  if (actor.kind !== 'user' || !LEADS.includes(actor.role)) return refuse('not-allowed');
  const row = await lockPublicity(c.tx, actor.community, id);
  if (!row) return refuse('not-found', id);
  if (row.withdrawn_at !== null) return refuse('already-done');
  const after = await withdrawPublicityRow(c.tx, id, { reason: reason.trim(), by: actor.name, now: c.now });
  c.emit({
    effect: 'audit',
    community: actor.community,
    action: 'publicity.withdraw',
    entity: 'publicity',
    entityId: id,
    after: { reason },
  });
  return ok(publicityView(after));
}
