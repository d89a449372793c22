// How many entries the logs keep, as a rule that a site can change.
import { Type } from 'typebox';
import { ruleSet } from '../rules/api.ts';

export const KEEP_RULE = ruleSet({
  id: 'records.keep',
  version: '2026-1',
  source:
    'GB 25506-2010 6 (each log holds at least 10 000 entries and is overwritten only after a backup); how many more: own',
  schema: Type.Object(
    {
      /** Entries of one log; older ones may go once a backup holds them. */
      entries: Type.Integer({ minimum: 10_000, maximum: 5_000_000 }),
    },
    { additionalProperties: false },
  ),
  value: { entries: 200_000 },
});

/** Named maxima of keeping and reading. */
export const RECORD_LIMITS = {
  /** Entries given up in one transaction, and transactions in one round of housekeeping and log. */
  batchRows: 1_000,
  batchesMax: 50,
  /** Entries read at a time for an export. */
  pageRows: 1_000,
  pageDefault: 100,
  /** Sets of rows that were missed and are made up for in one round. */
  mendMax: 100,
  /** Exports to CSV may be longer than paper. */
  csvRowsMax: 1_000_000,
} as const;
