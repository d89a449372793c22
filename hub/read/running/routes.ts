// How panels and pumps ran, over HTTP: a page of devices, each with its bar over a day or a week and the bars of its points.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { PointSignal } from '../../../device-profiles/contract/conditions.ts';
import { DEVICE_KINDS } from '../../../device-profiles/contract/kinds.ts';
import { SEES_ALARMS, signalsOfBirth } from '../../alarms/api.ts';
import type { Tx } from '../../db/tx.ts';
import { pointsOf, type DeviceRow, type PointRow } from '../../equipment/api.ts';
import { ok, refuse, type Result } from '../../errors.ts';
import { orRefuse, type History, type StateRuns } from '../../history/api.ts';
import type { Entry } from '../../http/entry.ts';
import { valueOf } from '../../http/problem.ts';
import { lastDeclared, type LivePoints, type Program } from '../../ingest/api.ts';
import { communityOf } from '../../property/api.ts';
import { sideBySide } from '../side-by-side.ts';
import { alarmsWithin } from '../trends/store.ts';
import { barOf, type Layer, type Stretch } from './bar.ts';
import { ROLES, RUNNING_KINDS, RunningQuery, RunningReply, type RunningDevice, type Track } from './contract.ts';
import { RUNNING_LIMITS } from './limits.ts';
import { roleOf, STATE_OF, type Role } from './roles.ts';
import { devicesOfKinds } from './store.ts';

const tags = ['trends'];
const iso = (ms: number): string => new Date(ms).toISOString();

export interface RunningParts {
  readonly entry: Entry;
  readonly history: History;
  readonly points: LivePoints;
}

/** A point whose history makes a bar. */
interface Followed {
  readonly row: PointRow;
  readonly role: Role;
}
interface Found {
  readonly device: DeviceRow;
  readonly followed: readonly Followed[];
  readonly alarms: Awaited<ReturnType<typeof alarmsWithin>>;
}

type Signals = ReadonlyMap<string, readonly PointSignal[]>;
const signalsOf = new WeakMap<Program, Signals>();

/** Signals of a gateway's devices by the profiles that it named at its last birth, be it before this hub began. */
async function gatewaySignals(tx: Tx, points: LivePoints, gateway: string, community: string): Promise<Signals> {
  const program = points.site(gateway)?.program;
  const known = program && signalsOf.get(program);
  if (known) return known;
  const born = program?.born ?? (await lastDeclared(tx, gateway, community));
  const all: Signals = born ? signalsOfBirth(born.devices, born.models) : new Map();
  if (program) signalsOf.set(program, all);
  return all;
}

function followedOf(all: Signals, device: DeviceRow, rows: readonly PointRow[]): Followed[] {
  const signals = new Map<string, PointSignal[]>();
  for (const signal of all.get(device.id.slice(device.gateway.length + 1)) ?? [])
    signals.set(signal.point, [...(signals.get(signal.point) ?? []), signal]);
  return rows
    .flatMap((row): Followed[] => {
      const role = roleOf(row, device.kind, signals.get(row.id) ?? []);
      return role ? [{ row, role }] : [];
    })
    .toSorted((a, b) => ROLES.indexOf(a.role.role) - ROLES.indexOf(b.role.role))
    .slice(0, RUNNING_LIMITS.tracksMax);
}

async function runsOf(history: History, { device, followed }: Found, range: Stretch): Promise<StateRuns[]> {
  const kind = DEVICE_KINDS.find((k) => k === device.kind);
  if (kind === undefined) return [];
  const runs: StateRuns[] = [];
  for (const { row } of followed) {
    const ref = { community: device.community, kind, device: row.device, point: row.id };
    runs.push(await history.runs(ref, range, RUNNING_LIMITS.runsMax));
  }
  return runs;
}

const trackOf = ({ row, role }: Followed, runs: StateRuns): Track => ({
  point: row.id,
  name: row.name,
  role: role.role,
  ...(row.enum === null ? {} : { enum: { ...row.enum } }),
  runs: runs.runs.map((r) => ({ from: iso(r.from), to: iso(r.to), value: r.value })),
  more: runs.more,
  states: runs.states.map((s) => ({ ...s })),
  unknownMs: runs.unknownMs,
});

