// The simulated devices against the manuals' own examples: a slip here would make the demo lie.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCommunity } from '../../simulators/community.ts';
import { crc16 } from '../../simulators/modbus-server.ts';
import { quietPanel, setPoint } from '../../simulators/models/fire-panel.ts';
import { QUIET_WATER } from '../../simulators/models/water.ts';
import { chv180, gstPanel, meokonFrame, notifierPanel, tornatechPump, transmitterB } from '../../simulators/units.ts';
import { SCENARIOS } from '../../simulators/scenarios/scenarios.ts';
import { World } from '../../simulators/world.ts';
import { idleElevator } from '../../simulators/models/elevator.ts';

const one = (answer: ArrayLike<number> | number | 'silent'): number =>
  typeof answer === 'object' ? (answer[0] ?? -1) : -1;

describe('manual and automatic', () => {
  const community = readCommunity(
    fileURLToPath(new URL('../../simulators/demo-community/xingfuli.yaml', import.meta.url)),
  );
  const play = (w: World, name: string): void => {
    for (const { act } of SCENARIOS.find((s) => s.name === name)?.acts(w, {}) ?? []) act(w);
  };

  it('a panel in manual shows a fire and starts nothing; back in automatic it does', () => {
    const w = new World(community);
    const started = (): string[] => [...w.panel('b1').points].flatMap(([id, p]) => (p.active ? [id] : []));
    const fires = (): number => [...w.panel('b1').points.values()].filter((p) => p.fire).length;
    play(w, 'panel-manual');
    expect(w.panel('b1').inAutomatic).toBe(false);
    play(w, 'fire');
    expect([fires(), started()]).toEqual([4, []]);
    play(w, 'panel-automatic');
    play(w, 'fire');
    expect(started()).toHaveLength(3);
  });

  it('a reset at the panel leaves its mode, a quiet day brings automatic back', () => {
    const w = new World(community);
    play(w, 'panel-manual');
    play(w, 'panel-reset');
    expect(w.panel('b1').inAutomatic).toBe(false);
    play(w, 'quiet');
    expect(w.panel('b1').inAutomatic).toBe(true);
  });

  it('a pump in manual does not start when the pressure falls', () => {
    const w = new World(community);
    play(w, 'pump-manual');
    w.water = { ...w.water, demand: 15 };
    w.step(60, 12);
    expect(w.water.pumpCalled).toBe(false);
    play(w, 'pump-automatic');
    w.step(10, 12);
    expect(w.water.pumpCalled).toBe(true);
  });
});

describe('simulated units', () => {
  it('makes the very frame of the MEOKON V3.0 manual', () => {
    const frame = meokonFrame(
      {
        id: 'SHMK19060013',
        battery: 100,
        rssi: -56,
        intervalS: 60,
        alarm: 2,
        low: 0.1,
        high: 0.5,
        value: 0.538,
        at: Date.UTC(2019, 6, 1, 1, 49, 42),
        records: [0.537, 0.538, 0.534, 0.536, 0.536, 0.531, 0.542, 0.54, 0.541, 0.541],
      },
      crc16,
    );
    expect(frame).toBe(
      'a55a00003b53484d4b313930363030313334c8003c000a0102006401f4021a5d1966b60219021a0216021802180213021e021c021d021d7e0355aa',
    );
  });

  it('packs GST states as the sheet does: device 1 in bits 11–10 of 40031, device 7 in bits 15–14 of 40032', () => {
    const ids = Array.from({ length: 16 }, (_, k) => `${k + 1}`);
    let panel = quietPanel(ids);
    panel = setPoint(panel, '1', { fire: true });
    panel = setPoint(panel, '7', { disabled: true });
    const unit = gstPanel(() => panel, ids.length);
    expect(one(unit.read('holding', 30, 1))).toBe(0b01 << 10);
    expect(one(unit.read('holding', 31, 1))).toBe(0b11 << 14);
    expect(unit.read('holding', 29, 1)).toBe(0x02);
  });

  it('shows a Notifier detector in fire with bit 11 and event 10h, an empty address with FFh, and refuses over 100', () => {
    const panel = setPoint(quietPanel(['D1-5']), 'D1-5', { fire: true });
    const unit = notifierPanel(() => panel, 1);
    expect(one(unit.read('holding', 4, 1)) & 0x08ff).toBe(0x0810);
    expect(one(unit.read('holding', 5, 1)) & 0xff).toBe(0xff);
    expect(unit.read('holding', 0, 101)).toBe(0x03);
  });

  it('sets fail-to-start in bit 5 of 41001 and power loss in bit 7', () => {
    const at41001 = 41_001 - 40_001;
    expect(one(tornatechPump(() => ({ ...QUIET_WATER, failedToStart: true })).read('holding', at41001, 1))).toBe(
      1 << 5,
    );
    expect(one(tornatechPump(() => ({ ...QUIET_WATER, mains: false })).read('holding', at41001, 1)) & (1 << 7)).toBe(
      1 << 7,
    );
  });

  it('sends float32 high word first at 0016h of map B and takes at most 16 registers on a CHV180', () => {
    const words = transmitterB(
      () => 2.5,
      7,
      () => 20,
    ).read('holding', 0x16, 2);
    expect(words).toEqual(Uint16Array.from([0x4020, 0x0000]));
    const drive = chv180(() => ({ ...idleElevator(0), speed: 1 }));
    expect(one(drive.read('holding', 0x1001, 1))).toBe(1);
    expect(drive.read('holding', 0x3000, 17)).toBe(0x03);
    expect(drive.read('holding', 0x1000, 1)).toBe(0x02);
  });

  it('tells the direction of torque of a CHV180 as 0 forward, 1 reverse, and no third', () => {
    const direction = (speed: number): number =>
      one(chv180(() => ({ ...idleElevator(0), speed })).read('holding', 0x3015, 1));
    expect([direction(1), direction(0), direction(-1)]).toEqual([0, 0, 1]);
  });
});
