// Records every requirement that has a proof now: `npx tsx test/requirements/record.ts`. Nothing is ever taken off.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '../helpers/processes.ts';
import { sources } from '../tidy/source.ts';
import { LIST, loadRequirements, provedIn, titlesOf } from './titles.ts';

const { requirements, proved } = loadRequirements();
const proofs = provedIn(sources.filter(({ path }) => path.endsWith('.test.ts')).flatMap(titlesOf));
const known = new Set([...proved, ...proofs.keys()]);
const all = Object.keys(requirements).filter((id) => known.has(id));
writeFileSync(join(REPO, LIST), `${JSON.stringify({ requirements, proved: all }, null, 2)}\n`);
console.log(`proved: ${all.join(' ') || 'none'}`);
