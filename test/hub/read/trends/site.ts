// A small site for trends: its devices and points as the register keeps them, and samples by either store's own way in.
import { historyLine, historyPrefix } from '../../../../device-profiles/contract/history-line.ts';
import type { DeviceKind } from '../../../../device-profiles/contract/kinds.ts';
import type { Quality, Value } from '../../../../device-profiles/contract/point.ts';
import { encodeBirth } from '../../../../device-profiles/contract/wire.ts';
import { ManualClock } from '../../../../hub/clock.ts';
import type { History, SeriesKey, SeriesSample } from '../../../../hub/history/api.ts';
import type { Db } from '../../../../hub/db/tx.ts';
import { enrol, noteLiveBirth, storeBirth } from '../../../../hub/ingest/store.ts';
import type { Influxd } from '../../../helpers/influxd.ts';
import { OFFLINE, ONLINE, signal, WireGateway } from '../../ingest/rig.ts';

export interface SitePoint {
  readonly device: string;
  readonly kind: DeviceKind;
  readonly point: string;
  readonly unit?: string;
  readonly type?: string;
  readonly enum?: Readonly<Record<string, { zh: string; en: string }>>;
  readonly building?: string;
  readonly floor?: number;
}

/** Registers points and their devices. */
export async function registerPoints(db: Db, community: string, points: readonly SitePoint[]): Promise<void> {
  await db.transaction(async (tx) => {
    for (const p of points) {
      await tx.run(
        `insert into equipment.device (id, community, gateway, kind, name, profile, vendor, model, evidence, link, building, floor, first_at)
         values ($1, $2, 'gw', $3, jsonb_build_object('zh', '设备 ' || $1::text, 'en', 'Device ' || $1::text), 'p', 'v', 'm', 'A', 'l', $4, $5, now())
         on conflict do nothing`,
        [p.device, community, p.kind, p.building ?? null, p.floor ?? null],
      );
      await tx.run(
        `insert into equipment.point (device, id, name, type, lane, unit, enum)
         values ($1, $2, jsonb_build_object('zh', '点 ' || $2::text, 'en', 'Point ' || $2::text), $3, 'telemetry', $4, $5)`,
        [p.device, p.point, p.type ?? 'float32', p.unit ?? '', p.enum ? JSON.stringify(p.enum) : null],
      );
    }
  });
}

/** What the gateway `gw` declared when it was last heard, at `at` by an earlier hub: this point says that its device runs. */
export async function declareRunning(db: Db, community: string, of: SitePoint, at: number): Promise<void> {
  const run = signal({ id: 'run', class: 'RUN', point: of.point, when: { eq: 1 } });
  const device = of.device.replace(/^gw\./, '');
  const gateway = new WireGateway(
    'gw',
    [{ id: device, kind: of.kind, points: [ONLINE, { id: of.point }], signals: [OFFLINE, run] }],
    new ManualClock(at),
  );
  const { snapshot: _, ...born } = gateway.born({ community });
  await db.transaction(async (tx) => {
    await enrol(tx, { id: 'gw', community, username: 'gw', passwordSha256: 'x', by: 'test', at });
    await storeBirth(tx, { gateway: 'gw', id: born.birth, content: encodeBirth(born), now: at }, 1);
    await noteLiveBirth(tx, { ...born, now: at });
  });
}

export type Told = readonly [t: number, value: Value, quality?: Quality];

export type WriteSamples = (of: SitePoint, told: readonly Told[]) => Promise<void>;

/** Writes samples of a point; each call has sequences of its own. */
export function writerFor(community: string, history: History, influx?: Influxd): WriteSamples {
  let n = 0;
  return async (of, told) => {
    const series: SeriesKey = {
      community,
      kind: of.kind,
      device: of.device,
      point: of.point,
      building: of.building ?? '',
    };
    const first = n + 1;
    const samples = told.map(([t, value, quality = 'good']): SeriesSample => ({ series, t, n: ++n, value, quality }));
    if (influx === undefined) {
      await history.writer?.append({ gateway: 'gw', epoch: 'e', lane: 'telemetry', first, last: n, samples });
      return;
    }
    const [gateway = '', ...device] = of.device.split('.');
    const prefix = historyPrefix({ ...series, gateway, device: device.join('.') });
    await influx.write(
      samples.map((s) => historyLine(prefix, { value: s.value, quality: s.quality, sourceTime: s.t, n: s.n })),
    );
  };
}
