// The gateway's disk is full while the hub is away: telemetry gives way, the gap is told, safety records are all there.
import { spawnSync } from 'node:child_process';
import type { AlarmView } from '../../hub/alarms/contract.ts';
import { until } from '../helpers/wait.ts';
import { FaultCompound } from './compound.ts';
import { GATEWAY } from './field.ts';
import { all, judge, type Verdict } from './verdict.ts';

const DISK_MB = 2;
const WAIT_MS = 240_000;

const NAMESPACES = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
/** Whether a small disk of one's own is to be had here. */
export const smallDisksPossible = (): boolean =>
  spawnSync('unshare', [...NAMESPACES, 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'], { stdio: 'ignore' })
    .status === 0;

export interface FullDiskResult extends Verdict {
  readonly dropped: number;
  readonly lossAlarms: number;
}

export async function runFullDisk(log: (line: string) => void): Promise<FullDiskResult> {
  const field = { meters: 100, registers: 60, meterMs: 1_000, pumps: 6, detectors: 6 };
  const compound = await FaultCompound.start({ field, gatewayDiskMb: DISK_MB });
  try {
    await compound.kill('hub');
    const shorts = [compound.field.raiseFault(), compound.field.raiseFire()];
    compound.field.raiseFault();
    await until(async () => ((await compound.metrics()).get('spool_dropped_records') ?? 0) > 0, {
      ms: WAIT_MS,
      what: 'the disk is full and records are given up',
      everyMs: 200,
    });
    const late = [compound.field.raiseFault(), compound.field.raiseFire()];
    for (const s of [...shorts, ...late])
      await until(() => s.told >= 3, { ms: WAIT_MS, what: `the gateway reads ${s.target.device}` });
    for (const s of [...shorts, ...late]) compound.field.clear(s);
    const dropped = (await compound.metrics()).get('spool_dropped_records') ?? 0;
    await compound.revive('hub');
    const caller = await compound.signIn('admin');
    const lost = await until(
      async () => {
        const items = await all<AlarmView>(caller, `/api/alarms?state=all&limit=500&device=${GATEWAY}.gateway`);
        const loss = items.filter((a) => a.signal === 'loss');
        return loss.length > 0 ? loss : undefined;
      },
      { ms: WAIT_MS, what: 'the hub raises the loss', everyMs: 500 },
    );
    log(`${dropped} records given up, ${lost.length} alarm of the loss`);
    const verdict = await judge(compound, new Set(), Infinity);
    const wrong = [...verdict.wrong, ...(lost.length === 1 ? [] : [`${lost.length} alarms of one loss`])];
    return { ...verdict, wrong, dropped, lossAlarms: lost.length };
  } catch (error) {
    throw new Error(`full disk: ${String(error)}\n${await compound.voices()}`, { cause: error });
  } finally {
    await compound.stop();
  }
}
