// The site's own versions of rule sets. The only SQL of this folder.
import { Value } from 'typebox/value';
import type { Static, TSchema } from 'typebox';
import type { Tx } from '../db/tx.ts';
import type { RuleInForce, RuleSet } from './api.ts';
import type { RuleVersionView } from './contract.ts';

interface VersionRow {
  readonly version: number;
  readonly value: unknown;
}

const siteVersion = (n: number): string => `site-${n}`;

/**
 * The newest version a community has set, or undefined. A stored value that no longer fits the schema (an upgrade
 * changed it) counts as not set: the default is known to be sound. `unfit.ts` tells people.
 * @param at ms wall: what held then; default: now
 */
export async function overrideOf<S extends TSchema>(
  tx: Tx,
  community: string,
  rule: RuleSet<S>,
  at?: number,
): Promise<RuleInForce<Static<S>> | undefined> {
  const row = await tx.maybe<VersionRow>(
    `select version, value from rules.version
     where community = $1 and rule = $2 and ($3::float8 is null or at <= to_timestamp($3::float8 / 1000))
     order by version desc limit 1`,
    [community, rule.id, at ?? null],
  );
  if (!row || !Value.Check(rule.schema, row.value)) return undefined;
  return { value: row.value, version: siteVersion(row.version) };
}

interface TellingRow extends VersionRow {
  readonly reason: string;
  readonly by_name: string;
  readonly at: Date;
}

const TELLING = 'version, value, reason, by_name, at';

/** What a site has set, newest first. */
export async function versionsOf(tx: Tx, community: string, rule: string, limit: number): Promise<RuleVersionView[]> {
  const rows = await tx.query<TellingRow>(
    `select ${TELLING} from rules.version where community = $1 and rule = $2 order by version desc limit $3`,
    [community, rule, limit],
  );
  return rows.map((r) => ({
    version: siteVersion(r.version),
    value: r.value,
    reason: r.reason,
    by: r.by_name,
    at: r.at.toISOString(),
  }));
}

export interface NewVersion {
  readonly community: string;
  readonly rule: string;
  /** Null: the default again. */
  readonly value: unknown;
  readonly reason: string;
  readonly by: string;
  readonly byName: string;
  /** ms wall */
  readonly at: number;
}

/** Appends a version and answers its name. */
export async function addVersion(tx: Tx, v: NewVersion): Promise<string> {
  const row = await tx.one<{ version: number }>(
    `insert into rules.version (community, rule, version, value, reason, by, by_name, at)
     select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, to_timestamp($7::float8 / 1000)
     from rules.version where community = $1 and rule = $2
     returning version`,
    [v.community, v.rule, JSON.stringify(v.value), v.reason, v.by, v.byName, v.at],
  );
  return siteVersion(row.version);
}

/** What communities have set last, rule by rule: of one, or of all. */
export async function newestVersions(
  tx: Tx,
  community?: string,
): Promise<{ readonly community: string; readonly rule: string; readonly version: string; readonly value: unknown }[]> {
  const rows = await tx.query<VersionRow & { readonly community: string; readonly rule: string }>(
    `select distinct on (community, rule) community, rule, version, value from rules.version
     where $1::text is null or community = $1 order by community, rule, version desc`,
    [community ?? null],
  );
  return rows.map(({ version, ...row }) => ({ ...row, version: siteVersion(version) }));
}
