// Damaged files and replaced epochs: what is sound stays readable, what is gone is told with its bounds.
import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeBatch } from '../../device-profiles/contract/wire.ts';
import { realDisk, type Disk } from '../../gateway/spool/files.ts';
import type { Spool } from '../../gateway/spool.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { tempDir } from '../helpers/temp.ts';
import { open, put, readAll, sample } from './spool/rig.ts';

async function opened(dir: string, more: Parameters<typeof open>[1] = {}): Promise<Spool> {
  const spool = await open(dir, more);
  onCleanup(() => spool.close());
  return spool;
}

const segmentFiles = (dir: string, lane = 'safety'): string[] => {
  const epoch = readdirSync(dir).find((name) => /^[0-9a-f]{32}$/.test(name)) ?? '';
  return readdirSync(join(dir, epoch, lane))
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(dir, epoch, lane, name));
};

const SMALL = { segmentBytes: 400, tailBytes: 0 };

describe('damage on disk', () => {
  async function filled(dir: string, limits = {}): Promise<void> {
    const spool = await open(dir, { limits });
    for (let k = 1; k <= 30; k++) await put(spool, 'safety', k);
    await spool.close();
  }
  /** Removes the footer, as when the process was killed. */
  function unclose(path: string): Buffer {
    const bytes = readFileSync(path);
    const jsonLength = bytes.readUInt32LE(bytes.length - 16);
    return bytes.subarray(0, bytes.length - 20 - jsonLength);
  }

  test.each([1, 30, 57, 100])('an unfinished last write (%i bytes short) is cut off, the rest stays', async (short) => {
    const dir = tempDir('spool');
    await filled(dir);
    const [file = ''] = segmentFiles(dir);
    const bytes = unclose(file);
    writeFileSync(file, bytes.subarray(0, bytes.length - short));
    const spool = await opened(dir);
    expect(spool.stats().tornWrites).toBe(1);
    const { values } = await readAll(spool.consumer('uplink'), 'safety', 0);
    expect(values).toEqual(Array.from({ length: 29 }, (_, k) => k + 1));
    await put(spool, 'safety', 'next');
    expect((await readAll(spool.consumer('uplink'), 'safety', 0)).values.at(-1)).toBe('next');
  });

  test('a segment that a kill left open is read whole at the next start only', async () => {
    const dir = tempDir('spool');
    await filled(dir, SMALL);
    const files = segmentFiles(dir);
    for (const file of files) writeFileSync(file, unclose(file));
    const read: string[] = [];
    const disk: Disk = { ...realDisk, read: (path) => (read.push(path), realDisk.read(path)) };
    const wholeReads = async (): Promise<readonly string[]> => {
      read.length = 0;
      await (await open(dir, { disk, limits: SMALL })).close();
      return files.filter((file) => read.includes(file));
    };
    expect(await wholeReads()).toEqual(files);
    expect(await wholeReads()).toEqual([]);
    const spool = await opened(dir);
    const { values } = await readAll(spool.consumer('uplink'), 'safety', 0);
    expect(values).toEqual(Array.from({ length: 30 }, (_, k) => k + 1));
  });

  test('a flipped bit costs its batch alone: set aside, counted, noted, and a loss with bounds', async () => {
    const dir = tempDir('spool');
    await filled(dir, SMALL);
    const files = segmentFiles(dir);
    const middle = files[Math.floor(files.length / 2)] ?? '';
    const bytes = readFileSync(middle);
    // The last byte of the first frame's payload.
    const at = 64 + 56 + bytes.readUInt32LE(64 + 4) - 1;
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    writeFileSync(middle, bytes);
    const spool = await opened(dir, { limits: SMALL });
    const read = await readAll(spool.consumer('uplink'), 'safety', 0);
    expect(read.lost).toHaveLength(1);
    const [from, to] = read.lost[0] ?? [0, 0];
    const all = Array.from({ length: 30 }, (_, k) => k + 1);
    expect(read.values).toEqual(all.filter((k) => k < from || k > to));
    expect(to - from).toBe(0);
    expect(spool.stats().damagedSegments).toBe(1);
    expect(readdirSync(join(dir, 'set-aside'))).toHaveLength(1);
    await spool.flush();
    const { notes } = await readAll(spool.consumer('uplink'), 'safety', 0);
    expect(notes.map((n) => n.kind)).toEqual(['corrupt-segment']);
  });

  test.each([0, 20, 60, 70, 110])(
    'any single damaged byte (offset %i) never stops the spool from opening',
    async (offset) => {
      const dir = tempDir('spool');
      await filled(dir);
      const [file = ''] = segmentFiles(dir);
      const bytes = unclose(file);
      bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
      writeFileSync(file, bytes);
      const spool = await opened(dir);
      await put(spool, 'safety', 'next');
      const { values } = await readAll(spool.consumer('uplink'), 'safety', 0);
      expect(values.at(-1)).toBe('next');
      expect(values.length).toBeGreaterThanOrEqual(30);
    },
  );

  test('a segment that vanished is a loss with bounds', async () => {
    const dir = tempDir('spool');
    await filled(dir, SMALL);
    const spool = await opened(dir, { limits: SMALL });
    const files = segmentFiles(dir);
    const gone = files[2] ?? '';
    unlinkSync(gone);
    const read = await readAll(spool.consumer('uplink'), 'safety', 0);
    expect(read.lost).toHaveLength(1);
    expect(read.last).toBeGreaterThanOrEqual(30);
  });

  test('a repair that was cut short is finished at the next start', async () => {
    const dir = tempDir('spool');
    await filled(dir);
    const [file = ''] = segmentFiles(dir);
    const bytes = readFileSync(file);
    writeFileSync(`${file}.repaired`, bytes);
    unlinkSync(file);
    const spool = await opened(dir);
    expect((await readAll(spool.consumer('uplink'), 'safety', 0)).values).toHaveLength(30);
  });

  test('lost cursor and epoch files cost nothing but repeats', async () => {
    const dir = tempDir('spool');
    await filled(dir);
    const epoch = readdirSync(dir).find((name) => /^[0-9a-f]{32}$/.test(name)) ?? '';
    writeFileSync(join(dir, 'epoch.json'), '{"epo');
    writeFileSync(join(dir, epoch, 'cursors.json'), '');
    const spool = await opened(dir);
    expect(spool.epoch).toBe(epoch);
    expect((await readAll(spool.consumer('uplink'), 'safety')).values).toHaveLength(30);
  });
});

