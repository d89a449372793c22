// What a whole test run comes to: checks, tests, files that could not be read, parts that CI promised.
import type { CheckResult } from '../check.ts';
import type { MissingPart } from './provision.ts';

/** The fields of vitest's JSON report that count here. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly ancestorTitles: readonly string[];
    }[];
  }[];
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
  /** Title of each skipped group (or test) with how many tests it holds. */
  readonly skippedBy: ReadonlyMap<string, number>;
}

/** One run of the test runner. */
export interface Pass {
  /** Where it differs from the plain run, in words that follow a title; empty for the plain run. */
  readonly on: string;
  readonly report: Report | null;
  /** Exit code of the runner: not zero with every test passed means an error outside of tests. */
  readonly code: number;
}

export interface RunOutcome {
  readonly checks: readonly CheckResult[];
  readonly passes: readonly Pass[];
  readonly missing: readonly MissingPart[];
  readonly ci: boolean;
}

/** What one pass adds to the count; `skippedBy` is counted on. */
function countPass({ on, report, code }: Pass, skippedBy: Map<string, number>): { passed: number; failures: string[] } {
  const failures: string[] = [];
  const where = on === '' ? '' : ` (${on})`;
  let passed = 0;
  for (const file of report?.testResults ?? []) {
    const before = failures.length;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      else if (test.status === 'failed') failures.push(`${test.fullName}${where}`);
      else {
        const group = `${test.ancestorTitles[0] ?? test.fullName}${where}`;
        skippedBy.set(group, (skippedBy.get(group) ?? 0) + 1);
      }
    }
    // A file that does not load, or whose set-up fails, has no failed test to show for it.
    if (file.status === 'failed' && failures.length === before)
      failures.push(`${file.name}${where}: ${file.message ?? ''}`);
  }
  if (!report) failures.push(`the test runner ended without a report${where}`);
  else if (report.testResults.length === 0) failures.push(`no test file ran${where}`);
  else if (code !== 0 && failures.length === 0)
    failures.push(`the test runner ended with code ${code} although no test failed: an error outside of tests${where}`);
  return { passed, failures };
}

/** Counts a run. Nothing that went wrong is left out: each of it is one failure with a name. */
export function summarise({ checks, passes, missing, ci }: RunOutcome): Tally {
  const failures = checks.filter((check) => !check.ok).map((check) => `check: ${check.name}`);
  const skippedBy = new Map<string, number>();
  let passed = checks.length - failures.length;
  for (const pass of passes) {
    const counted = countPass(pass, skippedBy);
    passed += counted.passed;
    failures.push(...counted.failures);
  }
  if (ci) failures.push(...missing.map((part) => `missing although CI=true: ${part.id}: ${part.reason}`));
  const skipped = [...skippedBy.values()].reduce((sum, n) => sum + n, 0);
  return { passed, failed: failures.length, skipped, failures, skippedBy };
}
