// Which epoch is in force, and how far each consumer of it is: two small files, each replaced whole.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lane } from '../../device-profiles/contract/point.ts';
import { errorCode, replaceFile, type Disk } from './files.ts';
import { EPOCH_PATTERN } from './frame.ts';

export const newEpoch = (): string => randomBytes(16).toString('hex');
const META = 'epoch.json';
const CURSORS = 'cursors.json';

export type Positions = Record<Lane, number>;
export interface Cursors {
  /** Consumer → last sequence it has, per lane. */
  readonly consumers: Readonly<Record<string, Positions>>;
  /** Records given up under this epoch. */
  readonly dropped: number;
}

async function readJson(disk: Disk, path: string): Promise<unknown> {
  try {
    return JSON.parse((await disk.read(path)).toString());
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;

/**
 * The epoch in force. Where its file is lost, the newest epoch directory is taken, so that what is spooled is not
 * forgotten; undefined when there is none.
 */
export async function readEpoch(disk: Disk, dir: string): Promise<string | undefined> {
  const meta = await readJson(disk, join(dir, META));
  if (isObject(meta) && typeof meta.epoch === 'string' && EPOCH_PATTERN.test(meta.epoch)) return meta.epoch;
  const found = (await readdir(dir)).filter((name) => EPOCH_PATTERN.test(name));
  const aged = await Promise.all(found.map(async (name) => ({ name, at: (await stat(join(dir, name))).mtimeMs })));
  return aged.sort((a, b) => b.at - a.at)[0]?.name;
}

/** Puts the epoch in force: the one step by which a new epoch replaces the old. */
export async function writeEpoch(disk: Disk, dir: string, epoch: string): Promise<void> {
  await replaceFile(disk, join(dir, META), Buffer.from(JSON.stringify({ version: 1, epoch })));
}

/** Removes what other epochs left: one that was replaced, or one whose making was cut short. */
export async function removeOtherEpochs(dir: string, epoch: string): Promise<void> {
  for (const name of await readdir(dir))
    if (EPOCH_PATTERN.test(name) && name !== epoch) await rm(join(dir, name), { recursive: true, force: true });
}

/** Cursors of the epoch; an unreadable file means all start again (delivery is at least once). */
export async function readCursors(disk: Disk, epochDir: string, names: readonly string[]): Promise<Cursors> {
  const raw = await readJson(disk, join(epochDir, CURSORS));
  const stored = isObject(raw) && isObject(raw.consumers) ? raw.consumers : {};
  const positionsOf = (name: string): Positions => {
    const p = isObject(stored[name]) ? stored[name] : {};
    const at = (lane: Lane): number => (Number.isSafeInteger(p[lane]) ? Number(p[lane]) : 0);
    return { safety: at('safety'), telemetry: at('telemetry') };
  };
  const consumers = Object.fromEntries(names.map((name) => [name, positionsOf(name)]));
  const dropped = isObject(raw) && Number.isSafeInteger(raw.dropped) ? Number(raw.dropped) : 0;
  return { consumers, dropped };
}

export async function writeCursors(disk: Disk, epochDir: string, cursors: Cursors): Promise<void> {
  await mkdir(epochDir, { recursive: true });
  await replaceFile(disk, join(epochDir, CURSORS), Buffer.from(JSON.stringify(cursors)));
}

export const laneDir = (dir: string, epoch: string, lane: Lane): string => join(dir, epoch, lane);
export const minPosition = (consumers: Iterable<Positions>, lane: Lane): number => {
  let min = Infinity;
  for (const p of consumers) min = Math.min(min, p[lane]);
  return min;
};
export const emptyPositions = (): Positions => ({ safety: 0, telemetry: 0 });
