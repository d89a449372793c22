// What a birth's indexes mean: its points with the register's lasting numbers.
import type { Birth } from '../../device-profiles/contract/wire.ts';
import type { Registered } from './api.ts';
import type { DeviceEntry, PointEntry, Program } from './points.ts';

/** @throws Error naming the index or device that two things share */
export function programOf(born: Birth, registered: Registered): Program {
  const { gateway, community } = born;
  const names = new Map(born.models.map((m) => [m.hash, m.name]));
  const points: PointEntry[] = [];
  const devices = new Map<string, Map<string, PointEntry>>();
  born.devices.forEach((d, k) => {
    if (devices.has(d.id)) throw new Error(`device ${d.id} is in the birth twice`);
    const model = names.get(d.model);
    const device: DeviceEntry = {
      id: `${gateway}.${d.id}`,
      gateway,
      community,
      kind: d.kind,
      name: d.name ?? (model ? { zh: `${model.zh} ${d.id}`, en: `${model.en} ${d.id}` } : { zh: d.id, en: d.id }),
      building: d.building,
      floor: d.floor,
      place: d.place,
    };
    const ofDevice = new Map<string, PointEntry>();
    d.points.forEach((p, j) => {
      const num = registered.nums[k]?.[j];
      if (num === undefined) throw new Error(`point ${d.id}/${p.id} has no number in the register`);
      if (points[p.i] !== undefined) throw new Error(`index ${p.i} is in the birth twice`);
      const building = p.building ?? d.building;
      const entry: PointEntry = {
        num,
        id: p.id,
        device,
        name: p.name,
        lane: p.lane,
        building,
        floor: p.floor ?? d.floor,
        // A detector on floor 12 is not in the room where its panel hangs.
        place: p.place ?? (p.building === undefined && p.floor === undefined ? d.place : undefined),
        about: p.about === undefined ? undefined : `${gateway}.${p.about}`,
        everyS: p.everyS,
        series: { community, kind: d.kind, device: device.id, point: p.id, building: building ?? '' },
      };
      points[p.i] = entry;
      ofDevice.set(p.id, entry);
    });
    devices.set(d.id, ofDevice);
  });
  return {
    birth: born.birth,
    gateway,
    community,
    points,
    devices,
    born: { devices: born.devices, models: born.models },
  };
}
