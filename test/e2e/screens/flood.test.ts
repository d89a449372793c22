// A flood on the real path, from registers to a real browser: nothing is dropped, the first of each class stays on top,
// places are one row each, no row moves under the pointer, and the sound begins once. How fast that is, the bench says.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { Rig } from '../../bench/rig.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { FloodPanels, type FloodClass } from '../../helpers/flood-panels.ts';
import { describeWith } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';
import type { Caller } from '../compound.ts';
import { openDesk, breaches, type Desk } from './desk.ts';

const [FIRST, ALL] = [400, 3_000];
const CLASSES: readonly FloodClass[] = ['FIRE', 'FAULT', 'DISABLED'];

/** Counts how often the fire's loop (its pattern lasts 0.9 s) begins to sound; others are of the screen itself. */
const COUNT_SOUNDS = `{
  const { start } = AudioBufferSourceNode.prototype;
  window.sounds = 0;
  AudioBufferSourceNode.prototype.start = function (...args) {
    if (this.loop && Math.abs(this.buffer.duration - 0.9) < 0.01) window.sounds += 1;
    return start.apply(this, args);
  };
}`;
/** Key and top edge of every row that is drawn. */
const ROWS = `[...document.querySelectorAll('[role=option]')].map((row) => [row.id, row.getBoundingClientRect().top])`;

