// How a fire stands, read from its entries and its alarms.
import { fireAlarms } from '../alarms/api.ts';
import type { Tx } from '../db/tx.ts';
import { FIRE_LIMITS } from './limits.ts';
import { isOnce, type Fire } from './machine.ts';
import type { Once } from './contract.ts';
import type { Standing } from './steps.ts';
import { entriesOf, type FireRow } from './store.ts';

export async function standingOf(tx: Tx, fire: Pick<FireRow, 'id' | 'community' | 'result'>): Promise<Standing> {
  const entries = await entriesOf(tx, fire.id, FIRE_LIMITS.entriesMax);
  return { result: fire.result, entries, alarms: await fireAlarms(tx, fire.community, fire.id) };
}

/** The same for the machine. */
export function machineOf(fire: FireRow, standing: Pick<Standing, 'entries'>): Fire {
  const once = new Set<Once>();
  for (const { kind } of standing.entries) if (isOnce(kind)) once.add(kind);
  const phase = fire.closedAt === null ? (fire.result ?? 'confirming') : 'closed';
  return { phase, result: fire.result, once, cause: fire.cause !== null };
}
