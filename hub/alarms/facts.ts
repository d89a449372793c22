// Brings the facts that figures count up to the last change of any alarm.
import type { Db } from '../db/tx.ts';
import { FACT_LIMITS, takeFacts } from './facts-store.ts';

/** Answers whether all changes were taken: false when there are more than can be taken in one go. */
export async function catchUpFacts(db: Db, community: string): Promise<boolean> {
  for (let batch = 0; batch < FACT_LIMITS.batchesMax; batch += 1)
    if (!(await db.transaction((tx) => takeFacts(tx, community, FACT_LIMITS.batchRows)))) return true;
  return false;
}
