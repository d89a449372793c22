// A whole fire in a real browser with two desks, by keyboard: a register flips, and every step is done once, by somebody,
// and seen by the other desk; then a false alarm that ends with its cause.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { FireItem, FireView } from '../../../hub/handling/contract.ts';
import type { AlarmFigures } from '../../../hub/read/figures/contract.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { readPdf } from '../../helpers/pdf.ts';
import { until } from '../../helpers/wait.ts';
import { Compound, GATEWAY, type Caller } from '../compound.ts';
import { openDesk, seriousBreaches } from './desk.ts';

vi.setConfig({ testTimeout: 240_000 });

const SEAT = '12层电梯厅感烟';
const KITCHEN = '3层厨房感烟';
/** Dry contacts of the control room: the first is the panel's, the second the pump's. */
const CONTACTS = 3;

describeWith(['pymodbus', 'mosquitto-clients', 'chromium', 'poppler'], 'a fire', () => {
  let compound: Compound;
  let operator: Caller;
  let browser: Browser;
  let first: Page;
  let second: Page;
  const errors: string[] = [];
  const steps = (page: Page) => page.getByRole('region', { name: '火警流程' });
  const step = (page: Page, name: string) => steps(page).getByRole('listitem').filter({ hasText: name });
  const rowOf = (page: Page, text: string) => page.getByRole('option').filter({ hasText: text });
  const keys = async (...pressed: string[]): Promise<void> => {
    for (const key of pressed) await first.keyboard.press(key);
  };
  /** F6 asks for the next step; answers its dialog. */
  const ask = async (page: Page, name: string) => {
    await page.keyboard.press('F6');
    const dialog = page.getByRole('dialog', { name });
    await dialog.waitFor();
    return dialog;
  };
  const done = async (name: string): Promise<void> => {
    for (const page of [first, second]) await step(page, name).getByText('消控员甲').waitFor();
  };
  /** A step whose question is one note that may stay empty: Tab leaves it, Enter does the act. */
  const simply = async (name: string): Promise<void> => {
    const dialog = await ask(first, name);
    await keys('Tab', 'Enter');
    await dialog.waitFor({ state: 'detached' });
    await done(name);
  };
  const fireOf = async (found: (f: FireItem) => boolean): Promise<FireView> => {
    const item = await until(async () => (await operator.items<FireItem>('/api/fires?state=all')).find(found), {
      ms: 20_000,
      what: 'the fire',
    });
    return operator.good<FireView>('GET', `/api/fires/${item.id}`);
  };

  beforeAll(async () => {
    compound = await Compound.start({
      units: [CONTACTS],
      devices: [
        `{ id: modes, profile: waveshare-8di, link: bus, unit: ${CONTACTS}, building: b1, points: [{ point: not-auto-1, about: panel }, { point: not-auto-2, about: pump }] }`,
      ],
      points: ['dev-0005,3层厨房感烟,"Smoke detector, kitchen, floor 3",b2,3,3层厨房\n'],
    });
    operator = await compound.signIn('operator');
    browser = await launchBrowser();
    const admin = await compound.signIn('admin');
    const value = { life: 1_000, urgent: 900_000, normal: 86_400_000 };
    await admin.good('PUT', '/api/rules/notify.seen-within', { value, reason: 'a page is to be lost soon' });
    const card = { address: '江州市望江路 88 号幸福里', callerNumber: '0571-1234', responsible: '项目经理', gates: [] };
    await admin.good('PUT', '/api/rules/handling.site', { value: card, reason: 'what 119 is told' });
    let online: string[] = [];
    await until(
      async () => {
        const devices = await operator.items<{ id: string; online: boolean }>('/api/devices');
        online = devices.flatMap((d) => (d.online ? [d.id] : []));
        return ['panel', 'pump', 'modes'].every((id) => online.includes(`${GATEWAY}.${id}`));
      },
      { ms: 60_000, what: () => `panel, pump and contacts online: ${online.join()}`, everyMs: 200 },
    );
    const desks = [await openDesk(browser, compound, 'operator'), await openDesk(browser, compound, 'operator2')];
    [first, second] = desks.map((desk) => desk.page) as [Page, Page];
    for (const desk of desks) {
      desk.page.on('pageerror', (error) => errors.push(error.message));
      await desk.page.getByRole('heading', { name: '报警' }).waitFor();
    }
  }, 240_000);

  afterAll(async () => {
    await compound?.stop();
  });

  it('[S3] a pump in manual is named at the desk with since when, before there is any fire', async () => {
    await compound.modbus.set(CONTACTS, 'discrete', 1, [1]);
    const strip = first.getByRole('region', { name: '处于手动状态，不会自动联动' });
    await strip.getByText(/消防泵：手动，未在自动/).waitFor();
    await strip.getByText(/自 \d\d:\d\d:\d\d 起/).waitFor();
    expect(await strip.getByText('1号楼主机').count()).toBe(0);
  });

  it('[S2] it stands on the wall too, beside the most urgent alarm, and is read by whoever takes over', async () => {
    const { page: wall } = await openDesk(browser, compound, 'operator2', '/wall');
    const band = wall.getByRole('region', { name: '处于手动状态，不会自动联动' });
    await band.getByText('消防泵').waitFor();
    expect(await seriousBreaches(wall)).toEqual([]);
    await wall.goto(`${compound.url}/duty/handover`);
    await wall.getByRole('button', { name: '生成交接清单' }).click();
    const list = wall.getByRole('region', { name: '处于手动状态或状态不明的联动设备' });
    await list.getByRole('listitem').filter({ hasText: '消防泵' }).getByText('手动，未在自动').waitFor();
    await list.getByText(/自 \d\d-\d\d \d\d:\d\d 起/).waitFor();
    expect(await seriousBreaches(wall)).toEqual([]);
    const pdf = wall.getByRole('link', { name: '打印（PDF）' });
    const paper = await wall.context().request.get(`${compound.url}${(await pdf.getAttribute('href')) ?? ''}`);
    const { text } = readPdf(await paper.body());
    expect(text).toMatch(/消防泵.*手动，未在自动/);
    await wall.getByRole('button', { name: '撤回' }).click();
    await wall.getByRole('button', { name: '生成交接清单' }).waitFor();
    await wall.context().close();
  });

  it('[S3] a real fire is taken from the register to the closed record by keyboard, each step once and by somebody', async () => {
    await compound.gst({ 1: 1 });
    for (const page of [first, second]) await rowOf(page, SEAT).waitFor();
    await keys('F1');
    await first
      .getByRole('region', { name: '处置' })
      .getByRole('heading', { name: new RegExp(SEAT) })
      .waitFor();
    await rowOf(second, SEAT).click();
    await keys('F2');
    await first.getByText(/已消音，剩/).waitFor();
    await keys('F1');
    await done('确认接警');

    const sent = await ask(first, '派人核实');
    await keys('Space', 'Tab');
    await first.keyboard.type('东门岗');
    await keys('Enter');
    await sent.waitFor({ state: 'detached' });
    await step(second, '以最快方式到场核实')
      .getByText(/东门岗/)
      .first()
      .waitFor();
    const answer = await ask(first, '现场回报');
    await keys('Space', 'Tab');
    await first.keyboard.type('电梯厅有明火');
    await keys('Tab', 'Enter');
    await answer.waitFor({ state: 'detached' });

    const verdict = await ask(first, '核实结果');
    await keys('Space', 'Tab');
    await first.keyboard.type('东门岗到场，见明火');
    await keys('Tab', 'Enter');
    await verdict.waitFor({ state: 'detached' });
    for (const page of [first, second]) await steps(page).getByText('真实火警').first().waitFor();

    // Live: the pump is put to automatic at its panel while both desks look.
    for (const page of [first, second])
      await step(page, '确认联动')
        .getByText(/消防泵：手动/)
        .waitFor();
    await compound.modbus.set(CONTACTS, 'discrete', 1, [0]);
    for (const page of [first, second]) {
      await step(page, '确认联动')
        .getByText(/消防泵/)
        .waitFor({ state: 'detached' });
      // A gateway that was never heard is named: what stands on it may be in manual.
      await step(page, '确认联动').getByText('数据中断，状态不明').waitFor();
    }
    const checked = await ask(first, '联动控制状态');
    await keys('Space', 'ArrowDown', 'Tab');
    await first.keyboard.type('泵房转换开关已转自动');
    await keys('Tab', 'Enter');
    await checked.waitFor({ state: 'detached' });
    await done('确认联动');

    const card = await ask(first, '119 报警卡');
    expect(await card.getByLabel('单位地址').inputValue()).toContain('望江路');
    expect(await card.getByLabel('起火部位').inputValue()).toContain('12层');
    expect(await seriousBreaches(first)).toEqual([]);
    await keys('Tab', 'Tab');
    await first.keyboard.type('电动车电池');
    await keys('Enter');
    await card.waitFor({ state: 'detached' });
    await done('拨打 119 报警');
  });

  it('[S3] what happens once is done once: the other desk is told by whom, and sees every act at once', async () => {
    const late = await ask(second, '启动应急疏散');
    const dialog = await ask(first, '启动应急疏散');
    await keys('Tab', 'Enter');
    await dialog.waitFor({ state: 'detached' });
    await done('启动应急疏散');
    await second.keyboard.press('Tab');
    await second.keyboard.press('Enter');
    await late
      .getByRole('alert')
      .getByText(/消控员甲/)
      .waitFor();
    await second.keyboard.press('Escape');
    await simply('启动灭火和应急疏散预案');
    const report = await ask(first, '向责任人报告');
    await keys('Space', 'Tab', 'Enter');
    await report.waitFor({ state: 'detached' });
    // Nobody of those who are told looks at a screen.
    for (const page of [first, second]) await step(page, '报告消防安全责任人').getByText('未送达').waitFor();
    const { entries } = await fireOf((f) => f.building === 'b1');
    expect(entries.filter((e) => e.kind === 'evacuation')).toHaveLength(1);
  });

  it('[S3] it is closed only with every step done or explained, and its record says who did what when', async () => {
    for (const name of ['消防队到场', '火已扑灭', '消防队离场']) await simply(name);
    const early = await ask(first, '结束处置');
    await keys('Tab', 'Tab', 'Enter');
    await early.getByText('请说明原因').first().waitFor();
    await keys('Escape');
    await compound.gst({});
    await until(async () => (await fireOf((f) => f.building === 'b1')).alarms.open === 0, {
      what: 'the panel is reset',
    });
    await step(first, '主机复位').getByText('✓').waitFor();
    const close = await ask(first, '结束处置');
    await close.getByText('各步骤均已完成').waitFor();
    await keys('Tab', 'Enter');
    await close.waitFor({ state: 'detached' });
    for (const page of [first, second]) await steps(page).getByText('已结束').first().waitFor();

    const view = await fireOf((f) => f.building === 'b1');
    expect(view.fire).toMatchObject({ phase: 'closed', result: 'real' });
    expect(view.steps.map((s) => s.status)).toEqual(view.steps.map(() => 'done'));
    expect(view.entries.find((e) => e.kind === 'call-119')?.body).toMatchObject({ material: '电动车电池' });
    const acts = view.entries.filter((e) => e.kind !== 'opened');
    expect(acts.map((e) => e.name)).toEqual(acts.map(() => '消控员甲'));
    await first.goto(`${compound.url}/fires/${view.fire.id}`);
    const pdf = first.getByRole('link', { name: '打印（PDF）' });
    const paper = await first.context().request.get(`${compound.url}${(await pdf.getAttribute('href')) ?? ''}`);
    const { text } = readPdf(await paper.body());
    for (const said of ['火警处置记录', '东门岗', '启动疏散', '未送达', '消控员甲']) expect(text).toContain(said);
    await first.goto(compound.url);
    expect(errors).toEqual([]);
  });

  it('[S3] a false alarm ends only with its cause, and the cause is in the figures', async () => {
    await compound.gst({ 5: 1 });
    await rowOf(first, KITCHEN).waitFor();
    await keys('F1');
    await first
      .getByRole('region', { name: '处置' })
      .getByRole('heading', { name: new RegExp(KITCHEN) })
      .waitFor();
    await keys('F1');
    await step(first, '确认接警').getByText('消控员甲').waitFor();
    await keys('F4');
    const dialog = first.getByRole('dialog', { name: '核实结果' });
    await dialog.waitFor();
    await keys('Space', 'ArrowDown');
    await dialog.getByLabel('厨房油烟').waitFor();
    await keys('Tab', 'Tab');
    await first.keyboard.type('到场查看，炒菜油烟');
    await keys('Tab', 'Enter');
    // No cause, no verdict.
    await dialog.getByText('请选择误报原因').waitFor();
    await keys('Shift+Tab', 'Shift+Tab', 'Space', 'ArrowDown', 'ArrowDown', 'Tab', 'Tab', 'Enter');
    await dialog.waitFor({ state: 'detached' });
    await steps(first)
      .getByText(/误报 · 厨房油烟/)
      .waitFor();
    const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date());
    const figures = await operator.good<AlarmFigures>('GET', `/api/figures/alarms?period=day&on=${today}`);
    expect(figures.falseAlarms).toMatchObject({ judged: 2, false: 1, causes: [{ cause: 'cooking', count: 1 }] });
  });

  it('[S4] each of the three logs is searched on the screen, and printed with what was found, in Chinese', async () => {
    await first.goto(`${compound.url}/records`);
    const bare = (text: string): string => text.replace(/\s/g, '');
    const logs = [
      ['running', '运行记录', SEAT, KITCHEN],
      ['upkeep', '维护保养与操作（登录）', '登录系统', SEAT],
      ['safety', '消防安全管理', '生成交接清单', '登录系统'],
    ] as const;
    for (const [id, log, wanted, other] of logs) {
      await first.getByRole('link', { name: log, exact: true }).click();
      const rows = first.getByRole('region', { name: log, exact: true }).getByRole('listitem');
      const all = await operator.items(`/api/records?log=${id}&limit=100`);
      await first.getByLabel('查找（设备、部位、内容、说明）').fill(wanted);
      await first.keyboard.press('Enter');
      const shown = await until(
        async () => {
          const texts = (await rows.allTextContents()).map(bare);
          return texts.length > 0 && texts.every((text) => text.includes(wanted)) ? texts : undefined;
        },
        { ms: 20_000, what: `${log}: only entries with ${wanted}` },
      );
      expect(shown.length).toBeLessThan(all.length);
      const pdf = first.getByRole('link', { name: '打印（PDF）' });
      const paper = await first.context().request.get(`${compound.url}${(await pdf.getAttribute('href')) ?? ''}`);
      expect(paper.headers()['content-type']).toContain('application/pdf');
      const printed = bare(readPdf(await paper.body()).text);
      expect(printed).toContain(log);
      expect(printed.split(wanted).length - 1).toBeGreaterThanOrEqual(shown.length);
      expect(printed).not.toContain(other);
    }
    expect(errors).toEqual([]);
  });
});
