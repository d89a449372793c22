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

const bare = (text: string): string => text.replace(/\s+/gu, '').toLowerCase();

/** "Floor 1" begins "Floor 1 lobby", but not "Floor 12": no digit may follow. */
function begins(next: string, part: string): boolean {
  const [long, short] = [bare(next), bare(part)];
  return long.startsWith(short) && !/\d/.test(long.charAt(short.length));
}

/** Places are in the site's language; one that only repeats the floor says nothing in either. */
const saysFloor = (place: string, floor: number | undefined): boolean =>
  floor !== undefined &&
  [`${floor}层`, `${floor}f`, `floor${floor}`, `地下${-floor}层`, `b${-floor}`].includes(bare(place));

/** Joins parts from the large to the small; a part that the next one begins with says nothing by itself. */
export function joinPlace(parts: readonly string[]): string {
  const said = parts.filter((part) => part.trim() !== '');
  return said.filter((part, i) => !begins(said[i + 1] ?? '', part)).join(' ');
}

/**
 * Where something is, and what it is if `what` is given. Empty when nothing is known. A building without a known name
 * shows its id.
 */
export function placeWords(where: Located, names: PlaceNames, speech: Speech, what = ''): string {
  const parts: string[] = [];
  if (where.building !== undefined) {
    const name = names.building(where.building);
    parts.push(name ? speech.words(name) : where.building);
  }
  if (where.floor !== undefined) parts.push(floorWords(where.floor, speech.t));
  if (where.place && !saysFloor(where.place, where.floor)) parts.push(where.place);
  return joinPlace([...parts, what]);
}
