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
  const rowOf = (text: string) => page.getByRole('option').filter({ hasText: text });

  beforeAll(async () => {
    compound = await Compound.start();
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

  it('[S2] keeps its alarms on the screen and sounding when the session is over, and acts again after the password', async () => {
    const rows = await page.getByRole('option').count();
    expect(rows).toBeGreaterThan(0);
    await rowOf(SECOND).click();
    await page.context().clearCookies();
    await page.keyboard.press('F1');
    await page.getByText('登录已失效，报警仍在显示').waitFor();
    expect(await page.getByRole('option').count()).toBe(rows);
    expect(await page.getByText('正在鸣响').count()).toBe(1);
    // It says so beside the alarms and takes nothing from a typing hand.
    expect(await page.locator('dialog.lapsed :focus').count()).toBe(0);
    const again = page.locator('dialog.lapsed');
    expect(await again.getByLabel('用户名').inputValue()).toBe('operator');
    await again.locator('input[name=password]').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await again.waitFor({ state: 'detached' });
    await rowOf(SECOND).click();
    await page.keyboard.press('F1');
    await rowOf(SECOND).getByText('已确认').waitFor();
  });

  it('[S2] sounds until the last alarm is acknowledged, and not longer', async () => {
    const waiting = async (): Promise<number> => {
      const open = await operator.items<{ state: string }>('/api/alarms?state=open');
      return open.filter((a) => a.state.startsWith('unacked')).length;
    };
    const sounding = page.getByText('正在鸣响');
    const most = await waiting();
    expect(most).toBeGreaterThan(0);
    for (let left = most; left > 0; left = await waiting()) {
      expect(await sounding.count()).toBe(1);
      // The first press goes to the next alarm, the second acknowledges it.
      await page.keyboard.press('F1');
      await page.keyboard.press('F1');
      await until(async () => (await waiting()) < left, { ms: 20_000, what: `fewer than ${left} to acknowledge` });
    }
    await page.getByText('没有需要鸣响的报警').waitFor();
    expect(await sounding.count()).toBe(0);
  }, 60_000);

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
