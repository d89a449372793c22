// Rules with a number, as versioned data: a default with its source, and per community the version a site put in its
// place. A domain declares its rule sets with `ruleSet` and reads the value in force with `ruleInForce`.
import type { Static, TSchema } from 'typebox';
import type { Tx } from '../db/tx.ts';
import { overrideOf } from './store.ts';

/** One set of numbers that belong together. `value` is what holds where a site has set nothing else. */
export interface RuleSet<S extends TSchema = TSchema> {
  /** `<domain>.<name>`; never re-used for another meaning. */
  readonly id: string;
  /** Version of the default: rises whenever `value` changes. */
  readonly version: string;
  /** Where the numbers come from: standard and clause, requirement, or `own` for a choice of ours. */
  readonly source: string;
  readonly schema: S;
  readonly value: Static<S>;
}

/** The value in force, with the version to be written beside whatever it decided. */
export interface RuleInForce<T> {
  readonly value: T;
  /** `<default version>` or `site-<n>`. */
  readonly version: string;
}

export const ruleSet = <S extends TSchema>(rule: RuleSet<S>): RuleSet<S> => rule;

/** What holds in this community now: the site's own version where there is one, else the default. */
export async function ruleInForce<S extends TSchema>(
  tx: Tx,
  community: string,
  rule: RuleSet<S>,
): Promise<RuleInForce<Static<S>>> {
  return (await overrideOf(tx, community, rule)) ?? { value: rule.value, version: rule.version };
}

/** What held at a moment (ms wall): what was decided then is not decided anew by a later version. */
export async function ruleInForceAt<S extends TSchema>(
  tx: Tx,
  community: string,
  rule: RuleSet<S>,
  at: number,
): Promise<RuleInForce<Static<S>>> {
  return (await overrideOf(tx, community, rule, at)) ?? { value: rule.value, version: rule.version };
}
