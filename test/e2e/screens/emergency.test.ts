// A blocked fire lane on a guard's phone, in a real browser on the demo.
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { BlockageList } from '../../../hub/lanes/contract.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { REPO, startNode, type RunningProcess } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { PASSWORD, signIn, type Caller } from '../compound.ts';
import { openDesk, seriousBreaches } from './desk.ts';

vi.setConfig({ testTimeout: 120_000 });

/** A photo as a camera would give it, drawn by the browser itself. */
async function photograph(page: Page, colour: string): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const url: unknown = await page.evaluate(
    `(() => { const c = document.createElement('canvas'); c.width = 640; c.height = 480;
      const x = c.getContext('2d'); x.fillStyle = '${colour}'; x.fillRect(0, 0, 640, 480);
      return c.toDataURL('image/jpeg'); })()`,
  );
  return { name: 'p.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(String(url).split(',')[1] ?? '', 'base64') };
}

describeWith(['chromium'], 'what stands beside alarms', () => {
  let hub: RunningProcess;
  let url: string;
  let browser: Browser;
  let manager: Caller;

  beforeAll(async () => {
    hub = await startNode('hub/main.ts', [], {
      env: {
        HTTP_PORT: '0',
        MQTT_PORT: '0',
        FENGSUI_DATA: join(tempDir('emergency'), 'hub'),
        FENGSUI_DEMO_PASSWORD: PASSWORD,
        FENGSUI_DEMO_COMMUNITY: join(REPO, 'simulators/demo-community/xingfuli.yaml'),
        LOG_LEVEL: 'warn',
      },
      ms: 120_000,
    });
    url = (hub.ready as { url: string }).url;
    manager = await signIn(url, 'manager');
    browser = await launchBrowser();
  }, 240_000);

  afterAll(async () => {
    await hub?.stop();
  });

  it('[S7] a guard reports a blocked lane on a phone, reaches the owner and clears it with a photo', async () => {
    const viewport = { width: 390, height: 844 };
    const { page, errors } = await openDesk(browser, { url }, 'guard', '/lanes', { viewport, hasTouch: true });
    await page.getByRole('button', { name: '报告占用' }).click();
    const form = page.getByRole('dialog', { name: '报告占用' });
    await form.getByRole('button', { name: '报告', exact: true }).click();
    await form.getByText('请填写位置').waitFor();
    await form.locator('input[type=file]').setInputFiles(await photograph(page, '#884422'));
    await form.getByText('✓').waitFor();
    await form.getByLabel('车牌号').fill('京b·67890');
    await form.getByLabel('位置').fill('北门消防车道');
    await form.getByRole('button', { name: '报告', exact: true }).click();
    // The register knows the car: its owner can be called by a tap.
    await page.getByRole('link', { name: '13800000002' }).waitFor();
    await page.getByRole('timer').getByText('还有').waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
    await page.getByRole('button', { name: '联系车主' }).click();
    const contact = page.getByRole('dialog', { name: '联系车主' });
    await contact.getByRole('button', { name: '保存' }).click();
    await contact.getByText('请选择结果').waitFor();
    await contact.getByLabel('马上来挪').check();
    await contact.getByRole('button', { name: '保存' }).click();
    await page.getByText('车主正来').waitFor();
    await page.getByRole('button', { name: '已清通' }).click();
    const clear = page.getByRole('dialog', { name: '消防车道已清通' });
    await clear.getByRole('button', { name: '保存' }).click();
    await clear.getByText('✕').first().waitFor();
    await clear.locator('input[type=file]').setInputFiles(await photograph(page, '#228844'));
    await clear.getByText('✓').waitFor();
    await clear.getByRole('button', { name: '保存' }).click();
    await page.getByText('已致谢报告人').waitFor();
    const [lane] = (await manager.good<BlockageList>('GET', '/api/lanes')).items;
    expect(lane).toMatchObject({ state: 'cleared', plate: '京B67890', contacts: [{ result: 'coming' }] });
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
