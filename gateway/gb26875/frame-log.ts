// The last frames of a transmission device, for the engineer who looks at what it says; decoded only when looked at.
import { CALL_IN_LIMITS, type CallInFrame } from '../../device-profiles/contract/call-in.ts';
import type { Gb26875Tables } from '../../device-profiles/gb26875/tables.ts';
import { readAdu } from './adu.ts';
import type { FrameHead } from './frame.ts';
import { toldBy } from './learn.ts';

/** What is kept of a frame. */
interface Kept {
  readonly at: number;
  readonly out: boolean;
  readonly head: Pick<FrameHead, 'serial' | 'command' | 'time'>;
  readonly adu: Buffer;
}
const EMPTY = Buffer.alloc(0);

export class FrameLog {
  #kept: Kept[] = [];

  /** @param at wall time, ms */
  keep(at: number, out: boolean, head: Kept['head'], adu: Buffer = EMPTY): void {
    this.#kept.push({ at, out, head, adu });
    if (this.#kept.length > CALL_IN_LIMITS.frames) this.#kept.shift();
  }

  /** Newest first. */
  frames(tables: Gb26875Tables): CallInFrame[] {
    return this.#kept.toReversed().map(({ at, out, head, adu }) => {
      const read = readAdu(adu, tables.utcOffsetMinutes);
      const told = read.result === 'read' ? toldBy(read.objects, tables) : [];
      const { bytes, told: most } = CALL_IN_LIMITS;
      const [flag, count] = adu;
      return {
        at: Math.trunc(at),
        out,
        serial: head.serial,
        command: head.command,
        ...(flag === undefined || count === undefined ? {} : { flag, count }),
        ...(head.time === undefined ? {} : { tag: head.time }),
        hex: adu.subarray(0, bytes).toString('hex'),
        bytes: adu.length,
        told: told.slice(0, most).map(({ point, value }) => ({ point, value })),
      };
    });
  }
}
