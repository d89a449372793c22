// The house rules as a test: layout, imports, names, SQL, clocks, lengths. Each failure lists every breach with its place.
import { describe, expect, test } from 'vitest';
import ts from 'typescript';
import { breach } from './tidy/imports.ts';
import { FILE_LINES_MAX, FUNCTION_LINES_MAX, measure, recorded } from './tidy/ratchet.ts';
import { each, files, read, sources, topLevel, type Source } from './tidy/source.ts';
import { BANNED, isOurText } from './tidy/strings.ts';

const FOLDERS = ['device-profiles', 'gateway', 'hub', 'dashboard', 'simulators', 'test'];
const TOP_FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE', 'compose.yaml'];
/** Made by tools, never committed. */
const MADE = ['node_modules', 'data', 'coverage'];

const isTest = ({ path }: Source): boolean => path.startsWith('test/');
const isProduct = (source: Source): boolean => !isTest(source);

/** Every place of the sources for which `check` has something to say. */
function breaches(
  wanted: (source: Source) => boolean,
  check: (node: ts.Node, source: Source) => string | null,
): string[] {
  const found: string[] = [];
  for (const source of sources.filter(wanted))
    each(source, (node, line) => {
      const why = check(node, source);
      if (why) found.push(`${source.path}:${line}: ${why}`);
    });
  return found;
}

