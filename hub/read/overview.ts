// The control room's overview: buildings in section, panels, lifts and the trends at the foot of the screen. Places and
// marks come from the database, states from memory.
import type { FastifyPluginAsync } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { ROLL_UP } from '../alarms/api.ts';
import { ONLINE_POINT } from '../../device-profiles/contract/profile.ts';
import type { Tx } from '../db/tx.ts';
import { LIFT_POSITION } from '../equipment/api.ts';
import { ok, refuse } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF } from '../http/policy.ts';
import type { LivePoints, PointEntry, Site } from '../ingest/api.ts';
import { communityOf, listBuildings } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { OverviewView } from './contract.ts';

/** Points of a lift that the section shows, by the ids of the canonical lift profile. */
const LIFT_POINTS = { position: LIFT_POSITION, direction: 'direction', door: 'door-closed' } as const;
/** Kinds whose banded values are shown as trends, in this order. */
const TREND_KINDS = ['water-main', 'water-tank', 'fire-pump', 'jockey-pump'];
const TRENDS_MAX = 5;
type Building = OverviewView['buildings'][number];
type Trend = OverviewView['trends'][number];

const sitesOf = (points: LivePoints, community: string): Site[] =>
  [...points.sites()].filter((s) => s.community === community);

const isOnline = (site: Site, entry: PointEntry): boolean => {
  const state = site.read(entry);
  return state?.quality === 'good' && state.value === 1;
};

interface Standing {
  readonly panels: Building['panels'];
  readonly elevators: Building['elevators'];
}

/** Panels and lifts of each building. A lift may have a drive beside its terminal: what knows the floor is the lift. */
function standing(sites: readonly Site[]): Map<string, Standing> {
  const out = new Map<string, { panels: Building['panels']; elevators: Building['elevators'] }>();
  for (const site of sites)
    for (const points of site.program?.devices.values() ?? []) {
      const online = points.get(ONLINE_POINT);
      const device = online?.device;
      if (!online || device?.building === undefined) continue;
      const at = out.get(device.building) ?? { panels: [], elevators: [] };
      out.set(device.building, at);
      const base = { device: device.id, name: device.name, online: isOnline(site, online) };
      if (device.kind === 'fire-panel') at.panels.push(base);
      const position = points.get(LIFT_POINTS.position);
      if (device.kind !== 'elevator' || !position) continue;
      const [direction, door] = [points.get(LIFT_POINTS.direction), points.get(LIFT_POINTS.door)];
      at.elevators.push({
        ...base,
        position: position.num,
        ...(direction ? { direction: direction.num } : {}),
        ...(door ? { door: door.num } : {}),
      });
    }
  return out;
}

/** Values with a normal band on mains, tanks and pumps. */
function trendsOf(sites: readonly Site[]): Trend[] {
  const found: (Trend & { readonly order: number })[] = [];
  for (const site of sites) {
    const program = site.program;
    for (const device of program?.born.devices ?? []) {
      const order = TREND_KINDS.indexOf(device.kind);
      if (order < 0) continue;
      for (const point of device.points) {
        const entry = program?.points[point.i];
        if (!entry || point.band === undefined || point.unit === undefined) continue;
        found.push({
          order,
          device: entry.device.id,
          deviceName: entry.device.name,
          point: entry.id,
          num: entry.num,
          name: entry.name,
          unit: point.unit,
          band: point.band,
        });
      }
    }
  }
  return found
    .toSorted((a, b) => a.order - b.order || (a.device < b.device ? -1 : 1))
    .slice(0, TRENDS_MAX)
    .map(({ order: _order, ...trend }) => trend);
}

/** Numbers of the points that the overview shows: for the live channel. */
export function overviewNums(points: LivePoints, community: string): Set<number> {
  const sites = sitesOf(points, community);
  const nums = new Set(trendsOf(sites).map((t) => t.num));
  for (const { elevators } of standing(sites).values())
    for (const { position, direction, door } of elevators)
      for (const num of [position, direction, door]) if (num !== undefined) nums.add(num);
  return nums;
}

