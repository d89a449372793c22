// Alarms gathered by their incident: the first one, and counts of the open ones.
import type { Tx } from '../db/tx.ts';
import type { AlarmView } from './contract.ts';
import { isUnacked } from './machine.ts';
import { viewOf } from './row.ts';
import { countByIncident, firstOfIncidents } from './lists-store.ts';

export interface IncidentAlarms {
  readonly first: AlarmView;
  /** Open alarms by class, [unacknowledged, total]. */
  readonly counts: Record<string, [number, number]>;
  readonly open: number;
  readonly all: number;
}

/** @param incidents those asked for; null: all that have an open alarm, at most `limit` */
export async function alarmsOfIncidents(
  tx: Tx,
  community: string,
  incidents: readonly string[] | null,
  limit: number,
): Promise<Map<string, IncidentAlarms>> {
  const rows = await countByIncident(tx, community, incidents, limit);
  const ids = [...new Set(rows.map((r) => r.incident))];
  const firsts = await firstOfIncidents(tx, community, ids);
  const found = new Map<string, IncidentAlarms>();
  for (const id of ids) {
    const first = firsts.get(id);
    if (!first) continue;
    const counts: Record<string, [number, number]> = {};
    let open = 0;
    let all = 0;
    for (const r of rows) {
      if (r.incident !== id) continue;
      all += r.count;
      if (r.state === 'normal') continue;
      open += r.count;
      const of = (counts[r.class] ??= [0, 0]);
      of[1] += r.count;
      if (isUnacked(r.state)) of[0] += r.count;
    }
    found.set(id, { first: viewOf(first.row, first.workOrder), counts, open, all });
  }
  return found;
}
