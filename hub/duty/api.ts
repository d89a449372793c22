// What others may ask of duty: who is on it, and whether someone may acknowledge at this moment.
import type { Tx } from '../db/tx.ts';
import { certified, findUser } from '../staff/api.ts';
import type { CommandContext } from '../events/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { OVERTIME_TIMER, overtimeTimer } from './attendance.ts';
import { CERTIFICATES_TIMER, lookAtCertificates } from './certificates.ts';
import { shiftTimer } from './commands.ts';
import { ENTRY_TIMER, entryTimer } from './entries.ts';
import { CONTROL_ROOM_CERTIFICATE, DUTY_LIMITS } from './norms.ts';
import { RANDOM_CALL_TIMER, randomCallTimer, ROLL_CALL_TIMER, rollCallTimer } from './roll-calls.ts';
import { SHIFT_TIMER } from './shift-timers.ts';
import { isInControlRoom, shiftsAt } from './store.ts';

export { takeOver } from './attendance.ts';
export { findHandover, presentIn } from './attendance-store.ts';
export { lookAtCertificates } from './certificates.ts';
export { certificateRevoked, planShift } from './commands.ts';
export { currentDuty } from './current.ts';
export { writeEntry } from './entries.ts';
export { prepareHandover, signHandover } from './handovers.ts';
export { handoverList, type HandoverPorts } from './handover-list.ts';
export { answerCall, askRollCall } from './roll-calls.ts';
export { handoverView } from './handover-routes.ts';
export { recordView } from './record.ts';
export { listRecords } from './record-store.ts';
export { SHIFT_TIMER } from './shift-timers.ts';
export { CONTROL_ROOM_CERTIFICATE, DUTY_LIMITS, DUTY_RULE, DUTY_RULES } from './norms.ts';
export { lastShiftEnd, shiftsBetween } from './store.ts';

/**
 * In the control room (on duty, or rostered and not gone) with a valid certificate at that moment (ms wall): only then
 * may someone acknowledge.
 */
export const qualified = async (tx: Tx, user: { readonly id: string }, at: number): Promise<boolean> =>
  (await isInControlRoom(tx, user.id, at)) && (await certified(tx, user.id, CONTROL_ROOM_CERTIFICATE, at));

/** The timers that duty sets, with what to do when they are due. */
export const DUTY_TIMERS: Readonly<Record<string, (c: CommandContext, timer: DueTimer) => Promise<void>>> = {
  [SHIFT_TIMER]: shiftTimer,
  [OVERTIME_TIMER]: overtimeTimer,
  [ENTRY_TIMER]: entryTimer,
  [RANDOM_CALL_TIMER]: randomCallTimer,
  [ROLL_CALL_TIMER]: rollCallTimer,
  [CERTIFICATES_TIMER]: (c, timer) => lookAtCertificates(c, timer.community),
};

/** Since when (ms wall) a control-room shift has been on at that moment; undefined when none is. */
export async function controlRoomSince(tx: Tx, community: string, at: number): Promise<number | undefined> {
  const shifts = (await shiftsAt(tx, community, at, DUTY_LIMITS.listMax)).filter((s) => s.kind === 'control-room');
  return shifts.length === 0 ? undefined : Math.min(...shifts.map((s) => s.from));
}

export interface OnDuty {
  readonly id: string;
  readonly name: string;
  readonly role: string;
}

/** Active people of a role who are on a shift of any kind at that moment. */
export async function onDuty(tx: Tx, community: string, role: string, at: number): Promise<OnDuty[]> {
  const shifts = await shiftsAt(tx, community, at, DUTY_LIMITS.listMax);
  const found: OnDuty[] = [];
  for (const id of new Set(shifts.flatMap((s) => s.people))) {
    const person = await findUser(tx, id);
    if (person?.active && person.role === role) found.push({ id, name: person.name, role });
  }
  return found;
}
