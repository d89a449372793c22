// `npm test`: provision, checks, tests, the hub's tests again on the system's PostgreSQL; closes with the exact line `N passed, N failed[, N skipped]`.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanUp, onExit } from './helpers/cleanup.ts';
import { printCheck, runChecks } from './check.ts';
import { databaseTests } from './helpers/database-files.ts';
import { findPart } from './helpers/parts.ts';
import { startPostgres } from './helpers/postgres.ts';
import { REPO } from './helpers/processes.ts';
import { provision, type MissingPart } from './helpers/provision.ts';
import { summarise, type Pass, type Report, type Tally } from './helpers/tally.ts';
import { tempDir } from './helpers/temp.ts';

/** As in test/helpers/database.ts: a test that loses its machine starts again. */
const QUICK_SERVER = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

interface PassOptions {
  readonly args: readonly string[];
  /** What differs from the plain run, in words. */
  readonly on?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs vitest with its own output shown, and gives its report; null when it ended without one. */
async function runVitest({ args, on = '', env = {} }: PassOptions): Promise<Pass> {
  const file = join(tempDir('report'), 'report.json');
  const vitest = join(REPO, 'node_modules', 'vitest', 'vitest.mjs');
  const command = [vitest, 'run', '--config', 'test/vitest.config.ts', '--reporter=default', '--reporter=json'];
  const child = spawn(process.execPath, [...command, `--outputFile.json=${file}`, ...args], {
    cwd: REPO,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  const withdraw = onExit(() => void child.kill());
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  withdraw();
  try {
    return { on, code, report: JSON.parse(readFileSync(file, 'utf8')) as Report };
  } catch {
    return { on, code, report: null };
  }
}

/**
 * The hub's tests on a server of the system, as a user's DATABASE_URL names one: none where the server is missing (the
 * tally tells of that), or where the first pass ran on a server of the caller's already.
 */
async function onOwnServer(args: readonly string[]): Promise<readonly Pass[]> {
  const filters = args.filter((arg) => !arg.startsWith('-'));
  const files = databaseTests(filters);
  if (files.length === 0 || findPart('postgresql') === null || process.env['FENGSUI_TEST_DATABASE_URL']) return [];
  const halves = [0, 1].map((half) => files.filter((_, index) => index % 2 === half)).filter((some) => some.length > 0);
  console.log(`\nagain on PostgreSQL of the system: ${files.length} test files of the hub that use a database`);
  const options = args.filter((arg) => arg.startsWith('-'));
  return Promise.all(halves.map((half) => onServerOf(half, options)));
}

/** These files one after the other on a server of their own: on one server, files wait for each other's databases to be made. */
async function onServerOf(files: readonly string[], options: readonly string[]): Promise<Pass> {
  const server = await startPostgres({ settings: QUICK_SERVER });
  const pass = await runVitest({
    args: [...options, '--no-file-parallelism', ...files],
    on: `PostgreSQL ${server.version} of the system`,
    env: { FENGSUI_TEST_DATABASE_URL: server.url },
  });
  await server.stop();
  return pass;
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
  const args = process.argv.slice(2);
  const passes = [await runVitest({ args }), ...(await onOwnServer(args))];
  const tally = summarise({ checks, passes, missing, ci: process.env['CI'] === 'true' });
  explainSkips(tally, missing);
  for (const failure of tally.failures) console.log(`failed: ${failure}`);
  await cleanUp();
  console.log(`${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''}`);
  process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

await main();
