// A disk that is really full: a small tmpfs, in a mount namespace of its own.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPO, runToEnd } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';

// Root needs a mount namespace, others a user namespace around it.
const unshare = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
const possible =
  spawnSync('unshare', [...unshare, 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'], { stdio: 'ignore' }).status ===
  0;

const skipped = !possible && process.env['CI'] !== 'true';
const why = skipped ? ' (needs root or user namespaces)' : '';

test.skipIf(skipped)(
  `on a full disk telemetry gives way, safety goes on, and nothing is acknowledged that is not kept${why}`,
  async () => {
    const dir = tempDir('full');
    const script = join(REPO, 'test/gateway/spool/full-disk.ts');
    const inside = `mount -t tmpfs -o size=2m none ${dir} && exec ${process.execPath} --import tsx ${script} ${dir}/spool`;
    const done = await runToEnd('unshare', [...unshare, 'sh', '-c', inside]);
    expect(done.stderr).toBe('');
    const result = JSON.parse(done.stdout) as Record<string, unknown>;
    expect(result).toEqual({
      telemetryLost: true,
      safetyWhole: true,
      faultShown: 'ENOSPC',
      waitedUnacknowledged: true,
      stillReadable: true,
      acknowledgedAfterwards: true,
      reopenedWhole: true,
    });
  },
  60_000,
);
