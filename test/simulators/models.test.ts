// The physics of the simulated compound: what a person who knows the plant would expect to see.
import { describe, expect, it } from 'vitest';
import { idleElevator, inDoorZone, stepElevator, type ElevatorShape } from '../../simulators/models/elevator.ts';
import { FULL_EXTINGUISHER, gaugePressure, stepExtinguisher } from '../../simulators/models/extinguisher.ts';
import { quietPanel, resetPanel, setPoint } from '../../simulators/models/fire-panel.ts';
import { seeded } from '../../simulators/models/random.ts';
import { endPressure, PLANT, QUIET_WATER, stepWater, type WaterState } from '../../simulators/models/water.ts';

function runWater(s: WaterState, seconds: number): WaterState {
  let state = s;
  for (let t = 0; t < seconds * 10; t++) state = stepWater(state, 0.1);
  return state;
}

describe('water', () => {
  it('holds the main between the jockey bands and starts at most 15 times an hour on a quiet day', () => {
    let s = QUIET_WATER;
    let [low, high] = [9, 0];
    for (let t = 0; t < 36_000; t++) {
      s = stepWater(s, 0.1);
      low = Math.min(low, s.pressure);
      high = Math.max(high, s.pressure);
    }
    expect(low).toBeGreaterThan(PLANT.pumpStart);
    expect(high).toBeLessThan(PLANT.jockeyStop + 0.01);
    expect(s.jockeyStarts).toBeGreaterThan(3);
    expect(s.jockeyStarts).toBeLessThanOrEqual(15);
    expect(s.pumpCalled).toBe(false);
  });

  it('starts the fire pump when sprinklers open, the pressure rises again, and nothing stops the pump by itself', () => {
    const open = runWater({ ...QUIET_WATER, demand: 12 }, 40);
    expect(open.pumpSpeed).toBe(1);
    expect(open.pressure).toBeGreaterThan(1.3);
    const closed = runWater({ ...open, demand: 0 }, 300);
    expect(closed.pumpSpeed).toBe(1);
  });

  it('reports a failed start after 15 s without speed', () => {
    const before = runWater({ ...QUIET_WATER, pumpBroken: true, demand: 15 }, 14);
    expect(before.failedToStart).toBe(false);
    expect(runWater(before, 10).failedToStart).toBe(true);
  });

  it('falls slowly with a leak while the mains are off', () => {
    const one = runWater({ ...QUIET_WATER, mains: false, leak: 0.15 }, 60);
    const two = runWater(one, 60);
    expect(one.pressure).toBeLessThan(QUIET_WATER.pressure - 0.2);
    expect(two.pressure).toBeLessThan(one.pressure);
    expect(two.pumpSpeed).toBe(0);
  });

  it('loses 0.00981 MPa a metre of height at an end', () => {
    expect(endPressure({ ...QUIET_WATER, pressure: 1.3 }, 78)).toBeCloseTo(1.3 - 0.765, 3);
  });
});

describe('elevator', () => {
  const shape: ElevatorShape = { lowest: -1, floors: 27, floorHeight: 3, ratedSpeed: 2.5 };

  it('keeps to its shaft, never moves with an open door, and stops only at landings', () => {
    const random = seeded(7);
    let s = idleElevator(0);
    let moved = 0;
    const wrong: string[] = [];
    for (let t = 0; t < 60_000; t++) {
      const next = stepElevator(s, 0.1, shape, random);
      if (next.position !== s.position) {
        moved += 1;
        if (next.door !== 0) wrong.push(`moves with an open door at ${t}`);
      }
      if (next.speed === 0 && next.door > 0 && !inDoorZone(next, shape)) wrong.push(`opens between landings at ${t}`);
      if (next.position < 0 || next.position > 26 * 3) wrong.push(`outside its shaft at ${t}`);
      if (Math.abs(next.speed) > 2.5 + 1e-9) wrong.push(`too fast at ${t}`);
      s = next;
    }
    expect(wrong).toEqual([]);
    expect(moved).toBeGreaterThan(1_000);
    expect(s.runs).toBeGreaterThan(20);
  });

  it('stops between two landings with a person inside when told to stick', () => {
    const random = seeded(3);
    let s = { ...idleElevator(0), willStick: true, people: 1, target: 60, dwell: 0 };
    for (let t = 0; t < 600 && !s.stuck; t++) s = stepElevator(s, 0.1, shape, random);
    expect(s.stuck).toBe(true);
    expect(s.people).toBeGreaterThan(0);
    expect(inDoorZone(s, shape)).toBe(false);
    expect(stepElevator(s, 5, shape, random).position).toBe(s.position);
  });
});

describe('panel and extinguisher', () => {
  it('holds fire until its own reset, and troubles and disablements beyond it', () => {
    let panel = quietPanel(['1', '2']);
    panel = setPoint(panel, '1', { fire: true, trouble: true });
    panel = setPoint(panel, '2', { disabled: true });
    const after = resetPanel(panel);
    expect(after.points.get('1')).toMatchObject({ fire: false, trouble: true });
    expect(after.points.get('2')).toMatchObject({ disabled: true });
    expect(() => setPoint(panel, '9', { fire: true })).toThrow('no point 9');
  });

  it('follows the gas law: 1.2 MPa at 20 °C is about 1.02 at −20 °C and 1.36 at 55 °C', () => {
    // Ideal-gas values for a powder extinguisher charged to 1.2 MPa gauge at 20 °C.
    expect(gaugePressure(FULL_EXTINGUISHER, 20)).toBeCloseTo(1.2, 2);
    expect(gaugePressure(FULL_EXTINGUISHER, -20)).toBeCloseTo(1.02, 2);
    expect(gaugePressure(FULL_EXTINGUISHER, 55)).toBeCloseTo(1.36, 2);
    const leaking = stepExtinguisher({ ...FULL_EXTINGUISHER, leakPerHour: 0.6 }, 1_800);
    expect(leaking.at20).toBeCloseTo(0.9, 6);
  });
});
