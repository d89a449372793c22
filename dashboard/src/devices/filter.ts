// Which devices the list shows, from the filters in the address.
import type { DeviceKind } from '../../../device-profiles/contract/kinds.ts';
import type { DeviceView } from '../../../hub/equipment/contract.ts';

/** Kinds in the order in which an operator thinks of them (a test compares them with the contract's). */
export const DEVICE_KINDS = [
  'fire-panel',
  'fire-pump',
  'jockey-pump',
  'water-tank',
  'water-main',
  'hydrant',
  'extinguisher',
  'elevator',
  'electrical-fire',
  'power-supply',
  'environment',
  'io-module',
  'gateway',
] as const satisfies readonly DeviceKind[];

const kindIndex = (kind: string): number => {
  const index = DEVICE_KINDS.findIndex((known) => known === kind);
  return index < 0 ? DEVICE_KINDS.length : index;
};

/** Something of it cannot be believed now. */
const isDoubtful = (device: DeviceView): boolean => !device.online || device.points.good < device.points.all;

/** `state`: offline, doubt, unproved or alarm; `q`: text in name or id; the rest as named. Sorted by trouble, kind, name. */
export function filterDevices(
  devices: readonly DeviceView[],
  query: Readonly<Record<string, string>>,
  lang: 'zh' | 'en',
): readonly DeviceView[] {
  const text = (query['q'] ?? '').trim().toLowerCase();
  const passes = (device: DeviceView): boolean => {
    if (query['kind'] && device.kind !== query['kind']) return false;
    if (query['building'] && device.building !== query['building']) return false;
    if (query['floor'] && device.floor !== Number(query['floor'])) return false;
    if (query['state'] === 'offline' && device.online) return false;
    if (query['state'] === 'doubt' && !isDoubtful(device)) return false;
    if (query['state'] === 'unproved' && device.points.unproved === 0) return false;
    if (query['state'] === 'alarm' && device.openAlarms === 0) return false;
    const searched = `${device.name.zh} ${device.name.en} ${device.id} ${device.place ?? ''}`.toLowerCase();
    return text === '' || searched.includes(text);
  };
  const collator = new Intl.Collator(lang === 'zh' ? 'zh-CN' : 'en', { numeric: true });
  return devices
    .filter(passes)
    .sort(
      (a, b) =>
        Number(a.online) - Number(b.online) ||
        kindIndex(a.kind) - kindIndex(b.kind) ||
        collator.compare(a.name[lang] || a.id, b.name[lang] || b.id),
    );
}
