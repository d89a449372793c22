// Deals with a PostgreSQL server that an earlier hub left in a data directory: still running, dying, or only its
// lock file.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { BUNDLED_LIMITS } from '../config.ts';

/** A pid above every kernel's maximum: PostgreSQL finds nobody there and takes the directory over. */
const NOBODY_PID = 2_147_483_646;

/** Lines of postmaster.pid, from 0. */
const PID_LINE = 0;
const PORT_LINE = 3;
const STATUS_LINE = 7;

const pidFile = (dataDir: string): string => join(dataDir, 'postmaster.pid');

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly status: string;
}

/** The file may go at any moment: a server that ends takes it along. */
function linesOf(dataDir: string): string[] | undefined {
  try {
    return readFileSync(pidFile(dataDir), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What postmaster.pid says, or undefined when there is none (or it is being written). */
export function readPostmaster(dataDir: string): Postmaster | undefined {
  const lines = linesOf(dataDir);
  if (lines === undefined) return undefined;
  const pid = Number(lines[PID_LINE]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[PORT_LINE] ?? 0), status: (lines[STATUS_LINE] ?? '').trim() };
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const isServer = (pid: number): boolean => exists(pid) && commandOf(pid).includes('postgres');

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function gone(pid: number, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (isServer(pid)) {
    if (performance.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Stops a server: fast (clients are sent away), then immediate (it recovers at its next start), then kill. */
export async function stopPostmaster(pid: number): Promise<void> {
  signal(pid, 'SIGINT');
  if (await gone(pid, BUNDLED_LIMITS.stopFastMsMax)) return;
  signal(pid, 'SIGQUIT');
  if (await gone(pid, BUNDLED_LIMITS.stopImmediateMsMax)) return;
  signal(pid, 'SIGKILL');
  await gone(pid, BUNDLED_LIMITS.stopImmediateMsMax);
}

/** Replaces the lock file's pid and status, whole or not at all; one that is gone needs nothing. */
function disown(dataDir: string): void {
  const lines = linesOf(dataDir);
  if (lines === undefined) return;
  lines[PID_LINE] = String(NOBODY_PID);
  lines[STATUS_LINE] = 'stopped';
  const beside = `${pidFile(dataDir)}.new`;
  writeFileSync(beside, lines.join('\n'));
  renameSync(beside, pidFile(dataDir));
}

/**
 * Frees a data directory whose hub is dead: stops a server that still runs there. A lock file that a dead one left says
 * `ready` and names a pid that may be something else by now, so it is told that nobody is there; it stays, for it
 * carries the shared memory id by which PostgreSQL detects backends that outlived their parent. An unreadable one (cut
 * while it was written) would keep the server from starting and is removed.
 */
export async function freeDataDir(dataDir: string): Promise<'free' | 'stopped' | 'stale'> {
  if (!existsSync(pidFile(dataDir))) return 'free';
  const found = readPostmaster(dataDir);
  if (found === undefined) {
    rmSync(pidFile(dataDir), { force: true });
    return 'stale';
  }
  const running = isServer(found.pid);
  if (running) await stopPostmaster(found.pid);
  // A server that had to be killed leaves its file, too.
  disown(dataDir);
  return running ? 'stopped' : 'stale';
}
