// The state of the whole simulated community and how it moves on: water, panels, lifts, gauges. Time is an argument;
// acts of scenarios are methods. Everything that speaks a protocol reads from here.
import {
  floorsOf,
  gauges,
  lifts,
  panelAddresses,
  panelShapes,
  type Community,
  type Gauge,
  type Lift,
  type PanelAddress,
} from './community.ts';
import { idleElevator, stepElevator, type ElevatorShape, type ElevatorState } from './models/elevator.ts';
import {
  corridorTemperature,
  FULL_EXTINGUISHER,
  gaugePressure,
  stepExtinguisher,
  type ExtinguisherState,
} from './models/extinguisher.ts';
import { quietPanel, resetPanel, setPoint, type PanelPoint, type PanelState } from './models/fire-panel.ts';
import { calmed, quietTransmission, type TransmissionState } from './models/transmission.ts';
import { noise, seeded, type Random } from './models/random.ts';
import { endPressure, QUIET_WATER, stepWater, type WaterState } from './models/water.ts';

const SLICE_S = 0.1;
const PROBE_NOISE_MPA = 0.000_6;

export class World {
  readonly community: Community;
  readonly addresses = new Map<string, readonly PanelAddress[]>();
  readonly panels = new Map<string, PanelState>();
  readonly lifts: readonly Lift[];
  readonly cars = new Map<string, ElevatorState>();
  readonly gauges: readonly Gauge[];
  readonly cylinders = new Map<string, ExtinguisherState>();
  water: WaterState = QUIET_WATER;
  /** Behind the transmission device, where the community has one. */
  transmission: TransmissionState | undefined;
  readonly shape: ElevatorShape;
  readonly #random: Random;
  #hour = 12;

  constructor(community: Community) {
    this.community = community;
    this.#random = seeded(community.seed);
    const floors = floorsOf(community);
    this.shape = {
      lowest: community.floors.lowest,
      floors: floors.length,
      floorHeight: community.floors.height,
      ratedSpeed: 2.5,
    };
    for (const b of community.buildings) {
      const addresses = panelAddresses(community, b.panel);
      this.addresses.set(b.id, addresses);
      this.panels.set(b.id, quietPanel(addresses.map((a) => a.id)));
    }
    if (community.transmission) this.transmission = quietTransmission(panelShapes(community.transmission));
    this.lifts = lifts(community);
    for (const lift of this.lifts) {
      const at = Math.floor(this.#random() * floors.length) * community.floors.height;
      this.cars.set(lift.id, { ...idleElevator(at), dwell: this.#random() * 20 });
    }
    this.gauges = gauges(community);
    for (const g of this.gauges)
      if (g.use === 'extinguisher')
        this.cylinders.set(g.id, { ...FULL_EXTINGUISHER, at20: 1.2 + noise(this.#random, 0.06) });
  }

  /** Moves everything on by `dt` seconds; `hour` is the local hour of day, 0–24. */
  step(dt: number, hour: number): void {
    this.#hour = hour;
    for (let left = dt; left > 0; left -= SLICE_S) {
      const slice = Math.min(SLICE_S, left);
      this.water = stepWater(this.water, slice);
      for (const [id, car] of this.cars) this.cars.set(id, stepElevator(car, slice, this.shape, this.#random));
    }
    for (const [id, cylinder] of this.cylinders) this.cylinders.set(id, stepExtinguisher(cylinder, dt));
  }

  temperature(): number {
    return corridorTemperature(this.#hour);
  }

  /** Outlet pressure as a probe sees it, MPa. */
  outlet(): number {
    return Math.max(0, this.water.pressure + noise(this.#random, PROBE_NOISE_MPA));
  }

  /** What a gauge reads now, MPa. */
  gauge(g: Gauge): number {
    const wobble = noise(this.#random, PROBE_NOISE_MPA);
    const cylinder = this.cylinders.get(g.id);
    if (cylinder) return Math.max(0, gaugePressure(cylinder, this.temperature()) + wobble);
    return Math.max(0, endPressure(this.water, Math.max(0, g.floor) * this.community.floors.height) + wobble);
  }

  /** Pressure of the main at a height above the pump room, MPa. */
  mainAt(height: number): number {
    return Math.max(0, endPressure(this.water, Math.max(0, height)));
  }

  panel(building: string): PanelState {
    const panel = this.panels.get(building);
    if (!panel) throw new Error(`no building ${building}`);
    return panel;
  }

  setPanel(building: string, panel: PanelState): void {
    this.panels.set(building, panel);
  }

  /** @throws Error naming building and floor when there is no such address there. */
  address(building: string, floor: number, role: string): PanelAddress {
    const found = this.addresses.get(building)?.find((a) => a.floor === floor && a.role === role);
    if (!found) throw new Error(`${building} has no ${role} on floor ${floor}`);
    return found;
  }

  /** Changes one panel point, where the building has it; a role that its panel does not know is passed over. */
  point(building: string, floor: number, role: string, change: Partial<PanelPoint>): void {
    const found = this.addresses.get(building)?.find((a) => a.floor === floor && a.role === role);
    if (found) this.setPanel(building, setPoint(this.panel(building), found.id, change));
  }

  car(id: string, change: Partial<ElevatorState>): void {
    const car = this.cars.get(id);
    if (!car) throw new Error(`no lift ${id}`);
    this.cars.set(id, { ...car, ...change });
  }

  /** Everything back to a quiet day; cylinders refilled, people out of the lifts. */
  reset(): void {
    for (const [id, panel] of this.panels) {
      const quiet = quietPanel([...panel.points.keys()]);
      this.panels.set(id, { ...resetPanel(quiet), dead: false });
    }
    if (this.transmission) this.transmission = calmed(this.transmission);
    for (const [id, car] of this.cars) {
      const landing = Math.round(car.position / this.shape.floorHeight) * this.shape.floorHeight;
      this.cars.set(id, { ...idleElevator(landing), runs: car.runs });
    }
    for (const [id, c] of this.cylinders)
      if (c.leakPerHour > 0 || c.at20 < 1.1) this.cylinders.set(id, FULL_EXTINGUISHER);
    this.water = { ...QUIET_WATER, pit: this.water.pit, roof: this.water.roof, jockeyStarts: this.water.jockeyStarts };
  }
}
