// The entry on the duty form at least every two hours: written and signed by someone on duty, corrected only by a
// following one, told when it is missing.
import { canonicalJson } from '../canonical.ts';
import type { Tx } from '../db/tx.ts';
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import { certified } from '../staff/api.ts';
import { dueOf, type DueTimer } from '../timers-store.ts';
import { lockDuty, presentIn, type Attendance } from './attendance-store.ts';
import type { DutyRecord, NewEntry } from './contract.ts';
import { FORM_EDITION, lacksNote, unusual } from './form.ts';
import { CONTROL_ROOM_CERTIFICATE, WATCH_RULE } from './norms.ts';
import { keep, recordView } from './record.ts';
import { findRecord } from './record-store.ts';

/** Timer kind: the next entry of a community's control room is due. */
export const ENTRY_TIMER = 'duty.entry';

const MINUTE = 60_000;
const entryKey = (community: string): string => `${ENTRY_TIMER}:${community}`;

/** When the next entry is due, ms wall; undefined while nobody is on duty. */
export const entryDue = (tx: Tx, community: string): Promise<number | undefined> => dueOf(tx, entryKey(community));

/** The first of a shift has come: the time to the first entry begins. */
export async function startEntries(c: CommandContext, community: string): Promise<void> {
  const { entryMinutes } = (await ruleInForce(c.tx, community, WATCH_RULE)).value;
  c.emit({
    effect: 'timer',
    key: entryKey(community),
    kind: ENTRY_TIMER,
    community,
    dueAt: c.now + entryMinutes * MINUTE,
    basis: 'duration',
    payload: {},
  });
}

export const stopEntries = (c: CommandContext, community: string): void =>
  c.emit({ effect: 'cancel-timer', key: entryKey(community) });

/**
 * The attendance of the person of a command when they are on duty with a valid certificate at this moment. Refuses
 * `not-on-duty`, `no-certificate`.
 */
export async function onDutyNow(
  c: CommandContext,
  who: { readonly id: string; readonly community: string },
): Promise<Result<Attendance>> {
  const mine = (await presentIn(c.tx, who.community)).find((a) => a.person === who.id);
  if (!mine) return refuse('not-on-duty');
  return (await certified(c.tx, who.id, CONTROL_ROOM_CERTIFICATE, c.now)) ? ok(mine) : refuse('no-certificate');
}

/**
 * [F1] Signs an entry, or a correction of one. Refuses `not-on-duty`, `no-certificate`, `note-required` when something
 * is not as it should be, and for a correction `not-found`, `conflict` when it was corrected already, `bad-request`
 * when nothing differs.
 */
export async function writeEntry(c: CommandContext, body: NewEntry): Promise<Result<DutyRecord>> {
  const { actor } = c;
  if (actor.kind !== 'user') throw new Error('an entry is signed by a person');
  const { community } = actor;
  await lockDuty(c.tx, community);
  const mine = await onDutyNow(c, actor);
  if (!mine.ok) return mine;
  if (lacksNote(body.form)) return refuse('note-required', unusual(body.form).join(', '));
  const due = await entryDue(c.tx, community);
  const said: Record<string, unknown> = { edition: FORM_EDITION, form: body.form };
  if (body.corrects === undefined) {
    if (due !== undefined) said['dueAt'] = new Date(due).toISOString();
    await startEntries(c, community);
  } else {
    const before = await findRecord(c.tx, community, body.corrects);
    if (before?.kind !== 'entry') return refuse('not-found', 'corrects');
    if (before.correctedBy !== undefined) return refuse('conflict', 'corrects');
    if (canonicalJson(before.body['form']) === canonicalJson(body.form)) return refuse('bad-request', 'form');
  }
  const corrects = body.corrects === undefined ? {} : { corrects: body.corrects };
  const id = await keep(c, { community, kind: 'entry', shift: mine.value.shift, ...corrects, body: said });
  const written = await findRecord(c.tx, community, id);
  if (!written) throw new Error(`record ${id} is not there`);
  return ok(recordView(written));
}

/** [F1] No entry in time: kept, told to those on duty and their supervisor; the next one is due as long after. */
export async function entryTimer(c: CommandContext, timer: DueTimer): Promise<void> {
  const { community } = timer;
  await lockDuty(c.tx, community);
  const present = await presentIn(c.tx, community);
  if (present.length === 0) return;
  const people = present.map((a) => a.person);
  const body = { dueAt: new Date(timer.dueAt).toISOString() };
  await keep(c, { community, kind: 'entry-missed', shift: present[0]?.shift, people, body });
  const payload = { due: timer.dueAt, people };
  c.emit({ effect: 'event', event: { type: 'duty.entry-missed', community, subject: community, payload } });
  await startEntries(c, community);
}
