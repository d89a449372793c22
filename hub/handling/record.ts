// Writes what was done at a fire: each entry with its hash, its audit entry and word to the screens, in the command's
// transaction.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import type { CommandContext } from '../events/api.ts';
import type { EntryKind } from './contract.ts';
import { insertEntry } from './store.ts';

const sha256 = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

/** Adds an entry and answers its id; the actor of the command has done it, or the hub itself. */
export async function keep(
  c: CommandContext,
  fire: { readonly id: string; readonly community: string },
  kind: EntryKind,
  body: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const by = c.actor.kind === 'user' ? c.actor : undefined;
  const { id: of, community } = fire;
  const hash = sha256({ fire: of, at: c.now, kind, by: by?.id, name: by?.name, body });
  const entry = { fire: of, community, at: c.now, kind, by: by?.id, byName: by?.name, body, sha256: hash };
  const id = await insertEntry(c.tx, entry);
  // Callers are persons: the chain holds the hash of what was said, not the words.
  const after = { entry: id, sha256: hash };
  c.emit({ effect: 'audit', community, action: `fire.${kind}`, entity: 'fire', entityId: of, after });
  c.emit({ effect: 'event', event: { type: 'scene.changed', community, subject: of, payload: { what: 'fire' } } });
  return id;
}
