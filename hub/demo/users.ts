// The demo's users, one a role, in a demo data directory and nowhere else: they share one password.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { Role } from '../http/policy.ts';
import { instanceValue, setInstanceValue } from '../instance.ts';
import { createCommunity, hasCommunity } from '../property/api.ts';
import type { CommunityView } from '../property/contract.ts';
import { addCertificate, addPerson, findByUsername, hasNobody, setPassword } from '../staff/api.ts';

interface DemoUser {
  readonly username: string;
  readonly role: Role;
  /** What they are, as their name: the demo invents no people. */
  readonly name: string;
  /** Certificate kinds they hold. */
  readonly certificates?: readonly 'fire-control-operator'[];
  /** Absent: years. So that a warning can be seen. */
  readonly expiresInDays?: number;
  /** Of a reader from outside: days for which they may look. */
  readonly accessDays?: number;
}

const CERTIFIED = ['fire-control-operator'] as const;

export const DEMO_USERS: readonly DemoUser[] = [
  { username: 'admin', role: 'admin', name: '系统管理员' },
  { username: 'operator', role: 'operator', name: '消控员甲', certificates: CERTIFIED },
  { username: 'operator2', role: 'operator', name: '消控员乙', certificates: CERTIFIED },
  { username: 'technician', role: 'technician', name: '维修工' },
  { username: 'inspector', role: 'inspector', name: '巡检员' },
  { username: 'steward', role: 'steward', name: '管家' },
  { username: 'supervisor', role: 'supervisor', name: '消防主管', certificates: CERTIFIED },
  { username: 'manager', role: 'manager', name: '项目经理' },
  { username: 'finance', role: 'finance', name: '财务' },
  { username: 'collector', role: 'collector', name: '收费员' },
  { username: 'legal', role: 'legal', name: '法务' },
  { username: 'guard', role: 'guard', name: '保安', certificates: CERTIFIED, expiresInDays: 26 },
  { username: 'frontdesk', role: 'frontdesk', name: '前台' },
  { username: 'contractor', role: 'contractor', name: '维保单位' },
  { username: 'committee', role: 'committee', name: '业委会委员' },
  { username: 'authority', role: 'authority', name: '消防救援机构检查员', accessDays: 30 },
  { username: 'owner', role: 'owner', name: '业主' },
];

const PASSWORD_BYTES = 9;
const CERTIFICATE_DAYS = 5 * 365;
const DAY_MS = 24 * 3_600_000;

export interface DemoPassword {
  readonly password: string;
  /** Where it is kept, when the settings do not give it. */
  readonly file?: string;
  /** Made just now. */
  readonly fresh: boolean;
}

/** The demo's password: the setting, else the one that the first start made and keeps in the data directory. */
export function demoPassword(dataDir: string, setting: string | undefined): DemoPassword {
  if (setting !== undefined) return { password: setting, fresh: false };
  const file = join(dataDir, 'demo-password');
  const fresh = !existsSync(file);
  if (fresh) {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`, { mode: 0o600 });
  }
  return { password: readFileSync(file, 'utf8').trim(), file, fresh };
}

/** One hash for all: they share the password anyway, and the first start stays fast. */
async function addUsers(c: CommandContext, community: string, hash: string): Promise<Result<null>> {
  const dayIn = (days: number): string => new Date(c.now + days * DAY_MS).toISOString().slice(0, 10);
  for (const { certificates, expiresInDays = CERTIFICATE_DAYS, accessDays, ...user } of DEMO_USERS) {
    const expires = dayIn(expiresInDays);
    const until = accessDays === undefined ? {} : { accessUntil: dayIn(accessDays) };
    const added = await addPerson(c, community, { ...user, ...until }, hash);
    if (!added.ok) return added;
    for (const kind of certificates ?? []) {
      const target = { id: added.value.id, community };
      const given = await addCertificate(c, target, { kind, no: `DEMO-${user.username}`, expires });
      if (!given.ok) return given;
    }
  }
  return ok(null);
}

/**
 * Makes the demo's community and users in an empty hub, or gives the users of a demo hub a changed password.
 * Refuses `wrong-state` in a hub that is not a demo: real people must not get a password that others know.
 * @param fits whether a stored hash is of the password
 */
export async function ensureDemo(
  c: CommandContext,
  community: CommunityView,
  password: { readonly hash: () => Promise<string>; readonly fits: (stored: string) => Promise<boolean> },
): Promise<Result<{ first: boolean }>> {
  if ((await instanceValue(c.tx, 'demo')) === undefined) {
    if (!(await hasNobody(c.tx)) || (await hasCommunity(c.tx))) {
      return refuse('wrong-state', 'this data directory is not a demo');
    }
    await setInstanceValue(c.tx, 'demo', community.id);
    const made = await createCommunity(c, community);
    if (!made.ok) return made;
    const added = await addUsers(c, community.id, await password.hash());
    return added.ok ? ok({ first: true }) : added;
  }
  const known = await findByUsername(c.tx, DEMO_USERS[0]?.username ?? '');
  if (known !== undefined && !(await password.fits(known.hash))) {
    const hash = await password.hash();
    for (const { username } of DEMO_USERS) {
      const person = await findByUsername(c.tx, username);
      if (person !== undefined) await setPassword(c.tx, person.id, hash, c.now);
    }
  }
  return ok({ first: false });
}
