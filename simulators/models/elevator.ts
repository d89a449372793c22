// One lift car as its terminal sees it: trips between floors, doors, people, and a stop between floors. Position in
// metres above the lowest landing, speed in m/s. Pure: `stepElevator` takes the random source that makes its trips.
import type { Random } from './random.ts';

export interface ElevatorShape {
  readonly lowest: number;
  readonly floors: number;
  readonly floorHeight: number;
  readonly ratedSpeed: number;
}

export interface ElevatorState {
  readonly position: number;
  readonly speed: number;
  readonly target: number;
  /** 0 closed … 1 open. */
  readonly door: number;
  readonly dwell: number;
  readonly people: number;
  readonly runs: number;
  /** Stopped where it is (safety circuit open). */
  readonly stuck: boolean;
  /** Stops between the next two landings as soon as it runs with somebody inside (scenario). */
  readonly willStick: boolean;
  readonly button: boolean;
  readonly mains: boolean;
  readonly inspection: boolean;
}

export const idleElevator = (position: number): ElevatorState => ({
  position,
  speed: 0,
  target: position,
  door: 0,
  dwell: 20,
  people: 0,
  runs: 0,
  stuck: false,
  willStick: false,
  button: false,
  mains: true,
  inspection: false,
});

const DOOR_ZONE_M = 0.2;
const ACCELERATION = 0.9;

/** Landing nearest to the car, counted from the lowest as 0. */
export const landing = (s: ElevatorState, shape: ElevatorShape): number => Math.round(s.position / shape.floorHeight);
export const inDoorZone = (s: ElevatorState, shape: ElevatorShape): boolean =>
  Math.abs(s.position - landing(s, shape) * shape.floorHeight) <= DOOR_ZONE_M;
/** Floor number as painted: no floor 0 between −1 and 1. */
export function floorNumber(s: ElevatorState, shape: ElevatorShape): number {
  const f = shape.lowest + landing(s, shape);
  return shape.lowest < 0 && f >= 0 ? f + 1 : f;
}

export function stepElevator(s: ElevatorState, dt: number, shape: ElevatorShape, random: Random): ElevatorState {
  if (s.stuck || !s.mains || s.inspection) return { ...s, speed: 0 };
  const distance = s.target - s.position;
  if (Math.abs(distance) > 0.01 && s.door === 0) return run(s, dt, shape, distance);
  if (s.dwell > 0) {
    const door = s.dwell > 3 && s.dwell < 9 ? Math.min(1, s.door + dt / 2) : Math.max(0, s.door - dt / 2);
    return { ...s, speed: 0, door, dwell: s.dwell - dt };
  }
  if (s.door > 0) return { ...s, speed: 0, door: Math.max(0, s.door - dt / 2) };
  const goal = Math.floor(random() * shape.floors) * shape.floorHeight;
  const people = Math.floor(random() * 4);
  if (goal === s.target) return { ...s, people, dwell: 6 + random() * 30 };
  return { ...s, target: goal, people: s.willStick ? Math.max(1, people) : people, runs: s.runs + 1 };
}

function run(s: ElevatorState, dt: number, shape: ElevatorShape, distance: number): ElevatorState {
  const between = !inDoorZone(s, shape);
  if (s.willStick && between && s.people > 0) return { ...s, speed: 0, stuck: true, willStick: false };
  const brake = Math.sqrt(2 * ACCELERATION * Math.abs(distance));
  const wish = Math.sign(distance) * Math.min(shape.ratedSpeed, brake);
  const change = Math.max(-ACCELERATION * dt, Math.min(ACCELERATION * dt, wish - s.speed));
  const speed = s.speed + change;
  const moved = speed * dt;
  if (Math.abs(moved) >= Math.abs(distance) - 0.01 || (Math.abs(distance) < 0.05 && Math.abs(speed) < 0.4))
    return { ...s, position: s.target, speed: 0, dwell: 12 };
  return { ...s, position: s.position + moved, speed };
}
