// A process that starts a child and makes a directory by the helpers, says so, and waits to be told to stop.
import { startProcess } from './processes.ts';
import { tempDir } from './temp.ts';

const dir = tempDir('leaver');
const child = await startProcess(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { ready: 'none' });
console.log(JSON.stringify({ pid: child.pid, dir }));
