// Deals with a PostgreSQL server that an earlier hub left in a data directory: still running, dying, or only its
// lock file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { BUNDLED_LIMITS } from '../config.ts';

/** A pid above every kernel's maximum: PostgreSQL finds nobody there and takes the directory over. */
const NOBODY_PID = 2_147_483_646;

const pidFile = (dataDir: string): string => join(dataDir, 'postmaster.pid');

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly status: string;
}

/** What postmaster.pid says, or undefined when there is none (or it is being written). */
export function readPostmaster(dataDir: string): Postmaster | undefined {
  if (!existsSync(pidFile(dataDir))) return undefined;
  const lines = readFileSync(pidFile(dataDir), 'utf8').split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), status: (lines[7] ?? '').trim() };
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

/**
 * Frees a data directory whose hub is dead: stops a server that still runs there; where the lock file names a process
 * that is something else by now (the machine restarted), says so in the file. The file itself stays: it carries the
 * shared memory id by which PostgreSQL detects backends that outlived their parent.
 */
export async function freeDataDir(dataDir: string): Promise<'free' | 'stopped' | 'stale'> {
  const found = readPostmaster(dataDir);
  if (found === undefined) return 'free';
  if (isServer(found.pid)) {
    await stopPostmaster(found.pid);
    return 'stopped';
  }
  if (exists(found.pid)) {
    const text = readFileSync(pidFile(dataDir), 'utf8');
    writeFileSync(pidFile(dataDir), text.replace(/^\d+/, String(NOBODY_PID)));
  }
  return 'stale';
}
