// Whatever is audited stands in a log, on screen and on paper: each act has its words there, never only its code.
import { describe, expect, test } from 'vitest';
import { ESCORT_ACTS, RESERVATION_ACTS } from '../../../hub/escorts/contract.ts';
import { ITEM_ACTS } from '../../../hub/fire-safety/authority-machine.ts';
import { HAZARD_ACTS } from '../../../hub/fire-safety/machine.ts';
import { ENTRY_KINDS } from '../../../hub/handling/contract.ts';
import { isMessage } from '../../../hub/messages/text.ts';
import { STEP_ACTS } from '../../../hub/plans/steps.ts';
import { VERSION_EVENTS } from '../../../hub/plans/versions.ts';
import { sources } from '../../tidy/source.ts';

/** These are told by rows of their own, with more than their audit entry (migrations 0119, 0120). */
const OWN_ROWS = /^(alarm|order|check|duty)\./;

const said = (code: string): boolean => OWN_ROWS.test(code) || isMessage(`record.audit.${code}`);
const wordless = (codes: readonly string[]): string[] => [...new Set(codes)].filter((code) => !said(code)).sort();

describe('words of the logs', () => {
  test.each<[string, readonly string[]]>([
    ['fire', ENTRY_KINDS],
    ['authority', ITEM_ACTS],
    ['hazard', HAZARD_ACTS],
    ['escort', ESCORT_ACTS],
    ['lift', RESERVATION_ACTS],
    ['plan', VERSION_EVENTS],
    ['plan-run', STEP_ACTS],
    ['floor-plan', ['positions-set', 'positions-imported']],
    ['rescue', ['call', 'people', 'step']],
    ['training', ['plan', 'change', 'attend', 'household', 'result', 'hold', 'cancel']],
  ])('every act on a %s', (entity, acts) => {
    expect(wordless(acts.map((act) => `${entity}.${act}`))).toEqual([]);
  });

  test('every act that is named where it is audited', () => {
    const code = `'([a-z][a-z-]*\\.[a-z][a-z0-9-]*)'`;
    const shapes = [`action: [^'\\n]*${code}(?: : ${code})?`, `\\b(?:tell|auditMode)\\(c, [^']*?${code}`];
    const named = sources
      .filter(({ path }) => path.startsWith('hub/'))
      .flatMap(({ text }) => shapes.flatMap((shape) => [...text.matchAll(new RegExp(shape, 'g'))]))
      .flatMap(([, ...codes]) => codes.filter((found) => found !== undefined && !isMessage(found)));
    expect(named.length).toBeGreaterThan(50);
    expect(wordless(named)).toEqual([]);
  });
});
