// The register of devices and points: births enter it, numbers last, the commissioning mark is kept in memory too.
import type { Birth } from '../../device-profiles/contract/wire.ts';
import type { Tx } from '../db/tx.ts';
import { hubDevice, type Registered, type Registry } from '../ingest/api.ts';
import { ensurePlaces, type Whereabouts } from '../property/api.ts';
import { markGone, numbersOf, provedNumbers, putDevices, putPoints, type DeviceRow, type NewPoint } from './store.ts';

export interface RegisterPorts {
  /** Makes a community known that only a gateway has named so far. */
  readonly ensureCommunity: (tx: Tx, community: string, now: number) => Promise<void>;
}

export class Register implements Registry {
  readonly #ports: RegisterPorts;
  readonly #proved = new Set<number>();

  constructor(ports: RegisterPorts) {
    this.#ports = ports;
  }

  async load(tx: Tx): Promise<void> {
    this.#proved.clear();
    for (const num of await provedNumbers(tx)) this.#proved.add(num);
  }

  /** Whether somebody made the point act on site and saw it here. */
  isProved(num: number): boolean {
    return this.#proved.has(num);
  }

  /** After the commit of a commissioning mark. */
  marked(nums: readonly number[], proved: boolean): void {
    for (const num of nums) {
      if (proved) this.#proved.add(num);
      else this.#proved.delete(num);
    }
  }

  async register(tx: Tx, birth: Parameters<Registry['register']>[1], now: number): Promise<Registered> {
    const { gateway, community, born, live } = birth;
    await this.#ports.ensureCommunity(tx, community, now);
    await ensurePlaces(tx, community, whereabouts(born));
    const devices = deviceRows(born);
    await putDevices(tx, devices, live, now);
    await putPoints(tx, pointRows(born), live, now);
    const nums = new Map<string, number>();
    for (const row of await numbersOf(
      tx,
      devices.map((d) => d.id),
    ))
      nums.set(`${row.device}\n${row.id}`, row.num);
    const registered = born.devices.map((d) => d.points.map((p) => nums.get(`${gateway}.${d.id}\n${p.id}`) ?? -1));
    if (live) await markGone(tx, { gateway, devices: devices.map((d) => d.id), nums: registered.flat() }, now);
    return { nums: registered };
  }
}

/** The places that devices and points name, each once. */
function whereabouts(born: Birth): Whereabouts[] {
  const seen = new Map<string, Whereabouts>();
  const add = ({ building, floor, place }: Whereabouts): void => {
    if (building === undefined && place === undefined) return;
    seen.set(`${building ?? ''}\n${floor ?? ''}\n${place ?? ''}`, { building, floor, place });
  };
  for (const d of born.devices) {
    add(d);
    for (const p of d.points) {
      if (p.building === undefined && p.floor === undefined && p.place === undefined) continue;
      add({ building: p.building ?? d.building, floor: p.floor ?? d.floor, place: p.place ?? d.place });
    }
  }
  return [...seen.values()];
}

function deviceRows(born: Birth): DeviceRow[] {
  const { gateway, community } = born;
  const models = new Map(born.models.map((m) => [m.hash, m]));
  const rows = born.devices.map((d): DeviceRow => {
    const model = models.get(d.model);
    const fallback = model
      ? { zh: `${model.name.zh} ${d.id}`, en: `${model.name.en} ${d.id}` }
      : { zh: d.id, en: d.id };
    return {
      id: `${gateway}.${d.id}`,
      community,
      gateway,
      kind: d.kind,
      name: d.name ?? fallback,
      profile: d.profile,
      vendor: model?.vendor ?? '',
      model: model?.model ?? '',
      evidence: model?.evidence ?? '',
      link: d.link,
      building: d.building ?? null,
      floor: d.floor ?? null,
      place: d.place ?? null,
    };
  });
  const id = hubDevice(gateway);
  if (rows.some((r) => r.id === id)) return rows;
  const itself: DeviceRow = {
    id,
    community,
    gateway,
    kind: 'gateway',
    name: { zh: `网关 ${gateway}`, en: `Gateway ${gateway}` },
    profile: '',
    vendor: 'Fengsui',
    model: 'gateway',
    evidence: '',
    link: '',
    building: null,
    floor: null,
    place: null,
  };
  return [...rows, itself];
}

const pointRows = (born: Birth): NewPoint[] =>
  born.devices.flatMap((d) =>
    d.points.map((p) => ({
      device: `${born.gateway}.${d.id}`,
      id: p.id,
      name: p.name,
      type: p.type,
      lane: p.lane,
      unit: p.unit ?? '',
      range: p.range ?? null,
      band: p.band ?? null,
      enum: p.enum ?? null,
      building: p.building ?? d.building ?? null,
      floor: p.floor ?? d.floor ?? null,
      place: p.place ?? d.place ?? null,
    })),
  );
