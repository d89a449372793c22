// A blocked fire lane on a guard's phone, and an ambulance at the gate and the desk, in a real browser on the demo.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { EscortList } from '../../../hub/escorts/contract.ts';
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

  it('[S8] an ambulance is announced to the gate, led in by name and out again, and both screens follow', async () => {
    const { page: desk, errors } = await openDesk(browser, { url }, 'operator', '/lanes');
    // Whoever calls in a hurry is faster than the hub's list of services: that must not keep the call from being sent.
    let listComes = (): void => undefined;
    const asked = new Promise<void>((resolve) => (listComes = resolve));
    await desk.route('**/api/escorts', async (route) => {
      if (route.request().method() === 'GET') await asked;
      await route.continue();
    });
    await desk.goto(`${url}/escorts`);
    await desk.getByRole('button', { name: '救护车或消防车要来' }).click();
    const call = desk.getByRole('dialog', { name: '救护车或消防车要来' });
    await call.getByRole('button', { name: '通知门岗' }).click();
    await call.getByText('✕').first().waitFor();
    await call.getByText('正在取数据…').waitFor();
    listComes();
    await call.getByText('正在取数据…').waitFor({ state: 'detached' });
    await call.getByLabel('什么情况').fill('老人胸痛');
    await call.getByLabel('楼栋').selectOption({ index: 1 });
    await call.getByRole('button', { name: '通知门岗' }).click();
    await desk
      .getByRole('timer')
      .filter({ hasText: /门岗确认：\s*还有/ })
      .waitFor();
    const gatePage = desk.getByRole('region', { name: '门岗通知' });
    await gatePage.getByText('等待查看').first().waitFor();
    expect(await seriousBreaches(desk)).toEqual([]);

    // The guard's phone: what came, and the way to it.
    const viewport = { width: 390, height: 844 };
    const { page: phone } = await openDesk(browser, { url }, 'guard', '/notifications', { viewport, hasTouch: true });
    await phone.getByText('老人胸痛').first().waitFor();
    // Nothing but time tells the desk that the page was looked at: it asks by itself.
    await gatePage.getByText('已看到').first().waitFor();
    await phone.goto(desk.url());
    // Where it is stands at the head, apart from the buttons with the same words.
    const both = async (state: string): Promise<void> => {
      for (const page of [phone, desk]) {
        await page.locator('.page > header .tag').getByText(state, { exact: true }).waitFor();
      }
    };
    await phone.getByRole('button', { name: '道闸已开、路线已清' }).click();
    await both('门岗就绪');
    await phone.getByLabel('引导人').fill('夜班老周');
    await phone.getByRole('button', { name: '已到大门，引导进入' }).click();
    await both('已到大门');
    await desk.getByText('引导：夜班老周').first().waitFor();
    expect(await seriousBreaches(phone)).toEqual([]);
    expect(await phone.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
    await phone.getByRole('button', { name: '已到楼下' }).click();
    await both('已到楼下');
    await phone.getByRole('button', { name: '已护送离开' }).click();
    await both('已离开');
    const [escort] = (await manager.good<EscortList>('GET', '/api/escorts')).items;
    expect(escort).toMatchObject({ state: 'left', reason: '老人胸痛' });
    expect(escort?.acts.map((a) => a.act)).toEqual(
      expect.arrayContaining(['gate-ready', 'at-gate', 'at-building', 'left']),
    );
    expect(errors).toEqual([]);
    await desk.context().close();
    await phone.context().close();
  });
});
