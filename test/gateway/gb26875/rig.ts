// A GB/T 26875.3 listener with its intake and spool, and a device of another author's frames to talk to it.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach } from 'vitest';
import { tryCompile } from '../../../device-profiles/compile.ts';
import { NOTHING_LEARNED, type Learned } from '../../../device-profiles/gb26875/grow.ts';
import { BUILTIN_PROFILES, loadProfile } from '../../../device-profiles/load.ts';
import type { Sample } from '../../../device-profiles/contract/wire.ts';
import { Annunciator } from '../../../gateway/annunciator.ts';
import { indexBytes, pointIndex } from '../../../gateway/birth.ts';
import type { GatewayClock, SiteDevice } from '../../../gateway/drivers/driver.ts';
import { Gb26875Driver } from '../../../gateway/drivers/gb26875.ts';
import type { CallingDevice } from '../../../gateway/gb26875/device.ts';
import { encodeFrame, Gb26875Framer, type Frame } from '../../../gateway/gb26875/frame.ts';
import type { Gb26875Limits } from '../../../gateway/gb26875/limits.ts';
import { Registry, withLearned } from '../../../gateway/gb26875/registry.ts';
import { Intake } from '../../../gateway/intake.ts';
import { Reshaper } from '../../../gateway/reshape.ts';
import type { Disk } from '../../../gateway/spool/files.ts';
import { Uplink } from '../../../gateway/uplink.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';
import { device } from '../site-rig.ts';
import { open, silent, systemClock } from '../spool/rig.ts';
import { BEIJING } from './vectors.ts';

export const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const profile = loadProfile(`${BUILTIN_PROFILES}fire/gb26875-transmission-device.yaml`);
const born = { gateway: 'gw-1', community: 'xingfuli', software: 'test', writesHistory: false };

function calling(id: string, params: RigOptions['params'] = {}): CallingDevice {
  const grow = (learned: Learned) => tryCompile(profile, { learned, params });
  const { model } = grow(NOTHING_LEARNED);
  if (!model) throw new Error('the profile does not compile');
  return { ...device(id, model, { link: 'gb' }), grow };
}

export interface RigOptions {
  readonly dir?: string;
  readonly clock?: GatewayClock;
  readonly disk?: Disk;
  readonly limits?: Partial<Gb26875Limits>;
  /** Whether the gateway's own clock is sure; it is, where nothing is said. */
  readonly clockTrusted?: boolean;
  readonly transport?: 'tcp' | 'udp';
  /** Parameters of the device's profile. */
  readonly params?: Readonly<Record<string, number>>;
}

