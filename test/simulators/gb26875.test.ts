// The simulated transmission device against frames that others published: it reads and writes them without any code of
// the gateway, so that a misreading of the standard on either side shows.
import { describe, expect, it } from 'vitest';
import { quietTransmission, changePart, operate, type PanelShape } from '../../simulators/models/transmission.ts';
import { DEVICE_TIMES, TransmissionDevice } from '../../simulators/gb26875/device.ts';
import {
  bytesTime,
  COMMAND,
  readFrame,
  timeBytes,
  writeFrame,
  type DeviceFrame,
} from '../../simulators/gb26875/frame.ts';
import { textBytes } from '../../simulators/gb26875/text.ts';
import * as units from '../../simulators/gb26875/units.ts';
import { BAD_SUM, VECTORS, type VectorName } from '../gateway/gb26875/vectors.ts';

/** 2012-09-26 09:58:02 in Beijing, the moment of the published frames. */
const MOMENT = Date.UTC(2012, 8, 26, 1, 58, 2);
const TAG = timeBytes(MOMENT + 30_000);

const shape: PanelShape = {
  id: 'a',
  system: 1,
  address: 1,
  text: '一号主机',
  parts: [{ id: 'smoke-10-2', type: 40, zone: 10, number: 2, text: ' '.repeat(30) }],
};
const quiet = quietTransmission([shape]);

function frameOf(bytes: Buffer): DeviceFrame {
  const { frame } = readFrame(bytes);
  if (typeof frame === 'string') throw new Error(`not read: ${frame}`);
  return frame;
}

const from889 = (unit: Uint8Array, command: number = COMMAND.send): Buffer =>
  writeFrame({ serial: 1, version: [1, 1], tag: TAG, source: 889, destination: 88_888, command, unit });

describe('the frames of a simulated transmission device', () => {
  it('are the published ones, byte by byte: a detector on fire, mains lost, a heartbeat, a version', () => {
    const [part] = shape.parts;
    const burning = changePart(quiet, 'a', 'smoke-10-2', { fire: true }).panels.get('a')?.parts.get('smoke-10-2');
    if (!part || !burning) throw new Error('no part');
    expect(from889(units.partStatus([{ of: shape, part, state: burning }], MOMENT)).toString('hex')).toBe(
      VECTORS.smokeFire.toString('hex'),
    );
    expect(from889(units.deviceStatus({ ...quiet, mainsLost: true }, MOMENT)).toString('hex')).toBe(
      VECTORS.deviceMainsFault.toString('hex'),
    );
    const beat = frameOf(VECTORS.heartbeat);
    expect(writeFrame({ ...beat, unit: new Uint8Array() }).toString('hex')).toBe(VECTORS.heartbeat.toString('hex'));
    expect(frameOf(VECTORS.deviceVersion).unit).toEqual(units.version(undefined));
    const muted = frameOf(VECTORS.deviceSilenced);
    const at = bytesTime(muted.tag);
    expect(units.operations(undefined, [{ of: undefined, key: 'silence', operator: 0, at }])).toEqual(muted.unit);
  });

  it('are read whole from every published frame and written again as they were; a wrong sum is none', () => {
    for (const name of Object.keys(VECTORS) as VectorName[])
      expect([name, writeFrame(frameOf(VECTORS[name])).toString('hex')]).toEqual([name, VECTORS[name].toString('hex')]);
    expect(readFrame(BAD_SUM).frame).toBe('wrong');
  });

  it('carry a Chinese name in the bytes that a real device sent', () => {
    const said = frameOf(VECTORS.photoelectricFire).unit.subarray(11, 11 + 17);
    expect(textBytes('1号接口板1回路1号', 18).subarray(0, 17)).toEqual(said);
    expect(textBytes('车库车库', 5)).toEqual(Uint8Array.from([...textBytes('车库', 4), 0]));
  });
});

