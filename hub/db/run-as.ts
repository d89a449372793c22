// PostgreSQL refuses to run as root. This finds how to run it here: as we are, inside a user namespace, or as a
// system user of its own.
import { spawnSync, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface RunAs {
  /** Put before the command. */
  readonly prefix: readonly string[];
  /** The system user that must own the data directory, where it isn't us. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

const SYSTEM_USER = 'fengsui-postgres';

const works = (command: string, args: readonly string[], options: SpawnOptions = {}): boolean =>
  spawnSync(command, args, { ...options, stdio: 'ignore' }).status === 0;

function systemUser(): RunAs['user'] {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((l) => l.startsWith(`${SYSTEM_USER}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/**
 * How to start `postgres` on this machine.
 * @param asRoot whether this process is root
 * @param probe runs the binary that way, e.g. `postgres --version`
 * @throws Error that names DATABASE_URL when root has neither user namespaces nor a usable system user
 */
export function findRunAs(postgres: string, env: Readonly<Record<string, string>>, asRoot: boolean): RunAs {
  if (!asRoot) return { prefix: [] };
  const options = { env: { ...process.env, ...env } };
  // In a user namespace without a mapping the process keeps its rights on root's files but no longer sees itself as
  // root, and the owner of the data directory shows as the same overflow user, which is all that PostgreSQL checks.
  const namespace = ['unshare', '--user', '--'];
  if (works('unshare', ['--user', '--', postgres, '--version'], options)) return { prefix: namespace };
  if (systemUser() === undefined) {
    works('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', SYSTEM_USER]);
  }
  const user = systemUser();
  if (user !== undefined && works(postgres, ['--version'], { ...options, ...user })) return { prefix: [], user };
  throw new Error(
    'PostgreSQL refuses to run as root, and neither user namespaces (unshare --user) nor the system user ' +
      `${SYSTEM_USER} can run it here: start the hub as an ordinary user, or set DATABASE_URL to a PostgreSQL of yours`,
  );
}
