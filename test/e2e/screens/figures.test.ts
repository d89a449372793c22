// The figures in a real browser: each tile opens exactly its rows, the period is kept by the address, a phone has room.
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { launchBrowser, openPage } from '../../helpers/chromium.ts';
import { startTestHub, TEST_COMMUNITY, TEST_PASSWORD, type TestHub } from '../../helpers/hub.ts';
import { describeWith } from '../../helpers/needs.ts';
import { HOUR, MINUTE, someEpisodes, storeEpisodes } from '../../hub/read/figures/stored.ts';
import { seriousBreaches } from './desk.ts';

describeWith(['chromium'], 'figures', () => {
  let hub: TestHub;
  let browser: Browser;
  let page: Page;
  const open = async (path: string, width = 1366, height = 768): Promise<Page> => {
    const one = await openPage(browser, { reducedMotion: 'reduce', viewport: { width, height } });
    one.setDefaultTimeout(20_000);
    const session = { username: 'manager', password: TEST_PASSWORD };
    await one.context().request.post(`${hub.hub.url}/api/session`, { data: session });
    await one.goto(hub.hub.url + path);
    return one;
  };

  beforeAll(async () => {
    hub = await startTestHub({ config: { community: TEST_COMMUNITY } });
    const now = Date.now();
    await storeEpisodes(hub.hub.database.db, TEST_COMMUNITY, [
      ...someEpisodes(7, 150, now - 30 * HOUR, now - MINUTE),
      ...Array.from({ length: 14 }, (_, i) => ({ at: now - 40 * MINUTE + i * 1_000, endAfter: HOUR / 2 })),
    ]);
    browser = await launchBrowser();
    page = await open('/figures?period=month');
  }, 120_000);

  it('opens from each tile the very rows that it counts, and the same as a file', async () => {
    const [total, stale] = [
      page.locator('.tile', { hasText: '报警总数' }),
      page.locator('.tile', { hasText: '未消除' }),
    ];
    await total.waitFor();
    const numbers = new Map<string, string>();
    for (const [name, tile] of [
      ['total', total],
      ['stale', stale],
    ] as const)
      numbers.set(name, (await tile.locator('.value').innerText()).trim());
    await total.locator('.value a').click();
    await page.locator('.rows .count').waitFor();
    expect(await page.locator('.rows .count').innerText()).toBe(`${numbers.get('total')} 条报警`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('导出 CSV').click()]);
    const chunks: string[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(String(chunk));
    expect(chunks.join('').trimEnd().split('\r\n').length - 1).toBe(Number(numbers.get('total')));
    await page.goBack();
    await stale.locator('.value a').click();
    await page.locator('.rows h1', { hasText: '长期未消除' }).waitFor();
    await page.locator('.rows .count').waitFor();
    expect(await page.locator('.rows .count').innerText()).toBe(`${numbers.get('stale')} 条报警`);
  });

  it('keeps the period in the address, says that it is not over, and has no data before there was any', async () => {
    await page.goto(`${hub.hub.url}/figures`);
    await page.getByText('未结束').waitFor();
    await page.getByRole('button', { name: '月', exact: true }).click();
    await page.waitForURL(/period=month/);
    await page.goto(`${hub.hub.url}/figures?period=day&on=2020-01-01`);
    await page.getByText('没有可统计的记录').waitFor();
    expect(await page.locator('.tile').count()).toBe(0);
  });

  it('has no serious breach of WCAG AA and fits a phone', async () => {
    const phone = await open('/figures?period=month', 390, 844);
    await phone.locator('.tile').first().waitFor();
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await seriousBreaches(phone)).toEqual([]);
    // A loaded machine takes its time over the audit of a whole page.
  }, 120_000);
});
