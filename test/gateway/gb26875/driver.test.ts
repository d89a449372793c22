// Transmission devices over real connections: learned by themselves, confirmed when durable, never lost, never doubled.
import { describe, expect, test } from 'vitest';
import { CALL_IN_LIMITS } from '../../../device-profiles/contract/call-in.ts';
import { decodeBeat, encodeBeat, WIRE_LIMITS } from '../../../device-profiles/contract/wire.ts';
import { realDisk, type Disk } from '../../../gateway/spool/files.ts';
import { until } from '../../helpers/wait.ts';
import { deviceOperation, operation, status, systemStatus } from './messages.ts';
import { Line, listener } from './rig.ts';
import { BAD_SUM, VECTORS } from './vectors.ts';

/** A disk that can be told to refuse every sync. */
function refusingDisk(): Disk & { refuses: boolean } {
  const disk = {
    ...realDisk,
    refuses: false,
    create: async (path: string) => {
      const file = await realDisk.create(path);
      const datasync = async (): Promise<void> => {
        if (disk.refuses) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        await file.datasync();
      };
      return { ...file, datasync };
    },
  };
  return disk;
}

describe('what the engineer is told', () => {
  test('fits a beat: who calls from where, its last frames with what they tell, what was refused and why', async () => {
    const l = await listener();
    const line = await Line.to(l);
    line.send(VECTORS.smokeFire);
    await line.answer(1);
    line.send(BAD_SUM);
    await until(() => l.driver.refusals().length > 0, { what: 'the refusal' });
    const standing = l.driver.standing();
    const beat = {
      v: 1 as const,
      epoch: 'e-1234567',
      at: 1,
      birth: 'b',
      head: { safety: 0, telemetry: 0 },
      spool: { bytes: 0, maxBytes: 1, dropped: 0 },
      devices: { online: 1, offline: 0 },
      links: {},
      callIns: [standing],
    };
    expect(decodeBeat(encodeBeat(beat)).callIns).toEqual([standing]);
    expect(standing.devices).toMatchObject([{ device: 'utd', source: 889, from: '127.0.0.1', connected: true }]);
    const fire = standing.devices[0]?.frames.find((f) => !f.out && f.flag === 2);
    expect(fire).toMatchObject({ command: 2, count: 1, told: [{ point: 'part-1-1-40-10-2', value: 2 }], bytes: 48 });
    expect(fire?.hex.startsWith('020101012')).toBe(true);
    expect(standing.devices[0]?.frames.some((f) => f.out && f.command === 3 && f.serial === 1)).toBe(true);
    expect(standing.refused).toMatchObject([{ reason: 'checksum', from: '127.0.0.1' }]);
    expect(standing.refused[0]?.hex).toBe(BAD_SUM.toString('hex'));
  });

  test('stays within the bytes of a beat, however many devices and frames there are', () => {
    const { devices, frames, bytes, told, refused } = CALL_IN_LIMITS;
    const frame = {
      at: 1_800_000_000_000,
      out: true,
      serial: 65_535,
      command: 255,
      flag: 255,
      count: 255,
      tag: 1_800_000_000_000,
      hex: 'f'.repeat(2 * bytes),
      bytes: 1_024,
      told: Array.from({ length: told }, () => ({ point: 'value-255-255-255-65535-65535-255', value: 1.5 })),
    };
    const one = { device: 'd'.repeat(64), source: 2 ** 48, frames: Array.from({ length: frames }, () => frame) };
    const most = {
      devices: Array.from({ length: devices }, () => one),
      refused: Array.from({ length: refused }, () => frame),
    };
    expect(Buffer.byteLength(JSON.stringify(most))).toBeLessThan(WIRE_LIMITS.messageBytes);
  });
});

