import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { compileDevice } from '../../device-profiles/compile.ts';
import { POINT_TYPES } from '../../device-profiles/contract/point.ts';
import { MQTT_CODECS, ModbusSection, MqttSection } from '../../device-profiles/contract/profile.ts';
import { SIGNAL_CLASSES } from '../../device-profiles/contract/signal.ts';
import { parseProfile } from '../../device-profiles/load.ts';
import { parseSite } from '../../gateway/site.ts';

const README = readFileSync(fileURLToPath(new URL('../../device-profiles/README.md', import.meta.url)), 'utf8');
const [profileSample = '', siteSample = ''] = [...README.matchAll(/```yaml\n([\s\S]*?)```/g)].map((m) => m[1] ?? '');

it('the profile in the README loads and compiles', () => {
  const model = compileDevice(parseProfile('pump/example-p1.yaml', profileSample));
  expect(model.signals.map((s) => s.id)).toEqual(['offline', 'low-pressure', 'fault', 'unknown-code-state']);
});

it('the devices of the README are what a site file takes', () => {
  const { devices } = parse(siteSample) as { devices: { pointList?: string; points?: object[] }[] };
  const withoutFiles = devices.map(({ pointList, ...d }) =>
    pointList === undefined ? d : { ...d, points: [{ indices: { device: 1 } }] },
  );
  const links = ['pump-room', 'gst-b5', 'notifier'].map((id) => ({ id, type: 'modbus-tcp', host: 'h' }));
  const site = { gateway: 'gw', community: 'c', links, devices: withoutFiles };
  expect(parseSite('site.yaml', JSON.stringify(site)).devices).toHaveLength(devices.length);
});

it('the README names every type, class, codec and section key', () => {
  const words = [
    ...POINT_TYPES,
    ...SIGNAL_CLASSES,
    ...MQTT_CODECS,
    ...Object.keys(ModbusSection.properties),
    ...Object.keys(MqttSection.properties),
  ];
  expect(words.filter((word) => !README.includes(word))).toEqual([]);
});
