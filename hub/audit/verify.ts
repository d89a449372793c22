// Verifies a community's chain against itself and against the heads published outside the database.
import { AUDIT_LIMITS } from '../config.ts';
import type { Tx } from '../db/tx.ts';
import { Verifier } from './chain.ts';
import type { VerificationView } from './contract.ts';
import type { HeadsLog } from './heads.ts';
import * as store from './store.ts';

/** Reads the whole chain in pages; all of `tx` should see one snapshot. */
export async function verifyChain(tx: Tx, heads: HeadsLog, community: string): Promise<VerificationView> {
  const published = await heads.published(community);
  const verifier = new Verifier(new Set(await store.erasedEntries(tx, community)), published);
  for (let after = 0; ;) {
    const links = await store.linksOf(tx, community, after, AUDIT_LIMITS.verifyBatch);
    for (const link of links) verifier.feed(link);
    const last = links.at(-1);
    if (last === undefined || links.length < AUDIT_LIMITS.verifyBatch) break;
    after = last.seq;
  }
  const links = verifier.end();
  const lost = await store.lostEntries(tx, community);
  const deleted = await store.deletedUnsealed(tx, community);
  const findings = [
    ...verifier.findings,
    ...(lost === 0 ? [] : [{ seq: links + 1, kind: 'unsealed' }]),
    ...(deleted === 0 ? [] : [{ seq: links + 1, kind: 'deleted' }]),
  ];
  return { ok: findings.length === 0, links, heads: published.length, findings };
}
