// The fire water of a compound: pit tank, electric fire pump, jockey pump, roof tank and one ring main. Pressures in
// MPa at the pump outlet, levels in m, flows in L/s, times in s. Pure: `step` makes the next state.
//
// The main is an elastic volume: pressure rises with what pumps add and falls with leak and demand. Jockey bands and
// "the fire pump never stops by itself" follow GB 50974 ch. 13 practice; the numbers below are this plant's settings.

export interface WaterPlant {
  readonly jockeyStart: number;
  readonly jockeyStop: number;
  readonly pumpStart: number;
  /** Pressure at which the pump delivers nothing any more. */
  readonly pumpShutoff: number;
  readonly jockeyShutoff: number;
  readonly pumpFlowMax: number;
  readonly jockeyFlowMax: number;
  /** L/s that raise the main by 1 MPa in 1 s. */
  readonly elasticity: number;
  readonly pitArea: number;
  readonly roofArea: number;
  readonly pitFull: number;
  readonly roofFull: number;
  /** Seconds from the start signal to full speed. */
  readonly spinUp: number;
}

export const PLANT: WaterPlant = {
  jockeyStart: 1.24,
  jockeyStop: 1.34,
  pumpStart: 1.12,
  pumpShutoff: 1.62,
  jockeyShutoff: 1.5,
  pumpFlowMax: 40,
  jockeyFlowMax: 1.5,
  elasticity: 30,
  pitArea: 90,
  roofArea: 9,
  pitFull: 3.4,
  roofFull: 2.1,
  spinUp: 4,
};

export interface WaterState {
  readonly pressure: number;
  readonly pit: number;
  readonly roof: number;
  /** 0 … 1 of full speed. */
  readonly pumpSpeed: number;
  readonly jockeyOn: boolean;
  /** The start signal is latched: only a person stops the fire pump. */
  readonly pumpCalled: boolean;
  /** Seconds since the start signal without speed: the controller gives up after 15 s. */
  readonly startingFor: number;
  readonly failedToStart: boolean;
  readonly jockeyStarts: number;
  readonly mains: boolean;
  /** The motor is seized or its starter broken (scenario). */
  readonly pumpBroken: boolean;
  /** L/s at 1 MPa through leaks, through open hydrants and sprinklers. */
  readonly leak: number;
  readonly demand: number;
  readonly inAutomatic: boolean;
}

export const QUIET_WATER: WaterState = {
  pressure: 1.31,
  pit: 3.38,
  roof: 2.08,
  pumpSpeed: 0,
  jockeyOn: false,
  pumpCalled: false,
  startingFor: 0,
  failedToStart: false,
  jockeyStarts: 0,
  mains: true,
  pumpBroken: false,
  leak: 0.008,
  demand: 0,
  inAutomatic: true,
};

/** Seconds of `dt` at most 1: callers step in small slices. */
export function stepWater(s: WaterState, dt: number, plant: WaterPlant = PLANT): WaterState {
  const jockeyOn = s.mains && (s.jockeyOn ? s.pressure < plant.jockeyStop : s.pressure < plant.jockeyStart);
  const pumpCalled = s.pumpCalled || (s.inAutomatic && s.pressure < plant.pumpStart);
  const turns = pumpCalled && s.mains && !s.pumpBroken;
  const pumpSpeed = turns ? Math.min(1, s.pumpSpeed + dt / plant.spinUp) : Math.max(0, s.pumpSpeed - dt / 8);
  const startingFor = pumpCalled && pumpSpeed < 0.2 ? s.startingFor + dt : 0;
  const shutoff = plant.pumpShutoff * pumpSpeed * pumpSpeed;
  const fromPump =
    shutoff > s.pressure ? plant.pumpFlowMax * pumpSpeed * Math.sqrt((shutoff - s.pressure) / plant.pumpShutoff) : 0;
  const fromJockey = jockeyOn ? plant.jockeyFlowMax * Math.sqrt(Math.max(0, 1 - s.pressure / plant.jockeyShutoff)) : 0;
  const root = Math.sqrt(Math.max(0, s.pressure));
  const lost = (s.leak + s.demand) * root;
  // The roof tank holds its static head on the main: about 0.85 MPa at the pump outlet of a 26-floor house.
  const fromRoof = s.pressure < 0.85 && s.roof > 0.05 ? Math.min(20, (0.85 - s.pressure) * 40) : 0;
  const refill = s.mains && s.pit < plant.pitFull ? 6 : 0;
  const roofRefill = s.mains && s.roof < plant.roofFull ? 1.2 : 0;
  return {
    ...s,
    jockeyOn,
    pumpCalled,
    pumpSpeed,
    startingFor,
    failedToStart: s.failedToStart || startingFor >= 15,
    jockeyStarts: s.jockeyStarts + (jockeyOn && !s.jockeyOn ? 1 : 0),
    pressure: Math.max(0, s.pressure + ((fromPump + fromJockey + fromRoof - lost) * dt) / plant.elasticity),
    pit: Math.max(0, s.pit + ((refill - fromPump - fromJockey - roofRefill) * dt) / 1000 / plant.pitArea),
    roof: Math.max(0, s.roof + ((roofRefill - fromRoof) * dt) / 1000 / plant.roofArea),
  };
}

/** Pressure at a hydrant or sprinkler end `metres` above the pump outlet. 0.00981 MPa per metre of water. */
export const endPressure = (s: WaterState, metres: number): number => Math.max(0, s.pressure - metres * 0.009_81);
