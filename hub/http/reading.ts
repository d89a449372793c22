// What readers from outside may look at: roles that write nothing, and what each look of theirs is called when it is kept.
import type { Effect } from '../events/api.ts';
import type { Role } from './policy.ts';

/** Roles that read and never write. Every look of theirs that is not everyday becomes an audit entry. */
export const READ_ONLY: readonly Role[] = ['authority'];

/** What a route shows to a reader from outside. */
export const READINGS = [
  /** Nothing about people, and no record: who am I, names of buildings, what stands in manual. Not kept. */
  'everyday',
  'archive',
  'archive-print',
  'records',
  'records-export',
  'visits',
  'trainings',
  'publicity',
  'hazards',
  'plans',
  'drills',
  'drill-print',
  'roster',
  'certificates',
  'duty-log',
  'duty-form-print',
  'handovers',
  'handover-print',
  'fires',
  'file',
] as const;
export type Reading = (typeof READINGS)[number];

/** What leaves the hub as a file. */
const TAKEN: readonly Reading[] = [
  'archive-print',
  'records-export',
  'drill-print',
  'duty-form-print',
  'handover-print',
];

/** What does not say what was looked at: how a page is cut and spoken. */
const LEFT_OUT: readonly string[] = ['language', 'limit', 'cursor'];

const said = (given: unknown): [string, string][] =>
  Object.entries(given ?? {}).flatMap(([key, value]): [string, string][] =>
    LEFT_OUT.includes(key) || value === undefined || value === null ? [] : [[key, String(value)]],
  );

/** The audit entry of a look: who is its actor, what and with which words asked is its content. */
export const readingEffect = (
  who: { readonly id: string; readonly community: string },
  reading: Reading,
  asked: { readonly params?: unknown; readonly query?: unknown },
): Extract<Effect, { effect: 'audit' }> => ({
  effect: 'audit',
  community: who.community,
  action: TAKEN.includes(reading) ? 'reading.exported' : 'reading.viewed',
  entity: 'reading',
  entityId: who.id,
  after: { reading, asked: Object.fromEntries([...said(asked.params), ...said(asked.query)]) },
});
