// The way of an order as steps for the one who walks it: what is done, when and by whom, what is now, what is to come.
import type { OrderState, OrderView } from '../../../hub/work-orders/contract.ts';

export const WAY = [
  'dispatched',
  'accepted',
  'en-route',
  'on-site',
  'in-progress',
  'done',
  'verified',
  'closed',
] as const;
export type WayState = (typeof WAY)[number];

export interface WayStep {
  readonly state: WayState;
  readonly status: 'done' | 'now' | 'later';
  readonly at?: string;
  readonly name?: string;
  /** Nobody reported it; a later act implied it. */
  readonly implied: boolean;
}

const positionOf = (state: OrderState): number => {
  if (state === 'open' || state === 'cancelled') return -1;
  return WAY.findIndex((step) => step === (state === 'waiting' ? 'in-progress' : state));
};

/** An order that came back (refused, reopened) stands where it stands: what was done before counts no longer. */
export function wayOf(order: Pick<OrderView, 'state' | 'events'>): readonly WayStep[] {
  const position = positionOf(order.state);
  return WAY.map((state, i) => {
    const event = order.events.findLast((e) => e.to === state);
    const reached = i <= position;
    const status = reached ? 'done' : i === position + 1 ? 'now' : 'later';
    if (!reached || !event) return { state, status, implied: false };
    return { state, status, at: event.capturedAt ?? event.at, name: event.name, implied: event.implied ?? false };
  });
}
