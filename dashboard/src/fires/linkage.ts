// How a panel or pump that is not in automatic is told: by its own name, and by its contact too where it has several. Pure.
import type { LinkageDevice } from '../../../hub/handling/contract.ts';

/** What is not in automatic, or not known, in the hub's order: worst first. */
export const notFine = (devices: readonly LinkageDevice[]): LinkageDevice[] =>
  devices.filter((d) => d.state !== 'auto');

/** Names to show, outermost first. */
export function namesOf(d: LinkageDevice, all: readonly LinkageDevice[]): LinkageDevice['name'][] {
  const several = all.filter((other) => other.device === d.device).length > 1;
  return several && d.point ? [d.name, d.point] : [d.name];
}

/** Unique within a list. */
export const keyOf = (d: LinkageDevice): string => `${d.device} ${d.point?.zh ?? ''}`;
