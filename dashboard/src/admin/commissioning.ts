// What has been proved on site and what has not, building by building.
import type { DeviceView } from '../../../hub/equipment/contract.ts';

export interface Group {
  /** Empty: outside of any building. */
  readonly building: string;
  readonly devices: readonly DeviceView[];
  readonly points: number;
  readonly proved: number;
}

export const provedOf = (device: DeviceView): number => device.points.all - device.points.unproved;

/** Devices by building, in the order of `buildings`; those that none of them has come last. */
export function groupsOf(devices: readonly DeviceView[], buildings: readonly string[]): readonly Group[] {
  const ids = [...new Set([...buildings, ...devices.map((d) => d.building ?? '').filter((b) => b !== ''), ''])];
  return ids
    .map((building) => {
      const own = devices.filter((d) => (d.building ?? '') === building);
      return {
        building,
        devices: own,
        points: own.reduce((n, d) => n + d.points.all, 0),
        proved: own.reduce((n, d) => n + provedOf(d), 0),
      };
    })
    .filter((group) => group.devices.length > 0);
}

/** Share in whole percent, never rounded up to all of it: one unproved point in a thousand is not "100 %". */
export const percent = (part: number, all: number): number => (all === 0 ? 0 : Math.floor((part / all) * 100));
