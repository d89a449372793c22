// Carries what consumers still need from one epoch's store into the next one's: same records, new sequences.
import {
  batchCount,
  coversLoss,
  decodeBatch,
  WIRE_LIMITS,
  type Batch,
  type Note,
} from '../../device-profiles/contract/wire.ts';
import { newEntry } from './lane.ts';
import { ReadCache } from './entry.ts';
import type { LaneStore } from './store.ts';

export interface Numbering {
  readonly epoch: string;
  readonly nextN: () => number;
  /** Whether records get new places in the order instead of keeping theirs. */
  readonly renumber: boolean;
}

/**
 * Re-encodes everything after the least of `places` and waits until it is durable.
 * @returns each consumer's place in the new store
 * @throws Error when either store's disk refuses
 */
export async function carry(
  old: LaneStore,
  store: LaneStore,
  places: ReadonlyMap<string, number>,
  numbering: Numbering,
): Promise<Map<string, number>> {
  await old.settled();
  if (old.failing) throw new Error(`the disk refuses: ${old.failing}`);
  const moved = new Map<string, number>();
  const cache = new ReadCache();
  let after = Math.min(...places.values());
  let lost: Note[] = [];
  const write = async (batch: Batch): Promise<void> => {
    const { epoch } = numbering;
    await store.appendDurably(newEntry({ ...batch, epoch, first: store.head + 1, prevCrc: store.headCrc }));
  };
  for (;;) {
    for (const [name, at] of places) if (at <= after && !moved.has(name)) moved.set(name, store.head);
    const entry = await old.after(after, cache);
    if (!entry) break;
    after = entry.last;
    const batch = decodeBatch(entry.bytes);
    const loss = coversLoss(batch);
    if (loss) {
      lost.push(toldOn(loss));
      continue;
    }
    const whole = numbered({ ...batch, notes: [...lost, ...batch.notes] }, numbering);
    if (batchCount(whole) <= WIRE_LIMITS.batchRecords) await write(whole);
    else {
      await write({ ...whole, samples: [] });
      await write({ ...whole, notes: [] });
    }
    lost = [];
  }
  return moved;
}

/** The bounds of a hole are sequences of the old epoch: only its times are told on, as an ordinary note. */
function toldOn({ from: _from, to: _to, crc: _crc, ...told }: Note): Note {
  return told;
}

/** Notes of a hole (n 0) get their place beside the first record after it. */
function numbered(batch: Batch, { renumber, nextN }: Numbering): Batch {
  if (renumber) {
    const samples = batch.samples.map((s) => ({ ...s, n: nextN() }));
    return { ...batch, samples, notes: batch.notes.map((x) => ({ ...x, n: nextN() })) };
  }
  const beside = batch.samples.at(-1)?.n ?? batch.notes.find((x) => x.n > 0)?.n ?? nextN();
  return { ...batch, notes: batch.notes.map((x) => (x.n > 0 ? x : { ...x, n: beside })) };
}
