// The first administrator of an empty hub.
import type { CommandContext } from '../events/api.ts';
import { ok, type Result } from '../errors.ts';
import { changeCommunity, createCommunity, hasCommunity } from '../property/api.ts';
import { addPerson } from './commands.ts';
import { anyPerson, lockFirst } from './store.ts';

export interface FirstAdmin {
  /** Id of the community that is made for it. */
  readonly community: string;
  /** Of its password. */
  readonly hash: string;
  readonly communityName?: { readonly zh: string; readonly en: string };
  readonly username?: string;
  readonly name?: string;
}

/** Makes a community and its administrator (`admin`, unless named) where there is nobody yet. Answers whether it did. */
export async function makeFirstAdmin(
  c: CommandContext,
  { community, hash, communityName, username = 'admin', name: called = '管理员' }: FirstAdmin,
): Promise<Result<boolean>> {
  await lockFirst(c.tx);
  if (await anyPerson(c.tx)) return ok(false);
  if (!(await hasCommunity(c.tx))) {
    const name = communityName ?? { zh: '小区', en: 'Community' };
    const made = await createCommunity(c, { id: community, name, timeZone: 'Asia/Shanghai' });
    if (!made.ok) return made;
  } else if (communityName !== undefined) {
    const named = await changeCommunity(c, community, { name: communityName });
    if (!named.ok) return named;
  }
  const person = { username, name: called, role: 'admin' as const };
  const added = await addPerson(c, community, person, hash);
  return added.ok ? ok(true) : added;
}
