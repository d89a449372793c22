// The one error that profiles, point lists and site files are refused with: every problem of the file, each with its
// place and what was expected.

export interface Problem {
  /** Path of the file as it was given. */
  readonly file: string;
  /** 1-based; undefined when the problem has no single place. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** e.g. `points[4].type`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** Problems printed at most; a file that is no profile at all should not fill the screen. */
export const PROBLEMS_SHOWN_MAX = 50;

/** `fire/x.yaml:31:11: points[4].type: expected one of bool, bits, …; found "flaot"` */
export function formatProblem(p: Problem): string {
  const place = [p.file, p.line, p.line === undefined ? undefined : p.column].filter((x) => x !== undefined).join(':');
  return `${place}: ${p.path === '' ? '' : `${p.path}: `}${p.message}`;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map(formatProblem);
    const hidden = problems.length - shown.length;
    super([...shown, ...(hidden > 0 ? [`… and ${hidden} more`] : [])].join('\n'));
    this.problems = problems;
  }
}

/** A path inside a document: keys and indices. */
export type Path = readonly (string | number)[];

/** `['points', 4, 'type']` → `points[4].type` */
export function formatPath(path: Path): string {
  let out = '';
  for (const step of path) out += typeof step === 'number' ? `[${step}]` : out === '' ? step : `.${step}`;
  return out;
}

/** Up to `max` of the candidates that look most like `word` (edit distance), for "did you mean". */
export function nearest(word: string, candidates: Iterable<string>, max = 3): string[] {
  const limit = Math.max(1, Math.ceil(word.length / 2));
  const holds = (a: string, b: string) => b.length >= 3 && a.includes(b);
  return [...candidates]
    .map((c) => ({ c, d: holds(c, word) || holds(word, c) ? 1 : editDistance(word, c) }))
    .filter(({ d }) => d <= limit)
    .sort((a, b) => a.d - b.d || a.c.localeCompare(b.c))
    .slice(0, max)
    .map(({ c }) => c);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
