// A hand-over that waits to be signed: when its list is too old, when nobody is left who could renew it, and its end
// without a signature.
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { certified } from '../staff/api.ts';
import { endHandover, presentIn, type Handover } from './attendance-store.ts';
import { CONTROL_ROOM_CERTIFICATE, WATCH_RULE } from './norms.ts';
import { keep } from './record.ts';

const MINUTE = 60_000;

/** [F1] Is the list too old to be signed? `now` in ms wall. */
export async function isStale(c: Pick<CommandContext, 'tx'>, handover: Handover, now: number): Promise<boolean> {
  const { listMinutesMax } = (await ruleInForce(c.tx, handover.community, WATCH_RULE)).value;
  return handover.state === 'open' && now - handover.preparedAt > listMinutesMax * MINUTE;
}

/**
 * [F1] Too old to be signed, and nobody on duty may renew it or take it back: whoever left the room without a hand-over
 * must not keep everyone else out of duty. `now` in ms wall.
 */
export async function isForsaken(c: Pick<CommandContext, 'tx'>, handover: Handover, now: number): Promise<boolean> {
  if (!(await isStale(c, handover, now))) return false;
  for (const { person } of await presentIn(c.tx, handover.community))
    if (await certified(c.tx, person, CONTROL_ROOM_CERTIFICATE, now)) return false;
  return true;
}

/** Ends it unsigned; the community's duty must be locked. */
export async function withdraw(c: CommandContext, handover: Handover, shift: string): Promise<void> {
  await endHandover(c.tx, handover.id, 'withdrawn', c.now);
  const { community, id } = handover;
  await keep(c, { community, kind: 'handover-withdrawn', shift, body: { handover: id, list: handover.sha256 } });
}
