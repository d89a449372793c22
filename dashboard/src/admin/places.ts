// Floors and the order of buildings, as the screen of places changes them.
import type { BuildingView } from '../../../hub/property/contract.ts';

const LOWEST = -20;
const HIGHEST = 300;

/** Every floor from one to the other, without 0, which Chinese counting does not have; null when that is no run. */
export function floorsBetween(lowest: string, highest: string): readonly number[] | null {
  const [from, to] = [lowest, highest].map((text) => (/^-?\d{1,3}$/.test(text.trim()) ? Number(text) : NaN));
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to)) return null;
  if (from > to || from < LOWEST || to > HIGHEST || from === 0 || to === 0) return null;
  return Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((n) => n !== 0);
}

/** The buildings whose number in the order changes when one is moved by one place; empty when it can't be. */
export function moved(buildings: readonly BuildingView[], id: string, by: -1 | 1): readonly BuildingView[] {
  const at = buildings.findIndex((b) => b.id === id);
  const [one, other] = [buildings[at], buildings[at + by]];
  if (!one || !other) return [];
  const order = buildings.map((b) => (b === one ? other : b === other ? one : b));
  return order
    .map((b, i) => ({ ...b, order: i + 1 }))
    .filter((b) => buildings.find((x) => x.id === b.id)?.order !== b.order);
}
