// What ingest's T1 asks of incidents, by a port: give the alarms that are being raised their incidents.
import { randomUUID } from 'node:crypto';
import type { AlarmRow } from '../alarms/api.ts';
import type { Tx } from '../db/tx.ts';
import { ruleInForce } from '../rules/api.ts';
import { group, GROUPING, type GroupedAlarm } from './grouping.ts';
import { recentIncidents, saveIncidents } from './store.ts';

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
    const recent = await recentIncidents(tx, community, now - rule.windowMs, RECENT_MAX);
    const alarms = raised
      .filter((r) => r.community === community)
      .map((r): GroupedAlarm => ({
        id: r.id,
        community,
        class: r.class,
        device: r.device,
        building: r.building,
        floor: r.floor,
        at: r.received_at,
      }));
    const { of, changed } = group(recent, alarms, rule, randomUUID);
    await saveIncidents(tx, changed, version);
    for (const [alarm, incident] of of) all.set(alarm, incident);
  }
  return all;
}
