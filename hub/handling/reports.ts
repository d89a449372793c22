// [S6] A fire or smoke that somebody tells of, by phone, chat or in person: an alarm, its procedure and its first entry,
// in one transaction. Nothing of it waits in a queue.
import { randomUUID } from 'node:crypto';
import { raiseReport } from '../alarms/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { textOf } from '../messages/text.ts';
import type { FireReport } from './contract.ts';
import { holdFireOf } from './open.ts';
import type { FirePorts } from './ports.ts';
import { keep } from './record.ts';
import { step } from './machine.ts';
import { machineOf, standingOf } from './standing.ts';
import { holdFiresIn, saveFire } from './store.ts';
import { startClocks } from './deadlines.ts';

const trimmed = (text: string | undefined): string | undefined => (text?.trim() ? text.trim() : undefined);

/** Refuses `bad-request` where neither building nor place says where it is. */
export async function reportFire(
  c: CommandContext,
  ports: FirePorts,
  report: FireReport,
): Promise<Result<{ alarm: string; fire: string }>> {
  if (c.actor.kind !== 'user') throw new Error('a report is taken by a person');
  const place = trimmed(report.place);
  if (report.building === undefined && place === undefined) return refuse('bad-request', 'building or place');
  if (report.building === undefined && report.floor !== undefined)
    return refuse('bad-request', 'floor needs a building');
  const note = trimmed(report.note);
  // Fires before alarms, as in every command that changes both: else two would wait in a ring.
  if (report.building !== undefined) await holdFiresIn(c.tx, c.actor.community, report.building);
  const row = await raiseReport(c, ports.alarms, {
    community: c.actor.community,
    id: randomUUID(),
    via: textOf(`report.via-${report.via}`),
    text: textOf(`report.sight-${report.sight}`),
    building: report.building,
    floor: report.floor,
    place,
    note,
  });
  const fire = await holdFireOf(c, row);
  // Told after a finding: it is asked for anew, at once.
  const before = machineOf(fire, await standingOf(c.tx, fire));
  const again = step(before, { type: 'alarm' });
  if (again.ok && again.value !== before) {
    await saveFire(c.tx, { ...fire, result: undefined, cause: null, closedAt: null });
    await keep(c, fire, 'again', { alarm: row.id });
    await startClocks(c, fire, ['confirm'], c.now);
  }
  const [callerName, callerNumber] = [trimmed(report.callerName), trimmed(report.callerNumber)];
  await keep(c, fire, 'reported', {
    alarm: row.id,
    via: report.via,
    sight: report.sight,
    ...(report.building === undefined ? {} : { building: report.building }),
    ...(report.floor === undefined ? {} : { floor: report.floor }),
    ...(place === undefined ? {} : { place }),
    ...(callerName === undefined ? {} : { callerName }),
    ...(callerNumber === undefined ? {} : { callerNumber }),
    ...(note === undefined ? {} : { note }),
  });
  return ok({ alarm: row.id, fire: fire.id });
}
