// A hub restored from an old backup: the gateway sends again what it keeps, and every alarm is there once.
import { join } from 'node:path';
import { REPO, runToEnd } from '../helpers/processes.ts';
import { FaultCompound } from './compound.ts';
import { fieldAlarms, healed, judge, type Verdict } from './verdict.ts';

const TOOL_MS = 240_000;
const ROUNDS = 3;

async function tool(compound: FaultCompound, entry: string, file: string): Promise<void> {
  const args = ['--import', 'tsx', join(REPO, entry), file];
  const done = await runToEnd(process.execPath, args, { env: compound.hubEnv, ms: TOOL_MS });
  if (done.code !== 0) throw new Error(`${entry} ended with ${done.code}: ${done.stderr}${done.stdout}`);
}

export interface OldBackupResult extends Verdict {
  readonly inBackup: number;
  readonly afterBackup: number;
}

export async function runOldBackup(log: (line: string) => void): Promise<OldBackupResult> {
  const field = { meters: 20, registers: 5, meterMs: 1_000, pumps: 2 * ROUNDS, detectors: 2 * ROUNDS };
  const compound = await FaultCompound.start({ field });
  const raiseSome = async (): Promise<void> => {
    for (let k = 0; k < ROUNDS; k++) {
      compound.field.raiseFault();
      // Half of them are over by the time of the restore: only the gateway's spool still knows them.
      const fire = compound.field.raiseFire();
      if (k > 0) passing.push(fire);
    }
    await healed(compound, await compound.signIn('admin'));
    for (const fire of passing.splice(0)) compound.field.clear(fire);
    await healed(compound, await compound.signIn('admin'));
  };
  const passing: ReturnType<typeof compound.field.raiseFire>[] = [];
  try {
    await raiseSome();
    const file = join(compound.dir, 'old.backup');
    await tool(compound, 'hub/backup.ts', file);
    const inBackup = (await fieldAlarms(await compound.signIn('admin'))).length;
    await raiseSome();
    await compound.stopHub();
    compound.moveHub('hub-restored');
    await tool(compound, 'hub/restore.ts', file);
    await compound.startHub();
    log(`restored a backup with ${inBackup} alarms; ${compound.field.raised.length} were raised`);
    // Telemetry that was receipted after the backup is not kept for 30 days as safety records are.
    const verdict = await judge(compound, new Set(), Infinity);
    return { ...verdict, inBackup, afterBackup: compound.field.raised.length - inBackup };
  } catch (error) {
    throw new Error(`old backup: ${String(error)}\n${await compound.voices()}`, { cause: error });
  } finally {
    await compound.stop();
  }
}
