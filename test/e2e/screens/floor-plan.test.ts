// Floor plans in a real browser on a real hub and gateway: a drawing uploaded, a detector placed by keyboard and mouse,
// its fire shown by F3; nothing new covered, nothing told by colour alone.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FloorPlanItem, FloorPlanView } from '../../../hub/floor-plans/contract.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { until } from '../../helpers/wait.ts';
import { Compound, GATEWAY, type Caller } from '../compound.ts';
import { alikeInGrey, openDesk, seriousBreaches } from './desk.ts';

const LOBBY = '12层电梯厅感烟';
const CORRIDOR = '12层走道感烟';
const DRAWING = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 400" onload="document.title='ran'">
  <script>document.title = 'ran'</script>
  <rect x="5" y="5" width="590" height="390" fill="#fff" stroke="#333"/><path d="M5 200H595" stroke="#333"/></svg>`;

describeWith(['pymodbus', 'mosquitto-clients', 'chromium'], 'floor plan', () => {
  let compound: Compound;
  let operator: Caller;
  let browser: Browser;
  let editor: Page;
  let room: Page;
  const planOf = (floor: number): Promise<FloorPlanView> =>
    operator.good<FloorPlanView>('GET', `/api/floor-plans/b1/${floor}`);
  const spotOf = async (point: string) => (await planOf(12)).things.find((t) => t.point === point)?.at;
  const named = (page: Page, name: string) => page.locator(`.marker[title^="${name}"]`);
  const panel = (page: Page) => page.getByRole('region', { name: '平面图' });

  beforeAll(async () => {
    compound = await Compound.start();
    operator = await compound.signIn('operator');
    browser = await launchBrowser();
    await until(
      async () => {
        const plans = await operator.items<FloorPlanItem>('/api/floor-plans');
        return plans.some((p) => p.building === 'b1' && p.floor === 12 && p.version === 1 && p.positions > 0);
      },
      { ms: 90_000, what: 'the demo has drawn its floors', everyMs: 300 },
    );
  }, 300_000);

  afterAll(async () => {
    await compound?.stop();
  });

  it('[S2] takes a drawing without what could run in it, and a detector by keyboard', async () => {
    const desk = await openDesk(browser, compound, 'supervisor', '/plans/b1/12');
    editor = desk.page;
    await named(editor, LOBBY).waitFor();
    await editor
      .locator('input[type=file]')
      .first()
      .setInputFiles({
        name: '12层.svg',
        mimeType: 'image/svg+xml',
        buffer: Buffer.from(DRAWING),
      });
    await editor.getByText('这些内容已去掉：onload, script').waitFor();
    await editor.getByText('第 2 版').waitFor();
    const row = editor.locator(`[data-row="${GATEWAY}.panel\\a dev-0002"]`);
    await row.getByText('未放置').waitFor();
    await row.focus();
    await editor.keyboard.press('Enter');
    await named(editor, CORRIDOR).waitFor();
    await editor.locator('.marker:focus').waitFor();
    await editor.keyboard.press('ArrowRight');
    await editor.keyboard.press('Shift+ArrowUp');
    await editor.getByText('有未保存的改动').waitFor();
    await editor.keyboard.press('Control+s');
    await editor.getByText('已保存').waitFor();
    expect(await spotOf('dev-0002')).toEqual({ x: 0.51, y: 0.499 });
    expect(await editor.title()).not.toContain('ran');
    expect(desk.errors).toEqual([]);
  });

  it('moves a marker by mouse, takes it back, and asks before what is unsaved is lost', async () => {
    const box = await named(editor, CORRIDOR).boundingBox();
    if (!box) throw new Error('the marker is not shown');
    await editor.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await editor.mouse.down();
    await editor.mouse.move(box.x - 120, box.y + 60, { steps: 4 });
    await editor.mouse.up();
    await editor.getByText('有未保存的改动').waitFor();
    const moved = await named(editor, CORRIDOR).boundingBox();
    expect((moved?.x ?? 0) - box.x).toBeLessThan(-90);
    const asked: string[] = [];
    editor.once('dialog', (dialog) => {
      asked.push(dialog.message());
      void dialog.dismiss();
    });
    await editor.locator('.editor').getByRole('link', { name: '控制室' }).click();
    expect(asked).toEqual(['改动还没有保存，离开就会丢失。要离开吗？']);
    expect(new URL(editor.url()).pathname).toBe('/plans/b1/12');
    await editor.getByRole('button', { name: '撤销' }).click();
    await editor.getByText('已保存').waitFor();
    expect(await named(editor, CORRIDOR).boundingBox()).toEqual(box);
  });

  it('[S2] brings the selected alarm to the middle of its floor by F3, and covers neither lamps nor list', async () => {
    const desk = await openDesk(browser, compound, 'operator');
    room = desk.page;
    await compound.gst({ 2: 1 });
    const row = room.getByRole('option').filter({ hasText: CORRIDOR });
    await row.click();
    await room.keyboard.press('F3');
    const marked = named(room, CORRIDOR);
    await marked.waitFor();
    expect(await room.getByRole('button', { name: new RegExp(`^${CORRIDOR} · 火警`) }).count()).toBe(1);
    expect(await marked.getAttribute('aria-pressed')).toBe('true');
    expect(await marked.getAttribute('title')).toMatch(/火警.*未确认/);
    expect(await marked.textContent()).toContain('火警');
    for (const [width, height] of [
      [1920, 1080],
      [1366, 768],
    ] as const) {
      await room.setViewportSize({ width, height });
      const [frame, at] = [await room.locator('.plan .frame').boundingBox(), await marked.boundingBox()];
      if (!frame || !at) throw new Error(`the plan is not shown at ${width}`);
      expect(Math.abs(at.x + at.width / 2 - (frame.x + frame.width / 2))).toBeLessThan(frame.width * 0.2);
      for (const uncovered of [row, room.locator('.lamp').first(), room.getByRole('button', { name: /确认此警/ })])
        await uncovered.click({ trial: true });
    }
    await room.keyboard.press('F3');
    await panel(room).waitFor({ state: 'detached' });
    expect(desk.errors).toEqual([]);
  });

  it('fills a phone, where what is unacknowledged stays on top and leads back to the list', async () => {
    const { page: phone } = await openDesk(browser, compound, 'operator', '/', {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    });
    await phone.locator('[data-cell="b1/12"]').tap();
    await named(phone, CORRIDOR).waitFor();
    const box = await panel(phone).boundingBox();
    expect([box?.width, box?.height]).toEqual([390, 844]);
    const back = phone.getByRole('button', { name: /火警.*返回报警列表/s });
    await back.tap();
    await panel(phone).waitFor({ state: 'detached' });
    await phone.context().close();
  });

  it.each(['light', 'dark'] as const)(
    'has no serious breach of WCAG AA in %s, drawn, undrawn or edited',
    async (scheme) => {
      const { page } = await openDesk(browser, compound, 'supervisor', '/', { colorScheme: scheme });
      await page.locator('[data-cell="b1/12"]').click();
      await named(page, CORRIDOR).waitFor();
      expect(await seriousBreaches(page)).toEqual([]);
      await page.goto(`${compound.url}/plans/b1/12`);
      await named(page, CORRIDOR).waitFor();
      expect(await seriousBreaches(page)).toEqual([]);
      await page.context().close();
    },
    60_000,
  );

  it('tells quiet, fault, disabled and fire apart in greyscale', async () => {
    const marks = new Map<string, Buffer>();
    await room.setViewportSize({ width: 1920, height: 1080 });
    await room.locator('[data-cell="b1/12"]').click();
    await named(room, LOBBY).waitFor();
    const take = async (state: string, word: RegExp): Promise<void> => {
      await until(async () => word.test((await named(room, LOBBY).getAttribute('title')) ?? ''), {
        what: `the marker says ${state}`,
      });
      marks.set(state, await named(room, LOBBY).locator('.mark').screenshot());
    };
    await take('quiet', /正常/);
    // In the order of their weight: what is over and not acknowledged still marks its place.
    await compound.gst({ 1: 3 });
    await take('disabled', /屏蔽/);
    await compound.gst({ 1: 2 });
    await take('fault', /故障/);
    await compound.gst({ 1: 1 });
    await take('fire', /火警/);
    expect(await alikeInGrey(browser, marks)).toEqual([]);
  });
});
