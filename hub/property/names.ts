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
