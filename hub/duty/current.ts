// Duty at this moment as the desk shows it: who is there and until when, what is due, what waits for an answer.
import type { Tx } from '../db/tx.ts';
import { ruleInForce } from '../rules/api.ts';
import { certifiedUntil, findUser } from '../staff/api.ts';
import { shiftView } from './shift-view.ts';
import { takeOverState, type Who } from './attendance.ts';
import { openHandover, openRollCall, presentIn, type Attendance } from './attendance-store.ts';
import { qualifiedCount } from './commands.ts';
import type { CurrentDuty, OnDutyPerson, ShiftView } from './contract.ts';
import { entryDue } from './entries.ts';
import { CONTROL_ROOM_CERTIFICATE, DUTY_LIMITS, DUTY_RULE, WATCH_RULE } from './norms.ts';
import { countRecords, lastRecord } from './record-store.ts';
import { rollCallView } from './roll-calls.ts';
import { shiftsAt } from './store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const iso = (ms: number): string => new Date(ms).toISOString();

async function personOf(tx: Tx, a: Attendance, at: number, hoursMax: number): Promise<OnDutyPerson> {
  const until = await certifiedUntil(tx, a.person, CONTROL_ROOM_CERTIFICATE);
  return {
    attendance: a.id,
    id: a.person,
    name: a.name,
    role: (await findUser(tx, a.person))?.role ?? '',
    since: iso(a.takenAt),
    plannedEnd: iso(a.plannedEnd),
    shift: a.shift,
    certifiedUntil: until === undefined ? null : iso(until),
    certified: until !== undefined && at < until,
    over: at - a.takenAt >= hoursMax * HOUR,
  };
}

/** Who is on duty now, whether they are enough, what is due, and what the one who asks may do. `at` in ms wall. */
export async function currentDuty(tx: Tx, who: Who, at: number): Promise<CurrentDuty> {
  const { community } = who;
  const shifts: ShiftView[] = [];
  for (const s of await shiftsAt(tx, community, at, DUTY_LIMITS.listMax)) shifts.push(await shiftView(tx, s, at));
  const { minimum, shiftHoursMax } = (await ruleInForce(tx, community, DUTY_RULE)).value;
  const { entryRemindMinutes, takeOverEarlyMinutes } = (await ruleInForce(tx, community, WATCH_RULE)).value;
  const present: OnDutyPerson[] = [];
  for (const a of await presentIn(tx, community)) present.push(await personOf(tx, a, at, shiftHoursMax));
  const [due, entry, call, handover] = [
    await entryDue(tx, community),
    await lastRecord(tx, community, 'entry'),
    await openRollCall(tx, community),
    await openHandover(tx, community),
  ];
  return {
    at: iso(at),
    qualified: await qualifiedCount({ tx }, community, at),
    minimum,
    shifts,
    present,
    entryDue: due === undefined ? null : iso(due),
    entryRemindMs: entryRemindMinutes * MINUTE,
    lastEntry: entry ? { id: entry.id, at: iso(entry.at), name: entry.byName ?? '' } : null,
    entriesMissed: await countRecords(tx, community, 'entry-missed', at - DAY),
    rollCall: call ? rollCallView(call) : null,
    handover: handover
      ? {
          id: handover.id,
          preparedAt: iso(handover.preparedAt),
          by: handover.preparedByName,
          signed: handover.signatures.length,
        }
      : null,
    takeOverEarlyMinutes,
    me: { onDuty: present.some((p) => p.id === who.id), takeOver: await takeOverState({ tx }, who, at) },
  };
}
