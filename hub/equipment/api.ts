// What other domains may ask of equipment.
export { Register } from './register.ts';
export { countUnproved, findDevice, findPoint, type DeviceRow, type PointRow } from './store.ts';
