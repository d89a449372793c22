// Which test files of the hub work on a database of their own: those are run a second time on the system's PostgreSQL.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { REPO } from './processes.ts';

/** Where databases come from: it defines what the others call. */
const SOURCE = join(REPO, 'test/helpers/database.ts');
const ASKS_FOR_ONE = /\bfreshDatabase\(/;
const RELATIVE_IMPORT = /\bfrom '(\.[^']+)'/g;

/** The file and everything below `test/` that it imports, directly or not. */
function testCode(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file) || !file.startsWith(join(REPO, 'test')) || !existsSync(file)) return seen;
  seen.add(file);
  for (const [, to = ''] of readFileSync(file, 'utf8').matchAll(RELATIVE_IMPORT))
    testCode(resolve(dirname(file), to), seen);
  return seen;
}

const asksForOne = (file: string): boolean =>
  [...testCode(file)].some((f) => f !== SOURCE && ASKS_FOR_ONE.test(readFileSync(f, 'utf8')));

/**
 * Paths from the repository's root, sorted.
 * @param filters as on vitest's command line: a file counts when its path holds one of them; none means all
 */
export function databaseTests(filters: readonly string[] = []): readonly string[] {
  return readdirSync(join(REPO, 'test/hub'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(REPO, 'test/hub', name))
    .filter(asksForOne)
    .map((file) => relative(REPO, file))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
}
