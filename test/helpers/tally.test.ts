// The count of a run hides nothing.
import { expect, test } from 'vitest';
import { databaseTests } from './database-files.ts';
import { summarise, type Pass, type Report, type RunOutcome } from './tally.ts';

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
const pass = (change: Partial<Pass> = {}): Pass => ({
  on: '',
  report: report('passed', ['passed']),
  code: 0,
  ...change,
});
const ran = (change: Partial<Pass>): Partial<RunOutcome> => ({ passes: [pass(change)] });
const outcome = (change: Partial<RunOutcome>): RunOutcome => ({
  checks: [{ name: 'types', ok: true, output: '' }],
  passes: [pass()],
  missing: [],
  ci: false,
  ...change,
});
const missing = [{ id: 'socat', what: 'lines', reason: 'no root' }] as const;

test.each([
  ['all well', {}, [2, 0, 0]],
  ['a failing check', { checks: [{ name: 'types', ok: false, output: 'x' }] }, [1, 1, 0]],
  [
    'failed and skipped tests',
    ran({ report: report('failed', ['passed', 'failed', 'skipped', 'pending']) }),
    [2, 1, 2],
  ],
  ['a file that does not load', ran({ report: report('failed', [], 'SyntaxError') }), [1, 1, 0]],
  ['no report', ran({ report: null, code: 1 }), [1, 1, 0]],
  ['no test file', ran({ report: { testResults: [] }, code: 1 }), [1, 1, 0]],
  ['an error outside of tests', ran({ code: 1 }), [2, 1, 0]],
  ['a second pass', { passes: [pass(), pass({ on: 'elsewhere' })] }, [3, 0, 0]],
  ['a second pass that breaks', { passes: [pass(), pass({ on: 'elsewhere', code: 1 })] }, [3, 1, 0]],
  ['a missing part in CI', { missing, ci: true }, [2, 1, 0]],
  ['a missing part elsewhere', { missing }, [2, 0, 0]],
] satisfies [string, Partial<RunOutcome>, [number, number, number]][])('%s', (_, change, counts) => {
  const tally = summarise(outcome(change));
  expect([tally.passed, tally.failed, tally.skipped]).toEqual(counts);
  expect(tally.failures).toHaveLength(tally.failed);
});

test('a failure of a second pass says where it was', () => {
  const failed = pass({ on: 'PostgreSQL 15', report: report('failed', ['failed', 'skipped']), code: 1 });
  const tally = summarise(outcome({ passes: [pass(), failed] }));
  expect(tally.failures).toEqual(['t0 (PostgreSQL 15)']);
  expect([...tally.skippedBy]).toEqual([['group (PostgreSQL 15)', 1]]);
});

test('the second pass takes the tests that ask for a database, themselves or through their rigs, and no others', () => {
  const files = databaseTests();
  const here = ['test/hub/db/dump.test.ts', 'test/hub/ingest/once.test.ts', 'test/hub/http/matrix.test.ts'];
  expect(files).toEqual(expect.arrayContaining(here));
  for (const file of ['test/hub/alarms/machine.test.ts', 'test/hub/db/bundled.test.ts'])
    expect(files).not.toContain(file);
  expect(databaseTests(['ingest/once', 'gateway/'])).toEqual(['test/hub/ingest/once.test.ts']);
});
