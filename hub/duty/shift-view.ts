// A shift as screens see it.
import type { Tx } from '../db/tx.ts';
import { certified, findUser } from '../staff/api.ts';
import type { ShiftView } from './contract.ts';
import { CONTROL_ROOM_CERTIFICATE } from './norms.ts';
import type { Shift } from './store.ts';

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
