// Fire-safety management in a real browser: an owner's report by phone is followed until the committee sees it cleared.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HazardPage } from '../../../hub/fire-safety/contract.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { until } from '../../helpers/wait.ts';
import { signIn, type Caller } from '../compound.ts';
import { startDemoHub, type DemoHub } from './demo-hub.ts';
import { openDesk, seriousBreaches, type Desk } from './desk.ts';

const PHONE = { viewport: { width: 390, height: 844 } };
/** One white pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

describeWith(['chromium'], 'fire safety', () => {
  let hub: DemoHub | undefined;
  let url: string;
  let browser: Browser;
  let manager: Caller;
  const errors: string[] = [];
  const open = async (who: string, path: string, phone = false): Promise<Desk> => {
    const desk = await openDesk(browser, { url }, who, path, phone ? PHONE : {});
    errors.push(...desk.errors);
    return desk;
  };
  const photo = (page: Page): Promise<void> =>
    page
      .getByRole('dialog')
      .locator('input[type=file]')
      .setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: PIXEL });
  /** Writes a note, takes a photo, sends. */
  const prove = async (page: Page, button: string, note: string): Promise<void> => {
    await page.getByRole('button', { name: button, exact: true }).click();
    const dialog = page.getByRole('dialog', { name: button });
    await dialog.getByRole('textbox').fill(note);
    await photo(page);
    await dialog.getByRole('img').waitFor();
    await dialog.getByRole('button', { name: '提交' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  const newest = async () => (await manager.good<HazardPage>('GET', '/api/hazards?state=all&limit=1')).items[0];

  beforeAll(async () => {
    hub = await startDemoHub('fire-safety');
    url = hub.url;
    manager = await signIn(url, 'manager');
    browser = await launchBrowser();
  }, 240_000);

  afterAll(async () => {
    await hub?.process.stop();
  });

  it('an owner reports by phone, the supervisor assigns, the technician mends, another rechecks, the committee sees', async () => {
    const { page: owner } = await open('owner', '/', true);
    await owner.getByRole('heading', { name: '我上报的火灾隐患' }).waitFor();
    await owner.getByRole('button', { name: '上报隐患' }).click();
    const form = owner.getByRole('dialog', { name: '上报隐患' });
    await form.getByRole('button', { name: '提交上报' }).click();
    await form.getByText('请选择类别').waitFor();
    expect(await seriousBreaches(owner)).toEqual([]);
    await form.getByLabel('隐患类别').selectOption({ label: '常闭式防火门处于开启状态' });
    await form.getByLabel('楼栋').selectOption({ label: '3号楼' });
    await form.getByLabel('情况说明').fill('防火门被砖头顶开');
    await photo(owner);
    await form.getByRole('button', { name: '提交上报' }).click();
    await owner.getByRole('heading', { name: '常闭式防火门处于开启状态' }).waitFor();
    const id = (await newest())?.id ?? '';

    const { page: supervisor } = await open('supervisor', '/hazards');
    await supervisor.getByRole('link', { name: /防火门被砖头顶开/ }).click();
    await supervisor.getByRole('button', { name: '定级定责' }).click();
    const assign = supervisor.getByRole('dialog', { name: '定级定责' });
    await assign.getByLabel('整改责任人').selectOption({ label: '维修工 · 维修员' });
    expect(await seriousBreaches(supervisor)).toEqual([]);
    await assign.getByRole('button', { name: '下达整改' }).click();
    await supervisor.getByText('整改中').first().waitFor();

    const { page: technician } = await open('technician', `/hazards/${id}`, true);
    await prove(technician, '整改完成', '已移走砖头，调整闭门器');
    await until(async () => (await newest())?.state === 'mended', { ms: 20_000, what: 'the hazard is mended' });

    const { page: inspector } = await open('inspector', `/hazards/${id}`, true);
    await prove(inspector, '复查合格', '门能自行关闭');
    await inspector.getByText('复查合格，隐患消除').waitFor();

    const { page: committee } = await open('committee', `/hazards/${id}`);
    for (const done of ['上报', '定级定责', '整改完成', '复查合格，隐患消除'])
      await committee.getByRole('listitem').filter({ hasText: done }).first().waitFor();
    expect(await committee.locator('.acts button').allInnerTexts()).toEqual(['留言']);
    expect(await seriousBreaches(committee)).toEqual([]);
    await owner.goto(`${url}/hazards`);
    await owner
      .getByRole('link', { name: /防火门被砖头顶开/ })
      .getByText('已消除')
      .waitFor();
    expect(errors).toEqual([]);
  }, 240_000);

  it('[F7] an inspection by the authority: its notice, each demand with who and what, proof, extension and recheck', async () => {
    const { page: supervisor } = await open('supervisor', '/authority');
    await supervisor.getByRole('button', { name: /登记检查/ }).click();
    const visit = supervisor.getByRole('dialog', { name: '登记检查' });
    await visit.getByRole('button', { name: '保存' }).click();
    await visit.getByText('请填写此项').first().waitFor();
    await visit.getByLabel('双随机抽查').check();
    await visit.getByLabel('检查单位').fill('江州市消防救援大队');
    await visit.getByLabel('检查人员').fill('李某 001、王某 002');
    await visit.getByLabel('检查情况').fill('抽查消防设施与疏散通道');
    await visit.getByRole('button', { name: '保存' }).click();

    await supervisor.getByRole('button', { name: /登记文书/ }).click();
    const notice = supervisor.getByRole('dialog', { name: '登记文书' });
    await notice.getByLabel('文书种类').selectOption({ label: '责令限期改正通知书' });
    await notice.getByLabel('文书编号').fill('江消限字〔2026〕第9号');
    const day = (ahead: number): string => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
    await notice.getByLabel('整改期限').fill(day(10));
    await notice.getByLabel('整改要求').fill('3号楼消火栓箱缺水带\n地下车库防火卷帘不能降到底');
    await photo(supervisor);
    await notice.getByRole('img').waitFor();
    await notice.getByRole('button', { name: '保存' }).click();
    await notice.waitFor({ state: 'detached' });
    expect(await seriousBreaches(supervisor)).toEqual([]);

    const path = new URL(supervisor.url()).pathname;
    const act = async (page: Page, name: string, item: string, words: string, paper = true): Promise<void> => {
      await page.getByRole('button', { name: `${name}: ${item}`, exact: true }).click();
      const dialog = page.getByRole('dialog', { name, exact: true });
      const who = dialog.getByLabel('整改责任人');
      if (name === '落实责任') await who.selectOption({ label: '维修工 · 维修员' });
      if (name === '申请延期') await dialog.getByLabel('申请延至').fill(day(20));
      await dialog.getByRole('textbox').last().fill(words);
      if (paper) {
        await photo(page);
        await dialog.getByRole('img').waitFor();
      }
      await dialog.getByRole('button', { name: '保存' }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    const [hose, shutter] = ['3号楼消火栓箱缺水带', '地下车库防火卷帘不能降到底'];
    for (const item of [hose, shutter]) await act(supervisor, '落实责任', item, '采购配件，当周更换', false);
    await act(supervisor, '申请延期', shutter, '电机到货需两周，夜间安排人员值守');
    await supervisor.getByText(/已申请延期至/).waitFor();
    await act(supervisor, '同意延期', shutter, '大队书面同意');
    await supervisor.getByText('延期 1 次').waitFor();

    const { page: technician } = await open('technician', path, true);
    await act(technician, '整改完成', hose, '已补齐水带和枪头');
    await technician.getByText('待复查').waitFor();
    expect(await seriousBreaches(technician)).toEqual([]);
    expect(await technician.getByRole('button', { name: `复查合格: ${hose}` }).count()).toBe(0);

    const { page: committee } = await open('committee', path);
    await committee.getByText('待复查').waitFor();
    expect(await committee.locator('.acts button').count()).toBe(0);
    await supervisor.reload();
    await act(supervisor, '复查合格', hose, '大队复查，同意销案');
    await supervisor.goto(`${url}/authority`);
    await supervisor
      .getByRole('link', { name: /江州市消防救援大队/ })
      .first()
      .getByText('未办结 1 / 共 2 项')
      .waitFor();
    expect(errors).toEqual([]);
  }, 240_000);
});
