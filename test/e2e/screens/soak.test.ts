// Ten minutes of a shift in a few seconds: the control room's page keeps neither alarms that are over nor beats that it has
// heard. The bench does the same for a whole shift and more.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Rig } from '../../bench/rig.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { ClassPanel } from '../../helpers/class-panel.ts';
import { describeWith } from '../../helpers/needs.ts';
import { soak } from '../../helpers/soak.ts';
import { tempDir } from '../../helpers/temp.ts';

describeWith(['chromium'], 'soak', () => {
  it('[S2] grows neither in memory nor in nodes while alarms come, are acknowledged and close', async () => {
    const dir = join(tempDir('soak'), 'site');
    const { panel, links, devices } = await ClassPanel.start(dir);
    const site = { meters: 0, registers: 1, pollMs: 1_000, metersPerLink: 1, changing: 0 } as const;
    const rig = await Rig.start(dir, { ...site, links, devices });
    const operator = await rig.signIn('operator');
    const { looks, changes } = await soak(await launchBrowser(), {
      url: rig.url,
      panel,
      operator,
      beats: 600,
      times: 30,
      looks: 4,
    });
    const [first, last] = [looks[0], looks.at(-1)];
    expect(changes).toBeGreaterThan(20);
    expect((last?.heapMb ?? Infinity) / (first?.heapMb ?? 0)).toBeLessThan(1.5);
    expect((last?.nodes ?? Infinity) / (first?.nodes ?? 0)).toBeLessThan(1.5);
    await rig.stop();
  }, 240_000);
});
