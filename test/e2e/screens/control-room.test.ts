// The control room in a real browser on a real hub and gateway: keyboard, sound, standing rows, a frozen screen.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { until } from '../../helpers/wait.ts';
import { Compound, GATEWAY, PASSWORD, openAlarms, type Caller } from '../compound.ts';
import { openDesk, type Desk } from './desk.ts';

const FIRST = '12层电梯厅感烟';
const SECOND = '12层走道感烟';

describeWith(['pymodbus', 'mosquitto-clients', 'chromium'], 'control room', () => {
  let compound: Compound;
  let operator: Caller;
  let browser: Browser;
  let desk: Desk;
  let page: Page;
  /** The lamp, which neither pointer nor focus holds back. */
  const fires = (all: number) =>
    page
      .locator('button.lamp.FIRE .note')
      .filter({ hasText: `共 ${all}` })
      .waitFor();
  const rowOf = (text: string) => page.getByRole('option').filter({ hasText: text });

  beforeAll(async () => {
    compound = await Compound.start({
      points: [
        'dev-0005,3层厨房感烟,"Smoke detector, kitchen, floor 3",b2,3,3层厨房\n',
        'dev-0006,4层走道感烟,"Smoke detector, corridor, floor 4",b2,4,4层走道\n',
      ],
    });
    operator = await compound.signIn('operator');
    browser = await launchBrowser();
    await until(
      async () => {
        const devices = await operator.items<{ id: string; online: boolean }>('/api/devices');
        return devices.some((d) => d.id === `${GATEWAY}.panel` && d.online);
      },
      { ms: 60_000, what: 'the panel online', everyMs: 200 },
    );
    desk = await openDesk(browser, compound, 'operator');
    page = desk.page;
    await page.getByRole('heading', { name: '报警' }).waitFor();
  }, 240_000);

  afterAll(async () => {
    await compound?.stop();
  });

  it('says in words that a password is wrong, and speaks English on request', async () => {
    const { page: door } = await openDesk(browser, compound, 'operator');
    await door.context().clearCookies();
    await door.reload();
    await door.getByLabel('用户名').fill('operator');
    await door.locator('input[name=password]').fill('not it');
    await door.getByRole('button', { name: '登录', exact: true }).click();
    await door.getByText('用户名或密码不对').waitFor();
    await door.getByRole('button', { name: 'English' }).click();
    await door.locator('input[name=password]').fill(PASSWORD);
    await door.getByRole('button', { name: 'Sign in', exact: true }).click();
    const heading = door.getByRole('heading', { name: 'Alarms' });
    await heading.waitFor();
    expect(await door.locator('html').getAttribute('lang')).toBe('en');
    await door.context().close();
  });

  it('[S2] shows a fire, sounds, and takes acknowledgement and verdict by keyboard alone', async () => {
    await compound.gst({ 1: 1 });
    await rowOf(FIRST).waitFor();
    await page.getByText('正在鸣响：火警').waitFor();
    await page.keyboard.press('F1');
    await page
      .getByRole('region', { name: '处置' })
      .getByRole('heading', { name: new RegExp(FIRST) })
      .waitFor();
    await page.keyboard.press('F1');
    await rowOf(FIRST).getByText('已确认').waitFor();
    await page.keyboard.press('F4');
    const dialog = page.getByRole('dialog', { name: '核实结果' });
    await dialog.waitFor();
    // The dialog begins at its question: an arrow chooses, Tab goes on to the note and to the act.
    await page.keyboard.press('ArrowDown');
    expect(await dialog.getByLabel(/误报/).isChecked()).toBe(true);
    await dialog.getByLabel('灰尘').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await dialog.getByText('请填写说明').waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.type('检修扬尘，现场无火情');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await rowOf(FIRST).getByText('误报').waitFor();
    const [fire] = await openAlarms(operator, 'class=FIRE', 1, 'the one fire');
    expect(fire?.state).toBe('acked-active');
  });

  it('[S2] moves no row under the pointer: a new fire waits behind a bar that says what it is', async () => {
    await rowOf(FIRST).hover();
    const before = await rowOf(FIRST).boundingBox();
    await compound.gst({ 1: 1, 2: 1 });
    const bar = page.getByRole('button', { name: /＋1 新/ });
    await bar.waitFor();
    expect(await bar.textContent()).toContain(SECOND);
    expect(await rowOf(SECOND).count()).toBe(0);
    const after = await rowOf(FIRST).boundingBox();
    expect(after).toEqual(before);
    await bar.click();
    await rowOf(SECOND).waitFor();
  });

  it('[S2] silences for a while, and a new alarm sounds again', async () => {
    await page.mouse.move(5, 5);
    await page.keyboard.press('F2');
    await page.getByText(/已消音，剩/).waitFor();
    await compound.gst({ 1: 1, 2: 1, 3: 2 });
    const again = page.getByText('正在鸣响：火警');
    await again.waitFor();
    expect(await again.isVisible()).toBe(true);
  });

  it('[S2] [S6] takes a report of a person by keyboard alone, and no alarm takes the focus from who types', async () => {
    /** What has the focus and what stands in it. */
    const held = () =>
      page.evaluate<string>(
        `(() => { const e = document.activeElement; return [e.tagName, e.id, e.getAttribute('role'), e.value].join('|'); })()`,
      );
    await page.keyboard.press('F8');
    const dialog = page.getByRole('dialog', { name: '接报火情' });
    await dialog.waitFor();
    await until(async () => (await held()).startsWith('INPUT'), { what: 'the dialog begins at its question' });
    await page.keyboard.press('ArrowDown');
    expect(await dialog.getByLabel('有烟').isChecked()).toBe(true);
    // Building, floor and place: an arrow chooses, letters write; the floor comes with its building.
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await dialog.getByLabel('楼层').and(page.locator(':enabled')).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('东侧车棚');
    const typing = await held();
    expect(typing).toMatch(/^INPUT.*东侧车棚$/);
    await compound.gst({ 1: 1, 2: 1, 3: 2, 5: 1 });
    await fires(3);
    expect(await held()).toBe(typing);
    await page.keyboard.type('北头');
    expect(await held()).toBe(`${typing}北头`);
    for (let tab = 0; tab < 4; tab += 1) await page.keyboard.press('Tab');
    await page.keyboard.type('路人看见冒烟');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await fires(4);
    // Beside what the panels told, and chosen, as the person who told of it is still on the phone.
    const reported = rowOf('东侧车棚北头');
    await reported.waitFor();
    await rowOf(FIRST).waitFor();
    await page
      .getByRole('region', { name: '处置' })
      .getByRole('heading', { name: /东侧车棚北头/ })
      .waitFor();
    await openAlarms(operator, 'class=FIRE', 4, 'three of the panel and one of a person');

    await reported.click();
    const listed = await held();
    await compound.gst({ 1: 1, 2: 1, 3: 2, 5: 1, 6: 1 });
    await fires(5);
    expect(await held()).toBe(listed);
    expect(await page.locator('[role=listbox] :focus, [role=listbox]:focus').count()).toBe(1);
  });

  it('loses nothing on reload', async () => {
    const open = await operator.items<{ id: string }>('/api/alarms?state=open');
    await page.reload();
    const count = page.getByText(new RegExp(`全部 ${open.length}(?!\\d)`));
    await count.waitFor();
    expect(await count.isVisible()).toBe(true);
  });

  it('refuses in words who is not on a valid shift, and shows the alarm all the same', async () => {
    const { page: other } = await openDesk(browser, compound, 'supervisor');
    await other.getByRole('option').filter({ hasText: SECOND }).click();
    await other.keyboard.press('F1');
    await other.getByText('当前没有有效值班资格').first().waitFor();
    expect(await other.getByRole('option').filter({ hasText: SECOND }).isVisible()).toBe(true);
    await other.context().close();
  });

  it('[S2] declares itself frozen within 6 s of a hub that stands still, and recovers', async () => {
    await page.getByText('链路').waitFor();
    process.kill(compound.hub.pid, 'SIGSTOP');
    const stoppedAt = performance.now();
    try {
      await page.getByText('画面已失效').waitFor({ timeout: 20_000 });
      // 6 s, and a second for what a loaded machine adds between the page and this process.
      expect(performance.now() - stoppedAt).toBeLessThan(7_000);
      expect(await page.getByText(/数据停于 \d\d:\d\d:\d\d/).count()).toBe(1);
      expect(await page.locator('.lamp .count').allTextContents()).toEqual(Array.from({ length: 11 }, () => '—'));
    } finally {
      process.kill(compound.hub.pid, 'SIGCONT');
    }
    await page.getByText('画面已失效').waitFor({ state: 'detached', timeout: 20_000 });
    expect(desk.errors).toEqual([]);
  });

  it('[S2] tells that no desk answers when its page is closed, and that one does when it is opened', async () => {
    const silent = async (): Promise<string | undefined> =>
      (await operator.items<{ signal: string; state: string }>('/api/alarms?state=open&class=COMMS')).find(
        (a) => a.signal === 'desk-silent',
      )?.state;
    expect(await silent()).toBeUndefined();
    // The manager looks in: whoever is not on duty does not count as a desk.
    const { page: manager } = await openDesk(browser, compound, 'manager');
    await page.context().close();
    const row = manager.getByRole('option').filter({ hasText: '值班屏失联' });
    await row.waitFor({ timeout: 120_000 });
    expect(await silent()).toBe('unacked-active');
    const notices = await (await compound.signIn('manager')).items<{ text: { zh: string } }>('/api/notifications');
    expect(notices.map((n) => n.text.zh).join()).toContain('值班屏失联');
    ({ page } = await openDesk(browser, compound, 'operator'));
    await until(async () => (await silent()) === 'unacked-cleared', { ms: 30_000, what: 'the desk is back' });
    await row.getByText('已恢复').waitFor();
    await manager.context().close();
  }, 300_000);

  it('[S2] shows on the desk which page about an unacknowledged fire reached nobody', async () => {
    // What waited before is taken, so that the page that is lost is of this fire.
    for (const { id, state } of await operator.items<{ id: string; state: string }>('/api/alarms?state=open'))
      if (state.startsWith('unacked')) await operator.good('POST', `/api/alarms/${id}/ack`, {});
    const admin = await compound.signIn('admin');
    const value = { life: 1_000, urgent: 900_000, normal: 86_400_000 };
    await admin.good('PUT', '/api/rules/notify.seen-within', { value, reason: 'a page is to be lost soon' });
    await compound.gst({ 1: 1, 2: 1, 3: 2, 4: 1 });
    // Supervisor and manager have no screen open: whoever is told next does not see it.
    const lost = page.getByRole('status').filter({ hasText: '未送达' });
    await lost.waitFor({ timeout: 240_000 });
    expect(await lost.textContent()).toMatch(/规定时间内没有人查看.*1号楼 1[23]层.*无人确认/);
  }, 300_000);
});