describe('a message', () => {
  test('[S1] a detector that nobody knew: a point of its own name, a fire, and a confirmation', async () => {
    const l = await listener();
    const line = await Line.to(l);
    line.send(VECTORS.smokeFire);
    const confirm = await line.answer(1);
    expect(confirm).toMatchObject({ command: 3, source: 88_888, destination: 889, version: 1, userVersion: 1 });
    expect(confirm.adu).toHaveLength(0);
    expect(l.values('part-1-1-40-10-2')).toEqual([2]);
    expect(l.active()).toEqual(['FIRE part-1-1-40-10-2']);
    expect(l.points().find((p) => p.id === 'part-1-1-40-10-2')?.name.zh).toBe('感烟火灾探测器 10-2');
  });

  test('the name that its installer wrote stands in the name of the point, and a later one replaces it', async () => {
    const l = await listener();
    const line = await Line.to(l);
    await line.confirmed(status(7, 2, 'Hall A'));
    const name = () => l.points().find((p) => p.id === 'part-1-1-40-1-7')?.name.en;
    expect(name()).toBe('Hall A (Smoke detector 1-7)');
    await line.confirmed(status(7, 2, 'Hall B'));
    expect(name()).toBe('Hall B (Smoke detector 1-7)');
    expect(l.active()).toEqual(['FIRE part-1-1-40-1-7']);
  });

  test('that the disk does not take is not confirmed; sent again, it is taken once and confirmed', async () => {
    const disk = refusingDisk();
    const l = await listener({ disk });
    const line = await Line.to(l);
    await line.confirmed(status(1, 1));
    disk.refuses = true;
    line.send(VECTORS.smokeFire);
    await until(() => l.values('part-1-1-40-10-2').length > 0, { what: 'the fire is reported' });
    line.send(VECTORS.smokeFire);
    await until(() => (l.counters()['repeated'] ?? 0) === 1, { what: 'the repetition is seen' });
    expect(line.frames.filter((f) => f.serial === 1 && f.command === 3)).toEqual([]);
    disk.refuses = false;
    expect((await line.answer(1)).command).toBe(3);
    expect(l.values('part-1-1-40-10-2')).toEqual([2]);
  });

  test('whose record was given up is not confirmed by its repetition, but taken again', async () => {
    const l = await listener();
    const line = await Line.to(l);
    const { intake } = l;
    const accept = intake.accept.bind(intake);
    let givesUp = true;
    intake.accept = (...told) => (givesUp ? Promise.reject(new Error('given up')) : accept(...told));
    line.send(VECTORS.smokeFire);
    await until(() => l.counters()['unkept'] === 1, { what: 'the record of the fire is given up' });
    givesUp = false;
    line.send(VECTORS.smokeFire);
    expect((await line.answer(1)).command).toBe(3);
    expect(l.counters()).toMatchObject({ repeated: 0, confirmed: 1 });
    expect(l.values('part-1-1-40-10-2')).toEqual([2]);
  });

  test('of a device that the site does not have, one with a wrong sum, and one of a reserved command are denied', async () => {
    const l = await listener();
    const line = await Line.to(l);
    line.send(VECTORS.photoelectricFire);
    expect((await line.answer(20)).command).toBe(6);
    line.send(BAD_SUM);
    expect((await line.answer(0x9006)).command).toBe(6);
    expect((await line.answer(line.say(status(1, 2), 9))).command).toBe(6);
    expect(l.counters()).toMatchObject({ unknownSources: 1, checksum: 1, denied: 3, confirmed: 0 });
    expect(l.driver.refusals().map((r) => r.reason)).toEqual(['command', 'checksum', 'unknown-source']);
  });

  test("of a vendor's type is confirmed, and raised as data that nobody understood", async () => {
    const l = await listener();
    const line = await Line.to(l);
    await line.confirmed(Buffer.from([200, 1, 5]));
    expect(l.active()).toEqual(['FAULT not-understood']);
    expect(l.values('not-understood')).toEqual([200]);
  });

  test('that waits while the disk is slow is not taken for half a frame', async () => {
    let open: () => void = () => undefined;
    let gate: Promise<void> = Promise.resolve();
    const disk: Disk = {
      ...realDisk,
      create: async (path) => {
        const file = await realDisk.create(path);
        return { ...file, datasync: () => gate.then(() => file.datasync()) };
      },
    };
    let now = 1_000_000;
    const clock = { now: () => Date.now(), monotonic: () => now };
    const l = await listener({ disk, clock, limits: { unanswered: 2 } });
    const line = await Line.to(l);
    await line.confirmed(status(1, 1));
    gate = new Promise((resolve) => (open = resolve));
    const said = [line.message(status(1, 2)), line.message(status(1, 3))];
    const half = VECTORS.smokeFire.subarray(0, 40);
    line.send(Buffer.concat([...said.map((m) => m.bytes), half]));
    await until(() => (l.counters()['frames'] ?? 0) === 3, { what: 'two messages wait for the disk' });
    line.send(VECTORS.smokeFire.subarray(40));
    now += 60_000;
    l.driver.check();
    open();
    expect((await line.answer(1)).command).toBe(3);
    for (const { serial } of said) expect((await line.answer(serial)).command).toBe(3);
    expect(l.counters()['torn']).toBe(0);
  });

  test('behind half a frame that never ends is heard', async () => {
    const l = await listener({ limits: { partMs: 50, checkMs: 10 } });
    const line = await Line.to(l);
    line.send(VECTORS.smokeFire.subarray(0, 50));
    await until(() => (l.counters()['torn'] ?? 0) === 1, { what: 'the half frame is given up' });
    line.send(VECTORS.smokeFire);
    expect((await line.answer(1)).command).toBe(3);
  });
});

