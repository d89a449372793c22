// The count of a run hides nothing.
import { expect, test } from 'vitest';
import { summarise, type Report, type RunOutcome } from './tally.ts';

const report = (status: string, statuses: readonly string[], message = ''): Report => ({
  testResults: [
    {
      name: 'a.test.ts',
      status,
      message,
      assertionResults: statuses.map((s, i) => ({ status: s, fullName: `t${i}`, ancestorTitles: ['group'] })),
    },
  ],
});
const outcome = (change: Partial<RunOutcome>): RunOutcome => ({
  checks: [{ name: 'types', ok: true, output: '' }],
  report: report('passed', ['passed']),
  code: 0,
  missing: [],
  ci: false,
  ...change,
});
const missing = [{ id: 'socat', what: 'lines', reason: 'no root' }] as const;

test.each([
  ['all well', {}, [2, 0, 0]],
  ['a failing check', { checks: [{ name: 'types', ok: false, output: 'x' }] }, [1, 1, 0]],
  ['failed and skipped tests', { report: report('failed', ['passed', 'failed', 'skipped', 'pending']) }, [2, 1, 2]],
  ['a file that does not load', { report: report('failed', [], 'SyntaxError') }, [1, 1, 0]],
  ['no report', { report: null, code: 1 }, [1, 1, 0]],
  ['no test file', { report: { testResults: [] }, code: 1 }, [1, 1, 0]],
  ['an error outside of tests', { code: 1 }, [2, 1, 0]],
  ['a missing part in CI', { missing, ci: true }, [2, 1, 0]],
  ['a missing part elsewhere', { missing }, [2, 0, 0]],
] satisfies [string, Partial<RunOutcome>, [number, number, number]][])('%s', (_, change, counts) => {
  const tally = summarise(outcome(change));
  expect([tally.passed, tally.failed, tally.skipped]).toEqual(counts);
  expect(tally.failures).toHaveLength(tally.failed);
});