interface FloorCount {
  points: number;
  unknown: number;
}

/** Points of each floor, and how many of them can't be believed now. Key: building, line feed, floor. */
function countFloors(sites: readonly Site[]): Map<string, FloorCount> {
  const out = new Map<string, FloorCount>();
  for (const site of sites)
    for (const entry of site.program?.points ?? []) {
      if (!entry || entry.id === ONLINE_POINT || entry.lane !== 'safety') continue;
      const building = entry.building ?? entry.device.building;
      const floor = entry.floor ?? entry.device.floor;
      if (building === undefined || floor === undefined) continue;
      const key = `${building}\n${floor}`;
      const count = out.get(key) ?? { points: 0, unknown: 0 };
      out.set(key, count);
      count.points += 1;
      if (site.read(entry)?.quality !== 'good') count.unknown += 1;
    }
  return out;
}

async function unprovedFloors(tx: Tx, community: string): Promise<Map<string, number>> {
  const rows = await tx.query<{ building: string; floor: number; count: string }>(
    `select coalesce(p.building, d.building) as building, coalesce(p.floor, d.floor) as floor, count(*) as count
     from equipment.point p join equipment.device d on d.id = p.device
     where d.community = $1 and d.removed_at is null and p.removed_at is null and p.proved_at is null
       and p.lane = 'safety' and p.id <> '${ONLINE_POINT}'
       and coalesce(p.building, d.building) is not null and coalesce(p.floor, d.floor) is not null
     group by 1, 2`,
    [community],
  );
  return new Map(rows.map((r) => [`${r.building}\n${r.floor}`, Number(r.count)]));
}

interface Covering {
  readonly building: string | null;
  readonly floor: number | null;
  readonly mode: 'drill' | 'maintenance';
}

const coveringModes = (tx: Tx, community: string): Promise<Covering[]> =>
  tx.query<Covering>(
    `select building, floor, mode from alarms.mode
     where community = $1 and ended_at is null and cardinality(devices) = 0 order by mode`,
    [community],
  );

export async function overviewOf(tx: Tx, points: LivePoints, community: string): Promise<OverviewView | undefined> {
  const of = await communityOf(tx, community);
  if (!of) return undefined;
  const sites = sitesOf(points, community);
  const [buildings, unproved, modes] = [
    await listBuildings(tx, community),
    await unprovedFloors(tx, community),
    await coveringModes(tx, community),
  ];
  const stands = standing(sites);
  const counts = countFloors(sites);
  return {
    community: { id: of.id, name: of.name, timeZone: of.timeZone },
    buildings: buildings.map((b) => ({
      id: b.id,
      name: b.name,
      floors: b.floors.map(({ floor, name }) => {
        const key = `${b.id}\n${floor}`;
        const mode = modes.find((m) => (m.building ?? b.id) === b.id && (m.floor ?? floor) === floor)?.mode;
        return {
          floor,
          name,
          points: counts.get(key)?.points ?? 0,
          unknown: counts.get(key)?.unknown ?? 0,
          unproved: unproved.get(key) ?? 0,
          ...(mode === undefined ? {} : { mode }),
        };
      }),
      panels: stands.get(b.id)?.panels ?? [],
      elevators: stands.get(b.id)?.elevators ?? [],
    })),
    rollUp: (await ruleInForce(tx, community, ROLL_UP)).value,
    trends: trendsOf(sites),
  };
}

export const overviewRoutes =
  (entry: Entry, points: LivePoints): FastifyPluginAsync =>
  async (app) => {
    app.withTypeProvider<TypeBoxTypeProvider>().get(
      '/api/overview',
      {
        // Names of buildings and what stands in them: nothing about people.
        config: { policy: { allow: [...STAFF, 'authority'] }, reading: 'everyday' },
        schema: { summary: 'Buildings in section with what stands on each floor', response: { 200: OverviewView } },
      },
      async (request) => {
        const { community } = entry.user(request);
        return entry.read(async (tx) => {
          const view = await overviewOf(tx, points, community);
          return view ? ok(view) : refuse('not-found');
        });
      },
    );
  };
