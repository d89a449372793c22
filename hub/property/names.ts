// How places are called where nobody has named them.

export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** Name of a floor by its number: −1 is the first basement; 0 does not exist. */
export const floorName = (floor: number): Words =>
  floor < 0 ? { zh: `地下${-floor}层`, en: `Basement ${-floor}` } : { zh: `${floor}层`, en: `Floor ${floor}` };

/** The same word in both languages: what a gateway's site file calls something. */
export const asNamed = (id: string): Words => ({ zh: id, en: id });

/** Where something stands, and what it is if `what` is given. Names that nobody has given are left out. */
export interface Spot {
  readonly building?: Words | undefined;
  readonly floor?: number | undefined;
  readonly place?: string | undefined;
  readonly what?: Words | undefined;
}

const LANGUAGES = ['zh', 'en'] as const;
const bare = (text: string): string => text.replace(/\s+/gu, '').toLowerCase();

/** "Floor 1" begins "Floor 1 lobby", but not "Floor 12": no digit may follow. */
const begins = (next: string, part: string): boolean =>
  bare(next).startsWith(bare(part)) && !/\d/.test(bare(next).charAt(bare(part).length));

/** In words from the large to the small; a part that the next one begins with says nothing by itself. */
export function spotWords({ building, floor, place, what }: Spot): Words {
  const level = floor === undefined || floor === 0 ? undefined : floorName(floor);
  const levels = level === undefined ? [] : [bare(level.zh), bare(level.en), `${floor}f`, `b${-(floor ?? 0)}`];
  const said = (language: 'zh' | 'en'): string => {
    const named = place === undefined || levels.includes(bare(place)) ? '' : place;
    const all = [building?.[language] ?? '', level?.[language] ?? '', named, what?.[language] ?? ''];
    const parts = all.filter((part) => part.trim() !== '');
    return parts.filter((part, k) => !begins(parts[k + 1] ?? '', part)).join(' ');
  };
  const [zh, en] = LANGUAGES.map(said);
  return { zh: zh ?? '', en: en ?? '' };
}