describe('a panel', () => {
  test('in alarm does not lose it by a bit 0 that says "test"', async () => {
    const l = await listener();
    const line = await Line.to(l);
    await line.confirmed(status(3, 0b10));
    expect(l.active()).toEqual(['FIRE part-1-1-40-1-3']);
    await line.confirmed(status(3, 0));
    expect(l.active()).toEqual(['TEST part-1-1-40-1-3']);
    await line.confirmed(status(3, 1));
    expect(l.active()).toEqual([]);
  });

  test('that is reset takes back its fires, keeps its faults, and is asked what is left', async () => {
    const l = await listener();
    const line = await Line.to(l);
    await line.confirmed(status(1, 0b10));
    await line.confirmed(status(2, 0b110));
    const first = await until(() => line.frames.find((f) => f.command === 4), { what: 'the first request' });
    line.reply(first.serial, Buffer.alloc(0));
    const asked = line.frames.length;
    await line.confirmed(operation(1));
    expect(l.active()).toEqual(['FAULT part-1-1-40-1-2']);
    expect(l.values('operation-1-1')).toEqual([1, 0]);
    const requests = () => line.frames.slice(asked).filter((f) => f.command === 4);
    await until(() => requests().length > 0, { what: 'a request' });
    for (let k = 0; k < 4; k++) {
      const request = await until(() => requests()[k], { what: `request ${k + 1}` });
      line.reply(request.serial, k === 2 ? status(1, 0b10) : Buffer.alloc(0));
    }
    await until(() => l.active().includes('FIRE part-1-1-40-1-1'), { what: 'the fire that is still there' });
  });

  test('that is reset takes back the fire of the system too, and not its fault or its mode', async () => {
    const l = await listener();
    const line = await Line.to(l);
    await line.confirmed(systemStatus(0b1000_0000_0110));
    expect(l.active()).toEqual(['FIRE system-1-1', 'FAULT system-1-1']);
    await line.confirmed(operation(1));
    expect(l.active()).toEqual(['FAULT system-1-1']);
    expect(l.values('system-1-1').at(-1)).toBe(0b1000_0000_0101);
  });

  test('whose transmission device is reset keeps its fires', async () => {
    const l = await listener();
    const line = await Line.to(l);
    await line.confirmed(status(1, 0b10));
    await line.confirmed(deviceOperation(1));
    expect(l.values('device-operation')).toEqual([1, 0]);
    expect(l.active()).toEqual(['FIRE part-1-1-40-1-1']);
  });

  test('is asked for the state of everything when its device calls anew', async () => {
    const l = await listener();
    const first = await Line.to(l);
    await first.confirmed(status(1, 1));
    const second = await Line.to(l);
    await second.confirmed(Buffer.alloc(0));
    const asked = (): (number | undefined)[] => second.frames.filter((f) => f.command === 4).map((f) => f.adu[0]);
    for (const flag of [81, 61, 62]) {
      await until(() => asked().at(-1) === flag, { what: () => `request ${flag}, asked ${asked().join()}` });
      second.reply(second.frames.findLast((f) => f.command === 4)?.serial ?? 0, Buffer.alloc(0));
    }
    expect(asked()).toEqual([81, 61, 62]);
  });

  test('that tells of a thousand components has them all, by few indexes, each confirmed', async () => {
    const l = await listener();
    const line = await Line.to(l);
    const said = Array.from({ length: 1_000 }, (_, k) => line.say(status(k + 1, 1, `Room ${k + 1}`)));
    const confirmed = (): number[] => line.frames.filter((f) => f.command === 3).map((f) => f.serial);
    await until(() => confirmed().length >= said.length, {
      what: () => `1000 confirmations: ${confirmed().length}, ${JSON.stringify(l.counters())}`,
    });
    expect(confirmed()).toEqual(said);
    expect(l.points().filter((p) => p.template === 'part')).toHaveLength(1_000);
    expect(l.reshaper.changes).toBeLessThan(60);
    expect(l.counters()).toMatchObject({ confirmed: 1_000, refusedPoints: 0 });
  });

  test('is known with its components after a restart, and a fire that was there is active again when it is told', async () => {
    const first = await listener();
    const line = await Line.to(first);
    await line.confirmed(status(5, 0b10, 'Stair 2'));
    await first.stop();
    const l = await listener({ dir: first.dir });
    expect(l.points().find((p) => p.id === 'part-1-1-40-1-5')?.name.en).toBe('Stair 2 (Smoke detector 1-5)');
    const again = await Line.to(l);
    await again.confirmed(Buffer.alloc(0));
    await until(() => again.frames.some((f) => f.command === 4), { what: 'the panel is asked for its state' });
    expect(l.values('part-1-1-40-1-5')).toEqual([]);
    await again.confirmed(status(5, 0b10));
    expect(l.active()).toEqual(['FIRE part-1-1-40-1-5']);
    expect(l.reshaper.changes).toBe(0);
  });
});

