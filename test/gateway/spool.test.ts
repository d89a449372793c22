// The spool keeps what it acknowledged, in order, for every consumer, and says so when it had to give something up.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeBatch } from '../../device-profiles/contract/wire.ts';
import { realDisk, type Disk } from '../../gateway/spool/files.ts';
import { SpoolLocked } from '../../gateway/spool/lock.ts';
import type { Spool } from '../../gateway/spool.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { BIRTH, open, put, readAll, sample, systemClock } from './spool/rig.ts';

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

describe('order and durability', () => {
  test('records come out as they went in, under contiguous sequences from 1', async () => {
    const spool = await opened(tempDir('spool'));
    for (let k = 1; k <= 50; k++) await put(spool, 'safety', k);
    const read = await readAll(spool.consumer('uplink'), 'safety');
    expect(read.values).toEqual(Array.from({ length: 50 }, (_, k) => k + 1));
    expect(read.last).toBe(50);
  });

  test('samples of one moment share a batch and a sync', async () => {
    const spool = await opened(tempDir('spool'), { limits: { groupMs: { safety: 20, telemetry: 20 } } });
    const groups = [1, 2, 3].map((k) => spool.append('safety', [sample(spool, k)]));
    expect(new Set(groups).size).toBe(1);
    await groups[0]?.done;
    const entry = await spool.consumer('uplink').next('safety', 0);
    expect(entry?.count).toBe(3);
  });

  test('more than a batch takes is split, in order', async () => {
    const spool = await opened(tempDir('spool'));
    const samples = Array.from({ length: 10_000 }, (_, k) => sample(spool, k));
    await spool.append('telemetry', samples).done;
    await spool.flush();
    const read = await readAll(spool.consumer('uplink'), 'telemetry');
    expect(read.values).toEqual(samples.map((s) => s.value));
    const long = 'x'.repeat(1_000);
    await spool.append(
      'telemetry',
      samples.slice(0, 1_000).map((s) => ({ ...s, value: long })),
    ).done;
    await spool.flush();
    expect((await readAll(spool.consumer('uplink'), 'telemetry', read.last)).values).toHaveLength(1_000);
  });

  test('a restart goes on where it was, with the CRC chain and a greater n', async () => {
    const dir = tempDir('spool');
    const first = await open(dir);
    for (let k = 1; k <= 5; k++) await put(first, 'safety', k);
    const n = first.nextN();
    first.consumer('uplink').commit('safety', 2, first.epoch);
    await first.close();
    const again = await opened(dir);
    expect(again.epoch).toBe(first.epoch);
    expect(again.nextN()).toBeGreaterThan(n);
    expect(again.consumer('uplink').position('safety')).toBe(2);
    await put(again, 'safety', 6);
    expect((await readAll(again.consumer('uplink'), 'safety', 0)).values).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('n grows past a wiped disk, because it starts at the clock', async () => {
    const before = await open(tempDir('spool'));
    for (let k = 0; k < 1_000; k++) before.nextN();
    const last = before.nextN();
    await before.close();
    const clock = { ...systemClock, now: () => Date.now() + 10 };
    expect((await opened(tempDir('spool'), { clock })).nextN()).toBeGreaterThan(last);
  });

  test('the births of spooled batches are answered after a restart with another index', async () => {
    const dir = tempDir('spool');
    const first = await open(dir);
    await put(first, 'safety', 1);
    await first.close();
    const other = { id: 'cd'.repeat(16), bytes: Buffer.from('another index') };
    const again = await opened(dir, { birth: other });
    expect(await again.birth(BIRTH.id)).toEqual(BIRTH.bytes);
    expect(await again.birth(other.id)).toEqual(other.bytes);
    expect(await again.birth('ef'.repeat(16))).toBeUndefined();
    expect(await again.birth('../epoch')).toBeUndefined();
  });

  test('births that no batch carries any more are forgotten at the next start', async () => {
    const dir = tempDir('spool');
    await (await open(dir)).close();
    const other = { id: 'cd'.repeat(16), bytes: Buffer.from('another index') };
    expect(await (await opened(dir, { birth: other })).birth(BIRTH.id)).toBeUndefined();
  });

  test('a second process is refused while the first lives, and a dead holder is replaced', async () => {
    const dir = tempDir('spool');
    const first = await open(dir);
    await expect(open(dir)).rejects.toThrow(SpoolLocked);
    await first.close();
    symlinkSync(`${hostname()}:${process.pid}:12345:cafe`, join(dir, 'lock'));
    const again = await opened(dir);
    await put(again, 'safety', 1);
  });
});

describe('consumers', () => {
  test('one that is behind the tail reads closed segments from disk', async () => {
    const dir = tempDir('spool');
    const spool = await opened(dir, { limits: SMALL });
    for (let k = 1; k <= 40; k++) await put(spool, 'safety', k);
    expect(segmentFiles(dir).length).toBeGreaterThan(5);
    const read = await readAll(spool.consumer('uplink'), 'safety');
    expect(read.values).toEqual(Array.from({ length: 40 }, (_, k) => k + 1));
  });

  test('telemetry leaves when the slowest consumer has it, safety is kept for a hub restored from a backup', async () => {
    const dir = tempDir('spool');
    const spool = await opened(dir, { consumers: ['uplink', 'history'], limits: SMALL });
    for (let k = 1; k <= 40; k++) await Promise.all([put(spool, 'safety', k), put(spool, 'telemetry', k)]);
    const { safety, telemetry } = spool.head();
    for (const lane of ['safety', 'telemetry'] as const)
      spool.consumer('uplink').commit(lane, spool.head()[lane], spool.epoch);
    const before = segmentFiles(dir, 'telemetry').length;
    await until(() => spool.stats().consumers.uplink?.telemetry === telemetry, { what: 'the commit counts' });
    expect(segmentFiles(dir, 'telemetry')).toHaveLength(before);
    spool.consumer('history').commit('safety', safety, spool.epoch);
    spool.consumer('history').commit('telemetry', telemetry, spool.epoch);
    await until(() => segmentFiles(dir, 'telemetry').length === 1, { what: 'consumed telemetry is gone' });
    expect((await readAll(spool.consumer('uplink'), 'safety', 0)).values).toHaveLength(40);
  });

  test('sequences go on where they were after everything has left, also over restarts', async () => {
    const dir = tempDir('spool');
    const spool = await open(dir, { limits: SMALL });
    for (let k = 1; k <= 5; k++) await put(spool, 'telemetry', k);
    await spool.close();
    const again = await open(dir, { limits: SMALL });
    const crc = await again.crcAt('telemetry', 5);
    again.consumer('uplink').commit('telemetry', 5, again.epoch);
    await until(() => segmentFiles(dir, 'telemetry').length === 0, { what: 'all has left' });
    expect(again.head().telemetry).toBe(5);
    await again.close();
    const third = await opened(dir, { limits: SMALL });
    expect(third.head().telemetry).toBe(5);
    expect(await third.crcAt('telemetry', 5)).toBe(crc);
    await put(third, 'telemetry', 6);
    const read = await readAll(third.consumer('uplink'), 'telemetry', 0);
    expect(read).toMatchObject({ values: [6], lost: [[1, 5]], last: 6 });
  });

  test('safety records leave after their time, and before it when they fill their share', async () => {
    const dir = tempDir('spool');
    let offset = 0;
    const clock = { ...systemClock, now: () => Date.now() + offset };
    const spool = await opened(dir, { clock, limits: { ...SMALL, safetyKeptMs: 60_000, safetyKeptBytes: 100_000 } });
    for (let k = 1; k <= 40; k++) await put(spool, 'safety', k);
    spool.consumer('uplink').commit('safety', 40, spool.epoch);
    await until(() => spool.stats().consumers.uplink?.safety === 40, { what: 'the commit counts' });
    expect((await readAll(spool.consumer('uplink'), 'safety', 0)).values).toHaveLength(40);
    offset = 120_000;
    await until(() => segmentFiles(dir).length === 1, { what: 'old safety is gone' });
    await spool.close();
    const tight = await opened(dir, { clock, limits: { ...SMALL, safetyKeptBytes: 1_000 } });
    for (let k = 1; k <= 40; k++) await put(tight, 'safety', k);
    tight.consumer('uplink').commit('safety', tight.head().safety, tight.epoch);
    await until(() => tight.stats().bytes < 2_000, { what: 'the share is kept' });
  });

  test('a commit that belongs to an older epoch changes nothing', async () => {
    const spool = await opened(tempDir('spool'));
    await put(spool, 'safety', 1);
    const { epoch } = spool;
    await spool.mintEpoch('test');
    spool.consumer('uplink').commit('safety', 1, epoch);
    expect(spool.consumer('uplink').position('safety')).toBe(0);
  });

  test('the running CRC is known at every batch end, and what lies elsewhere is told apart', async () => {
    const spool = await opened(tempDir('spool'), { limits: SMALL });
    const ends = new Map<number, number>([[0, 0]]);
    for (let k = 0; k < 20; k++) await spool.append('safety', [sample(spool, k), sample(spool, k)]).done;
    for (let e = await spool.consumer('uplink').next('safety', 0); e;) {
      ends.set(e.last, e.crc);
      e = await spool.consumer('uplink').next('safety', e.last);
    }
    for (const [seq, crc] of ends) expect(await spool.crcAt('safety', seq)).toBe(crc);
    expect(await spool.crcAt('safety', 3)).toBe('inside');
    expect(await spool.crcAt('safety', 41)).toBe('ahead');
  });
});

describe('when space is short', () => {
  test('telemetry goes first, the loss has bounds, and safety is untouched', async () => {
    const dir = tempDir('spool');
    const spool = await opened(dir, { limits: { ...SMALL, maxBytes: 12_000 } });
    for (let k = 1; k <= 20; k++) await put(spool, 'safety', k);
    for (let k = 1; k <= 100; k++) await put(spool, 'telemetry', k);
    await until(() => spool.stats().bytes <= 12_000, { what: 'the spool is within its limit' });
    const { dropped } = spool.stats();
    const telemetry = await readAll(spool.consumer('uplink'), 'telemetry');
    expect(telemetry.lost).toEqual([[1, dropped]]);
    expect(telemetry.values).toEqual(Array.from({ length: 100 - dropped }, (_, k) => dropped + k + 1));
    expect((await readAll(spool.consumer('uplink'), 'safety')).values).toHaveLength(20);
  });

  test('safety goes only when no telemetry is left, oldest first', async () => {
    const spool = await opened(tempDir('spool'), { limits: { ...SMALL, maxBytes: 4_000 } });
    await put(spool, 'telemetry', 1);
    for (let k = 1; k <= 60; k++) await put(spool, 'safety', k);
    await until(() => spool.stats().bytes <= 4_000, { what: 'the spool is within its limit' });
    expect((await readAll(spool.consumer('uplink'), 'telemetry')).values).toEqual([]);
    const safety = await readAll(spool.consumer('uplink'), 'safety');
    expect(safety.lost).toHaveLength(1);
    expect(safety.values.at(-1)).toBe(60);
    expect(safety.last).toBe(60);
  });

  test('a loss note covers exactly what is missing and goes on with the CRC after it', async () => {
    const spool = await opened(tempDir('spool'), { limits: { ...SMALL, maxBytes: 3_000 } });
    for (let k = 1; k <= 40; k++) await put(spool, 'telemetry', k);
    await until(() => spool.stats().bytes <= 3_000, { what: 'the spool is within its limit' });
    const consumer = spool.consumer('uplink');
    const loss = await consumer.next('telemetry', 0);
    const batch = decodeBatch(loss?.bytes ?? Buffer.alloc(0));
    expect(batch.notes[0]).toMatchObject({ kind: 'loss', from: 1, to: loss?.last, count: loss?.last });
    const next = await consumer.next('telemetry', loss?.last ?? 0);
    expect(decodeBatch(next?.bytes ?? Buffer.alloc(0)).prevCrc).toBe(batch.notes[0]?.crc);
  });
});

describe('a disk that refuses', () => {
  /** A disk on which writing or syncing fails while `code` is set. */
  function faulty(): { disk: Disk; fail: (code: string, where?: 'write' | 'datasync' | 'create') => void } {
    let code = '';
    let where = 'write';
    const check = (step: string): void => {
      if (code && step === where) throw Object.assign(new Error(code), { code });
    };
    const disk: Disk = {
      ...realDisk,
      async create(path) {
        check('create');
        const file = await realDisk.create(path);
        return {
          ...file,
          async write(bytes, position) {
            // Half of it reaches the disk before the fault, as a real disk would have it.
            if (code && where === 'write') await file.write(bytes.subarray(0, bytes.length >> 1), position);
            check('write');
            await file.write(bytes, position);
          },
          async datasync() {
            check('datasync');
            await file.datasync();
          },
        };
      },
    };
    return { disk, fail: (c, w = 'write') => ([code, where] = [c, w]) };
  }

  test.each([
    ['EIO', 'write'],
    ['EIO', 'datasync'],
    ['EROFS', 'create'],
    ['ENOSPC', 'write'],
  ] as const)(
    '%s on %s: not acknowledged, still readable from memory, written once it takes again',
    async (code, where) => {
      const dir = tempDir('spool');
      const { disk, fail } = faulty();
      const spool = await open(dir, { disk });
      if (where !== 'create') await put(spool, 'safety', 1);
      fail(code, where);
      const group = spool.append('safety', [sample(spool, 2)]);
      await until(() => spool.stats().failing.safety === code, { what: 'the fault is visible' });
      expect(group.settled).toBe(false);
      expect((await readAll(spool.consumer('uplink'), 'safety')).values.at(-1)).toBe(2);
      fail('');
      await group.done;
      expect(spool.stats().failing.safety).toBe('');
      await put(spool, 'safety', 3);
      await spool.close();
      const again = await opened(dir);
      const expected = where === 'create' ? [2, 3] : [1, 2, 3];
      expect((await readAll(again.consumer('uplink'), 'safety', 0)).values).toEqual(expected);
    },
  );

  test('what memory can not hold is given up, told to who waited, and a loss with bounds', async () => {
    const { disk, fail } = faulty();
    const spool = await opened(tempDir('spool'), { disk, limits: { unwrittenBytes: 2_000 } });
    await put(spool, 'safety', 'first');
    fail('EIO');
    const early = spool.append('safety', [sample(spool, 'early')]);
    await until(() => spool.stats().failing.safety === 'EIO', { what: 'the fault is visible' });
    const late = Array.from({ length: 40 }, (_, k) => {
      const group = spool.append('safety', [sample(spool, k)]);
      void spool.flush();
      return group;
    });
    await expect(early.done).rejects.toThrow('given up');
    fail('');
    await late.at(-1)?.done;
    expect(spool.stats().dropped).toBeGreaterThan(0);
    await put(spool, 'safety', 'last');
    expect((await readAll(spool.consumer('uplink'), 'safety')).values.at(-1)).toBe('last');
  });

  test('closing does not wait for a disk that refuses, and whoever waited is told', async () => {
    const { disk, fail } = faulty();
    const spool = await open(tempDir('spool'), { disk, limits: { retryMs: 60_000 } });
    fail('EIO');
    const group = spool.append('safety', [sample(spool, 1)]);
    await until(() => spool.stats().failing.safety === 'EIO', { what: 'the fault is visible' });
    await spool.close();
    await expect(group.done).rejects.toThrow('closed');
  });
});

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
