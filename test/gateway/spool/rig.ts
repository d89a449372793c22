// What the spool's tests share: a spool on a temporary directory, samples that say who they are, and reading it all.
import { coversLoss, decodeBatch, type Note, type Sample } from '../../../device-profiles/contract/wire.ts';
import type { Lane } from '../../../device-profiles/contract/point.ts';
import type { GatewayClock, Logger } from '../../../gateway/drivers/driver.ts';
import { Spool, type Consumer, type Entry, type SpoolOptions } from '../../../gateway/spool.ts';

const nothing = (): void => undefined;
export const silent: Logger = { info: nothing, warn: nothing, error: nothing, debug: nothing };
export const systemClock: GatewayClock = { now: () => Date.now(), monotonic: () => performance.now() };
export const BIRTH = { id: 'ab'.repeat(16), bytes: Buffer.from('point index') };

export const options = (dir: string, more: Partial<SpoolOptions> = {}): SpoolOptions => ({
  dir,
  gateway: 'gw-1',
  birth: BIRTH,
  consumers: ['uplink'],
  clock: systemClock,
  log: silent,
  ...more,
  limits: { groupMs: { safety: 1, telemetry: 1 }, cursorSaveMs: 20, retryMs: 10, ...more.limits },
});

export const open = (dir: string, more: Partial<SpoolOptions> = {}): Promise<Spool> => Spool.open(options(dir, more));

/** A sample whose value is its own mark, so that it is recognised wherever it comes out. */
export const sample = (spool: Spool, value: number | string, more: Partial<Sample> = {}): Sample => ({
  i: 1,
  value,
  quality: 'good',
  reason: '',
  sourceTime: Date.now(),
  receivedTime: Date.now(),
  n: spool.nextN(),
  historical: false,
  sourceClock: false,
  ...more,
});

/** Appends one sample and waits until it is durable. */
export async function put(spool: Spool, lane: Lane, value: number | string): Promise<void> {
  await spool.append(lane, [sample(spool, value)]).done;
}

export interface ReadAll {
  readonly values: (number | string | null)[];
  readonly notes: Note[];
  readonly lost: [number, number][];
  /** Last sequence. */
  readonly last: number;
}

/** Everything a consumer can read after a sequence; checks that sequences and CRCs go on without a gap. */
export async function readAll(consumer: Consumer, lane: Lane, after = consumer.position(lane)): Promise<ReadAll> {
  const out: ReadAll = { values: [], notes: [], lost: [], last: after };
  let last = after;
  let crc: number | undefined;
  for (let e = await consumer.next(lane, last); e; e = await consumer.next(lane, last)) {
    if (e.first !== last + 1) throw new Error(`entry begins at ${e.first} after ${last}`);
    collect(e, out);
    const batch = decodeBatch(e.bytes);
    if (!e.loss && crc !== undefined && batch.prevCrc !== crc) throw new Error(`the CRC chain breaks at ${e.first}`);
    crc = e.crc;
    last = e.last;
  }
  return { ...out, last };
}

function collect(e: Entry, out: ReadAll): void {
  const batch = decodeBatch(e.bytes);
  const lost = coversLoss(batch);
  if (lost) {
    out.lost.push([batch.first, lost.to]);
    return;
  }
  out.values.push(...batch.samples.map((s) => s.value));
  out.notes.push(...batch.notes);
}
