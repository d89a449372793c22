// Devices for tests of the gateway's middle: models with a few points, as the loader would compile them.
import type { DeviceModel, ModelPoint } from '../../device-profiles/contract/profile.ts';
import type { Signal } from '../../device-profiles/contract/signal.ts';
import { POLL_CLASS_MS } from '../../device-profiles/contract/point.ts';
import type { SiteDevice } from '../../gateway/drivers/driver.ts';

const name = { zh: '点', en: 'Point' };

export const point = (id: string, more: Partial<ModelPoint> = {}): ModelPoint => ({
  id,
  template: id,
  name,
  type: 'float32',
  lane: 'telemetry',
  poll: 'fast',
  ...more,
});

export const online = point('online', { type: 'bool', lane: 'safety', poll: 'slow' });

export const model = (points: readonly ModelPoint[], more: Partial<DeviceModel> = {}): DeviceModel => ({
  hash: 'a1b2c3d4'.repeat(4),
  profile: 'test-device',
  kind: 'water-main',
  vendor: 'V',
  model: 'M',
  name,
  edition: '1',
  evidence: 'A',
  points: [online, ...points],
  signals: [],
  ...more,
});

export const device = (id: string, deviceModel: DeviceModel, more: Partial<SiteDevice> = {}): SiteDevice => ({
  id,
  link: 'bus',
  vars: {},
  model: deviceModel,
  pollMs: POLL_CLASS_MS,
  ...more,
});

export const signal = (id: string, on: string, more: Partial<Signal> = {}): Signal => ({
  id,
  class: 'FAULT',
  point: on,
  when: { eq: 1 },
  text: { zh: id, en: id },
  ...more,
});
