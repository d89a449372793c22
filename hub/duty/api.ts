// What others may ask of duty: who is on it, and whether someone may acknowledge at this moment.
import type { Tx } from '../db/tx.ts';
import { certified, findUser } from '../staff/api.ts';
import type { CurrentDuty, ShiftView } from './contract.ts';
import { qualifiedCount } from './commands.ts';
import { CONTROL_ROOM_CERTIFICATE, DUTY_LIMITS, DUTY_RULE } from './norms.ts';
import { isOnShift, shiftsAt, type Shift } from './store.ts';
import { ruleInForce } from '../rules/api.ts';

export { certificateRevoked, planShift, SHIFT_TIMER, shiftTimer } from './commands.ts';
export { CONTROL_ROOM_CERTIFICATE, DUTY_LIMITS, DUTY_RULE, DUTY_RULES } from './norms.ts';
export { lastShiftEnd, shiftsBetween } from './store.ts';

/** On a control-room shift with a valid certificate at that moment (ms wall): only then may someone acknowledge. */
export const qualified = async (tx: Tx, user: { readonly id: string }, at: number): Promise<boolean> =>
  (await isOnShift(tx, user.id, 'control-room', at)) && (await certified(tx, user.id, CONTROL_ROOM_CERTIFICATE, at));

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

/** A shift as screens see it at that moment. */
export async function shiftView(tx: Tx, shift: Shift, at: number): Promise<ShiftView> {
  const people: ShiftView['people'] = [];
  for (const id of shift.people) {
    const person = await findUser(tx, id);
    if (!person) continue;
    const needed = shift.kind === 'control-room';
    people.push({
      id,
      name: person.name,
      role: person.role,
      certified: needed ? await certified(tx, id, CONTROL_ROOM_CERTIFICATE, at) : null,
    });
  }
  const { id, kind, from, to } = shift;
  return { id, kind, from: new Date(from).toISOString(), to: new Date(to).toISOString(), people };
}

/** Who is on duty now, and whether they are enough. */
export async function currentDuty(tx: Tx, community: string, at: number): Promise<CurrentDuty> {
  const shifts: ShiftView[] = [];
  for (const s of await shiftsAt(tx, community, at, DUTY_LIMITS.listMax)) shifts.push(await shiftView(tx, s, at));
  const { minimum } = (await ruleInForce(tx, community, DUTY_RULE)).value;
  return {
    at: new Date(at).toISOString(),
    qualified: await qualifiedCount({ tx }, community, at),
    minimum,
    shifts,
  };
}
