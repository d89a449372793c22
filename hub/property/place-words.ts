// How places are called on paper and in lists: building and floor by their names.
import type { Tx } from '../db/tx.ts';
import { textOf } from '../messages/text.ts';
import { listBuildings } from './commands.ts';

/** How a place of the community is called; empty when nothing is known of it. */
export type PlaceWords = (building: string | undefined, floor: number | undefined) => string;

export async function placeWords(tx: Tx, community: string, language: 'zh' | 'en'): Promise<PlaceWords> {
  const buildings = new Map((await listBuildings(tx, community)).map((b) => [b.id, b]));
  return (building, floor) => {
    if (building === undefined) return '';
    const known = buildings.get(building);
    const named = known?.floors.find((f) => f.floor === floor)?.name[language];
    const level = floor === undefined ? '' : (named ?? textOf('record.floor', { floor })[language]);
    return `${known?.name[language] ?? building} ${level}`.trim();
  };
}
