// The hand-over: who leaves prepares a list of everything open, who comes signs exactly that list under their own
// account, and only then are those who leave released.
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import { certified } from '../staff/api.ts';
import { beginDuty, endDuty, whoOf } from './attendance.ts';
import {
  endHandover,
  findHandover,
  insertHandover,
  insertSignature,
  lockDuty,
  openHandover,
  presentIn,
  type Attendance,
  type Handover,
} from './attendance-store.ts';
import type { HandoverList } from './contract.ts';
import { onDutyNow } from './entries.ts';
import { CONTROL_ROOM_CERTIFICATE, DUTY_RULE } from './norms.ts';
import { isStale, withdraw } from './open-handover.ts';
import { keep, sha256 } from './record.ts';
import { isReleased } from './watch.ts';

/**
 * Someone on duty prepares a hand-over; an open one is withdrawn for it. Refuses `not-on-duty`, `no-certificate`, and
 * `not-found` when someone who is to leave is not on duty.
 */
export async function prepareHandover(
  c: CommandContext,
  wanted: { readonly leaving: readonly string[]; readonly note: string },
  list: HandoverList,
): Promise<Result<Handover>> {
  const who = whoOf(c);
  const { community } = who;
  await lockDuty(c.tx, community);
  const mine = await onDutyNow(c, who);
  if (!mine.ok) return mine;
  const present = await presentIn(c.tx, community);
  const stranger = wanted.leaving.find((p) => !present.some((a) => a.person === p));
  if (stranger !== undefined) return refuse('not-found', `leaving: ${stranger}`);
  const old = await openHandover(c.tx, community);
  if (old) await withdraw(c, old, mine.value.shift);
  const note = wanted.note.trim();
  const { leaving } = wanted;
  const hash = sha256({ list, note, leaving });
  const id = await insertHandover(c.tx, {
    community,
    preparedAt: c.now,
    preparedBy: who.id,
    preparedByName: who.name,
    leaving,
    note,
    list,
    sha256: hash,
  });
  await keep(c, {
    community,
    kind: 'handover-prepared',
    shift: mine.value.shift,
    people: leaving,
    body: { handover: id, list: hash, note, counts: countsOf(list) },
  });
  return found(c, community, id);
}

const countsOf = (list: HandoverList): Record<string, number> => ({
  alarms: list.alarms.length,
  disabled: list.disabled.length,
  shelved: list.shelved.length,
  outOfService: list.outOfService.length,
  modes: list.modes.length,
  linkage: list.linkage?.length ?? 0,
  orders: list.orders.length,
});

async function found(c: CommandContext, community: string, id: string): Promise<Result<Handover>> {
  const handover = await findHandover(c.tx, community, id);
  return handover ? ok(handover) : refuse('not-found', id);
}

/** Someone on duty takes an open hand-over back. Refuses `not-on-duty`, `no-certificate`, `not-found`, `wrong-state`. */
export async function withdrawHandover(c: CommandContext, id: string): Promise<Result<Handover>> {
  const who = whoOf(c);
  await lockDuty(c.tx, who.community);
  const mine = await onDutyNow(c, who);
  if (!mine.ok) return mine;
  const handover = await findHandover(c.tx, who.community, id);
  if (!handover) return refuse('not-found', id);
  if (handover.state !== 'open') return refuse('wrong-state');
  await withdraw(c, handover, mine.value.shift);
  return found(c, who.community, id);
}

/**
 * [F1] Who comes signs the list and is on duty; those who leave are released once enough have come. Refuses
 * `not-found`, `wrong-state`, `own-handover`, `already-done`, `conflict` when another list was read, `list-too-old`, and
 * whatever taking over refuses at this moment. Who stays on duty signs too, without taking over anew.
 */
export async function signHandover(c: CommandContext, id: string, read: string): Promise<Result<Handover>> {
  const who = whoOf(c);
  const { community } = who;
  await lockDuty(c.tx, community);
  const handover = await findHandover(c.tx, community, id);
  if (!handover) return refuse('not-found', id);
  if (handover.leaving.includes(who.id)) return refuse('own-handover');
  if (handover.state !== 'open') return refuse('wrong-state');
  if (handover.signatures.some((s) => s.person === who.id)) return refuse('already-done');
  if (handover.sha256 !== read) return refuse('conflict', 'sha256');
  if (await isStale(c, handover, c.now)) return refuse('list-too-old');
  const mine = await attend(c, who, id);
  if (!mine.ok) return mine;
  await insertSignature(c.tx, { handover: id, person: who.id, name: who.name, at: c.now, sha256: read });
  await keep(c, {
    community,
    kind: 'handover-signed',
    shift: mine.value.shift,
    people: handover.leaving,
    body: { handover: id, list: read, from: handover.preparedByName },
  });
  await release(c, handover, mine.value.shift);
  return found(c, community, id);
}

/** On duty already, or from now on. */
async function attend(c: CommandContext, who: ReturnType<typeof whoOf>, handover: string): Promise<Result<Attendance>> {
  const here = (await presentIn(c.tx, who.community)).some((a) => a.person === who.id);
  return here ? onDutyNow(c, who) : beginDuty(c, who, { handover });
}

/** Releases those who leave when the room without them is not too empty. */
async function release(c: CommandContext, handover: Handover, shift: string): Promise<void> {
  const { community, leaving } = handover;
  const present = await presentIn(c.tx, community);
  const fit: Attendance[] = [];
  for (const a of present) if (await certified(c.tx, a.person, CONTROL_ROOM_CERTIFICATE, c.now)) fit.push(a);
  const { minimum } = (await ruleInForce(c.tx, community, DUTY_RULE)).value;
  const before = fit.filter((a) => a.takenAt <= handover.preparedAt).length;
  const here = fit.map((a) => a.person);
  if (!isReleased(here, leaving, before, minimum)) return;
  await endHandover(c.tx, handover.id, 'done', c.now);
  const gone = present.filter((a) => leaving.includes(a.person));
  await endDuty(c, community, gone, { kind: 'released', body: { handover: handover.id } });
  const body = { handover: handover.id, list: handover.sha256, released: gone.map((a) => a.name) };
  await keep(c, { community, kind: 'handover-done', shift, people: leaving, body });
}
