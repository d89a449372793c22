// A fire procedure begins with the first FIRE alarm of an incident and asks anew when another comes after it was judged.
import { findAlarm, firstFire, isReport, type AlarmRow } from '../alarms/api.ts';
import { refuse, ok, type Result } from '../errors.ts';
import type { AlarmFact, CommandContext } from '../events/api.ts';
import { startClocks } from './deadlines.ts';
import { FIRE_LIMITS } from './limits.ts';
import { step, type FireEvent } from './machine.ts';
import { keep } from './record.ts';
import { machineOf, standingOf } from './standing.ts';
import type { Standing } from './steps.ts';
import { insertFire, lockFire, saveFire, type FireRow } from './store.ts';

/** The procedure that an alarm belongs to. */
export const fireOf = (row: Pick<AlarmRow, 'id' | 'incident'>): string => row.incident ?? row.id;

/** The procedure of an alarm, locked; begun if it was not. */
export async function holdFireOf(c: CommandContext, row: AlarmRow): Promise<FireRow> {
  const id = fireOf(row);
  const { community, building, floor, place } = row;
  const fire = {
    id,
    community,
    alarm: row.id,
    source: isReport(row) ? ('report' as const) : ('panel' as const),
    what: row.point_name,
    text: row.text,
    building,
    floor,
    place,
    mode: row.mode,
    openedAt: row.received_at,
  };
  if (await insertFire(c.tx, fire)) {
    await keep(c, fire, 'opened', { alarm: row.id, source: fire.source });
    await startClocks(c, fire, ['confirm'], row.received_at);
  }
  const held = await lockFire(c.tx, community, id);
  if (!held) throw new Error(`fire ${id} is gone`);
  return held;
}

/** A fire with how it stands, locked. Refuses `not-found`, `out-of-range` when its record is full. */
export async function holdFire(
  c: CommandContext,
  id: string,
): Promise<Result<{ readonly fire: FireRow; readonly standing: Standing }>> {
  if (c.actor.kind !== 'user') throw new Error('an act at a fire needs a person');
  const { community } = c.actor;
  const fire = (await lockFire(c.tx, community, id)) ?? (await openedLate(c, community, id));
  if (!fire) return refuse('not-found', id);
  const standing = await standingOf(c.tx, fire);
  if (standing.entries.length >= FIRE_LIMITS.entriesMax) return refuse('out-of-range', 'entries');
  return ok({ fire, standing });
}

/** Whoever acts before the procedure was begun by itself begins it: nobody waits for a queue in a fire. */
async function openedLate(c: CommandContext, community: string, id: string): Promise<FireRow | undefined> {
  const row = await firstFire(c.tx, community, id);
  return row && fireOf(row) === id ? holdFireOf(c, row) : undefined;
}

/** [S3] A FIRE alarm was raised, or came back: `at` is when it was stored, ms wall. */
export async function fireRaised(c: CommandContext, fact: AlarmFact, at: number): Promise<void> {
  const row = (await findAlarm(c.tx, fact.community, fact.alarm))?.row;
  if (!row) return;
  const fire = await holdFireOf(c, row);
  // What was told before the last finding was seen by whoever judged.
  if (at <= Math.max(fire.judgedAt ?? 0, fire.closedAt ?? 0)) return;
  const before = machineOf(fire, await standingOf(c.tx, fire));
  const done = step(before, { type: 'alarm' } satisfies FireEvent);
  if (!done.ok || done.value === before) return;
  await saveFire(c.tx, { ...fire, result: undefined, cause: null, closedAt: null });
  await keep(c, fire, 'again', { alarm: row.id });
  await startClocks(c, fire, ['confirm'], at);
}