/** A listener for the device with source address 889. */
export async function listener(o: RigOptions = {}) {
  const dir = o.dir ?? tempDir('gb26875');
  const clock = o.clock ?? systemClock;
  const registry = new Registry(dir, silent);
  const { devices, learned } = await withLearned([calling('utd', o.params)], registry);
  const index = pointIndex(devices);
  const birth = { id: index.id, bytes: indexBytes(index, born, Date.now()) };
  const spool = await open(`${dir}/spool`, {
    gateway: 'gw-1',
    birth,
    clock,
    ...(o.disk ? { disk: o.disk } : {}),
  });
  const intake = new Intake({ devices, links: ['gb'], spool, clock, log: silent });
  const annunciator = new Annunciator(devices, intake.table);
  const reported: { point: string; value: Sample['value']; quality: string; sourceTime: number }[] = [];
  const beat = () => ({ spool: { bytes: 1, maxBytes: 2, dropped: 0 }, devices: intake.table.counts(), links: {} });
  const uplink = new Uplink({
    ...born,
    url: 'mqtt://127.0.0.1:1',
    index,
    spool,
    snapshot: () => intake.table.snapshot(),
    beat,
    clock,
    log: silent,
  });
  const reshaper = new Reshaper(devices, born, { intake, spool, annunciator, uplink, history: undefined });
  intake.replacing((before, after) => reshaper.replace(before, after));
  let named: { devices: readonly SiteDevice[]; ids: readonly string[] } = { devices: [], ids: [] };
  intake.onSamples((samples) => {
    if (reshaper.devices !== named.devices)
      named = { devices: reshaper.devices, ids: reshaper.devices.flatMap((d) => d.model.points.map((p) => p.id)) };
    for (const { i, value, quality, sourceTime } of samples)
      reported.push({ point: named.ids[i] ?? '?', value, quality, sourceTime });
    annunciator.take(samples);
  });
  const [listed] = devices;
  if (!listed) throw new Error('no device');
  const driver = new Gb26875Driver({
    link: 'gb',
    host: '127.0.0.1',
    port: 0,
    transport: o.transport ?? 'tcp',
    devices: [{ device: listed, source: 889, host: '127.0.0.1', learned: learned.get('utd') ?? NOTHING_LEARNED }],
    intake,
    registry,
    clockTrusted: () => o.clockTrusted ?? true,
    ...(o.limits ? { limits: o.limits } : {}),
  });
  await driver.start();
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await driver.stop();
    await spool.close();
  };
  undo.push(stop);
  const values = (point: string) => reported.filter((s) => s.point === point).map((s) => s.value);
  const active = () => annunciator.active().map((a) => `${a.alarmClass} ${a.point?.id}`);
  const points = () => reshaper.devices.flatMap((d) => d.model.points);
  const counters = () => driver.counters()['gb'] ?? {};
  return { dir, driver, intake, reshaper, reported, values, active, points, counters, stop };
}
export type Listener = Awaited<ReturnType<typeof listener>>;

/** The other end of the line: sends bytes, and reads frames with our own framer, which the vectors prove. */
export class Line {
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  #serial = 1_000;
  /** By how much the device's clock is ahead, ms. */
  clockOff = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const framer = new Gb26875Framer(BEIJING);
    socket.on('data', (bytes: Buffer) =>
      framer.receive(bytes, { frame: (frame) => void this.frames.push(frame), refused: () => undefined }),
    );
    socket.on('error', () => undefined);
  }

  static async to({ driver }: Listener): Promise<Line> {
    const socket = connect(driver.listening, '127.0.0.1');
    await once(socket, 'connect');
    undo.push(async () => void socket.destroy());
    return new Line(socket);
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** A data unit as device 889 sends it. */
  message(adu: Buffer, command = 2): { readonly serial: number; readonly bytes: Buffer } {
    const serial = ++this.#serial;
    const head = {
      serial,
      version: 1,
      userVersion: 1,
      time: Date.now() + this.clockOff,
      source: 889,
      destination: 88_888,
    };
    return { serial, bytes: encodeFrame({ ...head, command, adu }, BEIJING) };
  }

  /** Sends a data unit. @returns its serial */
  say(adu: Buffer, command = 2): number {
    const { serial, bytes } = this.message(adu, command);
    this.send(bytes);
    return serial;
  }

  /** Answers a request of the centre. */
  reply(serial: number, adu: Buffer, command = 5): void {
    const time = Date.now() + this.clockOff;
    const head = { serial, version: 1, userVersion: 1, time, source: 889, destination: 88_888 };
    this.send(encodeFrame({ ...head, command, adu }, BEIJING));
  }

  /** The first frame of the centre with this type flag after the first `after` frames. */
  asked(flag: number, after = 0): Promise<Frame> {
    return until(() => this.frames.slice(after).find((f) => f.adu[0] === flag), { what: `a request of type ${flag}` });
  }

  /** The answer to a serial. */
  answer(serial: number): Promise<Frame> {
    return until(() => this.frames.find((f) => f.serial === serial && (f.command === 3 || f.command === 6)), {
      what: `an answer to ${serial}`,
    });
  }

  /** Sends a data unit and waits for its confirmation. */
  async confirmed(adu: Buffer): Promise<void> {
    const { command } = await this.answer(this.say(adu));
    if (command !== 3) throw new Error(`answered with command ${command}`);
  }
}
