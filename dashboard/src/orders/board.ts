// The board: which column an order stands in, and in which order within it.
import type { OrderState, OrderView } from '../../../hub/work-orders/contract.ts';

export const COLUMNS = [
  { id: 'waiting-for-someone', states: ['open', 'dispatched'] },
  { id: 'taken', states: ['accepted', 'en-route'] },
  { id: 'on-site', states: ['on-site', 'in-progress'] },
  { id: 'waiting', states: ['waiting'] },
  { id: 'to-verify', states: ['done'] },
  { id: 'finished', states: ['verified', 'closed', 'cancelled'] },
] as const satisfies readonly { readonly id: string; readonly states: readonly OrderState[] }[];
export type ColumnId = (typeof COLUMNS)[number]['id'];

const PRIORITY: Readonly<Record<OrderView['priority'], number>> = { life: 0, urgent: 1, normal: 2 };

/** Unfinished: life first, then what is due soonest. Finished: newest first. */
export function columnsOf(orders: readonly OrderView[]): ReadonlyMap<ColumnId, readonly OrderView[]> {
  const due = (order: OrderView): string =>
    order.clocks
      .filter((clock) => clock.doneAt === undefined)
      .map((clock) => clock.dueAt)
      .sort()[0] ?? '9';
  const columns = new Map<ColumnId, readonly OrderView[]>();
  for (const column of COLUMNS) {
    const states: readonly OrderState[] = column.states;
    const here = orders.filter((order) => states.includes(order.state));
    const byDue = (a: OrderView, b: OrderView): number =>
      PRIORITY[a.priority] - PRIORITY[b.priority] || compare(due(a), due(b)) || compare(a.openedAt, b.openedAt);
    const byNewest = (a: OrderView, b: OrderView): number => compare(b.openedAt, a.openedAt);
    columns.set(column.id, here.sort(column.id === 'finished' ? byNewest : byDue));
  }
  return columns;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
