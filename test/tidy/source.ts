// Reads the repository's own files: imports, functions and strings by the TypeScript compiler, never by pattern.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';
import { REPO } from '../helpers/processes.ts';

export interface Import {
  /** Path from the repository's root for a relative import, else the package's name as written. */
  readonly target: string;
  readonly relative: boolean;
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface Func {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly ast: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** Folders that tools make; never committed. */
const MADE = new Set(['node_modules', '.git', 'data', 'coverage', 'dashboard/dist', '.svelte-kit']);

function* walk(dir: string): Generator<string> {
  for (const entry of readdirSync(join(REPO, dir), { withFileTypes: true })) {
    const path = dir ? `${dir}/${entry.name}` : entry.name;
    if (MADE.has(path)) continue;
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

/** Every file of the repository, by its path from the root. */
export const files: readonly string[] = [...walk('')].sort();
export const topLevel: readonly string[] = readdirSync(REPO);
export const read = (path: string): string => readFileSync(join(REPO, path), 'utf8');

/** The scripts of a Svelte file at their own lines: everything else becomes blanks. */
function scriptsOf(text: string): string {
  let code = '';
  for (const match of text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)) {
    const body = match[1] ?? '';
    const start = match.index + match[0].indexOf('>') + 1;
    code += text.slice(code.length, start).replace(/[^\n]/g, ' ') + body;
  }
  return code;
}

const lineOf = (ast: ts.SourceFile, position: number): number => ast.getLineAndCharacterOfPosition(position).line + 1;

/** Calls `visit` for every node of the file, parents first. */
export function each(source: Source, visit: (node: ts.Node, line: number) => void): void {
  const go = (node: ts.Node): void => {
    visit(node, lineOf(source.ast, node.getStart(source.ast)));
    ts.forEachChild(node, go);
  };
  go(source.ast);
}

function importOf(node: ts.Node): { readonly specifier: string; readonly typeOnly: boolean } | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.importClause;
    const named = clause?.namedBindings;
    const allTypes =
      clause?.name === undefined &&
      named !== undefined &&
      ts.isNamedImports(named) &&
      named.elements.length > 0 &&
      named.elements.every((element) => element.isTypeOnly);
    const whole = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return { specifier: node.moduleSpecifier.text, typeOnly: whole || allTypes };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier))
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [specifier] = node.arguments;
    return specifier && ts.isStringLiteral(specifier) ? { specifier: specifier.text, typeOnly: false } : null;
  }
  return null;
}

function importsOf(path: string, ast: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  const go = (node: ts.Node): void => {
    const one = importOf(node);
    if (one) {
      const relative = one.specifier.startsWith('.');
      const target = relative ? posix.normalize(posix.join(dirname(path), one.specifier)) : one.specifier;
      found.push({ target, relative, typeOnly: one.typeOnly, line: lineOf(ast, node.getStart(ast)) });
    }
    ts.forEachChild(node, go);
  };
  go(ast);
  return found;
}

function parse(path: string): Source {
  const text = read(path);
  const code = path.endsWith('.svelte') ? scriptsOf(text) : text;
  const ast = ts.createSourceFile(path, code, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS);
  return { path, text, ast, imports: importsOf(path, ast) };
}

const FOLDERS = ['device-profiles', 'gateway', 'hub', 'dashboard', 'simulators', 'test'];

/** Every TypeScript and Svelte file of ours. */
export const sources: readonly Source[] = files
  .filter((path) => FOLDERS.includes(path.split('/')[0] ?? '') && /\.(ts|svelte)$/.test(path))
  .map(parse);

const isFunction = (node: ts.Node): node is ts.FunctionLikeDeclaration =>
  ts.isFunctionDeclaration(node) ||
  ts.isFunctionExpression(node) ||
  ts.isArrowFunction(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isConstructorDeclaration(node) ||
  ts.isAccessor(node);

function ownName(node: ts.FunctionLikeDeclaration): string | null {
  const { parent } = node;
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (node.name) return node.name.getText();
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
    return parent.name.getText();
  return null;
}

/** Name with the class it belongs to; a callback is named after the function it stands in. */
function nameOf(node: ts.FunctionLikeDeclaration): string {
  const owner = ts.isClassLike(node.parent) && node.parent.name ? `${node.parent.name.text}.` : '';
  const own = ownName(node);
  if (own !== null) return owner + own;
  for (let outer: ts.Node = node.parent; !ts.isSourceFile(outer); outer = outer.parent)
    if (isFunction(outer) && ownName(outer) !== null) return `${nameOf(outer)} callback`;
  return 'callback';
}

/** Functions of the file with their length in lines. */
export function functionsOf(source: Source): readonly Func[] {
  const found: Func[] = [];
  each(source, (node, line) => {
    if (!isFunction(node) || !node.body) return;
    found.push({ name: nameOf(node), line, lines: lineOf(source.ast, node.end) - line + 1 });
  });
  return found;
}