describe('silence', () => {
  test('of three intervals makes the device offline, and what it read is not known until it is told again', async () => {
    let now = 1_000_000;
    const clock = { now: () => Date.now(), monotonic: () => now };
    const l = await listener({ clock });
    const line = await Line.to(l);
    await line.confirmed(status(1, 1));
    now += 179_000;
    l.driver.check();
    expect(l.values('online')).toEqual([1]);
    now += 2_000;
    l.driver.check();
    expect(l.values('online')).toEqual([1, 0]);
    await line.confirmed(Buffer.alloc(0));
    expect(l.values('online')).toEqual([1, 0, 1]);
    now += 2_000;
    await line.confirmed(Buffer.alloc(0));
    // A heartbeat proves the device, not what its detectors read while nobody listened.
    expect(l.values('part-1-1-40-1-1')).toEqual([1]);
    await line.confirmed(status(1, 1));
    expect(l.values('part-1-1-40-1-1')).toEqual([1, 1]);
  });

  test('a heartbeat, empty or of one byte, is confirmed and keeps what was told fresh', async () => {
    let now = 1_000_000;
    const clock = { now: () => Date.now(), monotonic: () => now };
    const l = await listener({ clock });
    const line = await Line.to(l);
    await line.confirmed(status(1, 1));
    for (let k = 0; k < 20; k++) {
      now += 30_000;
      await line.confirmed(k % 2 === 0 ? Buffer.alloc(0) : Buffer.from([0x16]));
      l.intake.sweep();
      l.driver.check();
    }
    expect(l.reported.filter((s) => s.point === 'part-1-1-40-1-1').every((s) => s.quality === 'good')).toBe(true);
    expect(l.values('online').every((v) => v === 1)).toBe(true);
  });
});
