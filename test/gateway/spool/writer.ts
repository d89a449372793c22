// A process that does nothing but put records into a spool and print what was acknowledged, to be killed.
//   tsx writer.ts DIR SEED — prints `ready`, then `lane:first-last` of each acknowledged group of values
import { Spool } from '../../../gateway/spool.ts';
import { options, sample } from './rig.ts';

const [dir = '', seedText = '1', fromText = '1'] = process.argv.slice(2);
// Numerical Recipes' linear congruential generator: repeatable pauses and sizes.
let state = Number(seedText) >>> 0;
const random = (): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
};

const limits = { segmentBytes: 20_000, groupMs: { safety: 1, telemetry: 3 } };
const spool = await Spool.open(options(dir, { limits }));
process.stdout.write('ready\n');
let next = Number(fromText);
for (;;) {
  const lane = random() < 0.5 ? 'safety' : 'telemetry';
  const first = next;
  next += 1 + Math.floor(random() * 20);
  const last = next - 1;
  const values = Array.from({ length: last - first + 1 }, (_, k) => sample(spool, first + k));
  spool
    .append(lane, values)
    .done.then(() => process.stdout.write(`${lane}:${first}-${last}\n`))
    .catch(() => undefined);
  if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, random() * 4));
  else await new Promise(setImmediate);
}
