// `npm run check`: types, lint and format. Each is one named check, so that `npm test` can count them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { REPO } from './helpers/processes.ts';

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
}

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const bin = (name: string): string => join(REPO, 'node_modules', '.bin', name);

function checks(): readonly Check[] {
  const screens = join(REPO, 'dashboard', 'tsconfig.json');
  return [
    { name: 'types', command: [bin('tsc'), '-p', REPO, '--pretty', 'false'] },
    ...(existsSync(screens)
      ? [
          {
            name: 'types of the dashboard',
            command: [bin('svelte-check'), '--tsconfig', screens, '--output', 'human', '--fail-on-warnings'],
          },
        ]
      : []),
    { name: 'lint', command: [bin('oxlint'), '--deny-warnings'] },
    {
      name: 'format',
      command: [
        bin('prettier'),
        '--check',
        '--log-level',
        'warn',
        '--cache',
        '--cache-location',
        join(REPO, 'node_modules', '.cache', 'prettier-check'),
        '.',
      ],
    },
  ];
}

/** Runs every check to its end; a failing one doesn't hide the others. */
export function runChecks(onResult: (result: CheckResult) => void): readonly CheckResult[] {
  return checks().map(({ name, command }) => {
    const [file = '', ...args] = command;
    const done = spawnSync(file, args, { cwd: REPO, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    const output = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`;
    const result = { name, ok: done.status === 0, output };
    onResult(result);
    return result;
  });
}

export const printCheck = (result: CheckResult): void => {
  console.log(`${result.ok ? 'ok  ' : 'FAIL'} ${result.name}`);
  if (!result.ok) console.log(result.output.trimEnd());
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = runChecks(printCheck).every((result) => result.ok) ? 0 : 1;
