// What ingest's T1 asks of incidents, by a port: give the alarms that are being raised their incidents.
import { randomUUID } from 'node:crypto';
import { isReport, openFireIncidents, type AlarmRow } from '../alarms/api.ts';
import type { Tx } from '../db/tx.ts';
import { ruleInForce } from '../rules/api.ts';
import { group, GROUPING, type GroupedAlarm } from './grouping.ts';
import { incidentsById, recentIncidents, saveIncidents } from './store.ts';

export { familyOf } from './grouping.ts';

/** Rule sets of incidents that a site may set. */
export const INCIDENT_RULES = [GROUPING];

/** Incidents that an alarm may be compared with; the newest ones. */
const RECENT_MAX = 1_000;

/** Groups raised alarms within their transaction. Answers alarm id → incident id. */
export async function groupAlarms(
  tx: Tx,
  raised: readonly AlarmRow[],
  now: number,
): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>();
  const communities = new Set(raised.map((r) => r.community));
  for (const community of communities) {
    const { value: rule, version } = await ruleInForce(tx, community, GROUPING);
    const joins = await standing(tx, raised, community);
    const recent = [
      ...(await incidentsById(tx, community, [...joins])),
      ...(await recentIncidents(tx, community, now - rule.windowMs, RECENT_MAX)),
    ];
    const alarms = raised
      .filter((r) => r.community === community)
      .map((r): GroupedAlarm => ({
        id: r.id,
        community,
        class: r.class,
        // Told without a building, each is a place of its own.
        device: isReport(r) ? `${r.device}/${r.point}` : r.device,
        building: r.building,
        floor: r.floor,
        at: r.received_at,
        joins: isReport(r) ? joins : undefined,
      }));
    const { of, changed } = group(recent, alarms, rule, randomUUID);
    await saveIncidents(tx, changed, version);
    for (const [alarm, incident] of of) all.set(alarm, incident);
  }
  return all;
}

/** Fires that still stand in the buildings that people tell of. */
async function standing(tx: Tx, raised: readonly AlarmRow[], community: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const r of raised)
    if (r.community === community && r.building !== null && isReport(r))
      for (const id of await openFireIncidents(tx, community, r.building)) found.add(id);
  return found;
}