/** The device's own bar: what its points say, and the alarms that stood. */
function deviceOf({ device, followed, alarms }: Found, runs: readonly StateRuns[], range: Stretch): RunningDevice {
  const layers: Layer[] = alarms.flatMap((alarm) => {
    const state = STATE_OF[alarm.class];
    const to = alarm.endedAt === undefined ? range.to : Date.parse(alarm.endedAt);
    return state === undefined ? [] : [{ state, from: Date.parse(alarm.raisedAt), to }];
  });
  for (const [i, { role }] of followed.entries())
    for (const { from, to, value } of runs[i]?.runs ?? []) {
      const state = role.means(value);
      if (state !== undefined) layers.push({ state, from, to });
    }
  const { bar, totals, unknownMs } = barOf(layers, range);
  return {
    device: device.id,
    name: device.name,
    kind: device.kind,
    ...(device.building === null ? {} : { building: device.building }),
    ...(device.floor === null ? {} : { floor: device.floor }),
    ...(device.place === null ? {} : { place: device.place }),
    bar: bar.map((b) => ({ from: iso(b.from), to: iso(b.to), state: b.state })),
    totals: totals.map((t) => ({ ...t })),
    unknownMs,
    more: runs.some((r) => r.more) || alarms.length >= RUNNING_LIMITS.alarmsMax,
    tracks: followed.flatMap((f, i) => {
      const own = runs[i];
      return own ? [trackOf(f, own)] : [];
    }),
  };
}

/** What is asked of the past only: a stretch that reaches beyond now ends now. */
export function rangeOf({ from, to }: { from: string; to: string }, now: number): Result<Stretch> {
  const [begin, end] = [Date.parse(from), Math.min(Date.parse(to), now)];
  if (!(begin < end)) return refuse('bad-request', 'from, to');
  if (end - begin > RUNNING_LIMITS.spanMaxMs) return refuse('out-of-range', 'to');
  return ok({ from: begin, to: end });
}

async function findAll(tx: Tx, points: LivePoints, community: string, devices: readonly DeviceRow[], range: Stretch) {
  const found: Found[] = [];
  const signals = new Map<string, Signals>();
  for (const device of devices) {
    const { id, gateway } = device;
    const all = signals.get(gateway) ?? (await gatewaySignals(tx, points, gateway, community));
    signals.set(gateway, all);
    found.push({
      device,
      followed: followedOf(all, device, await pointsOf(tx, id)),
      alarms: await alarmsWithin(tx, community, [id], range, RUNNING_LIMITS.alarmsMax),
    });
  }
  return found;
}

export function runningRoutes({ entry, history, points }: RunningParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/running',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: {
          tags,
          summary: 'How panels and pumps ran',
          querystring: RunningQuery,
          response: { 200: RunningReply },
        },
      },
      async (request) => {
        const { community } = entry.user(request);
        const { kind, building = null, cursor = '', limit = RUNNING_LIMITS.page } = request.query;
        const now = entry.clock.now();
        const range = valueOf(rangeOf(request.query, now));
        const { timeZone, page, next } = await entry.read(async (tx) => {
          const of = await communityOf(tx, community);
          if (!of) return refuse('not-found');
          const kinds = kind === undefined ? RUNNING_KINDS : [kind];
          const rows = await devicesOfKinds(tx, { community, kinds, building }, cursor, limit + 1);
          const shown = rows.slice(0, limit);
          return ok({
            timeZone: of.timeZone,
            page: await findAll(tx, points, community, shown, range),
            next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null,
          });
        });
        // Outside the transaction: history may take its time.
        const items = await orRefuse(
          sideBySide(page, RUNNING_LIMITS.sideBySide, async (found) =>
            deviceOf(found, await runsOf(history, found, range), range),
          ),
        );
        return { timeZone, asOf: iso(now), from: iso(range.from), to: iso(range.to), items, next };
      },
    );
  };
}
