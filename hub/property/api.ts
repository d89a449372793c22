// What other domains may ask of places: a community by its id, and places made known when a gateway first names them.
import type { Tx } from '../db/tx.ts';
import { asNamed, floorName, spotWords, type Words } from './names.ts';
export { placeWords, type PlaceWords } from './place-words.ts';
export { changeCommunity, createCommunity, importBuildings, listBuildings } from './commands.ts';
import {
  allCommunityIds,
  anyCommunity,
  buildingName,
  findCommunity,
  putBuildings,
  putFloors,
  putPlaces,
  type CommunityRow,
} from './store.ts';

export type Community = CommunityRow;

export const communityOf = (tx: Tx, id: string): Promise<Community | undefined> => findCommunity(tx, id);

/** Every community of the hub. */
export const communityIds = (tx: Tx): Promise<string[]> => allCommunityIds(tx);

/** Whether the hub has any community yet. */
export const hasCommunity = (tx: Tx): Promise<boolean> => anyCommunity(tx);

/** Where something stands, as a gateway's site file names it. */
export interface Whereabouts {
  readonly building?: string | undefined;
  readonly floor?: number | undefined;
  readonly place?: string | undefined;
}

/** Where something stands, and what it is, in words for people: 1号楼 12层 电梯厅感烟. Empty when nothing is known. */
export async function whereWords(
  tx: Tx,
  community: string,
  { building, floor, place, what }: Whereabouts & { readonly what?: Words | undefined },
): Promise<Words> {
  const name =
    building === undefined ? undefined : ((await buildingName(tx, community, building)) ?? asNamed(building));
  return spotWords({ building: name, floor, place, what });
}

const unique = <T>(items: readonly T[], key: (item: T) => string): T[] => [
  ...new Map(items.map((item) => [key(item), item])).values(),
];

/** Sorts building 2 before building 10; what has no number comes last. */
const orderOf = (id: string): number => Number(/\d{1,6}/.exec(id)?.[0] ?? 1_000_000);

/**
 * Makes unknown places known, uncommissioned; known ones stay as they are. Floor 0 and a floor without a building are
 * left out: they are no place.
 * @throws Error (foreign key) when the community does not exist
 */
export async function ensurePlaces(tx: Tx, community: string, where: readonly Whereabouts[]): Promise<void> {
  const buildings = unique(
    where.flatMap(({ building }) => building ?? []),
    (b) => b,
  );
  const named = buildings.map((id) => ({ id, name: asNamed(id), order: orderOf(id) }));
  const floors = unique(
    where.flatMap(({ building, floor }) =>
      building === undefined || floor === undefined || floor === 0 ? [] : { building, floor, name: floorName(floor) },
    ),
    (f) => `${f.floor} ${f.building}`,
  );
  const places = unique(
    where.flatMap(({ building, floor, place }) => {
      if (place === undefined) return [];
      const level = building === undefined || floor === 0 ? undefined : floor;
      return { building, floor: level, id: place, name: asNamed(place) };
    }),
    (p) => JSON.stringify([p.building, p.floor, p.id]),
  );
  // Rows in one order everywhere: two gateways born at once must not lock each other out.
  const ordered = <T>(rows: readonly T[]): T[] =>
    rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (named.length > 0) await putBuildings(tx, community, ordered(named), false);
  if (floors.length > 0) await putFloors(tx, community, ordered(floors), false);
  if (places.length > 0) await putPlaces(tx, community, ordered(places), false);
}

/** One place (see `ensurePlaces`). */
export const ensurePlace = (tx: Tx, community: string, where: Whereabouts): Promise<void> =>
  ensurePlaces(tx, community, [where]);
