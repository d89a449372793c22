// Commands on communities and their buildings.
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { BuildingView, CommunityView, ImportBuildings, ImportListView, PlaceView } from './contract.ts';
import { planList, readList } from './list.ts';
import { floorName } from './names.ts';
import {
  buildingsOf,
  findCommunity,
  floorsOf,
  insertCommunity,
  placesOf,
  putBuildings,
  putFloors,
  putPlaces,
  updateCommunity,
} from './store.ts';
import type { Tx } from '../db/tx.ts';

const knownZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

/** Makes a community. Refuses `duplicate`, and `bad-request` for a time zone that does not exist. */
export async function createCommunity(c: CommandContext, view: CommunityView): Promise<Result<CommunityView>> {
  if (!knownZone(view.timeZone)) return refuse('bad-request', 'timeZone');
  if (!(await insertCommunity(c.tx, view, c.now))) return refuse('duplicate', 'id');
  c.emit({
    effect: 'audit',
    community: view.id,
    action: 'community.created',
    entity: 'community',
    entityId: view.id,
    after: view,
  });
  return ok(view);
}

/** Renames a community or sets its time zone. */
export async function changeCommunity(
  c: CommandContext,
  id: string,
  change: Partial<Omit<CommunityView, 'id'>>,
): Promise<Result<CommunityView>> {
  const before = await findCommunity(c.tx, id);
  if (before === undefined) return refuse('not-found');
  const after = { ...before, ...change };
  if (!knownZone(after.timeZone)) return refuse('bad-request', 'timeZone');
  await updateCommunity(c.tx, after);
  c.emit({
    effect: 'audit',
    community: id,
    action: 'community.changed',
    entity: 'community',
    entityId: id,
    before,
    after,
  });
  return ok(after);
}

/** Adds or renames buildings, floors and places, and marks them commissioned. Says how many of each it was given. */
export async function importBuildings(
  c: CommandContext,
  community: string,
  given: ImportBuildings,
): Promise<Result<{ buildings: number; floors: number; places: number }>> {
  const { buildings } = given;
  const ids = new Set(buildings.map((b) => b.id));
  if (ids.size < buildings.length) return refuse('bad-request', 'buildings: an id is given twice');
  const floors = buildings.flatMap((b) =>
    b.floors.map((f) => ({ building: b.id, floor: f.floor, name: f.name ?? floorName(f.floor) })),
  );
  const zero = floors.find((f) => f.floor === 0);
  if (zero !== undefined) return refuse('bad-request', `building ${zero.building}: there is no floor 0`);
  if (new Set(floors.map((f) => `${f.floor} ${f.building}`)).size < floors.length) {
    return refuse('bad-request', 'floors: a floor is given twice');
  }
  const places = buildings.flatMap((b) =>
    b.floors.flatMap((f) => (f.places ?? []).map((p) => ({ building: b.id, floor: f.floor, id: p.id, name: p.name }))),
  );
  await putBuildings(
    c.tx,
    community,
    buildings.map((b, i) => ({ id: b.id, name: b.name, order: b.order ?? i + 1 })),
    true,
  );
  await putFloors(c.tx, community, floors, true);
  await putPlaces(c.tx, community, places, true);
  const counts = { buildings: buildings.length, floors: floors.length, places: places.length };
  c.emit({
    effect: 'audit',
    community,
    action: 'buildings.imported',
    entity: 'community',
    entityId: community,
    after: counts,
  });
  return ok(counts);
}

/** Buildings of a community with their floors, lowest first. */
export async function listBuildings(tx: Tx, community: string): Promise<BuildingView[]> {
  const floors = await floorsOf(tx, community);
  return (await buildingsOf(tx, community)).map((building) => ({
    ...building,
    floors: floors.filter((f) => f.building === building.id).map(({ floor, name }) => ({ floor, name })),
  }));
}

/** The same with the places of each floor. */
export async function listPlaces(tx: Tx, community: string): Promise<BuildingView[]> {
  const places = new Map<string, PlaceView[]>();
  for (const { building, floor, ...place } of await placesOf(tx, community)) {
    const key = `${floor} ${building}`;
    places.set(key, [...(places.get(key) ?? []), place]);
  }
  return (await listBuildings(tx, community)).map((building) => ({
    ...building,
    floors: building.floors.map((f) => ({ ...f, places: places.get(`${f.floor} ${building.id}`) ?? [] })),
  }));
}

/** What a list of places would change, or what is wrong with it. */
export async function previewList(tx: Tx, community: string, csv: string): Promise<ImportListView> {
  const read = readList(csv);
  if (read.buildings === undefined) return { applied: false, mistakes: [...read.mistakes], plan: [] };
  const { plan } = planList(read.buildings, await listPlaces(tx, community));
  return { applied: false, mistakes: [], plan };
}

/** Takes a list of places, as a whole or not at all: with a mistake in it nothing is changed. */
export async function importList(c: CommandContext, community: string, csv: string): Promise<Result<ImportListView>> {
  const read = readList(csv);
  if (read.buildings === undefined) return ok({ applied: false, mistakes: [...read.mistakes], plan: [] });
  const { change, plan } = planList(read.buildings, await listPlaces(c.tx, community));
  const done = await importBuildings(c, community, change);
  return done.ok ? ok({ applied: true, mistakes: [], plan }) : done;
}
