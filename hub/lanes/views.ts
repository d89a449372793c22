// A blocked lane as screens see it.
import type { Tx } from '../db/tx.ts';
import type { BlockageView, OpenLane } from './contract.ts';
import { isRepeated } from './machine.ts';
import { contactsOf, vehiclesByPlates, type Blockage } from './store.ts';

const iso = (at: Date): string => at.toISOString();
const dueOf = (b: Blockage): string => new Date(b.reported_at.getTime() + b.clear_ms).toISOString();

/** @param patrolFrom from how many times on more patrols are proposed */
export async function blockageViews(
  tx: Tx,
  community: string,
  rows: readonly Blockage[],
  patrolFrom: number,
): Promise<BlockageView[]> {
  const contacts = await contactsOf(
    tx,
    rows.map((r) => r.id),
  );
  const plates = rows.flatMap((r) => r.plate ?? []);
  const vehicles = new Map((await vehiclesByPlates(tx, community, plates)).map((v) => [v.plate, v]));
  return rows.map((b) => {
    const vehicle = vehicles.get(b.plate ?? '');
    const before = { plate: b.plate_before, place: b.place_before };
    return {
      id: b.id,
      state: b.state,
      ...(b.building === null ? {} : { building: b.building }),
      place: b.place,
      ...(b.plate === null ? {} : { plate: b.plate }),
      note: b.note,
      ...(b.photo === null ? {} : { photo: b.photo }),
      reported: { name: b.reported_by_name, at: iso(b.reported_at) },
      reporterName: b.reporter_name,
      reporterPhone: b.reporter_phone,
      dueAt: dueOf(b),
      ...(b.breached_at === null ? {} : { breachedAt: iso(b.breached_at) }),
      ...(b.ended_at === null ? {} : { ended: endOf(b, b.ended_at) }),
      plateBefore: b.plate_before,
      placeBefore: b.place_before,
      patrolProposed: isRepeated(before, patrolFrom),
      ...(b.patrol_order === null ? {} : { patrolOrder: b.patrol_order }),
      ...(b.thanked_at === null ? {} : { thankedAt: iso(b.thanked_at) }),
      ...(vehicle === undefined ? {} : { vehicle }),
      contacts: contacts.get(b.id) ?? [],
    };
  });
}

const endOf = (b: Blockage, at: Date): NonNullable<BlockageView['ended']> => ({
  name: b.ended_by_name ?? '',
  at: iso(at),
  note: b.ended_note,
  ...(b.ended_photo === null ? {} : { photo: b.ended_photo }),
});

export const openLane = (b: Blockage): OpenLane => ({
  id: b.id,
  ...(b.building === null ? {} : { building: b.building }),
  place: b.place,
  ...(b.plate === null ? {} : { plate: b.plate }),
  state: b.state,
  since: iso(b.reported_at),
  dueAt: dueOf(b),
});
