// Temporary directories that are gone after the test file.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onCleanup, onExit } from './cleanup.ts';

const remove = (dir: string): void => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });

/** A fresh directory. `shared` lets other system users in, for a server that refuses to run as root. */
export function tempDir(name = 'test', { shared = false } = {}): string {
  const dir = mkdtempSync(join(tmpdir(), `fengsui-${name}-`));
  if (shared) chmodSync(dir, 0o777);
  const withdraw = onExit(() => remove(dir));
  onCleanup(() => {
    remove(dir);
    withdraw();
  });
  return dir;
}
