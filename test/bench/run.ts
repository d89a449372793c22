// npm run bench: every bench one after the other, each in a process of its own, JSON lines on stdout with ratios measured
// in the same run. `--quick` is passed on. A bench that fails does not keep the others from running.
import { startProcess } from '../helpers/processes.ts';

const BENCHES = [
  'modbus-poll',
  'devices',
  'gb26875',
  'history-append',
  'history-query',
  'pipe',
  'latency',
  'flood',
  'figures',
  'screens',
  'start',
];

let failed = 0;
for (const name of BENCHES) {
  const args = ['--import', 'tsx', `test/bench/${name}.ts`, ...process.argv.slice(2)];
  const running = await startProcess(process.execPath, args, { ready: 'none' });
  const { code, signal } = await running.ended;
  for (const line of running.stdout().split('\n')) if (line.startsWith('{')) console.log(line);
  if (code === 0) continue;
  failed += 1;
  console.error(`${name} ended with ${signal ?? `code ${code}`}:\n${running.stderr().slice(-2_000)}`);
}
process.exitCode = failed === 0 ? 0 : 1;
