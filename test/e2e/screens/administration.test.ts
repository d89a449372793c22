// A site set up from nothing by screens alone: first administrator, places, people, gateway, commissioning, rules.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser, openPage } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { REPO, startNode, type RunningProcess } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { seriousBreaches } from './desk.ts';

const PASSWORD = 'long enough to keep';
const SITE = (head: string): string => `${head}
profiles: [${join(REPO, 'device-profiles')}]
links:
  - { id: field, type: mqtt }
devices:
  - id: ext-1
    name: { zh: 十二层灭火器, en: 'Extinguisher, floor 12' }
    profile: meokon-mk
    link: field
    building: b1
    floor: 12
    vars: { serial: SHMK26100001 }
mqttUsers:
  - { username: SHMK26100001, password: gauge password, topics: [GIOT-GW/UL/SHMK26100001] }
`;
const LIST = '楼栋,楼栋名称,楼层,地点名称\nb2,二号楼,1~18,\nb2,,1,消防水泵房\n';

describeWith(['chromium'], 'administration', () => {
  const dir = tempDir('administration');
  let hub: RunningProcess;
  let gateway: RunningProcess | undefined;
  let browser: Browser;
  let page: Page;
  let url: string;
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
  const dialog = () => page.getByRole('dialog');
  const inDialog = (name: string) => dialog().getByRole('button', { name, exact: true });

  beforeAll(async () => {
    const env = { HTTP_PORT: '0', MQTT_PORT: '0', FENGSUI_DATA: join(dir, 'hub'), FENGSUI_COMMUNITY: 'lvyuan' };
    hub = await startNode('hub/main.ts', [], { env: { ...env, LOG_LEVEL: 'warn' }, ms: 60_000 });
    url = (hub.ready as { url: string }).url;
    browser = await launchBrowser();
    page = await openPage(browser, { reducedMotion: 'reduce', viewport: { width: 1366, height: 768 } });
    await page.goto(url);
  }, 240_000);

  afterAll(async () => {
    await gateway?.stop();
    await hub?.stop();
  });

  it('an empty hub leads its first administrator in, by what it printed and by nothing else', async () => {
    await page.getByLabel('小区名称').fill('绿园');
    await page.getByLabel('您的姓名').fill('陈主任');
    await page.getByLabel('密码', { exact: true }).fill(PASSWORD);
    await page.getByLabel('再输一次').fill(PASSWORD);
    await page.getByLabel('启用口令').fill('0000-0000');
    await button('创建管理员并登录').click();
    await page.getByText('口令不对').waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
    await page.getByLabel('启用口令').fill((hub.ready as { setupToken: string }).setupToken);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '开通步骤' }).waitFor();
    const next = page.locator('li[aria-current=step]');
    await next.getByText('登记楼栋和楼层').waitFor();
    expect(await page.getByText('完成 1 / 8').count()).toBe(1);
  }, 60_000);

  it('buildings are added one by one, and from a list that is shown first, its mistakes by line', async () => {
    await page.getByRole('link', { name: '前往 登记楼栋和楼层' }).click();
    await page.getByText('还没有楼栋').waitFor();
    await button('添加楼栋').first().click();
    await dialog().getByLabel('编号').fill('b1');
    await dialog().getByLabel('中文名称').fill('一号楼');
    await inDialog('添加楼栋').click();
    await page.getByRole('region', { name: '一号楼' }).getByText('19 层').waitFor();
    await button('从表格导入').click();
    const choose = (text: string) =>
      dialog()
        .getByLabel('选择文件')
        .setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await choose(LIST.replace('1~18', '0'));
    await dialog().getByText('没有 0 层').waitFor();
    expect(await dialog().getByText('第 2 行').count()).toBe(1);
    expect(await inDialog('写入').isDisabled()).toBe(true);
    await choose(LIST);
    await dialog().getByText('新楼层 18，新地点 1，改名 0').waitFor();
    await inDialog('写入').click();
    await page.getByRole('region', { name: '二号楼' }).getByText('18 层').waitFor();
    await button('上移 二号楼').click();
    const first = page.locator('main section h2').first();
    await first.filter({ hasText: '二号楼' }).waitFor();
    expect(await first.textContent()).toContain('二号楼');
  }, 60_000);

  it('a person gets a password for once, and may do nothing before their own is set', async () => {
    await page.getByRole('link', { name: '人员', exact: true }).click();
    await button('添加人员').first().click();
    await dialog().getByLabel('姓名').fill('李工');
    await dialog().getByLabel('用户名').fill('li');
    await dialog().getByLabel('岗位').selectOption('operator');
    await inDialog('添加人员').click();
    await page.getByRole('heading', { name: '李工' }).waitFor();
    await button('登记证书').click();
    await dialog().getByLabel('证书编号').fill('A-1');
    await dialog().getByLabel('等级').fill('四级（中级）');
    await dialog().getByLabel('有效期至').fill('2020-01-01');
    await inDialog('保存').click();
    await page.getByText('已过期').waitFor();
    await button('生成一次性密码').click();
    await inDialog('生成一次性密码').click();
    const once = await dialog().locator('pre').nth(1).textContent();
    await inDialog('已记下').click();
    const other = await openPage(browser, { reducedMotion: 'reduce', viewport: { width: 390, height: 844 } });
    await other.goto(url);
    await other.getByLabel('用户名').fill('li');
    await other.locator('input[name=password]').fill(once ?? '');
    await other.getByRole('button', { name: '登录', exact: true }).click();
    await other.getByText('请设置自己的密码后继续').waitFor();
    expect((await other.context().request.get(`${url}/api/devices`)).status()).toBe(403);
    await other.getByLabel('一次性密码').fill(once ?? '');
    await other.getByLabel('新密码').fill(PASSWORD);
    await other.getByLabel('再输一次').fill(PASSWORD);
    await other.getByRole('button', { name: '设置密码' }).click();
    await other.getByRole('heading', { name: '报警' }).waitFor({ state: 'attached' });
    expect((await other.context().request.get(`${url}/api/devices`)).status()).toBe(200);
    await other.context().close();
  }, 90_000);

  it('a gateway is enrolled, started with the very lines shown, heard, and shows what it declares', async () => {
    await page.getByRole('link', { name: '网关', exact: true }).click();
    await button('登记网关').first().click();
    await dialog().getByLabel('网关编号').fill('gw-lvyuan');
    await inDialog('登记网关').click();
    const [lines = '', head = ''] = [
      await dialog().locator('pre').nth(0).textContent(),
      await dialog().locator('pre').nth(1).textContent(),
    ].map(String);
    await inDialog('已记下').click();
    await page.getByText('从未上线').waitFor();
    const env = Object.fromEntries(lines.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
    const site = join(dir, 'site.yaml');
    writeFileSync(site, SITE(head));
    gateway = await startNode('gateway/main.ts', ['--site', site], {
      env: {
        ...env,
        FENGSUI_DATA: join(dir, 'gateway'),
        FIELD_MQTT_PORT: '0',
        ANNUNCIATOR_PORT: '0',
        LOG_LEVEL: 'warn',
      },
      ms: 60_000,
    });
    const row = page.getByRole('row').filter({ hasText: 'gw-lvyuan' });
    await row.getByText('✓ 在线').waitFor({ timeout: 30_000 });
    await row.getByRole('link').click();
    const declared = page.getByRole('region', { name: '上报的设备和点位' });
    await declared.getByText('十二层灭火器').waitFor();
    expect(await declared.getByText(/\d+ 个点位/).count()).toBeGreaterThan(0);
  }, 120_000);

  it('a building is marked as proved on site, with who and why; before that it stands as unproved', async () => {
    await page.getByRole('link', { name: '现场验证', exact: true }).click();
    const home = page.getByRole('region', { name: '一号楼' });
    await home.getByText(/未验证 \d+/).waitFor();
    await home.getByRole('checkbox').first().check();
    await button(/标记所选 1 台设备/).click();
    await inDialog('保存').click();
    await dialog().getByText('请填写说明').waitFor();
    await dialog()
      .getByLabel(/如何验证/)
      .fill('放压试验，画面有变化');
    await inDialog('保存').click();
    await home.getByText('✓ 已验证').first().waitFor();
    await home.locator('summary').click();
    const points = home.getByText('放压试验，画面有变化');
    await points.first().waitFor();
    expect(await home.getByText(/陈主任/).count()).toBeGreaterThan(0);
  }, 60_000);

  it('a rule takes the site’s own number with a reason, says at the field what does not fit, and goes back', async () => {
    await page.getByRole('link', { name: '规则参数', exact: true }).click();
    await page.getByRole('link', { name: '通信中断、屏蔽多久后派单' }).click();
    await button('修改').click();
    const field = dialog().getByRole('spinbutton', { name: '通信中断' });
    await field.fill('0');
    await dialog().getByLabel('理由').fill('线路较长');
    await inDialog('立即生效').click();
    await dialog().getByText('✕ must be >= 1000', { exact: true }).waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.fill('20');
    await inDialog('立即生效').click();
    const inForce = page.getByRole('region', { name: '现行' });
    await inForce.getByText('20分钟').waitFor();
    await inForce.getByText('线路较长').waitFor();
    await button('恢复默认').click();
    await dialog().getByLabel('理由').fill('已换线');
    await inDialog('恢复默认').click();
    await inForce.getByText('10分钟').waitFor();
    // The history is fetched after the rule itself.
    const history = page.getByRole('region', { name: '改动历史' });
    await history.getByText('已换线').waitFor();
    expect(await history.locator('ol > li').count()).toBe(2);
  }, 60_000);

  it('the fire authority is let in until a day, sees its own screens, and each look of theirs is listed', async () => {
    await page.getByRole('link', { name: '人员', exact: true }).click();
    await button('添加人员').first().click();
    await dialog().getByLabel('姓名').fill('检查员');
    await dialog().getByLabel('用户名').fill('jiancha');
    await dialog().getByLabel('岗位').selectOption('authority');
    await inDialog('添加人员').click();
    await dialog().getByText('请填写查阅截止日').waitFor();
    await dialog().getByLabel('查阅截止日').fill('2099-12-31');
    await inDialog('添加人员').click();
    await page.getByRole('heading', { name: '检查员' }).waitFor();
    await page.getByText('2099-12-31').waitFor();
    await button('生成一次性密码').click();
    await inDialog('生成一次性密码').click();
    const once = (await dialog().locator('pre').nth(1).textContent()) ?? '';
    await inDialog('已记下').click();
    const other = await openPage(browser, { reducedMotion: 'reduce', viewport: { width: 1366, height: 768 } });
    const { request } = other.context();
    await request.post(`${url}/api/session`, { data: { username: 'jiancha', password: once } });
    await request.put(`${url}/api/session/password`, { data: { old: once, new: PASSWORD } });
    await other.goto(url);
    await other.getByRole('heading', { name: '消防档案' }).waitFor();
    const bar = other.getByRole('navigation', { name: '主导航' }).getByRole('link');
    expect(await bar.allTextContents().then((all) => all.map((s) => s.trim()))).toEqual([
      '消防管理',
      '应急',
      '值班',
      '记录',
    ]);
    await other.goto(`${url}/fires`);
    const linkage = other.getByRole('region', { name: '消防联动：手动 / 自动状态' });
    await linkage.waitFor();
    // What was "all in automatic" once is not shown when it can't be read anew; the rest says when it was fetched.
    await other.route('**/api/linkage', (route) => route.fulfill({ json: { fine: true, devices: [] } }));
    await other.getByRole('button', { name: '刷新' }).click();
    await linkage.getByText('✓ 联动设备均在自动状态').waitFor();
    await other.getByText(/^截至 \d{4}-/).waitFor();
    await other.unroute('**/api/linkage');
    await other.route('**/api/linkage', (route) => route.abort());
    await other.getByRole('button', { name: '刷新' }).click();
    await linkage.getByRole('alert').waitFor();
    expect(await linkage.getByText('✓').count()).toBe(0);
    await other.unroute('**/api/linkage');
    await other.goto(`${url}/admin/people`);
    await other.getByText('此页不在您的岗位范围内').waitFor();
    await other.context().close();
    await page.getByRole('link', { name: '查看其查阅记录' }).click();
    await page.getByRole('cell', { name: '火警处置记录' }).first().waitFor();
    expect(await page.getByRole('cell', { name: '消防档案', exact: true }).count()).toBeGreaterThan(0);
  }, 60_000);

  it.each([
    [1366, 768, 'light'],
    [390, 844, 'dark'],
  ] as const)(
    'at %d×%d in %s nothing scrolls sideways and nothing seriously breaches WCAG AA',
    async (width, height, colorScheme) => {
      const wrong: string[] = [];
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      const paths = [
        '',
        '/places',
        '/people',
        '/readings',
        '/gateways',
        '/gateways/gw-lvyuan',
        '/commissioning',
        '/rules',
        '/rules/work-orders.waits',
      ];
      for (const path of paths) {
        await page.goto(`${url}/admin${path}`);
        await page.locator('main h1').first().waitFor();
        const sideways = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        if (sideways === true) wrong.push(`${path} scrolls sideways`);
        wrong.push(...(await seriousBreaches(page)).map((breach) => `${path} ${breach}`));
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );
});
