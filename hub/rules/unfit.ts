// A site's numbers that no longer fit their rule, as after an upgrade that changed what the rule wants: the default holds
// in their place, and people must hear of it, since they think that their own numbers do.
import { Value } from 'typebox/value';
import type { Tx } from '../db/tx.ts';
import type { RuleSet } from './api.ts';
import { newestVersions } from './store.ts';

export interface Unfit {
  readonly community: string;
  readonly rule: string;
  /** `site-<n>` */
  readonly version: string;
  /** The first field that does not fit, and what was expected there. */
  readonly why: string;
  readonly value: unknown;
}

/** The first thing about a value that does not fit; undefined when all does. */
export function whyUnfit({ schema }: RuleSet, value: unknown): string | undefined {
  if (Value.Check(schema, value)) return undefined;
  const first = Value.Errors(schema, value)[0];
  return `value${first?.instancePath ?? ''}: ${first?.message ?? 'does not fit the schema'}`;
}

/** Newest versions that don't fit, of one community or of all. */
export async function findUnfit(tx: Tx, rules: readonly RuleSet[], community?: string): Promise<Unfit[]> {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  return (await newestVersions(tx, community)).flatMap((set) => {
    // Null: back at the default, on purpose.
    const rule = set.value === null ? undefined : byId.get(set.rule);
    const why = rule && whyUnfit(rule, set.value);
    return why === undefined ? [] : [{ ...set, why }];
  });
}
