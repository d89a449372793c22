// An order that nobody is on duty to take must not lie unseen: it is offered again and told again until someone has it.
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { UNATTENDED } from './norms.ts';
import type { LoadedOrder } from './store.ts';

export const UNATTENDED_TIMER = 'work-order.unattended';

/** Has the order looked at again later. `round`: which look that will be, from 1. */
export async function offerAgain(
  c: CommandContext,
  order: Pick<LoadedOrder, 'id' | 'community'>,
  round: number,
): Promise<void> {
  const { again } = (await ruleInForce(c.tx, order.community, UNATTENDED)).value;
  c.emit({
    effect: 'timer',
    key: `${UNATTENDED_TIMER}:${order.id}`,
    kind: UNATTENDED_TIMER,
    community: order.community,
    dueAt: c.now + again,
    basis: 'duration',
    payload: { order: order.id, round },
  });
}
