// A fire that somebody reports, at the desk in a real browser: the form by its key, acknowledged and judged by keys, steps
// taken by keyboard, and the other desk sees each.
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { REPO, startNode, type RunningProcess } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { PASSWORD } from '../compound.ts';
import { openDesk, seriousBreaches, type Desk } from './desk.ts';

describeWith(['chromium'], 'a reported fire', () => {
  let hub: RunningProcess;
  let url: string;
  let browser: Browser;
  let desk: Desk;
  let other: Desk;

  beforeAll(async () => {
    hub = await startNode('hub/main.ts', [], {
      env: {
        HTTP_PORT: '0',
        MQTT_PORT: '0',
        FENGSUI_DATA: join(tempDir('fire'), 'hub'),
        FENGSUI_DEMO_PASSWORD: PASSWORD,
        FENGSUI_DEMO_COMMUNITY: join(REPO, 'simulators/demo-community/xingfuli.yaml'),
        LOG_LEVEL: 'warn',
      },
      ms: 60_000,
    });
    url = (hub.ready as { url: string }).url;
    browser = await launchBrowser();
    desk = await openDesk(browser, { url }, 'operator');
    other = await openDesk(browser, { url }, 'operator2');
  }, 240_000);

  afterAll(async () => {
    await hub?.stop();
  });

  it('[S6] F8 takes a report by keyboard, and it stands on every desk as a fire', async () => {
    const { page } = desk;
    await page.getByRole('heading', { name: '报警' }).waitFor();
    await page.keyboard.press('F8');
    const dialog = page.getByRole('dialog', { name: '接报火情' });
    await dialog.getByLabel('有烟').waitFor();
    await page.keyboard.press('ArrowDown');
    await dialog.getByLabel('楼栋').selectOption('b1');
    await dialog.getByLabel('位置').fill('301 室');
    await dialog.getByLabel('报告人电话').fill('139');
    expect(await seriousBreaches(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    const row = other.page.getByRole('option').filter({ hasText: '301 室' });
    await row.waitFor();
    expect(await row.getByText('人工', { exact: true }).count()).toBe(1);
  });

  it('[S3] is acknowledged, judged and followed step by step by keyboard; the other desk sees it', async () => {
    const { page } = desk;
    await page.getByRole('region', { name: '火警处置' }).getByText('待核实').waitFor();
    await page.keyboard.press('F1');
    await page.getByRole('option').filter({ hasText: '301 室' }).getByText('已确认').waitFor();
    await page.keyboard.press('F4');
    const verdict = page.getByRole('dialog', { name: '核实结果' });
    await verdict.waitFor();
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.type('保安到场见烟');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const steps = page.getByRole('region', { name: '火警处置' });
    await steps.getByText('真实火警').waitFor();
    await page.screenshot({ path: '/tmp/fire-1.png' });
    await steps.getByRole('button', { name: '报警卡' }).focus();
    await page.keyboard.press('Enter');
    const card = page.getByRole('dialog', { name: '119 报警卡' });
    expect(await card.getByLabel('单位地址').inputValue()).toContain('望江路');
    await page.screenshot({ path: '/tmp/fire-2.png' });
    await card.getByLabel('燃烧物').fill('电动车电池');
    await page.keyboard.press('Enter');
    await card.waitFor({ state: 'detached' });
    await other.page.getByRole('option').filter({ hasText: '301 室' }).click();
    const theirs = other.page.getByRole('region', { name: '火警处置' });
    await theirs.getByRole('listitem').filter({ hasText: '拨打 119 报警' }).getByText('已完成').waitFor();
    await steps.getByRole('button', { name: '启动', exact: true }).first().focus();
    await page.keyboard.press('Enter');
    const evacuation = page.getByRole('dialog', { name: '启动应急疏散' });
    await evacuation.getByRole('button', { name: '记录' }).click();
    await theirs.getByRole('listitem').filter({ hasText: '启动应急疏散' }).getByText('已完成').waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
    await page.goto(`${url}/fires`);
    await page.getByText('电动自行车停放处').waitFor();
    await page.screenshot({ path: '/tmp/fire-3.png' });
    await page.getByText('电动自行车停放处').click();
    await page.getByText('两具干粉灭火器扑灭').waitFor();
    await page.screenshot({ path: '/tmp/fire-4.png', fullPage: true });
    expect([...desk.errors, ...other.errors]).toEqual([]);
  });
});
