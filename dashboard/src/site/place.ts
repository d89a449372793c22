// A place in words: building, floor, and what the site calls it.
import type { Args, Key, Words } from '../app/words.ts';

export interface PlaceNames {
  building(id: string): Words | undefined;
}
interface Located {
  readonly building?: string | undefined;
  readonly floor?: number | undefined;
  readonly place?: string | undefined;
}
interface Speech {
  readonly t: (key: Key, args?: Args) => string;
  readonly words: (words: Words) => string;
}

/** Floor in words; 0 does not exist in Chinese floor counting and is shown as it is. */
export function floorWords(floor: number, t: Speech['t']): string {
  return floor < 0 ? t('ui.floor.basement', { n: -floor }) : t('ui.floor', { n: floor });
}

/** Empty when nothing is known of where it is. A building without a known name shows its id. */
export function placeWords(where: Located, names: PlaceNames, speech: Speech): string {
  const parts: string[] = [];
  if (where.building !== undefined) {
    const name = names.building(where.building);
    parts.push(name ? speech.words(name) : where.building);
  }
  if (where.floor !== undefined) parts.push(floorWords(where.floor, speech.t));
  if (where.place) parts.push(where.place);
  return parts.join(' ');
}
