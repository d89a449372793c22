// Long functions and files as recorded data that can only shrink. `npx tsx test/tidy/ratchet.ts` records what shrank;
// while nothing is recorded yet, it records what there is.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { REPO } from '../helpers/processes.ts';
import { files, functionsOf, read, sources } from './source.ts';

export const FUNCTION_LINES_MAX = 70;
export const FILE_LINES_MAX = 450;
export const RATCHET = 'test/tidy-ratchet.json';

/** Lines by `path` (files) or `path name` (functions), of those over the maximum only. */
export interface Ratchet {
  readonly files: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, number>>;
}

// A test's `describe` is a list, not a function; what a product function is long with is held to account.
const isProduct = (path: string): boolean => !path.startsWith('test/');
const isCode = (path: string): boolean => /\.(ts|svelte|css|py)$/.test(path);

/** What is over the maximum now. */
export function measure(): Ratchet {
  const long = files
    .filter(isCode)
    .map((path): [string, number] => [path, read(path).split('\n').length - 1])
    .filter(([, lines]) => lines > FILE_LINES_MAX);
  const functions = sources
    .filter(({ path }) => isProduct(path))
    .flatMap((source) => functionsOf(source).map((f): [string, number] => [`${source.path} ${f.name}`, f.lines]))
    .filter(([, lines]) => lines > FUNCTION_LINES_MAX)
    // Of several callbacks in one function the longest speaks for them.
    .sort(([, a], [, b]) => a - b);
  return { files: Object.fromEntries(long), functions: Object.fromEntries(functions) };
}

export const recorded = (): Ratchet => JSON.parse(read(RATCHET)) as Ratchet;

/** The record after this run: never higher than before, and without what is short enough now. */
function shrink(was: Ratchet, now: Ratchet): Ratchet {
  const part = (before: Readonly<Record<string, number>>, current: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(before).flatMap(([name, lines]) => {
        const today = current[name];
        return today === undefined ? [] : [[name, Math.min(lines, today)]];
      }),
    );
  return { files: part(was.files, now.files), functions: part(was.functions, now.functions) };
}

const isEmpty = ({ files: f, functions }: Ratchet): boolean => Object.keys({ ...f, ...functions }).length === 0;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [was, now] = [recorded(), measure()];
  writeFileSync(join(REPO, RATCHET), `${JSON.stringify(isEmpty(was) ? now : shrink(was, now), null, 2)}\n`);
}
