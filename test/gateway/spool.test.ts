// The spool keeps what it acknowledged, in order, for every consumer, and says so when it had to give something up.
import { readdirSync, symlinkSync } from 'node:fs';
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
    // A segment that goes is out of the bytes before it is counted: wait until the count and what is readable agree.
    const telemetry = await until(
      async () => {
        const read = await readAll(spool.consumer('uplink'), 'telemetry');
        return spool.stats().bytes <= 12_000 && read.lost[0]?.[1] === spool.stats().dropped && read;
      },
      { what: 'the spool is within its limit, and its loss is counted' },
    );
    const { dropped } = spool.stats();
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

  test('a disk that neither takes nor refuses holds no fire back: not acknowledged, but sent on', async () => {
    let answer: () => void = () => undefined;
    let hung: Promise<void> | undefined;
    const disk: Disk = {
      ...realDisk,
      async create(path) {
        const file = await realDisk.create(path);
        return { ...file, datasync: () => (hung ?? Promise.resolve()).then(() => file.datasync()) };
      },
    };
    const dir = tempDir('spool');
    const spool = await open(dir, { disk, limits: { hangingMs: 20 } });
    await put(spool, 'safety', 1);
    hung = new Promise((resolve) => (answer = resolve));
    const first = spool.append('safety', [sample(spool, 2)]);
    await until(() => spool.stats().failing.safety === 'no answer', { what: 'it is told' });
    const second = spool.append('safety', [sample(spool, 3)]);
    await until(async () => (await readAll(spool.consumer('uplink'), 'safety', 0)).values.length === 3, {
      what: 'both can be sent',
    });
    expect([first.settled, second.settled]).toEqual([false, false]);
    expect(spool.stats().durable.safety).toBe(1);
    hung = undefined;
    answer();
    await Promise.all([first.done, second.done]);
    expect(spool.stats()).toMatchObject({ failing: { safety: '' }, durable: { safety: 3 } });
    await spool.close();
    const again = await opened(dir);
    expect((await readAll(again.consumer('uplink'), 'safety', 0)).values).toEqual([1, 2, 3]);
  });

  test('a failed file that takes its time to close holds nobody back', async () => {
    const { disk, fail } = faulty();
    let close: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    const slow: Disk = {
      ...disk,
      async create(path) {
        const file = await disk.create(path);
        return path.endsWith('.seg') ? { ...file, close: () => closed.then(() => file.close()) } : file;
      },
    };
    const spool = await open(tempDir('spool'), { disk: slow });
    await put(spool, 'safety', 1);
    fail('EIO', 'datasync');
    const group = spool.append('safety', [sample(spool, 2)]);
    await until(() => spool.stats().failing.safety === 'EIO', { what: 'the fault is visible' });
    const seen = await readAll(spool.consumer('uplink'), 'safety');
    fail('');
    close();
    await group.done;
    await spool.close();
    expect(seen.values.at(-1)).toBe(2);
  });

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

test('two places of a lane that are read by turns cost one reading of each segment', async () => {
  const dir = tempDir('spool');
  const limits = { segmentBytes: 2_000, tailBytes: 0 };
  const first = await open(dir, { limits });
  for (let k = 1; k <= 120; k++) await put(first, 'safety', k);
  await first.close();
  const reads: string[] = [];
  const disk: Disk = { ...realDisk, read: (path) => (reads.push(path), realDisk.read(path)) };
  const spool = await open(dir, { limits, disk });
  onCleanup(() => spool.close());
  const consumer = spool.consumer('uplink');
  reads.length = 0;
  for (let [near, far] = [0, 60]; far < 120;) {
    near = (await consumer.next('safety', near))?.last ?? 120;
    far = (await consumer.next('safety', far))?.last ?? 120;
  }
  const segments = reads.filter((path) => path.endsWith('.seg'));
  expect(new Set(segments).size).toBeGreaterThan(6);
  // The segment in the middle is where one of them ends and the other began.
  expect(segments.length).toBeLessThanOrEqual(new Set(segments).size + 1);
});
