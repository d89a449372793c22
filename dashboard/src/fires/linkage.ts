// How a panel or pump that is not in automatic is told: by its own name, and by its contact too where it has several. Pure.
import type { LinkageDevice } from '../../../hub/handling/contract.ts';

/** What is not in automatic, or not known, in the hub's order: worst first. */
export const notFine = (devices: readonly LinkageDevice[]): LinkageDevice[] =>
  devices.filter((d) => d.state !== 'auto');

type Named = Pick<LinkageDevice, 'device' | 'name' | 'point'>;

/** Names to show, outermost first. */
export function namesOf(d: Named, all: readonly Named[]): LinkageDevice['name'][] {
  const several = all.filter((other) => other.device === d.device).length > 1;
  return several && d.point ? [d.name, d.point] : [d.name];
}

/** Unique within a list. */
export const keyOf = (d: Pick<Named, 'device' | 'point'>): string => `${d.device} ${d.point?.zh ?? ''}`;
