// What npm start runs: one file a program, made anew when a source changes, the sources themselves when it cannot be made.
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { preparePrograms } from '../../../hub/demo/programs.ts';
import { runToEnd } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';

const ENTRY = 'gateway/main.ts';

describe('the programs of npm start', () => {
  let root: string;
  let notes: string[];
  const write = (file: string, text: string): void => writeFileSync(join(root, file), text);
  const prepare = async (): Promise<readonly string[]> =>
    (await preparePrograms(root, [ENTRY], (why) => notes.push(why)))(ENTRY);
  const run = async (args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runToEnd(process.execPath, args, { cwd: root });
    return code === 0 ? stdout.trim() : `${code}: ${stderr}`;
  };

  beforeEach(() => {
    root = tempDir('programs');
    notes = [];
    for (const folder of ['device-profiles', 'gateway', 'hub', 'simulators']) mkdirSync(join(root, folder));
    write('package.json', '{ "type": "module", "dependencies": {} }');
    write('package-lock.json', '{}');
    write('tsconfig.json', '{}');
    write('device-profiles/place.ts', 'export const place: string = import.meta.url;');
    write(
      ENTRY,
      `import { place } from '../device-profiles/place.ts';
console.log(JSON.stringify({ place, argv: process.argv[1] }));`,
    );
  });

  it('run as one file, and each source still knows where it lies', async () => {
    const args = await prepare();
    expect(args).not.toContain('tsx');
    expect(JSON.parse(await run(args))).toEqual({
      place: pathToFileURL(join(root, 'device-profiles/place.ts')).href,
      argv: join(root, ENTRY),
    });
    expect(notes).toEqual([]);
  });

  it('are made once for the same sources, and anew when one has changed', async () => {
    const [first, again] = [await prepare(), await prepare()];
    const file = first.at(-1) ?? '';
    const { mtimeMs } = statSync(file);
    expect(again).toEqual(first);
    expect(statSync(again.at(-1) ?? '').mtimeMs).toBe(mtimeMs);
    write('device-profiles/place.ts', "export const place: string = 'moved';");
    utimesSync(join(root, 'device-profiles/place.ts'), 1, 1);
    const changed = await prepare();
    expect(changed).not.toEqual(first);
    expect(JSON.parse(await run(changed))).toMatchObject({ place: 'moved' });
    // A launcher that is still up starts its parts from what it has.
    expect(JSON.parse(await run(first))).not.toMatchObject({ place: 'moved' });
  });

  it('run from the sources, and say why, when they cannot be made', async () => {
    write(ENTRY, 'const = ;');
    expect(await prepare()).toEqual(['--import', 'tsx', ENTRY]);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('gateway/main.ts');
  });
});
