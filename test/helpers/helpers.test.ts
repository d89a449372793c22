// The helpers keep their own promises: deadlines name what was missing, nothing is left behind.
import { existsSync } from 'node:fs';
import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { cleanUp } from './cleanup.ts';
import { freePort } from './ports.ts';
import { alive, runToEnd, startNode, startProcess } from './processes.ts';
import { tempDir } from './temp.ts';
import { nextEvent, until, within } from './wait.ts';

const node = (code: string): [string, string[]] => [process.execPath, ['-e', code]];
const forever = 'setInterval(() => undefined, 1000);';

describe('waiting', () => {
  test('until gives the first truthy value', async () => {
    let n = 0;
    expect(await until(() => (n++ > 2 ? `at ${n}` : ''), { what: 'n grows' })).toBe('at 4');
  });

  test('until names what is missing and keeps the last error as its cause', async () => {
    const failing = until(() => JSON.parse('{') as boolean, { ms: 20, what: () => 'the parse succeeds' });
    const error: unknown = await failing.catch((e: unknown) => e);
    expect(error).toMatchObject({ message: 'not within 20 ms: the parse succeeds' });
    expect(error).toHaveProperty('cause.name', 'SyntaxError');
  });

  test('within fails at its deadline', async () => {
    await expect(within(new Promise(() => undefined), { ms: 10, what: 'never' })).rejects.toThrow('not within 10 ms');
  });

  test('nextEvent takes the first accepted event and leaves no listener', async () => {
    const emitter = new EventEmitter();
    const heard = nextEvent(emitter, 'value', { what: 'value 2', accept: (v) => v === 2 });
    emitter.emit('value', 1);
    emitter.emit('value', 2);
    expect(await heard).toEqual([2]);
    expect(emitter.listenerCount('value')).toBe(0);
  });
});

describe('processes', () => {
  test('a child is ready with its JSON line and ends by its pid', async () => {
    const child = await startProcess(
      ...node(`console.log('hello'); console.log(JSON.stringify({ port: 7 })); ${forever}`),
    );
    expect(child.ready).toEqual({ port: 7 });
    expect(child.stdout()).toContain('hello');
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(alive(child.pid)).toBe(false);
  });

  test('a child that ends early fails with what it printed', async () => {
    const start = startProcess(...node(`console.error('no database'); process.exit(3)`));
    await expect(start).rejects.toThrow(/ended \(code 3\) before it was ready:\n.*no database/s);
  });

  test('cleaning up ends a child with its grandchild and removes directories', async () => {
    const dir = tempDir('left');
    const child = await startProcess(
      ...node(
        `const c = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(forever)}]);` +
          `c.on('spawn', () => console.log(JSON.stringify({ pid: c.pid }))); process.on('SIGTERM', () => process.exit(0)); ${forever}`,
      ),
    );
    const { pid } = child.ready as { pid: number };
    await cleanUp();
    expect(existsSync(dir)).toBe(false);
    expect(alive(child.pid)).toBe(false);
    await until(() => !alive(pid), { what: 'the grandchild is gone' });
  });

  test('a test process that is told to stop takes its children and directories with it', async () => {
    const child = await startNode('test/helpers/leaver.ts');
    const { pid, dir } = child.ready as { pid: number; dir: string };
    child.child.kill('SIGTERM');
    expect(await child.ended).toEqual({ code: 143, signal: null });
    await until(() => !alive(pid), { what: 'the child of the stopped process is gone' });
    expect(existsSync(dir)).toBe(false);
  });

  test('a command runs to its end with code and output', async () => {
    const end = await runToEnd(...node(`console.log('out'); console.error('err'); process.exit(2)`));
    expect(end).toMatchObject({ code: 2, stdout: 'out\n', stderr: 'err\n' });
  });
});

test('two free ports differ', async () => {
  expect(await freePort()).not.toBe(await freePort());
});
