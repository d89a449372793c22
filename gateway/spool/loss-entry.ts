// The batch that stands for sequences which a lane no longer has.
import { encodeBatch, type Note } from '../../device-profiles/contract/wire.ts';
import type { Entry } from './entry.ts';
import type { LaneIdentity } from './lane.ts';

/** Sequences that are gone, the times between which they fell, and the running CRC of the lane after them. */
export interface Hole {
  readonly from: number;
  readonly to: number;
  readonly fromTime: number;
  readonly toTime: number;
  readonly crc: number;
}

/** @param at wall clock, ms */
export function lossEntry(of: LaneIdentity, loss: Hole, at: number): Entry {
  const count = loss.to - loss.from + 1;
  // Outside the order: what follows it in the lane is older than now.
  const note: Note = { kind: 'loss', at, n: 0, ...loss, count, text: 'no longer kept by the gateway' };
  const bytes = encodeBatch({ ...of, first: loss.from, prevCrc: 0, samples: [], notes: [note] });
  const place = { first: loss.from, last: loss.to, count, lastN: 0, time: at, prevCrc: 0, crc: loss.crc };
  return { ...place, birthTag: 0, bytes, loss: true };
}
