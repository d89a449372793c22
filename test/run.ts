// `npm test`: provision, checks, tests; closes with the exact line `N passed, N failed[, N skipped]`.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanUp, onExit } from './helpers/cleanup.ts';
import { printCheck, runChecks } from './check.ts';
import { REPO } from './helpers/processes.ts';
import { provision, type MissingPart } from './helpers/provision.ts';
import { summarise, type Report, type Tally } from './helpers/tally.ts';
import { tempDir } from './helpers/temp.ts';

/** Runs vitest with its own output shown, and gives its report; null when it ended without one. */
async function runVitest(args: readonly string[]): Promise<{ readonly code: number; readonly report: Report | null }> {
  const file = join(tempDir('report'), 'report.json');
  const vitest = join(REPO, 'node_modules', 'vitest', 'vitest.mjs');
  const command = [vitest, 'run', '--config', 'test/vitest.config.ts', '--reporter=default', '--reporter=json'];
  const child = spawn(process.execPath, [...command, `--outputFile.json=${file}`, ...args], {
    cwd: REPO,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const withdraw = onExit(() => void child.kill());
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  withdraw();
  try {
    return { code, report: JSON.parse(readFileSync(file, 'utf8')) as Report };
  } catch {
    return { code, report: null };
  }
}

function provisioned(): readonly MissingPart[] {
  const { installed, missing } = provision((line) => console.log(line));
  if (installed.length > 0) console.log(`installed: ${installed.join(', ')}`);
  for (const part of missing) console.log(`missing: ${part.id} (${part.what}): ${part.reason}`);
  return missing;
}

function explainSkips(tally: Tally, missing: readonly MissingPart[]): void {
  if (tally.skipped === 0) return;
  console.log(`\nskipped (${tally.skipped}):`);
  for (const [title, count] of tally.skippedBy) console.log(`  ${count} × ${title}`);
  for (const part of missing) console.log(`  because ${part.id} is missing: ${part.reason}`);
}

async function main(): Promise<void> {
  const missing = provisioned();
  const checks = runChecks(printCheck);
  const { code, report } = await runVitest(process.argv.slice(2));
  const tally = summarise({ checks, report, code, missing, ci: process.env['CI'] === 'true' });
  explainSkips(tally, missing);
  for (const failure of tally.failures) console.log(`failed: ${failure}`);
  await cleanUp();
  console.log(`${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''}`);
  process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

await main();
