// A stored-pressure powder extinguisher with a wireless gauge: gas pressure follows temperature, a leak lowers it.
// Pressures in MPa gauge, temperature in °C. Nominal 1.2 MPa at 20 °C (standards.md 5).

export interface ExtinguisherState {
  /** Gauge pressure it would have at 20 °C. */
  readonly at20: number;
  /** MPa per hour. */
  readonly leakPerHour: number;
  readonly battery: number;
}

export const FULL_EXTINGUISHER: ExtinguisherState = { at20: 1.2, leakPerHour: 0, battery: 100 };

export const stepExtinguisher = (s: ExtinguisherState, dt: number): ExtinguisherState => ({
  ...s,
  at20: Math.max(0, s.at20 - (s.leakPerHour * dt) / 3600),
});

/** Ideal gas at constant volume: absolute pressure follows absolute temperature. */
export const gaugePressure = (s: ExtinguisherState, temperature: number): number =>
  Math.max(0, (s.at20 + 0.101) * ((273.15 + temperature) / 293.15) - 0.101);

/** Outdoor-ish corridor temperature over a day: coldest at 05:00, warmest at 15:00. `hour` 0–24 local. */
export const corridorTemperature = (hour: number): number => 16 + 5 * Math.sin(((hour - 9) / 24) * 2 * Math.PI);
