// npm run simulators: a simulated community with its servers, gauges and lift terminals, and the small page of
// scenarios. Writes the site file that a gateway reads; says where everything is in one JSON line.
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { readCommunity } from './community.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';
import { SimulatedSite } from './site.ts';
import { startPage } from './page.ts';

const { values } = parseArgs({
  options: {
    community: { type: 'string' },
    data: { type: 'string', default: 'data/simulators' },
    host: { type: 'string', default: '127.0.0.1' },
    page: { type: 'string', default: '8090' },
    'field-mqtt': { type: 'string' },
    gb26875: { type: 'string' },
    scenario: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run simulators -- [options]
  --community FILE    YAML of the community (default: demo-community/xingfuli.yaml)
  --data DIR          where site.yaml, point lists and passwords are written (default: data/simulators)
  --host ADDRESS      address to listen on (default: 127.0.0.1)
  --page PORT         port of the scenario page, 0 = free (default: 8090)
  --field-mqtt URL    the gateway's field broker, e.g. mqtt://127.0.0.1:1884; can be told later: POST /field-mqtt
  --gb26875 URL       the gateway's listener, e.g. tcp://127.0.0.1:5001; can be told later: POST /gb26875
  --scenario NAME     start one at once: ${SCENARIOS.map((s) => s.name).join(' ')}`);
  process.exit(0);
}

const file = values.community ?? fileURLToPath(new URL('./demo-community/xingfuli.yaml', import.meta.url));
const site = new SimulatedSite(readCommunity(file), { host: values.host, data: values.data, now: () => Date.now() });
await site.start();
if (values['field-mqtt']) site.connectField(values['field-mqtt']);
if (values.gb26875) site.connectTransmission(values.gb26875);
const page = await startPage(site, values.host, Number(values.page));
if (values.scenario) site.play(values.scenario, {});

const stop = async (): Promise<void> => {
  await page.stop();
  await site.stop();
  process.exit(0);
};
process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());
// A launcher that was killed leaves its children without a parent's pipe: end with it.
if (process.connected) process.once('disconnect', () => void stop());

console.log(JSON.stringify({ ready: 'simulators', page: page.url, site: site.siteFile, devices: site.deviceCount }));
