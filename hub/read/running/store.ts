// SQL of state bars: the devices that have one.
import type { Tx } from '../../db/tx.ts';
import type { DeviceRow } from '../../equipment/api.ts';

/** Devices in force of these kinds, by id, after `cursor`. */
export const devicesOfKinds = (
  tx: Tx,
  of: { readonly community: string; readonly kinds: readonly string[]; readonly building: string | null },
  cursor: string,
  limit: number,
): Promise<DeviceRow[]> =>
  tx.query<DeviceRow>(
    `select id, community, gateway, kind, name, profile, vendor, model, evidence, link, building, floor, place
     from equipment.device where community = $1 and removed_at is null and kind = any ($2::text[])
       and ($3::text is null or building = $3) and id > $4 order by id limit $5`,
    [of.community, of.kinds, of.building, cursor, limit],
  );
