// What a page says of an alarm or order in the reader's words: what, and where. Never the id of a device.
import { ONLINE_POINT } from '../device-profiles/contract/profile.ts';
import type { Tx } from './db/tx.ts';
import { deviceNames } from './equipment/api.ts';
import type { AlarmFact, OrderFact } from './events/api.ts';
import { textOf, type Words } from './messages/text.ts';
import { whereWords } from './property/api.ts';
import { orderSpot } from './work-orders/api.ts';

/** Kinds whose points stand in other places than the device itself: there the point is the thing. */
const MANY_PLACES: readonly string[] = ['fire-panel', 'electrical-fire', 'io-module'];

/** The thing that an alarm is about; undefined in events of older versions, which do not name it. */
const thingOf = (a: AlarmFact): Words | undefined =>
  MANY_PLACES.includes(a.deviceKind) && a.point !== ONLINE_POINT ? a.pointName : a.deviceName;

/** Place and thing: 1号楼 12层 电梯厅感烟. The community's own words where nothing is known of the place. */
export async function whereOf(tx: Tx, a: AlarmFact): Promise<Words> {
  const { building, floor, place } = a;
  const where = await whereWords(tx, a.community, { building, floor, place, what: thingOf(a) });
  return where.zh === '' ? textOf('notify.nowhere') : where;
}

/** What happened; during a drill or maintenance it says so, and that it is to be taken for real. */
export const titleOf = (a: AlarmFact): Words =>
  a.mode === undefined ? a.text : textOf(`notify.title-in-${a.mode}`, { title_zh: a.text.zh, title_en: a.text.en });

/** What an order is for, and where. */
export async function orderTitle(tx: Tx, community: string, o: OrderFact): Promise<Words> {
  const spot = await orderSpot(tx, o.order);
  if (!spot) return o.title;
  const { device, building, floor, place } = spot;
  const name = device === null ? undefined : (await deviceNames(tx, community, [device])).get(device);
  const where = await whereWords(tx, community, {
    building: building ?? undefined,
    floor: floor ?? undefined,
    place: place ?? undefined,
    what: name,
  });
  return where.zh === '' ? o.title : { zh: `${o.title.zh}（${where.zh}）`, en: `${o.title.en} (${where.en})` };
}
