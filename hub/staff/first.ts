// The first administrator of an empty hub.
import type { CommandContext } from '../events/api.ts';
import { ok, type Result } from '../errors.ts';
import { createCommunity, hasCommunity } from '../property/api.ts';
import { addPerson } from './commands.ts';
import { anyPerson } from './store.ts';

export interface FirstAdmin {
  /** Id of the community that is made for it. */
  readonly community: string;
  /** Of its password. */
  readonly hash: string;
}

/** Makes a community and the user `admin` where there is nobody yet. Answers whether it did. */
export async function makeFirstAdmin(c: CommandContext, { community, hash }: FirstAdmin): Promise<Result<boolean>> {
  if (await anyPerson(c.tx)) return ok(false);
  if (!(await hasCommunity(c.tx))) {
    const name = { zh: '小区', en: 'Community' };
    const made = await createCommunity(c, { id: community, name, timeZone: 'Asia/Shanghai' });
    if (!made.ok) return made;
  }
  const person = { username: 'admin', name: '管理员', role: 'admin' as const };
  const added = await addPerson(c, community, person, hash);
  return added.ok ? ok(true) : added;
}
