// A drill in a real browser, on a hub whose clock the test moves: from the plan by its steps and people to its end by
// itself and its report; what burns meanwhile is told apart.
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, it, vi } from 'vitest';
import type { ModeView } from '../../../hub/alarms/contract.ts';
import type { VersionView } from '../../../hub/plans/contract.ts';
import { launchBrowser, openPage } from '../../helpers/chromium.ts';
import { TEST_PASSWORD } from '../../helpers/hub.ts';
import { describeWith } from '../../helpers/needs.ts';
import { readPdf } from '../../helpers/pdf.ts';
import { until } from '../../helpers/wait.ts';
import { panel, startSite, type Site } from '../../hub/alarms/site.ts';
import { fireBody } from '../../hub/plans/plan.ts';
import { seriousBreaches } from './desk.ts';

vi.setConfig({ testTimeout: 240_000 });
const MINUTE = 60_000;
const PHONE = { width: 390, height: 844 };

describeWith(['chromium', 'poppler'], 'a drill', () => {
  let site: Site;
  let browser: Browser;
  let supervisor: Page;
  let desk: Page;
  let drill = '';
  const open = async (who: string, path: string, viewport = { width: 1366, height: 768 }): Promise<Page> => {
    const page = await openPage(browser, { reducedMotion: 'reduce', viewport });
    page.setDefaultTimeout(20_000);
    const session = { username: who, password: TEST_PASSWORD };
    await page.context().request.post(`${site.hub.hub.url}/api/session`, { data: session });
    await page.goto(site.hub.hub.url + path);
    return page;
  };
  const rowOf = (text: string) => desk.getByRole('option').filter({ hasText: text });
  const stepOf = (page: Page, text: string) =>
    page.getByRole('region', { name: '处置步骤' }).getByRole('listitem').filter({ hasText: text });
  const drillMode = async (): Promise<ModeView | undefined> =>
    (await site.operator.get<{ items: ModeView[] }>('/api/modes')).body.items.find((m) => m.mode === 'drill');

  beforeAll(async () => {
    site = await startSite([panel('p1', 'b1'), panel('p2', 'b2')]);
    const { hub, admin } = site;
    const buildings = ['b1', 'b2'].map((id) => ({ id, name: { zh: id, en: id }, floors: [{ floor: 12 }] }));
    await admin.send('PUT', '/api/buildings', { buildings });
    const [writer, manager] = [await hub.as('supervisor'), await hub.as('manager')];
    const draft = await writer.post<VersionView>('/api/plans', { kind: 'fire', body: fireBody() });
    await manager.post(`/api/plan-versions/${draft.body.id}/approve`);
    await manager.post(`/api/plan-versions/${draft.body.id}/put-in-force`);
    browser = await launchBrowser();
    [supervisor, desk] = [await open('supervisor', '/emergency'), await open('operator', '/')];
  }, 240_000);

  it('[W9] is planned from its plan, announced and begun, and every desk says that it runs', async () => {
    await supervisor.getByRole('button', { name: '安排演练' }).click();
    const form = supervisor.getByRole('dialog', { name: '安排演练' });
    await form.getByLabel('时间').fill('2026-11-22T16:00');
    await form.getByLabel('时长（分钟）').fill('30');
    await form.getByLabel('楼栋').selectOption('b1');
    await form.getByLabel('演练目标').fill('8 分钟内疏散完毕');
    await form.getByRole('button', { name: '安排演练' }).click();
    await supervisor.getByRole('button', { name: '发出演练通知' }).click();
    await supervisor.getByRole('button', { name: '开始演练' }).click();
    await supervisor.getByText('演练进行中：真实报警仍按真实处置。').waitFor();
    drill = new URL(supervisor.url()).pathname;
    await desk.getByText(/演练 火灾处置预案/).waitFor();
    expect(await drillMode()).toMatchObject({ mode: 'drill', building: 'b1' });
  });

  it('[W9] people sign in by phone, do their steps in their turn, and each has its time', async () => {
    const guard = await open('guard', drill, PHONE);
    await guard.getByRole('button', { name: '签到', exact: true }).click();
    await guard.getByText('手机签到').waitFor();
    site.clock.advance(2 * MINUTE);
    await stepOf(guard, '组织疏散').getByRole('button', { name: '完成', exact: true }).click();
    const asked = guard.getByRole('dialog');
    await asked.getByRole('button', { name: '完成', exact: true }).click();
    await asked.waitFor({ state: 'detached' });
    await stepOf(supervisor, '组织疏散').getByText('✓').waitFor();
    expect(await seriousBreaches(guard)).toEqual([]);
    expect(await guard.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
    await guard.context().close();
  });

  it('[W9] marks what its house tells as of a drill; what burns elsewhere, and what a person tells, stands as real', async () => {
    await site.tell(site.gateway.sample('p1', 'zone', 1));
    await rowOf('p1').getByText('演练', { exact: true }).waitFor();
    await site.tell(site.gateway.sample('p2', 'zone', 1));
    await rowOf('p2').waitFor();
    const guard = await site.hub.as('guard');
    await guard.post('/api/fires/reports', {
      via: 'phone',
      sight: 'fire',
      building: 'b1',
      floor: 12,
      place: '1203 室',
    });
    await rowOf('有明火').waitFor();
    expect(await rowOf('p2').getByText('演练', { exact: true }).count()).toBe(0);
    expect(await rowOf('有明火').getByText('演练', { exact: true }).count()).toBe(0);
    // What is real stands above what is exercised, and sounds.
    await desk.getByText('正在鸣响：火警').waitFor();
  });

  it('[W9] a finding becomes a hazard that is followed', async () => {
    await supervisor.getByRole('button', { name: '记录问题' }).click();
    const form = supervisor.getByRole('dialog', { name: '记录问题' });
    await form.getByLabel('发现的问题').fill('12层防火门被顶开');
    await form.getByLabel('列为火灾隐患，跟踪整改').check();
    await form.getByRole('button', { name: '记录问题' }).click();
    await form.getByText('请选择类别').waitFor();
    await form.getByLabel('隐患类别').selectOption({ label: '常闭式防火门处于开启状态' });
    await form.getByRole('button', { name: '记录问题' }).click();
    await form.waitFor({ state: 'detached' });
    const hazard = supervisor.getByRole('link', { name: /隐患 YH-/ });
    await hazard.waitFor();
    expect(await hazard.getAttribute('href')).toMatch(/^\/hazards\//);
  });

  it('[W9] ends by itself when its time is over: what comes then is real again; its report is on paper', async () => {
    expect((await drillMode())?.endedAt).toBeUndefined();
    await site.pass(31 * MINUTE);
    await until(async () => (await drillMode())?.endedAt !== undefined, { what: 'the mode is over' });
    await site.tell(site.gateway.sample('p1', 'zone', 2));
    const fault = desk.getByRole('option').filter({ has: desk.locator('.row.FAULT') });
    await fault.first().waitFor();
    expect(await fault.first().getByText('演练', { exact: true }).count()).toBe(0);
    await supervisor.getByRole('button', { name: '结束并总结' }).click();
    const end = supervisor.getByRole('dialog', { name: '结束并总结' });
    await end.getByRole('textbox').fill('疏散用时 2 分钟，达到目标；12 层防火门须整改。');
    await end.getByRole('button', { name: '结束并总结' }).click();
    const report = supervisor.getByRole('link', { name: '演练报告（PDF）' });
    await report.waitFor();
    const url = `${site.hub.hub.url}${(await report.getAttribute('href')) ?? ''}`;
    const { text } = readPdf(await (await supervisor.context().request.get(url)).body());
    for (const said of [
      '火灾处置预案',
      '8 分钟内疏散完毕',
      '组织疏散',
      '2:00',
      '12层防火门被顶开',
      'YH-',
      '达到目标',
      'guard',
    ])
      expect(text).toContain(said);
  });
});
