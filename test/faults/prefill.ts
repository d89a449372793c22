// A long outage in minutes: what the gateway would have gathered is written by its own spool, batch by batch as it
// would, while the gateway is down for a moment. The field then shows its meters where those records end.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ONLINE_POINT } from '../../device-profiles/contract/profile.ts';
import { decodeBirth, type Sample } from '../../device-profiles/contract/wire.ts';
import { Spool } from '../../gateway/spool.ts';
import { until } from '../helpers/wait.ts';
import type { FaultCompound } from './compound.ts';
import { GATEWAY } from './field.ts';

/** The wait for the field's last values to be read, ms. */
const HOLD_MS = 120_000;

export interface Prefill {
  readonly records: number;
  /** Records of one batch: what a second brings, since telemetry is made durable each second. */
  readonly batch: number;
  readonly log: (line: string) => void;
}

/** @returns records written; whole rounds over all registers of all meters, at least `records` */
export async function prefill(compound: FaultCompound, plan: Prefill): Promise<number> {
  const { field } = compound;
  field.freeze();
  const polled = field.leastPolls();
  await until(() => field.leastPolls() >= polled + 2, { ms: HOLD_MS, what: 'the last values of all meters are read' });
  await compound.stopGateway();
  const { meters, registers } = field.size;
  const rounds = Math.ceil(plan.records / (meters * registers));
  const spool = await openSpool(join(compound.dir, 'gateway', 'gateway', GATEWAY, 'spool'));
  const started = performance.now();
  try {
    let samples: Sample[] = [];
    for (let round = 1; round <= rounds; round++)
      for (let k = 0; k < meters; k++) {
        for (const i of spool.points[k] ?? []) samples.push(sampleOf(spool.open, i, field.lastValue(k) + round));
        if (samples.length < plan.batch) continue;
        await spool.open.append('telemetry', samples).done;
        samples = [];
      }
    if (samples.length > 0) await spool.open.append('telemetry', samples).done;
  } finally {
    await spool.open.close();
  }
  const records = rounds * meters * registers;
  plan.log(`${records} records written in ${((performance.now() - started) / 1_000).toFixed(0)} s`);
  field.skip(rounds);
  field.thaw();
  const before = field.leastPolls();
  await compound.startGateway();
  // A gateway that starts tells what it reads first, whatever it told before: the meters must count up until then.
  await until(() => field.leastPolls() > before, { ms: HOLD_MS, what: 'every meter is read again', everyMs: 100 });
  return records;
}

function sampleOf(spool: Spool, i: number, value: number): Sample {
  const now = Date.now();
  const times = { sourceTime: now, receivedTime: now, n: spool.nextN() };
  return { i, value, quality: 'good', reason: '', ...times, historical: false, sourceClock: false };
}

/** The gateway's spool as the gateway left it, and the indexes of each meter's points. */
async function openSpool(dir: string): Promise<{ open: Spool; points: readonly (readonly number[])[] }> {
  const [file] = readdirSync(join(dir, 'births'));
  if (file === undefined) throw new Error(`${dir} holds no point index`);
  const bytes = readFileSync(join(dir, 'births', file));
  const birth = decodeBirth(bytes);
  const points = birth.devices
    .filter(({ id }) => id.startsWith('meter-'))
    .map((device) => device.points.filter(({ id }) => id !== ONLINE_POINT).map(({ i }) => i));
  const nothing = (): void => undefined;
  const open = await Spool.open({
    dir,
    gateway: GATEWAY,
    birth: { id: birth.birth, bytes },
    consumers: ['uplink'],
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log: { info: nothing, warn: console.error, error: console.error, debug: nothing },
    // Each batch is durable as soon as it is whole.
    limits: { groupMs: { safety: 1, telemetry: 1 } },
  });
  return { open, points };
}
