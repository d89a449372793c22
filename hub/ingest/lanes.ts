// What a batch means to a lane, by the lane's cursor (wire.ts, "What the hub does with a batch"). Pure.
import { batchLast, coversLoss, runningCrc, type Batch } from '../../device-profiles/contract/wire.ts';

export interface LaneCursor {
  /** Last sequence applied under this epoch; 0 when none. */
  readonly seq: number;
  /** Running CRC of the lane there. */
  readonly crc: number;
  /** Highest n applied from this lane, over all epochs. */
  readonly n: number;
}

export const FRESH: LaneCursor = { seq: 0, crc: 0, n: -1 };

export type Verdict =
  /** All of it was applied before. */
  | { readonly kind: 'repeat' }
  | { readonly kind: 'apply'; readonly cursor: LaneCursor }
  /** The gateway no longer has these sequences and says so. */
  | { readonly kind: 'loss'; readonly cursor: LaneCursor; readonly from: number; readonly to: number }
  /** Gap, overlap or another CRC: the gateway is to go back. Another epoch: it waits for that epoch's birth. */
  | { readonly kind: 'refuse'; readonly why: 'gap' | 'overlap' | 'crc' | 'epoch' };

export function judge(cursor: LaneCursor, batch: Batch, bytes: Uint8Array): Verdict {
  const last = batchLast(batch);
  if (last <= cursor.seq) return { kind: 'repeat' };
  if (batch.first > cursor.seq + 1) return { kind: 'refuse', why: 'gap' };
  const n = highestN(batch, cursor.n);
  const loss = coversLoss(batch);
  // A loss may reach back behind the cursor, where only history was still waiting.
  if (loss) return { kind: 'loss', cursor: { seq: loss.to, crc: loss.crc, n }, from: batch.first, to: loss.to };
  if (batch.first <= cursor.seq) return { kind: 'refuse', why: 'overlap' };
  if (batch.prevCrc !== cursor.crc) return { kind: 'refuse', why: 'crc' };
  return { kind: 'apply', cursor: { seq: last, crc: runningCrc(cursor.crc, bytes), n } };
}

function highestN(batch: Batch, n: number): number {
  let highest = n;
  for (const s of batch.samples) if (s.n > highest) highest = s.n;
  for (const x of batch.notes) if (x.n > highest) highest = x.n;
  return highest;
}
