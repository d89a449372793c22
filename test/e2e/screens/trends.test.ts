// Trends in a real browser on real history: several points found and added, zoom by keys, wheel and drag, the address, the
// files, a gap that stays open; and on a phone.
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { launchBrowser, openPage } from '../../helpers/chromium.ts';
import { startTestHub, TEST_COMMUNITY, TEST_PASSWORD, type TestHub } from '../../helpers/hub.ts';
import { describeWith } from '../../helpers/needs.ts';
import { MINUTE, storeEpisodes } from '../../hub/read/figures/stored.ts';
import { declareRunning, registerPoints, writerFor, type SitePoint } from '../../hub/read/trends/site.ts';
import { breaches } from './desk.ts';

const of = { device: 'gw.tank', kind: 'water-tank' } as const;
const PRESSURE: SitePoint = { ...of, point: 'pressure', unit: 'MPa' };
const LEVEL: SitePoint = { ...of, point: 'level', unit: 'm' };
const PUMP: SitePoint = { device: 'gw.pump', kind: 'fire-pump', point: 'run', type: 'bool' };

describeWith(['chromium'], 'trends', () => {
  let hub: TestHub;
  let browser: Browser;
  let page: Page;
  const spanOf = (): number => {
    const { searchParams } = new URL(page.url());
    return Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '');
  };
  const stage = () => page.locator('.trends .stage');
  const middle = async (): Promise<{ x: number; y: number; width: number }> => {
    const box = await stage().boundingBox();
    if (!box) throw new Error('the chart has no place');
    return { x: box.x + box.width / 2, y: box.y + 60, width: box.width };
  };
  const fileOf = async (name: string): Promise<Buffer> => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText(name).click()]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  };

  beforeAll(async () => {
    hub = await startTestHub({ config: { community: TEST_COMMUNITY } });
    const now = Date.now();
    const { db } = hub.hub.database;
    await declareRunning(db, TEST_COMMUNITY, PUMP, now);
    await registerPoints(db, TEST_COMMUNITY, [PRESSURE, LEVEL, PUMP]);
    const write = writerFor(TEST_COMMUNITY, hub.hub.sensing.history);
    const minutes = Array.from({ length: 58 }, (_, i) => i).filter((i) => i < 20 || i > 34);
    await write(
      PRESSURE,
      minutes.map((i) => [now - (58 - i) * MINUTE, 0.5 + (i % 7) / 100]),
    );
    await write(
      LEVEL,
      minutes.map((i) => [now - (58 - i) * MINUTE, 2 + i / 100, i > 50 ? 'bad' : 'good']),
    );
    await write(
      PUMP,
      minutes.map((i) => [now - (58 - i) * MINUTE, i > 40 && i < 45 ? 1 : 0]),
    );
    await storeEpisodes(db, TEST_COMMUNITY, [
      { at: now - 30 * MINUTE, device: 'gw.tank', point: 'pressure', endAfter: MINUTE },
    ]);
    browser = await launchBrowser();
    page = await openPage(browser, { reducedMotion: 'reduce', viewport: { width: 1366, height: 768 } });
    page.setDefaultTimeout(25_000);
    const session = { username: 'manager', password: TEST_PASSWORD };
    await page.context().request.post(`${hub.hub.url}/api/session`, { data: session });
    await page.goto(`${hub.hub.url}/trends`);
    await page.getByText('还没有选择测点').waitFor();
  }, 120_000);

  it('finds points by words and adds them one by one: a panel a unit, a bar for a switch, the alarm beside them', async () => {
    for (const point of ['pressure', 'level', 'run']) {
      await page.getByRole('searchbox').fill(point);
      await page.getByRole('button', { name: new RegExp(`^加入 .* 点 ${point}$`) }).click();
    }
    await page.locator('.trends .track').waitFor();
    await expect.poll(() => page.locator('.trends .chart canvas').count(), { timeout: 20_000 }).toBe(2);
    expect(await page.locator('.trends .unit').allInnerTexts()).toEqual(['MPa', 'm', '设备 gw.pump · 点 run']);
    expect(await page.locator('section[aria-label=报警] li').count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('p')).toBe('gw.tank~pressure,gw.tank~level,gw.pump~run');
    // Two known stretches with silence between them: the switch is not drawn across it.
    await expect.poll(() => page.locator('.trends .track span').count(), { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  });

  it('zooms by keyboard, wheel and drag, and keeps what is shown in the address', async () => {
    await stage().focus();
    await page.keyboard.press('+');
    await page.waitForURL(/from=/);
    const first = spanOf();
    expect(first).toBeLessThan(60 * MINUTE);
    const { x, y, width } = await middle();
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, -100);
    await expect.poll(spanOf, { timeout: 20_000 }).toBeLessThan(first);
    const second = spanOf();
    await page.mouse.move(x - width * 0.1, y);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.1, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(spanOf, { timeout: 20_000 }).toBeLessThan(second);
    const address = page.url();
    await page.reload();
    await stage().waitFor();
    expect(page.url()).toBe(address);
  });

  it('reads every point out at the pointer, and what nobody knows as such', async () => {
    await page.getByRole('button', { name: '1 小时' }).click();
    await page.waitForURL(/range=h1/);
    await page.locator('.trends .tag', { hasText: '随时间更新' }).waitFor();
    const soon = { timeout: 20_000 };
    // The chart may still move while the new stretch comes: the pointer goes with it.
    const toldAt = async (share: number): Promise<string[]> => {
      const { x, y, width } = await middle();
      await page.mouse.move(x + width * share, y);
      return page.locator('.trends section li b').allInnerTexts();
    };
    await expect
      .poll(() => toldAt(-0.3), soon)
      .toEqual([expect.stringMatching(/^0\.5.* MPa/), expect.stringMatching(/^2.* m/), '否']);
    await expect.poll(() => toldAt(0), soon).toEqual(['无可信数据', '无可信数据', '无可信数据']);
  });

  it('gives the same as a table and as a picture', async () => {
    const lines = (await fileOf('导出 CSV')).toString('utf8').trimEnd().split('\r\n');
    expect(lines[0]).toContain('unit,from,to,from_local');
    expect(lines.some((line) => line.includes(',MPa,') && line.includes(',good,'))).toBe(true);
    expect(lines.some((line) => line.includes(',none,'))).toBe(true);
    expect(lines.some((line) => line.includes(',bad,'))).toBe(true);
    expect((await fileOf('存为图片')).subarray(1, 4).toString()).toBe('PNG');
  });

  it('shows how pumps ran: a bar each, the time in each state, and the bars of its points', async () => {
    const running = await page.context().newPage();
    running.setDefaultTimeout(25_000);
    await running.goto(`${hub.hub.url}/running?range=h8`);
    const pump = running.locator('.running article', { hasText: '设备 gw.pump' });
    await pump.locator('.totals', { hasText: '运行' }).waitFor();
    expect(await pump.locator('.track').first().locator('span').count()).toBeGreaterThan(0);
    await pump.locator('summary').click();
    await pump.locator('.name', { hasText: '点 run' }).waitFor();
    expect(await breaches(running)).toEqual([]);
    await running.close();
  });

  it('breaks no rule of WCAG AA and fits a phone', async () => {
    expect(await breaches(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await expect
      .poll(() => page.evaluate('document.documentElement.scrollWidth'), { timeout: 20_000 })
      .toBeLessThanOrEqual(390);
  }, 120_000);
});
