// Device kinds; also the measurement names in history.
export const DEVICE_KINDS = [
  'fire-panel',
  'fire-pump',
  'jockey-pump',
  'water-tank',
  'water-main', // pressure of a main, hydrant or sprinkler end
  'hydrant', // an outdoor hydrant whose terminal also tells discharge, tilt and impact
  'extinguisher',
  'elevator',
  'electrical-fire',
  'power-supply',
  'environment',
  'io-module',
  'gateway',
] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];
