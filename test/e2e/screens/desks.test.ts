// What two desks and a lost frame prove of the control room: both show the same, an act at one is at once at the other
// with who did it, what a frame did not bring the digest finds, and without colour nothing is mistaken.
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALARM_CLASSES, type AlarmClass } from '../../../device-profiles/contract/signal.ts';
import { Rig } from '../../bench/rig.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { ClassPanel } from '../../helpers/class-panel.ts';
import { describeWith } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';
import { PASSWORD, signIn, type Caller } from '../compound.ts';
import { alikeInGrey, openDesk } from './desk.ts';

/** Keeps the page's audio device and which of its sources loop: what is heard, not what the screen says of it. */
const LISTEN_IN = `
  window.loops = new Set();
  const Device = window.AudioContext;
  window.AudioContext = class extends Device {
    constructor(...args) { super(...args); window.audio = this; }
  };
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (...args) {
    if (this.loop) window.loops.add(this);
    return start.apply(this, args);
  };
  const stop = AudioBufferSourceNode.prototype.stop;
  AudioBufferSourceNode.prototype.stop = function (...args) {
    window.loops.delete(this);
    return stop.apply(this, args);
  };
`;
/** Parts of the control room that lie over each other, or beyond the edge of the screen. */
const OVERLAPS = `(() => {
  const parts = [...document.querySelector('.room').children].filter((e) => e.offsetParent !== null);
  const name = (e) => e.className.split(' ')[0];
  const box = (e) => e.getBoundingClientRect();
  const found = [];
  for (const a of parts) {
    const { left, top, right, bottom } = box(a);
    if (left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1) found.push(name(a) + ' off screen');
    for (const b of parts)
      if (a !== b && left < box(b).right - 1 && box(b).left < right - 1 && top < box(b).bottom - 1 && box(b).top < bottom - 1)
        found.push(name(a) + ' over ' + name(b));
  }
  return found;
})()`;
const ROWS = '[role=listbox] [role=option]';

