// A blocked fire lane on a guard's phone, in a real browser on the demo.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { BlockageList } from '../../../hub/lanes/contract.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { signIn, type Caller } from '../compound.ts';
import { photograph, startDemoHub, type DemoHub } from './demo-hub.ts';
import { openDesk, seriousBreaches } from './desk.ts';

vi.setConfig({ testTimeout: 120_000 });

describeWith(['chromium'], 'what stands beside alarms', () => {
  let hub: DemoHub | undefined;
  let url: string;
  let browser: Browser;
  let manager: Caller;

  beforeAll(async () => {
    hub = await startDemoHub('emergency');
    url = hub.url;
    manager = await signIn(url, 'manager');
    browser = await launchBrowser();
  }, 240_000);

  afterAll(async () => {
    await hub?.process.stop();
  });

  it('[S7] a guard reports a blocked lane on a phone, reaches the owner and clears it with a photo', async () => {
    const viewport = { width: 390, height: 844 };
    const { page, errors } = await openDesk(browser, { url }, 'guard', '/lanes', { viewport, hasTouch: true });
    await page.getByRole('button', { name: '报告占用' }).click();
    const form = page.getByRole('dialog', { name: '报告占用' });
    await form.getByRole('button', { name: '报告', exact: true }).click();
    await form.getByText('请填写位置').waitFor();
    await form.locator('input[type=file]').setInputFiles(await photograph(page, '#884422'));
    await form.getByRole('img', { name: '现场照片' }).waitFor();
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
    await clear.getByRole('img', { name: '清通后的照片' }).waitFor();
    await clear.getByRole('button', { name: '保存' }).click();
    await page.getByText('已致谢报告人').waitFor();
    const [lane] = (await manager.good<BlockageList>('GET', '/api/lanes')).items;
    const photo: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(lane).toMatchObject({
      state: 'cleared',
      plate: '京B67890',
      contacts: [{ result: 'coming' }],
      photo,
      ended: { photo },
    });
    expect(lane?.photo).not.toBe(lane?.ended?.photo);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