describe('a simulated transmission device', () => {
  const device = (): TransmissionDevice =>
    new TransmissionDevice({ name: '装置', source: 889, centre: 88_888, measure: () => undefined }, quiet);
  const frames = (sent: readonly Buffer[]): DeviceFrame[] => sent.map(frameOf);
  const answer = ({ serial }: DeviceFrame, command: number): DeviceFrame => ({
    ...frameOf(VECTORS.confirm),
    serial,
    command,
  });

  /** Confirms what is sent until nothing more comes. */
  function drain(d: TransmissionDevice, sent: readonly Buffer[], now: number): DeviceFrame[] {
    const all: DeviceFrame[] = [];
    for (let next = frames(sent); next.length > 0;) {
      all.push(...next);
      next = next.flatMap((f) => frames(d.received(answer(f, COMMAND.confirm), now)));
    }
    return all;
  }

  it('tells at a connection what it is and how everything stands, one message at a time', () => {
    const d = device();
    d.connected(MOMENT);
    const [first, ...more] = d.tick(quiet, MOMENT);
    expect(more).toEqual([]);
    const told = drain(d, first ? [first] : [], MOMENT);
    expect(told.map((f) => f.unit[0])).toEqual([21, 25, 1, 2]);
    expect(told.map((f) => f.serial)).toEqual([0, 1, 2, 3]);
  });

  it('sends again after 10 s with the same serial and time, three times, and then hangs up', () => {
    const d = device();
    d.connected(MOMENT);
    const [first] = frames(d.tick(quiet, MOMENT));
    const again = frames(d.tick(quiet, MOMENT + DEVICE_TIMES.timeoutMs));
    expect(again).toEqual([first]);
    d.tick(quiet, MOMENT + 2 * DEVICE_TIMES.timeoutMs);
    expect(d.gaveUp).toBe(false);
    expect(d.tick(quiet, MOMENT + 3 * DEVICE_TIMES.timeoutMs)).toEqual([]);
    expect(d.gaveUp).toBe(true);
    d.disconnected();
    d.connected(MOMENT + 60_000);
    expect(frames(d.tick(quiet, MOMENT + 60_000))).toEqual([first]);
  });

  it('puts a fire before what waits, and never before an earlier word of a part', () => {
    const d = device();
    d.connected(MOMENT);
    drain(d, d.tick(quiet, MOMENT), MOMENT);
    d.disconnected();
    const pressed = operate({ ...quiet, mainsLost: true }, { panel: 'a', key: 'silence', operator: 3 });
    d.tick(pressed, MOMENT + 1_000);
    const burning = changePart({ ...pressed, batteryLow: true }, 'a', 'smoke-10-2', { fire: true });
    d.tick(burning, MOMENT + 2_000);
    d.connected(MOMENT + 3_000);
    const told = drain(d, d.tick(burning, MOMENT + 3_000), MOMENT + 3_000);
    // The key, the fire, the fire again as part of how everything stands, and only then the supply.
    expect(told.slice(0, 4).map((f) => f.unit[0])).toEqual([4, 2, 2, 21]);
  });

  it('answers what is read, is set by the clock of the centre, and denies to be initialised', () => {
    const d = device();
    d.tick(quiet, MOMENT);
    const reply = frames(d.received(frameOf(VECTORS.readDeviceStatus), MOMENT));
    expect(reply.map((f) => [f.command, f.source, f.destination, [...f.unit.subarray(0, 3)]])).toEqual([
      [COMMAND.reply, 889, 88_888, [21, 1, 1]],
    ]);
    d.tick({ ...quiet, misset: { n: 1, ms: -600_000 } }, MOMENT);
    expect(d.clockOff).toBe(-600_000);
    expect(frames(d.received(frameOf(VECTORS.setClock), MOMENT)).map((f) => f.command)).toEqual([COMMAND.confirm]);
    expect(d.clockOff).toBe(0);
    const initialise = { ...frameOf(VECTORS.setClock), unit: Uint8Array.of(89, 1, 0) };
    expect(frames(d.received(initialise, MOMENT)).map((f) => f.command)).toEqual([COMMAND.deny]);
    d.tick({ ...quiet, takesClock: false }, MOMENT);
    expect(frames(d.received(frameOf(VECTORS.setClock), MOMENT)).map((f) => f.command)).toEqual([COMMAND.deny]);
  });

  it('lets the desk answer a duty check by the key, as an operation of its own', () => {
    const d = device();
    d.connected(MOMENT);
    drain(d, d.tick(quiet, MOMENT), MOMENT);
    expect(frames(d.received(frameOf(VECTORS.dutyCheck), MOMENT)).map((f) => f.command)).toEqual([COMMAND.confirm]);
    const [pressed] = frames(d.tick(quiet, MOMENT + DEVICE_TIMES.dutyAnswerMs));
    expect([...(pressed?.unit ?? [])].slice(0, 3)).toEqual([24, 1, 0x20]);
  });
});
