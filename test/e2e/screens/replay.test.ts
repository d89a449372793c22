// An incident replayed in a real browser: played, stepped, entered anywhere; never taken for the present, and stopped by
// what is real.
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { runCommand } from '../../../hub/http/command.ts';
import { importBuildings } from '../../../hub/property/api.ts';
import { launchBrowser, openPage } from '../../helpers/chromium.ts';
import { startTestHub, TEST_COMMUNITY, TEST_PASSWORD, type Client, type TestHub } from '../../helpers/hub.ts';
import { describeWith } from '../../helpers/needs.ts';
import { breaches } from './desk.ts';

const soon = { timeout: 20_000 };

describeWith(['chromium'], 'replay', () => {
  let hub: TestHub;
  let browser: Browser;
  let page: Page;
  let operator: Client;
  const report = async (floor: number): Promise<string> => {
    const told = await operator.post<{ fire: string }>('/api/fires/reports', {
      via: 'phone',
      sight: 'smoke',
      building: 'b1',
      floor,
    });
    return told.body.fire;
  };
  const shown = async (): Promise<number> =>
    Date.parse((await page.locator('.banner time').getAttribute('datetime')) ?? '');

  beforeAll(async () => {
    hub = await startTestHub({ config: { community: TEST_COMMUNITY } });
    const { db } = hub.hub.database;
    const floors = [1, 2, 3].map((floor) => ({ floor }));
    await runCommand(db, hub.hub.runEffects, { now: Date.now(), actor: { kind: 'system', id: 'test' } }, (c) =>
      importBuildings(c, TEST_COMMUNITY, {
        buildings: ['b1', 'b2'].map((id) => ({ id, name: { zh: `${id}楼`, en: id }, floors })),
      }),
    );
    operator = await hub.as('operator');
    const fire = await report(2);
    await operator.post(`/api/fires/${fire}/acts`, { act: 'send', means: 'guard', whom: '东门岗' });
    browser = await launchBrowser();
    page = await openPage(browser, { reducedMotion: 'reduce', viewport: { width: 1366, height: 768 } });
    page.setDefaultTimeout(25_000);
    const session = { username: 'operator', password: TEST_PASSWORD };
    await page.context().request.post(`${hub.hub.url}/api/session`, { data: session });
    await page.goto(`${hub.hub.url}/incidents/${fire}/replay`);
    await page.locator('.replay ol li').first().waitFor();
  }, 120_000);

  it('says in its heading, on the drawing and in the title that it is not the present', async () => {
    expect(await page.locator('.banner h1').innerText()).toContain('不是现在');
    expect(await page.locator('.banner').innerText()).toContain('现在是');
    await page.locator('.mark', { hasText: '非实时' }).waitFor();
    await expect.poll(() => page.title(), soon).toContain('不是现在');
  });

  it('steps from one thing that happened to the next, and enters at any of them', async () => {
    await page.locator('.replay .open', { hasText: '当时没有报警' }).waitFor();
    const before = await shown();
    await page.getByRole('button', { name: '下一步' }).click();
    await expect.poll(shown, soon).toBeGreaterThan(before);
    await page.locator('.replay .open li', { hasText: '火警' }).waitFor();
    const rows = page.locator('.replay ol li');
    await rows.last().getByRole('button').click();
    await expect.poll(() => rows.last().getAttribute('aria-current'), soon).toBe('step');
    expect(await rows.last().innerText()).toContain('东门岗');
    await page.getByRole('button', { name: '上一步' }).click();
    await expect.poll(() => rows.last().getAttribute('class'), soon).toContain('future');
  });

  it('plays at the speed chosen and stops for a fire that is real', async () => {
    await page.getByRole('slider').press('Home');
    const before = await shown();
    await page.getByRole('button', { name: '1×', exact: true }).click();
    await page.getByRole('button', { name: '播放' }).click();
    await expect.poll(shown, soon).toBeGreaterThan(before);
    await page.getByRole('button', { name: '暂停' }).waitFor();
    const real = page.locator('.replay .real');
    const first = await real.innerText();
    expect(first).toContain('1 条');
    await operator.post('/api/fires/reports', { via: 'phone', sight: 'fire', building: 'b2', floor: 1 });
    await expect.poll(() => real.innerText(), soon).toContain('2 条');
    await page.getByRole('button', { name: '播放' }).waitFor();
  });

  it('breaks no rule of WCAG AA', async () => {
    expect(await breaches(page)).toEqual([]);
  }, 120_000);
});
