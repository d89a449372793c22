// A fire as events and ports tell of it.
import type { FireFact } from '../events/api.ts';
import type { FirePlace } from './ports.ts';
import type { FireRow } from './store.ts';

/** A fire as events tell of it. */
export const factOfFire = (fire: FireRow): FireFact => ({
  fire: fire.id,
  alarm: fire.alarm,
  what: fire.what,
  text: fire.text,
  ...(fire.building === null ? {} : { building: fire.building }),
  ...(fire.floor === null ? {} : { floor: fire.floor }),
  ...(fire.place === null ? {} : { place: fire.place }),
  ...(fire.mode === null ? {} : { mode: fire.mode }),
});

/** Where it is. */
export const placeOf = (fire: FireRow): FirePlace => ({
  community: fire.community,
  building: fire.building ?? undefined,
  floor: fire.floor ?? undefined,
});