describe('layout', () => {
  test('the top level is fixed', () => {
    const others = topLevel.filter(
      (name) => !name.startsWith('.') && ![...FOLDERS, ...TOP_FILES, ...MADE].includes(name),
    );
    expect(others).toEqual([]);
  });

  test('every top-level folder says in its README what belongs there', () => {
    const silent = FOLDERS.filter((folder) => !files.includes(`${folder}/README.md`));
    expect(silent).toEqual([]);
  });

  test('the lockfile knows the packages of every platform, or `npm ci` refuses on all of them', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
    };
    const known = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
    const wanted = Object.values(packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}));
    expect(wanted.length).toBeGreaterThan(50);
    expect(wanted.filter((name) => !known.has(name))).toEqual([]);
  });

  test('files are named in kebab-case (components as their class), and none for a drawer of odds and ends', () => {
    const drawer = /(^|\/)(utils?|common|misc|shared|lib)(\/|\.ts$)/;
    const odd = sources
      .map(({ path }) => path)
      .filter((path) => {
        const name = path.split('/').at(-1) ?? '';
        const fits = name.endsWith('.svelte')
          ? /^[A-Z][A-Za-z0-9]*\.svelte$/
          : /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|svelte|d))?\.ts$/;
        return !fits.test(name) || drawer.test(path);
      });
    expect(odd).toEqual([]);
  });

  test('every TypeScript file starts by saying its single purpose; a test is named after what it proves', () => {
    const silent = sources.filter(({ path, text }) => /(?<!\.test)\.ts$/.test(path) && !/^(#!.*\n)?\/[/*]/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});

describe('imports', () => {
  test('follow the table of test/tidy/imports.ts', () => {
    const found = sources.flatMap((source) =>
      source.imports.flatMap((one) => {
        const why = breach(source.path, one);
        return why ? [`${source.path}:${one.line}: ${one.target}: ${why}`] : [];
      }),
    );
    expect(found).toEqual([]);
  });

  test.each([
    ['hub/alarms/machine.ts', 'hub/work-orders/api.ts', 'work-orders is higher than alarms'],
    ['hub/work-orders/open.ts', 'hub/alarms/store.ts', 'of alarms only api.ts, contract.ts and limits.ts are open'],
    ['hub/work-orders/open.ts', 'hub/alarms/api.ts', null],
    ['hub/property/store.ts', 'hub/db/tx.ts', null],
    ['hub/property/api.ts', 'hub/policies.ts', 'policies.ts stands above property'],
    ['hub/main.ts', 'hub/alarms/store.ts', null],
    ['hub/odds/api.ts', 'hub/db/tx.ts', 'hub/odds has no place in the table'],
    ['hub/ingest/apply.ts', 'gateway/spool.ts', 'hub may not import it'],
    ['gateway/uplink.ts', 'hub/clock.ts', 'gateway may not import it'],
    ['gateway/uplink.ts', 'device-profiles/contract/wire.ts', null],
    ['device-profiles/load.ts', 'gateway/decode.ts', 'device-profiles may not import it'],
    ['simulators/main.ts', 'gateway/decode.ts', 'simulators may not import it'],
    ['dashboard/src/App.svelte', 'hub/alarms/contract.ts', null],
    ['dashboard/src/App.svelte', 'hub/alarms/api.ts', 'dashboard may not import it'],
    ['dashboard/src/App.svelte', 'device-profiles/contract/wire.ts', 'only its types may be imported'],
    ['hub/main.ts', '../elsewhere.ts', 'it leaves the folders of the product'],
  ])('%s → %s: %s', (from, target, why) => {
    expect(breach(from, { target, relative: true, typeOnly: false, line: 1 })).toBe(why);
  });

  test('no file only hands on what others export, but the door of a domain', () => {
    const barrels = sources.filter(
      ({ path, ast }) =>
        !/^hub\/[a-z-]+\/api\.ts$/.test(path) &&
        ast.statements.length > 0 &&
        ast.statements.every((s) => ts.isExportDeclaration(s) && s.moduleSpecifier),
    );
    expect(barrels.map(({ path }) => path)).toEqual([]);
  });

  test('nothing is exported by default, but where a tool wants it', () => {
    const wanted = ({ path }: Source): boolean => !/(vite|vitest)\.config\.ts$|\.d\.ts$/.test(path);
    const found = breaches(wanted, (node) => {
      const keyword =
        ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.DefaultKeyword);
      return keyword || (ts.isExportAssignment(node) && !node.isExportEquals) ? 'default export' : null;
    });
    expect(found).toEqual([]);
  });
});

/** Domains keep SQL in their stores; the platform's books and the read models are made of it. */
const SQL_FILES =
  /^hub\/(?:[a-z-]+\/(?:[a-z-]+-)?store\.ts|(?:[a-z-]+-)?store\.ts|db\/.*|events\/.*|read\/.*|history\/(?:duckdb|influx)[a-z-]*\.ts|instance\.ts|backup\.ts|restore\.ts)$/;
const SQL =
  /^\s*(select\s.+\sfrom\b|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|create\s+(table|index|schema|unique|or\s+replace)|alter\s+table|drop\s+(table|schema))/is;

/** The one place of each process that asks the clock; everything else is told the time. */
const CLOCKS = /^hub\/clock\.ts$|^hub\/(demo\/)?(main|start|backup|restore)\.ts$/;

/** Starting a server needs a deadline before there is a clock to hand in. */
const MAY_MEASURE = /^hub\/db\//;

function clockRead(node: ts.Node, { path }: Source): string | null {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()';
  if (!ts.isCallExpression(node)) return null;
  const called = node.expression.getText();
  if (called === 'performance.now' && MAY_MEASURE.test(path)) return null;
  return ['Date.now', 'performance.now', 'process.hrtime', 'process.hrtime.bigint'].includes(called)
    ? `${called}()`
    : null;
}

/** Files that decide: they import nothing that reads, writes or waits. */
const PURE =
  /^gateway\/(decode|normalise|report)\.ts$|^gateway\/modbus\/(framer|plan-reads)\.ts$|^hub\/[a-z-]+\/(machine|evaluate|clocks|norms|tariff|tally|buckets|states)\.ts$|^device-profiles\/contract\//;
const IMPURE =
  /^(node:(?!buffer$|zlib$|crypto$)|pg$|mqtt$|aedes$|fastify|socket\.io|@duckdb|pino$)|\/(store|routes)\.ts$/;

describe('the hub', () => {
  test('keeps SQL in the stores', () => {
    const wanted = ({ path }: Source): boolean => path.startsWith('hub/') && !SQL_FILES.test(path);
    const found = breaches(wanted, (node) => {
      const text = ts.isStringLiteralLike(node) ? node.text : ts.isTemplateExpression(node) ? node.head.text : null;
      return text !== null && SQL.test(text) ? `SQL: ${text.trim().slice(0, 40)}` : null;
    });
    expect(found).toEqual([]);
  });

  test('asks the clock in one place', () => {
    const wanted = ({ path }: Source): boolean => path.startsWith('hub/') && !CLOCKS.test(path);
    expect(breaches(wanted, clockRead)).toEqual([]);
  });
});

test('what decides has no input or output and no clock', () => {
  const pure = sources.filter(({ path }) => PURE.test(path));
  expect(pure.length).toBeGreaterThan(10);
  const imported = pure.flatMap(({ path, imports }) =>
    imports
      .filter((one) => !one.typeOnly && IMPURE.test(one.target))
      .map((one) => `${path}:${one.line}: ${one.target}`),
  );
  expect([...imported, ...breaches(({ path }) => PURE.test(path), clockRead)]).toEqual([]);
});

describe('texts', () => {
  test.each(BANNED)('hold nowhere $what', ({ pattern, except }) => {
    const found = files
      .filter((path) => isOurText(path) && !except?.test(path))
      .flatMap((path) =>
        read(path)
          .split('\n')
          .flatMap((line, k) => (pattern.test(line) ? [`${path}:${k + 1}: ${line.trim().slice(0, 100)}`] : [])),
      );
    expect(found).toEqual([]);
  });

  test('types are never forced through unknown or any', () => {
    const found = breaches(
      () => true,
      (node) => {
        if (!ts.isAsExpression(node)) return null;
        if (node.type.kind === ts.SyntaxKind.AnyKeyword) return 'as any';
        const inner = ts.isParenthesizedExpression(node.expression) ? node.expression.expression : node.expression;
        return ts.isAsExpression(inner) && inner.type.kind === ts.SyntaxKind.UnknownKeyword ? 'as unknown as' : null;
      },
    );
    expect(found).toEqual([]);
  });
});

describe('lengths only shrink', () => {
  const [was, now] = [recorded(), measure()];
  const grown = (before: Readonly<Record<string, number>>, current: Readonly<Record<string, number>>): string[] =>
    Object.entries(current)
      .filter(([name, lines]) => lines > (before[name] ?? 0))
      .map(([name, lines]) => `${name}: ${lines} lines`);
  const slack = (before: Readonly<Record<string, number>>, current: Readonly<Record<string, number>>): string[] =>
    Object.entries(before)
      .filter(([name, lines]) => (current[name] ?? 0) < lines)
      .map(([name, lines]) => `${name}: recorded ${lines}, now ${current[name] ?? 'short enough'}`);

  test(`functions have at most ${FUNCTION_LINES_MAX} lines, or what is recorded`, () => {
    expect(grown(was.functions, now.functions)).toEqual([]);
  });

  test(`files have at most ${FILE_LINES_MAX} lines, or what is recorded`, () => {
    expect(grown(was.files, now.files)).toEqual([]);
  });

  test('what shrank is recorded (npx tsx test/tidy/ratchet.ts)', () => {
    expect([...slack(was.functions, now.functions), ...slack(was.files, now.files)]).toEqual([]);
  });
});

test('the product is looked at, not an empty folder', () => {
  expect(sources.filter(isProduct).length).toBeGreaterThan(100);
  expect(sources.filter(isTest).length).toBeGreaterThan(20);
});
