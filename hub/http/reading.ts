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

/** Named maximums of what is kept (hard rule 10): an entry of the audit stays for ever. */
export const LOOK_LIMITS = {
  /** Looks of one person in `windowMs`; what is more is refused, not left unkept. */
  perDayMax: 3_000,
  windowMs: 24 * 3_600_000,
  /** Characters of one word asked for. */
  valueCharsMax: 200,
} as const;

/** What does not say what was looked at: how a page is cut and spoken. */
const LEFT_OUT: readonly string[] = ['language', 'limit', 'cursor'];

/** Names that a schema declares. */
const declared = (schema: unknown): readonly string[] => {
  const { properties } = (schema ?? {}) as { readonly properties?: object };
  return Object.keys(properties ?? {});
};

const said = (given: unknown, schema: unknown): [string, string][] => {
  const values = Object.entries(given ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const known = declared(schema).filter((key) => !LEFT_OUT.includes(key));
  return values.flatMap(([key, value]): [string, string][] =>
    known.includes(key) ? [[key, String(value).slice(0, LOOK_LIMITS.valueCharsMax)]] : [],
  );
};

/** A request with what its route declares. */
export interface Asking {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly schema?: { readonly params?: unknown; readonly querystring?: unknown } | undefined;
}

/** Words asked for: only those that the route knows, each cut to a bound. Anything else can be made as long as one likes. */
export const askedOf = ({ params, query, schema }: Asking): Readonly<Record<string, string>> =>
  Object.fromEntries([...said(params, schema?.params), ...said(query, schema?.querystring)]);

/** The audit entry of a look: who is its actor, what and with which words asked is its content. */
export const readingEffect = (
  who: { readonly id: string; readonly community: string },
  reading: Reading,
  asked: Readonly<Record<string, string>>,
): Extract<Effect, { effect: 'audit' }> => ({
  effect: 'audit',
  community: who.community,
  action: TAKEN.includes(reading) ? 'reading.exported' : 'reading.viewed',
  entity: 'reading',
  entityId: who.id,
  after: { reading, asked },
});
