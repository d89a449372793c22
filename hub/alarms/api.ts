// What other domains may ask of alarms.
import type { Tx } from '../db/tx.ts';
import type { CommandContext } from '../events/api.ts';
import { AlarmChanges, type ChangePorts } from './changes.ts';
import { lockAlarms, lockOnPoints, linkOrder as storeLink } from './store.ts';

export { AlarmEngine, DELAY_TIMER } from './engine.ts';
export type { EngineWriter } from './engine-write.ts';
export { signalsOfBirth } from './evaluate.ts';
export type { ChangePorts, GroupIncidents } from './changes.ts';
export type { AlarmRow } from './row.ts';
export { factOf, viewOf } from './row.ts';
export { unattendedIn, type Unattended } from './lists-store.ts';
export { isUnacked } from './machine.ts';
export { ALARMS_CHANNEL, changedSince, lastSeqs, openAlarms, openCounts, type Stored } from './store.ts';
export { covers, startMode, stopMode } from './modes.ts';
export { listModes, modesInForce, type ModeRow } from './store.ts';
export { catchUpFacts } from './facts.ts';
export { countsSince } from './counts-store.ts';
export { alarmTimers } from './timers.ts';
export { Closings } from './closings.ts';
export { alarmsOfIncidents, type IncidentAlarms } from './by-incident.ts';
export { CONTROL_ROOM, ON_SITE, SEES_ALARMS } from './roles.ts';
export { ALARM_RULES, ROLL_UP } from './rules.ts';
export { shiftSteady, steadySince } from './steady-store.ts';
export {
  actsOfIncident,
  fireAlarms,
  fireVerdicts,
  firstFire,
  openFireIncidents,
  type IncidentAct,
} from './fires-store.ts';
export { clearReports, isReport, raiseReport, REPORT_KIND } from './reports.ts';
export type { AlarmPorts, JudgeTogether, VerdictOn } from './commands.ts';
export type { ModeSignal } from './mode-signals.ts';
export { findAlarm } from './store.ts';
export { UUID } from './lists.ts';

/** An alarm has a work order now: screens get the alarm again with it. Idempotent. */
export async function linkOrder(c: CommandContext, ports: ChangePorts, alarm: string, order: string): Promise<void> {
  const [row] = await lockAlarms(c.tx, [alarm]);
  if (!row) throw new Error(`order ${order} names alarm ${alarm}, which does not exist`);
  await storeLink(c.tx, alarm, order);
  await touch(c.tx, ports, c.now, [row]);
}

/** Points were proved on site, or are to be proved again: their open alarms show it. */
export async function markProved(
  c: CommandContext,
  ports: ChangePorts,
  of: { readonly device: string; readonly points: readonly string[]; readonly proved: boolean },
): Promise<void> {
  const rows = await lockOnPoints(c.tx, of.device, of.points);
  const changes = new AlarmChanges(c.now);
  for (const row of rows) {
    changes.hold(row);
    if (row.proved !== of.proved) changes.patch(row.id, { proved: of.proved });
  }
  await changes.write(c.tx, ports);
}

async function touch(
  tx: Tx,
  ports: ChangePorts,
  now: number,
  rows: Awaited<ReturnType<typeof lockAlarms>>,
): Promise<void> {
  const changes = new AlarmChanges(now);
  for (const row of rows) {
    changes.hold(row);
    changes.touch(row.id);
  }
  await changes.write(tx, ports);
}
