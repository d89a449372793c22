// The programs that npm start runs, each made into one file first: a thousand small modules cost three processes eight
// seconds of a core at every start, one file each costs a tenth. Made anew when a source has changed, and run from the
// sources where that is not possible. It is the same code either way.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

export const PROGRAM_LIMITS = {
  /** Makes of older sources that are kept: a running launcher may still start from them. */
  kept: 3,
} as const;

const SOURCES = ['device-profiles', 'gateway', 'hub', 'simulators'] as const;
/** Whose change changes what comes out, beside the sources. */
const ALSO = ['package-lock.json', 'tsconfig.json'] as const;
/** Packages of so many small files that they are taken in; the others are loaded as they are installed. */
const TAKEN_IN: ReadonlySet<string> = new Set(['typebox', '@fastify/type-provider-typebox', 'aedes', 'mqtt', 'yaml']);

/** Arguments of Node that run an entry point (path from the repository's root). */
export type Programs = (entry: string) => readonly string[];

const fromSources: Programs = (entry) => ['--import', 'tsx', entry];

/** Name, size and time of every source: another text is another print. */
function fingerprint(root: string): string {
  const hash = createHash('sha256').update(`${root}\n${process.version}\n`);
  const add = (file: string): void => {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  };
  for (const folder of SOURCES)
    for (const file of (readdirSync(join(root, folder), { recursive: true }) as string[]).toSorted())
      if (/\.(?:ts|json)$/.test(file)) add(join(folder, file));
  for (const file of ALSO) add(file);
  return hash.digest('hex').slice(0, 16);
}

const fileOf = (entry: string): string => `${entry.replaceAll('/', '-').replace(/\.ts$/, '')}.mjs`;

/** Each source goes on finding what lies beside it. */
const ownPlace: Plugin = {
  name: 'own-place',
  setup(build) {
    build.onLoad({ filter: /[/\\](?:device-profiles|gateway|hub|simulators)[/\\].*\.ts$/ }, async ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};

/** The program is the entry, wherever its one file lies; what was taken in may still ask for modules of Node. */
const bannerOf = (file: string): string =>
  `import { createRequire as requireOf } from 'node:module';
const require = requireOf(${JSON.stringify(pathToFileURL(file).href)});
process.argv[1] = ${JSON.stringify(file)};`;

async function make(root: string, entries: readonly string[], dir: string): Promise<void> {
  const { build } = await import('esbuild');
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const unfinished = `${dir}.${process.pid}`;
  await Promise.all(
    entries.map((entry) =>
      build({
        absWorkingDir: root,
        entryPoints: [entry],
        outfile: join(unfinished, fileOf(entry)),
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node20.19',
        external: Object.keys(dependencies).filter((name) => !TAKEN_IN.has(name)),
        plugins: [ownPlace],
        // Errors name the line of the source.
        sourcemap: 'linked',
        sourcesContent: false,
        banner: { js: bannerOf(join(root, entry)) },
        logLevel: 'silent',
      }),
    ),
  );
  try {
    renameSync(unfinished, dir);
  } catch {
    // Another launcher was as quick: its files are the same.
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function dropOld(dir: string): void {
  const parent = dirname(dir);
  const others = readdirSync(parent).filter((name) => name !== basename(dir));
  const byAge = others.map((name) => ({ name, at: statSync(join(parent, name)).mtimeMs })).sort((a, b) => b.at - a.at);
  for (const { name } of byAge.slice(PROGRAM_LIMITS.kept)) rmSync(join(parent, name), { recursive: true, force: true });
}

function exists(dir: string): boolean {
  try {
    return statSync(dir).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Makes the entry points ready to run, unless they are.
 * @param root the repository's root
 * @param entries paths from there, e.g. `hub/main.ts`
 * @param note hears why they run from the sources instead
 */
export async function preparePrograms(
  root: string,
  entries: readonly string[],
  note: (why: string) => void,
): Promise<Programs> {
  try {
    const dir = join(root, 'node_modules/.cache/fengsui', fingerprint(root));
    if (!exists(dir)) {
      mkdirSync(dirname(dir), { recursive: true });
      await make(root, entries, dir);
      dropOld(dir);
    }
    return (entry) =>
      entries.includes(entry) ? ['--enable-source-maps', join(dir, fileOf(entry))] : fromSources(entry);
  } catch (error) {
    note(`running from the sources, which starts slower: ${error instanceof Error ? error.message : String(error)}`);
    return fromSources;
  }
}