describe('a new epoch', () => {
  test('carries over what was not delivered, in order and with its n, and starts sequences at 1', async () => {
    const dir = tempDir('spool');
    const spool = await opened(dir, { consumers: ['uplink', 'history'], limits: SMALL });
    const samples = Array.from({ length: 20 }, (_, k) => sample(spool, k + 1));
    for (const s of samples) await spool.append('safety', [s]).done;
    spool.consumer('uplink').commit('safety', 12, spool.epoch);
    spool.consumer('history').commit('safety', 15, spool.epoch);
    const old = spool.epoch;
    const epoch = await spool.mintEpoch('test');
    expect(epoch).not.toBe(old);
    expect(spool.epoch).toBe(epoch);
    const read = await readAll(spool.consumer('uplink'), 'safety');
    expect(read.values).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    expect(spool.consumer('history').position('safety')).toBe(3);
    const entry = await spool.consumer('uplink').next('safety', 0);
    const batch = decodeBatch(entry?.bytes ?? Buffer.alloc(0));
    expect(batch).toMatchObject({ epoch, first: 1, prevCrc: 0 });
    expect(batch.samples[0]?.n).toBe(samples[12]?.n);
    await spool.close();
    const again = await opened(dir, { consumers: ['uplink', 'history'] });
    expect(again.epoch).toBe(epoch);
    expect((await readAll(again.consumer('uplink'), 'safety')).values).toHaveLength(8);
    expect(readdirSync(dir).filter((name) => /^[0-9a-f]{32}$/.test(name))).toEqual([epoch]);
  });

  test('records accepted meanwhile follow those carried over', async () => {
    const spool = await opened(tempDir('spool'));
    for (let k = 1; k <= 10; k++) await put(spool, 'safety', k);
    const minting = spool.mintEpoch('test');
    const group = spool.append('safety', [sample(spool, 11)]);
    await minting;
    await group.done;
    expect((await readAll(spool.consumer('uplink'), 'safety')).values).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('a half-made epoch is removed at the next start', async () => {
    const dir = tempDir('spool');
    const spool = await open(dir);
    await put(spool, 'safety', 1);
    await spool.close();
    mkdirSync(join(dir, 'f'.repeat(32), 'safety'), { recursive: true });
    const again = await opened(dir);
    expect(again.epoch).toBe(spool.epoch);
    expect(readdirSync(dir)).not.toContain('f'.repeat(32));
  });

  test('a disk that refuses leaves the old epoch in force and its records deliverable', async () => {
    let full = false;
    const disk: Disk = {
      ...realDisk,
      create: (path) =>
        full ? Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })) : realDisk.create(path),
    };
    const spool = await opened(tempDir('spool'), { disk });
    await put(spool, 'safety', 1);
    const { epoch } = spool;
    full = true;
    await expect(spool.mintEpoch('test')).rejects.toThrow('ENOSPC');
    expect(spool.epoch).toBe(epoch);
    full = false;
    await put(spool, 'safety', 2);
    expect((await readAll(spool.consumer('uplink'), 'safety')).values).toEqual([1, 2]);
  });
});