/** Every open alarm, page by page. */
async function allOpen(caller: Caller): Promise<AlarmView[]> {
  const items: AlarmView[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await caller.good<{ items: AlarmView[]; next: string | null }>(
      'GET',
      `/api/alarms?state=open&limit=500${from}`,
    );
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
}

/** Runs in the page: what each zone that is drawn counts, by its name, once the rows in sight are drawn. */
const ZONES = `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(
  [...document.querySelectorAll('[role=listbox] .zone')].map((zone) =>
    [zone.querySelector('.where').textContent.trim(), Number(zone.querySelector('b').lastChild.textContent)])))))`;
const TO_TOP = `void (document.querySelector('[role=listbox]').scrollTop = 0)`;
/** Runs in the page: half a page further; answers whether there was any further to go. */
const FURTHER = `(() => {
  const list = document.querySelector('[role=listbox]');
  const before = list.scrollTop;
  list.scrollTop += list.clientHeight / 2;
  return list.scrollTop > before;
})()`;

/** What each zone of the whole list counts, by its name on the screen, read by scrolling from top to end. */
async function zonesShown(page: Page): Promise<Map<string, number>> {
  const zones = new Map<string, number>();
  await page.evaluate(TO_TOP);
  do {
    const seen: [string, number][] = await page.evaluate(ZONES);
    for (const [name, n] of seen) zones.set(name, n);
  } while (await page.evaluate(FURTHER));
  return zones;
}

describeWith(['chromium'], 'flood', () => {
  let rig: Rig;
  let panels: FloodPanels;
  let operator: Caller;
  let desk: Desk;
  let page: Page;
  const lamp = (c: string) => page.locator(`button.lamp.${c} .count`);
  /** At least: the hub may have a fault of its own to tell. */
  const counted = async (n: number, meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> => {
    for (const c of CLASSES)
      await until(
        async () => {
          await meanwhile();
          return Number(await lamp(c).textContent()) >= FloodPanels.count(n, c);
        },
        { ms: 120_000, what: `${c} of ${n} alarms on the lamp`, everyMs: 50 },
      );
  };

  beforeAll(async () => {
    const dir = join(tempDir('flood'), 'site');
    const flood = await FloodPanels.start(dir, ALL);
    ({ panels } = flood);
    rig = await Rig.start(dir, {
      meters: 0,
      registers: 1,
      pollMs: 1_000,
      metersPerLink: 1,
      changing: 0,
      links: flood.links,
      devices: flood.devices,
    });
    operator = await rig.signIn('operator');
    desk = await openDesk(await launchBrowser(), rig, 'operator');
    page = desk.page;
    await page.evaluate(COUNT_SOUNDS);
    await lamp('FIRE').filter({ hasText: '0' }).waitFor();
  }, 240_000);

  afterAll(async () => {
    await rig?.stop();
  });

  it('[S2] pins the first of each class and rolls places up, each row counting its own', async () => {
    // One after the other, so that there is a first: a fire, a fault, then another fault and a disablement.
    for (const n of [1, 2, 4, FIRST]) {
      panels.raise(n - panels.raised);
      await counted(n);
    }
    const first = (c: FloodClass) => page.locator(`.pinned .first.${c}`);
    await first('FIRE')
      .filter({ hasText: /首报火警.*感烟1(?!\d)/ })
      .waitFor();
    await first('FAULT')
      .filter({ hasText: /首报故障.*感烟2(?!\d)/ })
      .waitFor();
    await first('DISABLED')
      .filter({ hasText: /首报屏蔽.*感烟4(?!\d)/ })
      .waitFor();
    expect(await page.locator('.pinned .first').first().textContent()).toContain('火警');
    await page.getByText('报警密集，按部位归并').waitFor();
  });

  it('[S2] moves no row under the pointer while thousands come, and says behind the bar how many wait', async () => {
    await page.locator('.zone').first().hover();
    const box = await page.locator('.zone').first().boundingBox();
    const before = await page.evaluate(ROWS);
    while (panels.raised < ALL) panels.raise(200);
    // A hand that trembles: a pointer without a sign of life does not hold the list for ever.
    let moves = 0;
    await counted(ALL, () => page.mouse.move((box?.x ?? 0) + 20 + (moves++ % 2), (box?.y ?? 0) + 10));
    expect(await page.evaluate(ROWS)).toEqual(before);
    const bar = page.getByRole('button', { name: /＋\d+ 新/ });
    // Places that had a row already went on counting in it; the others wait.
    const waiting = Number(/＋(\d+)/.exec((await bar.textContent()) ?? '')?.[1]);
    await bar.click();
    await bar.waitFor({ state: 'detached' });
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThan(ALL);
  }, 300_000);

  it('[S2] drops nothing: every open alarm is counted in the row of its place, which opens to exactly its own', async () => {
    const open = (await allOpen(operator)).filter((a) => a.device.includes('.panel-'));
    expect(open).toHaveLength(ALL);
    const names: Readonly<Record<string, string>> = { FIRE: '火警', FAULT: '故障', DISABLED: '屏蔽' };
    const expected = new Map<string, number>();
    for (const a of open) {
      const zone = `${a.building?.slice(1)}号楼 ${a.floor} 层 ${names[a.class]}`;
      expected.set(zone, (expected.get(zone) ?? 0) + 1);
    }
    const shown = await zonesShown(page);
    // One or two of a class in one place have rows of their own.
    for (const [zone, n] of expected) if (n < 3) expected.delete(zone);
    expect(Object.fromEntries([...shown].toSorted())).toEqual(Object.fromEntries([...expected].toSorted()));
    expect(expected.size).toBeGreaterThan(100);

    const list = page.getByRole('listbox', { name: '报警' });
    await page.evaluate(TO_TOP);
    await list.focus();
    await page.keyboard.press('Home');
    const pinned = await page.locator('.pinned [role=option]').count();
    for (let k = 0; k < pinned; k++) await page.keyboard.press('ArrowDown');
    const zone = page.locator('[role=option][aria-selected=true] .zone');
    const n = Number(/×(\d+)/.exec((await zone.textContent()) ?? '')?.[1]);
    await page.keyboard.press('Enter');
    await page
      .locator('.nested')
      .nth(n - 1)
      .waitFor();
    expect(await page.locator('.nested').count()).toBe(n);
    await page.keyboard.press('ArrowLeft');
    await page.locator('.nested').first().waitFor({ state: 'detached' });
  }, 300_000);

  it('[S2] takes acknowledgement of one fire by keyboard in the midst of it, and counts exactly one less', async () => {
    const fires = FloodPanels.count(ALL, 'FIRE');
    await page.mouse.move(5, 5);
    await page.locator('.pinned [role=option]').first().click();
    await page.keyboard.press('F1');
    await lamp('FIRE')
      .filter({ hasText: new RegExp(`^${fires - 1}$`) })
      .waitFor();
    const acked = (await allOpen(operator)).filter((a) => a.state === 'acked-active');
    expect(acked.map((a) => a.class)).toEqual(['FIRE']);
  });

  it('[S2] tells a screen reader of the flood as a count, and begins to sound once', async () => {
    await until(
      async () => /^火警未确认 \d+ 条，首报 /.test((await page.locator('[role=alert]').first().textContent()) ?? ''),
      {
        what: 'a count is told',
      },
    );
    expect(await page.evaluate('window.sounds')).toBe(1);
    expect(await breaches(page)).toEqual([]);
    expect(desk.errors).toEqual([]);
  });
});
