// One process a spool: a lock that names its holder, refreshed while it is held.
//
// Node has no flock. The lock is a symbolic link whose target is the holder (host, pid, start time of the process): it
// is made in one step, needs no free block on a full disk, and tells a crashed holder from a living one, and a pid given
// to another program from the holder. On another host (a shared volume, a new container) the age of the last refresh
// decides.
import { readFileSync } from 'node:fs';
import { lstat, lutimes, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import { errorCode, ignoreMissing } from './files.ts';

export const LOCK_REFRESH_MS = 5_000;
export const LOCK_STALE_MS = 30_000;

export class SpoolLocked extends Error {
  override readonly name = 'SpoolLocked';
}

export interface Lock {
  release(): Promise<void>;
}

/** Start time of a process in clock ticks since boot (proc(5), stat field 22), or '' where there is no /proc. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number, started: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  return startOf(pid) === started;
}

/** Who holds the lock, in words; undefined when nobody does any more. */
async function holderOf(path: string, target: string): Promise<string | undefined> {
  const [host = '', pid = '', started = ''] = target.split(':');
  const who = `process ${pid} on ${host}`;
  if (host === hostname()) return isAlive(Number(pid), started) ? who : undefined;
  const age = Date.now() - (await lstat(path)).mtimeMs;
  return age < LOCK_STALE_MS ? who : undefined;
}

/** Process that holds the lock on this host; undefined where none does. */
export async function holderPid(path: string): Promise<number | undefined> {
  const [host = '', pid = '', started = ''] = (await targetOf(path)).split(':');
  return host === hostname() && isAlive(Number(pid), started) ? Number(pid) : undefined;
}

const targetOf = (path: string): Promise<string> => readlink(path).catch(() => '');

/**
 * Takes the lock.
 * @throws SpoolLocked when another living process holds it; other errors when the directory can't be written.
 */
export async function takeLock(path: string): Promise<Lock> {
  const me = [hostname(), process.pid, startOf(process.pid), randomBytes(4).toString('hex')].join(':');
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await symlink(me, path);
      return hold(path, me);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const found = await targetOf(path);
    const holder = await holderOf(path, found).catch(ignoreMissing);
    if (holder) throw new SpoolLocked(`the spool is in use by ${holder} (${path})`);
    await removeStale(path, found);
  }
  throw new SpoolLocked(`the lock of the spool changes hands (${path})`);
}

/** Removes the lock that was found stale; puts it back when another taker was faster and this is now theirs. */
async function removeStale(path: string, found: string): Promise<void> {
  const aside = `${path}.${process.pid}.stale`;
  await rename(path, aside).catch(ignoreMissing);
  const moved = await targetOf(aside);
  if (moved && moved !== found) await rename(aside, path);
  else await unlink(aside).catch(ignoreMissing);
}

function hold(path: string, me: string): Lock {
  const refresh = setInterval(() => {
    const now = new Date();
    lutimes(path, now, now).catch(() => undefined);
  }, LOCK_REFRESH_MS);
  refresh.unref();
  return {
    async release() {
      clearInterval(refresh);
      if ((await targetOf(path)) === me) await unlink(path).catch(ignoreMissing);
    },
  };
}
