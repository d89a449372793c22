// `npm run faults`: the fault runs in full size, one JSON line a result. See README.md beside this file.
import { parseArgs } from 'node:util';
import { cleanUp } from '../helpers/cleanup.ts';
import { SEPARATE, VICTIMS, type Victim } from './compound.ts';
import { runKills } from './kills.ts';
import { freshSeed } from './random.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    kills: { type: 'string', default: '100' },
    what: { type: 'string', default: VICTIMS.join(',') },
  },
});
const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
const wanted = values.what.split(',');
const log = (line: string): void => console.error(line);
let failed = false;
const report = (result: { readonly wrong: readonly string[] }): void => {
  console.log(JSON.stringify(result));
  failed ||= result.wrong.length > 0;
};

for (const group of [VICTIMS.filter((v) => !SEPARATE.includes(v)), SEPARATE]) {
  const victims = group.filter((v) => wanted.includes(v));
  if (victims.length === 0) continue;
  const kills: Partial<Record<Victim, number>> = Object.fromEntries(victims.map((v) => [v, Number(values.kills)]));
  log(`seed ${seed}: kill -9 of ${victims.join(', ')}, ${values.kills} times each`);
  report(await runKills({ seed, kills, log }));
}
await cleanUp();
process.exit(failed ? 1 : 0);
