// A technician's order on a phone 360 px wide: one act at a time to the photo, with an answer lost on the way.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OrderView } from '../../../hub/work-orders/contract.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { until } from '../../helpers/wait.ts';
import { Compound, GATEWAY, UNITS, openAlarms, type Caller } from '../compound.ts';
import { photograph } from './demo-hub.ts';
import { openDesk, seriousBreaches } from './desk.ts';

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;

describeWith(['pymodbus', 'mosquitto-clients', 'chromium'], 'order on a phone', () => {
  let compound: Compound;
  let operator: Caller;
  let technician: Caller;
  let browser: Browser;
  let page: Page;
  let order: OrderView;
  const now = (): Promise<OrderView> => technician.good<OrderView>('GET', `/api/work-orders/${order.id}`);
  const thumb = (name: string) => page.getByRole('button', { name, exact: true });

  beforeAll(async () => {
    compound = await Compound.start();
    [operator, technician] = [await compound.signIn('operator'), await compound.signIn('technician')];
    await until(
      async () => {
        const devices = await operator.items<{ id: string; online: boolean }>('/api/devices');
        return devices.some((d) => d.id === `${GATEWAY}.pump` && d.online);
      },
      { ms: 60_000, what: 'the pump online', everyMs: 200 },
    );
    await compound.modbus.set(UNITS.pump, 'holding', 1_000, [1 << 5]);
    const [fault] = await openAlarms(operator, `class=FAULT&device=${GATEWAY}.pump`, 1, 'one FAULT of the pump');
    order = await until(async () => (await operator.items<OrderView>(`/api/work-orders?alarm=${fault?.id}`))[0], {
      ms: 30_000,
      what: 'the order of the fault',
      everyMs: 100,
    });
    browser = await launchBrowser();
    ({ page } = await openDesk(browser, compound, 'technician', `/orders/${order.id}`, PHONE));
    await page.getByRole('heading', { name: order.number }).waitFor();
  }, 240_000);

  afterAll(async () => {
    await compound?.stop();
  });

  it('fits 360 px without scrolling sideways; the next act is 52 px high', async () => {
    const width: unknown = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(360);
    expect((await thumb('接单').boundingBox())?.height).toBeGreaterThanOrEqual(52);
    expect(await seriousBreaches(page)).toEqual([]);
  });

  it('[W1] sends an act again when its answer is lost, and it is done once', async () => {
    let lost = 0;
    await page.route('**/accept', async (route) => {
      if (lost++ > 0) return route.continue();
      await route.fetch();
      return route.abort('connectionreset');
    });
    await thumb('接单').click();
    await thumb('出发').waitFor();
    await page.unroute('**/accept');
    const { events } = await now();
    expect(events.filter((e) => e.act === 'accept' && e.to === 'accepted')).toHaveLength(1);
    expect(lost).toBeGreaterThanOrEqual(2);
  });

  it('[W1] goes on to the finish, which asks for result and photo, and shows the hash of what was sent', async () => {
    for (const act of ['出发', '到场', '开始处理']) await thumb(act).click();
    await thumb('完成').click();
    const dialog = page.getByRole('dialog', { name: '完成' });
    await dialog.getByRole('button', { name: '提交完成' }).click();
    await dialog.getByText('请附完工照片').waitFor();
    await dialog.getByText('请写明做了什么').waitFor();
    await dialog.getByLabel(/处理结果/).fill('更换启动接触器，手动启动三次正常');
    const taken = await photograph(page, '#448866', { width: 2_000, height: 1_500 });
    await dialog.locator('input[type=file]').first().setInputFiles(taken);
    const shown = /SHA-256 ([0-9a-f]{16})/.exec((await dialog.locator('figcaption').textContent()) ?? '')?.[1];
    await dialog.getByRole('button', { name: '提交完成' }).click();
    await page.getByText('待验收').first().waitFor();
    const done = await now();
    expect(done.state).toBe('done');
    expect(done.photos).toHaveLength(1);
    expect(done.photos[0]?.file.slice(0, 16)).toBe(shown);
    expect(await page.getByText('现在没有需要您办的事').count()).toBe(1);
  });
});
