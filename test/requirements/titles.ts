// Finds requirement ids in the titles of tests that run, by the TypeScript compiler.
import ts from 'typescript';
import { read } from '../tidy/source.ts';

export const LIST = 'test/requirements.json';

export interface Requirements {
  /** Id → one line of what the product must do. */
  readonly requirements: Readonly<Record<string, string>>;
  /** Ids that have a proof; only grows. */
  readonly proved: readonly string[];
}

export const loadRequirements = (): Requirements => JSON.parse(read(LIST)) as Requirements;

export interface Title {
  readonly place: string;
  readonly text: string;
}

const RUNNERS = new Set(['test', 'it', 'describe', 'describeWith']);
const NOT_RUN = new Set(['skip', 'todo', 'skipIf']);

/** `test.each(table)` → ['test', 'each']. */
function namesOf(callee: ts.Expression): readonly string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) return [...namesOf(callee.expression), callee.name.text];
  return ts.isCallExpression(callee) ? namesOf(callee.expression) : [];
}

/** Titles of the file's tests and groups; nothing of a skipped group counts. */
export function titlesOf({ path, text }: { readonly path: string; readonly text: string }): readonly Title[] {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const titles: Title[] = [];
  const go = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [runner = '', ...how] = namesOf(node.expression);
      if (RUNNERS.has(runner)) {
        if (how.some((name) => NOT_RUN.has(name))) return;
        const title = node.arguments.find((argument) => ts.isStringLiteralLike(argument));
        const line = ast.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        if (title && ts.isStringLiteralLike(title)) titles.push({ place: `${path}:${line}`, text: title.text });
      }
    }
    ts.forEachChild(node, go);
  };
  go(ast);
  return titles;
}

/** Id → places of the tests that carry it. Ids stand in brackets: `[S1]`, `[S1, W1]`. */
export function provedIn(titles: readonly Title[]): ReadonlyMap<string, readonly string[]> {
  const proofs = new Map<string, string[]>();
  for (const { place, text } of titles)
    for (const [, list = ''] of text.matchAll(/\[([A-Z]\d+(?:[ ,]+[A-Z]\d+)*)\]/g))
      for (const id of list.split(/[ ,]+/)) proofs.set(id, [...(proofs.get(id) ?? []), place]);
  return proofs;
}
