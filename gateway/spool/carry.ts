// Carries what consumers still need from one epoch's store into the next one's: same records, same n, new sequences.
import { coversLoss, decodeBatch, type Batch } from '../../device-profiles/contract/wire.ts';
import { newEntry } from './lane.ts';
import type { LaneStore, ReadCache } from './store.ts';

/**
 * Re-encodes everything after the least of `places` and waits until it is durable.
 * @returns each consumer's place in the new store
 * @throws Error when either store's disk refuses
 */
export async function carry(
  old: LaneStore,
  store: LaneStore,
  epoch: string,
  places: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  await old.settled();
  if (old.failing) throw new Error(`the disk refuses: ${old.failing}`);
  const moved = new Map<string, number>();
  const cache: ReadCache = {};
  let after = Math.min(...places.values());
  for (;;) {
    for (const [name, at] of places) if (at <= after && !moved.has(name)) moved.set(name, store.head);
    const entry = await old.after(after, cache);
    if (!entry) return moved;
    const batch = inEpoch(decodeBatch(entry.bytes), epoch);
    await store.appendDurably(newEntry({ ...batch, first: store.head + 1, prevCrc: store.headCrc }));
    after = entry.last;
  }
}

/** The batch under another epoch. The bounds of a hole are sequences of the old one: only its times are told on. */
function inEpoch(batch: Batch, epoch: string): Batch {
  const lost = coversLoss(batch);
  if (!lost) return { ...batch, epoch };
  const { from: _from, to: _to, crc: _crc, ...told } = lost;
  return { ...batch, epoch, notes: [told] };
}
