// Where the bundled server of a data directory keeps its files, and how clients reach it.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Room for the longest file name in the socket directory, within the 107 bytes of a unix socket's path. */
const SOCKET_DIR_BYTES_MAX = 107 - '/.s.PGSQL.5432.lock'.length;

export interface BundledPaths {
  readonly data: string;
  /** A first start that was cut short leaves this; it is thrown away. */
  readonly unfinished: string;
  readonly links: string;
  readonly socketDir: string;
  readonly lock: string;
  /** Only with TCP: the password of the role. */
  readonly passwordFile: string;
}

/** A directory in the shared temporary directory that only we can use. @throws Error when someone else made it */
function privateDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  const mine = process.getuid?.() ?? stat.uid;
  if (!stat.isDirectory() || stat.uid !== mine) throw new Error(`${path} belongs to someone else; remove it`);
  chmodSync(path, 0o700);
}

/** Paths for a data directory; makes the directories that must exist. */
export function bundledPaths(dataDir: string): BundledPaths {
  const root = resolve(dataDir);
  const fresh = !existsSync(root);
  mkdirSync(root, { recursive: true });
  if (fresh) chmodSync(root, 0o700);
  const near = join(root, 'run');
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const socketDir =
    Buffer.byteLength(near) <= SOCKET_DIR_BYTES_MAX
      ? near
      : join(tmpdir(), `fengsui-${process.getuid?.() ?? 0}-${hash}`);
  privateDir(socketDir);
  return {
    data: join(root, 'postgres'),
    unfinished: join(root, 'postgres.unfinished'),
    links: join(root, 'postgres-lib'),
    socketDir,
    lock: process.platform === 'win32' ? `\\\\.\\pipe\\fengsui-${hash}` : join(socketDir, 'hub.sock'),
    passwordFile: join(root, 'postgres-password'),
  };
}
