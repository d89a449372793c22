// Raises a fault of the hub in each community whose own numbers no longer fit their rules; looked for at every start,
// since only another version of the product can make it so.
import type { CommandContext } from './events/api.ts';
import { raiseHubFault } from './hub-faults.ts';
import { textOf } from './messages/text.ts';
import type { RuleSet } from './rules/api.ts';
import { findUnfit } from './rules/unfit.ts';

/** Rules named in one fault; `/api/rules` shows them all. */
const NAMED_MAX = 5;

export async function raiseUnfitRules(c: CommandContext, rules: readonly RuleSet[]): Promise<void> {
  const unfit = await findUnfit(c.tx, rules);
  for (const community of new Set(unfit.map((u) => u.community))) {
    const all = unfit.filter((u) => u.community === community);
    const named = all.slice(0, NAMED_MAX).map(({ rule, version, why }) => `${rule} (${version}) ${why}`);
    const list = [...named, ...(all.length > NAMED_MAX ? ['…'] : [])].join('; ');
    raiseHubFault(c, { community, signal: 'rules', text: textOf('notify.rules-unfit', { rules: list }) });
  }
}
