// What housekeeping does for the records: makes up for what was missed, gives up the oldest entries beyond the limit once
// a backup holds them, and says when that can't be.
import type { Db } from '../db/tx.ts';
import { communityIds } from '../property/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { LOGS, type Log } from './contract.ts';
import { KEEP_RULE, RECORD_LIMITS } from './norms.ts';
import { dropSaved, mendMissed, openMissed, surplus } from './store.ts';

/** A log that is over its limit and that no backup holds. */
export interface Blocked {
  readonly community: string;
  readonly log: Log;
  readonly keep: number;
  readonly unsaved: number;
}
export interface Round {
  readonly dropped: number;
  readonly mended: number;
  /** Communities, where rows could not be made up for. */
  readonly missedIn: readonly string[];
  readonly blocked: readonly Blocked[];
}

/** One round. @param now ms wall */
export async function keepRecords(db: Db, now: number): Promise<Round> {
  const mended = await db.transaction((tx) => mendMissed(tx, now, RECORD_LIMITS.mendMax));
  const missed = await db.read(openMissed);
  const blocked: Blocked[] = [];
  let dropped = 0;
  const communities = await db.read(communityIds);
  for (const community of communities) {
    const keep = (await db.read((tx) => ruleInForce(tx, community, KEEP_RULE))).value.entries;
    for (const log of LOGS) {
      const { entries, unsaved } = await db.read((tx) => surplus(tx, community, log, keep));
      if (unsaved > 0) blocked.push({ community, log, keep, unsaved });
      let left = entries - unsaved;
      for (let batch = 0; left > 0 && batch < RECORD_LIMITS.batchesMax; batch += 1) {
        const gone = await db.transaction((tx) => dropSaved(tx, community, log, keep, RECORD_LIMITS.batchRows));
        dropped += gone;
        left = gone < RECORD_LIMITS.batchRows ? 0 : left - gone;
      }
    }
  }
  return { dropped, mended, missedIn: missed > 0 ? communities : [], blocked };
}