describeWith(['chromium'], 'desks', () => {
  let rig: Rig;
  let panel: ClassPanel;
  let browser: Browser;
  let operator: Caller;
  let first: Page;
  let second: Page;
  const row = (page: Page, c: AlarmClass) => page.locator(`${ROWS} .row.${c}`);
  const lamp = (page: Page, c: AlarmClass) => page.locator(`button.lamp.${c}`);
  /** Classes of what nobody has acknowledged, as the hub knows them. */
  const waiting = async (): Promise<readonly string[]> =>
    (await operator.items<{ class: string; state: string }>('/api/alarms?state=open'))
      .filter((alarm) => alarm.state.startsWith('unacked'))
      .map((alarm) => alarm.class)
      .toSorted();
  const raise = async (c: AlarmClass): Promise<void> => {
    panel.set(c, true);
    // On the lamp, which no pointer holds.
    for (const page of [first, second]) await lamp(page, c).locator('.note').filter({ hasText: '共 1' }).waitFor();
  };

  beforeAll(async () => {
    const dir = join(tempDir('desks'), 'site');
    const field = await ClassPanel.start(dir);
    ({ panel } = field);
    const { links, devices } = field;
    rig = await Rig.start(dir, {
      meters: 0,
      registers: 1,
      pollMs: 1_000,
      metersPerLink: 1,
      changing: 0,
      links,
      devices,
    });
    operator = await signIn(rig.url, 'operator');
    browser = await launchBrowser();
    ({ page: first } = await openDesk(browser, rig, 'operator'));
    ({ page: second } = await openDesk(browser, rig, 'operator2'));
    for (const page of [first, second]) await lamp(page, 'FIRE').locator('.count').filter({ hasText: '0' }).waitFor();
  }, 240_000);

  afterAll(async () => {
    await rig?.stop();
  });

  it('[S2] tells a quiet, an unacknowledged, an acknowledged and an unknown lamp apart without colour', async () => {
    const pictures = new Map([['quiet', await lamp(first, 'FIRE').screenshot()]]);
    await raise('FIRE');
    await row(first, 'FIRE').waitFor();
    pictures.set('unacknowledged', await lamp(first, 'FIRE').screenshot());
    await first.keyboard.press('F1');
    await first.keyboard.press('F1');
    await lamp(first, 'FIRE').locator('.count').filter({ hasText: '0' }).waitFor();
    pictures.set('acknowledged', await lamp(first, 'FIRE').screenshot());
    const hub = rig.hub?.pid ?? 0;
    process.kill(hub, 'SIGSTOP');
    try {
      await first.getByText('画面已失效').waitFor();
      // The overlay lies over everything; what it covers has to say so as well.
      await first.addStyleTag({ content: '.overlay { visibility: hidden }' }).catch(() => undefined);
      pictures.set('unknown', await lamp(first, 'FIRE').screenshot());
    } finally {
      process.kill(hub, 'SIGCONT');
    }
    expect(await alikeInGrey(browser, pictures)).toEqual([]);
    await first.getByText('画面已失效').waitFor({ state: 'detached' });
  }, 90_000);

  it('[S2] an acknowledgement at one desk is at the other with the same counts and who did it', async () => {
    await raise('SUPERVISORY');
    await row(first, 'SUPERVISORY').click();
    await first.keyboard.press('F1');
    await row(second, 'SUPERVISORY').getByText('已确认').waitFor();
    await row(second, 'SUPERVISORY').click();
    const detail = second.getByRole('region', { name: '处置' });
    await detail.getByText('消控员甲').first().waitFor();
    await first.mouse.move(5, 5);
    const shown = (page: Page) =>
      Promise.all([
        page.locator('button.lamp .count').allTextContents(),
        page.locator(`${ROWS} .where`).allTextContents(),
      ]);
    await until(async () => JSON.stringify(await shown(first)) === JSON.stringify(await shown(second)), {
      what: 'both desks show the same',
    });
    expect(await shown(second)).toEqual(await shown(first));
  });

  it('[S2] sounds until the last is acknowledged and not longer, and says so at once when the sound is lost', async () => {
    const { page } = await openDesk(browser, rig, 'operator', '/notifications');
    await page.addInitScript(LISTEN_IN);
    await page.goto(`${rig.url}/`);
    await page.getByText('没有需要鸣响的报警').waitFor();
    for (const c of ['FAULT', 'ACTION'] as const) await raise(c);
    const loops = () => page.evaluate<number>('window.loops.size');
    await page.getByText('正在鸣响：启动').waitFor();
    expect(await loops()).toBe(1);
    expect(await waiting()).toEqual(['ACTION', 'FAULT']);
    await row(page, 'ACTION').click();
    await page.keyboard.press('F1');
    await page.getByText('正在鸣响：故障').waitFor();
    expect(await loops()).toBe(1);
    expect(await waiting()).toEqual(['FAULT']);
    await page.evaluate('window.audio.suspend()');
    const bar = page.getByText('声音未启用：新报警不会响');
    await bar.waitFor();
    await page.getByRole('button', { name: '开始值班' }).click();
    await bar.waitFor({ state: 'detached' });
    await row(page, 'FAULT').click();
    await page.keyboard.press('F1');
    await page.getByText('没有需要鸣响的报警').waitFor();
    expect(await loops()).toBe(0);
    expect(await page.getByText('正在鸣响').count()).toBe(0);
    expect(await waiting()).toEqual([]);
    await page.context().close();
  });

  it('[S2] a session that has ended hides nothing: new alarms come, and what was typed is kept for who signs in again', async () => {
    const { page } = await openDesk(browser, rig, 'operator');
    const form = page.getByRole('form', { name: '登录' });
    const again = async (): Promise<void> => {
      expect(await form.getByLabel('用户名').inputValue()).toBe('operator');
      await form.getByLabel('密码').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await form.waitFor({ state: 'detached' });
    };
    await raise('FEEDBACK');
    await page.getByText('正在鸣响：反馈').waitFor();
    // Lamp and sound do not wait for the list.
    await row(page, 'FEEDBACK').waitFor();
    const rows = await page.locator(ROWS).count();
    expect(rows).toBeGreaterThan(0);
    await row(page, 'FEEDBACK').click();
    // As far as any request is concerned the session is gone; the live channel stays open.
    await page.context().clearCookies();
    await page.keyboard.press('F1');
    await page.getByText('登录已失效，报警仍在显示').waitFor();
    expect(await page.locator(ROWS).count()).toBe(rows);
    expect(await page.getByText('正在鸣响：反馈').count()).toBe(1);
    // It says so beside the alarms and takes nothing from a typing hand.
    expect(await page.locator('dialog.lapsed :focus').count()).toBe(0);
    await again();
    await row(page, 'FEEDBACK').click();
    await page.keyboard.press('F1');
    await row(page, 'FEEDBACK').getByText('已确认').waitFor();

    await row(page, 'FAULT').click();
    await page.keyboard.press('F4');
    const verdict = page.getByRole('dialog', { name: '核实结果' });
    await verdict.getByLabel(/真实/).check();
    await verdict.getByLabel('说明').fill('接线松动，已紧固');
    await page.context().clearCookies();
    const save = verdict.getByRole('button', { name: '保存核实结果' });
    await save.click();
    await page.getByText('登录已失效，报警仍在显示').waitFor();
    await raise('PROCESS');
    await lamp(page, 'PROCESS').locator('.note').filter({ hasText: '共 1' }).waitFor();
    await page.getByText('正在鸣响：越限').waitFor();
    expect(await page.getByText('画面已失效').count()).toBe(0);
    // Within reach although a dialog is open.
    await again();
    await save.click();
    await verdict.waitFor({ state: 'detached' });
    expect(await page.getByText('登录已失效').count()).toBe(0);
    await row(page, 'FAULT').getByText('真实').waitFor();
    await page.context().close();
  });

  it('[S2] lays its parts beside each other at every size, at the desk and on the wall', async () => {
    const { page } = await openDesk(browser, rig, 'operator');
    const overlaps: string[] = [];
    for (const path of ['/', '/wall'])
      for (const [width, height] of [
        [1366, 768],
        [1920, 1080],
        [3840, 2160],
      ] as const) {
        await page.setViewportSize({ width, height });
        await page.goto(rig.url + path);
        await row(page, 'FAULT').waitFor();
        overlaps.push(...(await page.evaluate<string[]>(OVERLAPS)).map((pair) => `${path} ${width}: ${pair}`));
      }
    expect(overlaps).toEqual([]);
    await page.context().close();
  });

  it('[S2] finds by the digest what a lost frame did not bring', async () => {
    const { page } = await openDesk(browser, rig, 'operator', '/notifications');
    let lost = 0;
    await page.routeWebSocket(/socket\.io/, (socket) => {
      const hub = socket.connectToServer();
      hub.onMessage((message) => {
        if (String(message).startsWith('42["alarm"')) lost += 1;
        else socket.send(message);
      });
    });
    await page.goto(`${rig.url}/`);
    await row(page, 'FIRE').waitFor();
    await raise('PREALARM');
    await row(page, 'PREALARM').waitFor();
    expect(lost).toBeGreaterThan(0);
    await page.context().close();
  });

  it('[S2] shows every class by a shape of its own: without colour no two are alike, in the list and on the lamps', async () => {
    for (const c of ALARM_CLASSES) panel.set(c, true);
    for (const c of ALARM_CLASSES) await raise(c);
    // What came while its list had the focus waits behind the bar; a new page shows all.
    await first.reload();
    for (const c of ALARM_CLASSES) await row(first, c).first().waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await first.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const of of ['row', 'lamp'] as const) {
        const pictures = new Map<string, Buffer>();
        for (const c of ALARM_CLASSES) {
          const at = of === 'row' ? row(first, c).first() : lamp(first, c);
          pictures.set(`${colorScheme} ${of} ${c}`, await at.locator('svg').first().screenshot());
        }
        expect(await alikeInGrey(browser, pictures)).toEqual([]);
      }
    }
  }, 90_000);
});
