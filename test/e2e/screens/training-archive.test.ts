// What F5 and S4 ask of the office, in a real browser: a training from its plan to the retake, publicity with its proof, and
// an archive that says what it lacks until the paper is filed, edition by edition, and prints it.
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import type { ArchiveOverview, ChapterHead } from '../../../hub/read/archive/contract.ts';
import { launchBrowser, openPage } from '../../helpers/chromium.ts';
import { startTestHub, TEST_PASSWORD, type Client } from '../../helpers/hub.ts';
import { describeWith } from '../../helpers/needs.ts';
import { readPdf } from '../../helpers/pdf.ts';
import { photograph } from './demo-hub.ts';
import { seriousBreaches } from './desk.ts';

const PHONE = { width: 390, height: 844 } as const;
const DESK = { width: 1366, height: 768 } as const;
const PDF = { name: '批复.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 a paper that was filed') };
/** As the site's clocks show it: date and minute. */
const now = (): string[] =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' })
    .format(new Date())
    .split(' ');

describeWith(['chromium', 'poppler'], 'training, publicity and archive', () => {
  let url: string;
  let browser: Browser;
  let page: Page;
  let manager: Client;
  const errors: string[] = [];
  const open = async (username: string, path: string): Promise<Page> => {
    const opened = await openPage(browser, { reducedMotion: 'reduce', viewport: DESK, locale: 'zh-CN' });
    opened.setDefaultTimeout(20_000);
    opened.on('pageerror', (error) => errors.push(error.message));
    await opened.context().request.post(`${url}/api/session`, { data: { username, password: TEST_PASSWORD } });
    await opened.goto(url + path);
    return opened;
  };
  const dialog = (name: string) => page.getByRole('dialog', { name, exact: true });
  const save = async (name: string): Promise<void> => {
    await dialog(name).getByRole('button', { name: '保存' }).click();
    await dialog(name).waitFor({ state: 'detached' });
  };
  /** What a phone shows: nothing to push sideways, no breach of WCAG. */
  const onPhone = async (shows: () => Promise<void>): Promise<void> => {
    await page.setViewportSize(PHONE);
    await shows();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
    expect(await seriousBreaches(page)).toEqual([]);
    await page.setViewportSize(DESK);
  };
  const overview = async (): Promise<ArchiveOverview> => (await manager.get<ArchiveOverview>('/api/archive')).body;

  beforeAll(async () => {
    const hub = await startTestHub();
    url = hub.hub.url;
    manager = await hub.as('manager');
    browser = await launchBrowser();
    page = await open('supervisor', '/training');
  }, 240_000);

  it('[F5] a training is planned, attended by whoever signs in, tested and retaken, and held with its papers', async () => {
    const topic = '灭火器与消火栓实操';
    await page.getByRole('button', { name: /安排培训/ }).click();
    const plan = dialog('安排培训');
    await plan.getByRole('button', { name: '保存' }).click();
    await plan.getByText('请填写此项').first().waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
    await plan.getByLabel('培训主题').fill(topic);
    await plan.getByLabel('消防救援机构').check();
    await plan.getByLabel('授课人').fill('区消防救援大队');
    await plan.getByLabel('地点').fill('物业会议室');
    const [date = '', minute = ''] = now();
    await plan.getByLabel('日期').fill(date);
    await plan.getByLabel('时间', { exact: true }).fill(minute);
    await save('安排培训');
    await page.getByRole('heading', { name: topic }).waitFor();

    const technician = await open('technician', new URL(page.url()).pathname);
    await technician.setViewportSize(PHONE);
    await technician.getByRole('button', { name: '签到' }).click();
    await technician.getByText('您已签到').waitFor();
    // Only whoever leads enters results, and nobody may enter their own.
    expect(await technician.getByRole('button', { name: /登记成绩/ }).count()).toBe(0);
    await technician.context().close();

    await page.reload();
    const row = page
      .getByRole('region', { name: '到场人员与考核结果' })
      .getByRole('listitem')
      .filter({ hasText: 'technician' });
    await row.getByText('本人签到').waitFor();
    for (const [score, said] of [
      ['50', '50 分，不合格'],
      ['90', '90 分，合格'],
    ] as const) {
      await row.getByRole('button', { name: '登记成绩: technician' }).click();
      await dialog('登记成绩').getByLabel(/得分/).fill(score);
      await save('登记成绩');
      await row.getByText(said).waitFor();
    }
    await row.getByText('补考 1 次').waitFor();
    expect(await row.getByRole('button').count()).toBe(0);

    await page.getByRole('button', { name: '完成培训' }).click();
    await dialog('完成培训').getByLabel('培训情况').fill('理论考核后在东门实操');
    await dialog('完成培训').locator('input[type=file]').setInputFiles(PDF);
    await dialog('完成培训').getByRole('figure').waitFor();
    await save('完成培训');
    await page.getByText('理论考核后在东门实操').waitFor();
    await page.getByRole('link', { name: /文件 1/ }).waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
    await page.goto(`${url}/training`);
    const held = page.getByRole('link', { name: new RegExp(topic) });
    await held.getByText(/到场 1 人 · 合格 1\/1/).waitFor();
    expect(await held.getByText('已完成').isVisible()).toBe(true);
  }, 120_000);

  it('[F5] publicity is entered by phone with a photo that proves it, and taken back only with a reason', async () => {
    const activity = '冬季电动自行车充电安全';
    await page.goto(`${url}/publicity`);
    await onPhone(async () => {
      await page.getByRole('button', { name: /登记宣传/ }).click();
      const enter = dialog('登记宣传');
      await enter.getByLabel('主题').fill(activity);
      await enter.getByLabel('地点').fill('各单元大堂');
      await enter.getByRole('button', { name: '保存' }).click();
      await enter.getByText('请附现场照片').waitFor();
      expect(await seriousBreaches(page)).toEqual([]);
      await enter
        .locator('input[type=file]')
        .first()
        .setInputFiles(await photograph(page));
      await enter.getByRole('img').waitFor();
      await save('登记宣传');
      await page.getByText(activity).waitFor();
    });
    const row = page.getByRole('listitem').filter({ hasText: activity });
    await row.getByText('展示中').waitFor();
    const loaded = row.getByRole('img').first();
    await loaded.scrollIntoViewIfNeeded();
    await expect
      .poll(() => loaded.evaluate((img) => 'naturalWidth' in img && Number(img.naturalWidth) > 0), { timeout: 20_000 })
      .toBe(true);
    await row.getByRole('button', { name: `撤销登记: ${activity}` }).click();
    await dialog('撤销登记').getByRole('textbox').fill('地点写错');
    await dialog('撤销登记').getByRole('button', { name: '撤销登记' }).click();
    await row.getByText('已撤销').waitFor();
    await row.getByText('地点写错').waitFor();
  }, 120_000);

  it('[S4] the archive says what it lacks until the paper is filed, keeps its editions, and prints its contents', async () => {
    const before = await overview();
    const lacking = before.chapters.find((one) => one.lacks.length === 1 && one.lacks[0] === 'documents');
    const { id, name } = lacking ?? ({ id: '', name: { zh: '', en: '' } } satisfies Pick<ChapterHead, 'id' | 'name'>);
    await page.goto(`${url}/archive`);
    const link = page.getByRole('listitem').filter({ hasText: name.zh }).getByRole('link');
    await link.getByText('缺', { exact: true }).waitFor();
    await onPhone(() => page.getByText(`缺 ${before.missing} 章`).waitFor());

    await link.click();
    await page.getByText('没有文件，请上传').waitFor();
    await page.getByRole('button', { name: /添加文件/ }).click();
    const add = dialog('添加文件');
    await add.getByLabel('名称', { exact: true }).fill('专项批复');
    await add.getByLabel('版本').fill('第 1 版');
    await add.getByRole('button', { name: '保存' }).click();
    await add.getByText('请添加文件').waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
    await add.locator('input[type=file]').setInputFiles(PDF);
    await add.getByLabel('文件名称').waitFor();
    await save('添加文件');
    const papers = page.getByRole('region', { name: '文件资料' }).getByRole('listitem');
    await papers.filter({ hasText: '第 1 版' }).waitFor();

    await page.getByRole('button', { name: '换新版: 专项批复' }).click();
    await dialog('换新版').getByLabel('版本').fill('第 2 版');
    await dialog('换新版').locator('input[type=file]').setInputFiles(PDF);
    await dialog('换新版').getByLabel('文件名称').waitFor();
    await save('换新版');
    await papers.filter({ hasText: '第 1 版' }).getByText('已被替换').first().waitFor();
    expect(await papers.filter({ hasText: '第 2 版' }).getByText('已被替换').count()).toBe(0);
    await onPhone(() => papers.filter({ hasText: '第 2 版' }).waitFor());

    await page.getByRole('link', { name: '← 消防档案' }).click();
    await page.getByText(`缺 ${before.missing - 1} 章`).waitFor();
    expect(await link.getByText('缺', { exact: true }).count()).toBe(0);
    const pdf = page.getByRole('link', { name: '打印全部（PDF）' });
    const paper = await page
      .context()
      .request.get(`${url}${(await pdf.getAttribute('href')) ?? ''}`, { timeout: 60_000 });
    const { text } = readPdf(await paper.body());
    const listed =
      text
        .slice(text.indexOf('目录'))
        .split('\n')
        .find((line) => line.includes(name.zh)) ?? '';
    const still = (await overview()).chapters.find((one) => one.state === 'missing');
    expect(listed).toMatch(/\d\s*$/);
    expect(listed).not.toContain('缺');
    expect(text.replaceAll(' ', '')).toContain(`${still?.name.zh ?? '?'}【缺】`);
    expect(text).toMatch(/专项批复.*第 ?2 ?版/);
    expect(id).not.toBe('');
    expect(errors).toEqual([]);
  }, 120_000);
});
