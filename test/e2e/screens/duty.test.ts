// Duty in a real browser: the entry, the roll call, the hand-over between two accounts at one desk, and who is refused.
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CertificateView, PersonView } from '../../../hub/staff/contract.ts';
import type { CurrentDuty, DutyRecord } from '../../../hub/duty/contract.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { REPO, startNode, type RunningProcess } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';
import { PASSWORD, signIn, type Caller } from '../compound.ts';
import { openDesk, seriousBreaches, type Desk } from './desk.ts';

const HOUR = 3_600_000;

describeWith(['chromium'], 'duty', () => {
  let hub: RunningProcess;
  let url: string;
  let browser: Browser;
  let manager: Caller;
  let desk: Desk;
  const current = (): Promise<CurrentDuty> => manager.good<CurrentDuty>('GET', '/api/duty/current');
  const kinds = async (): Promise<string[]> =>
    (await manager.items<DutyRecord>('/api/duty/records?limit=20')).map((r) => r.kind);
  const personOf = async (username: string): Promise<PersonView> => {
    const found = (await manager.items<PersonView>('/api/people')).find((p) => p.username === username);
    if (!found) throw new Error(`no ${username}`);
    return found;
  };

  beforeAll(async () => {
    hub = await startNode('hub/main.ts', [], {
      env: {
        HTTP_PORT: '0',
        MQTT_PORT: '0',
        FENGSUI_DATA: join(tempDir('duty'), 'hub'),
        FENGSUI_DEMO_PASSWORD: PASSWORD,
        FENGSUI_DEMO_COMMUNITY: join(REPO, 'simulators/demo-community/xingfuli.yaml'),
        LOG_LEVEL: 'warn',
      },
      ms: 60_000,
    });
    url = (hub.ready as { url: string }).url;
    manager = await signIn(url, 'manager');
    const people = [(await personOf('supervisor')).id, (await personOf('guard')).id];
    const span = { from: new Date().toISOString(), to: new Date(Date.now() + 4 * HOUR).toISOString() };
    await manager.good('POST', '/api/duty/shifts', { kind: 'control-room', people, ...span });
    browser = await launchBrowser();
    desk = await openDesk(browser, { url }, 'operator', '/duty');
  }, 240_000);

  afterAll(async () => {
    await hub?.stop();
  });

  it('[F1] an entry is signed on the form by keyboard; what is not as it should be wants a note', async () => {
    const { page } = desk;
    await page.getByRole('button', { name: '填写值班记录' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: '填写值班记录' });
    await dialog.getByLabel('火灾报警控制器').selectOption('fault');
    expect(await seriousBreaches(page)).toEqual([]);
    await dialog.getByRole('button', { name: '签字提交' }).click();
    await dialog.getByText('请填写说明').waitFor();
    await dialog.getByLabel('报警、故障部位、原因及处理情况').fill('主机回路板故障，已报维保');
    await dialog.getByRole('button', { name: '签字提交' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('值班记录已签字').waitFor();
    expect((await kinds())[0]).toBe('entry');
  });

  it('[F1] a roll call comes up at the desk and is answered under one’s own account', async () => {
    const asks = await openDesk(browser, { url }, 'supervisor', '/duty');
    await asks.page.getByRole('button', { name: '查岗', exact: true }).click();
    await asks.page.getByText('等待当班人员应答').waitFor();
    const call = desk.page.getByRole('alert', { name: '查岗' });
    await call.getByText('主管查岗').waitFor();
    expect(await seriousBreaches(desk.page)).toEqual([]);
    await call.getByRole('button', { name: '应答：我在岗' }).focus();
    await desk.page.keyboard.press('Enter');
    await until(async () => (await current()).rollCall === null, { ms: 20_000, what: 'the answer', everyMs: 100 });
    await call.waitFor({ state: 'detached' });
    expect((await kinds())[0]).toBe('roll-call-answered');
    await asks.page.context().close();
  });

  it('[F1] whoever’s certificate has run out is refused, by the screen in words and by the hub', async () => {
    const admin = await signIn(url, 'admin');
    const { id } = await personOf('guard');
    for (const certificate of await admin.items<CertificateView>(`/api/people/${id}/certificates`))
      await admin.good('DELETE', `/api/people/${id}/certificates/${certificate.id}`);
    const expired = { kind: 'fire-control-operator', no: 'expired', expires: '2020-01-01' };
    await admin.good('POST', `/api/people/${id}/certificates`, expired);
    const guard = await signIn(url, 'guard');
    expect(await guard.ask('POST', '/api/duty/take-over')).toMatchObject({
      status: 403,
      body: { code: 'no-certificate' },
    });
    const { page } = await openDesk(browser, { url }, 'guard', '/duty');
    await page.getByText('没有有效的消防设施操作员证').waitFor();
    expect(await page.getByRole('button', { name: '接班', exact: true }).isDisabled()).toBe(true);
    await page.context().close();
  });

  it('[F1] F9 hands over at one desk: who comes signs with their own password, then who leaves is gone', async () => {
    const { page, errors } = desk;
    await page.getByRole('link', { name: '控制室' }).click();
    await page.getByRole('heading', { name: '值班' }).waitFor({ state: 'detached' });
    await page.keyboard.press('F9');
    await page.getByLabel('消控员乙').uncheck();
    await page.getByLabel('交班说明').fill('2号消火栓泵检修中');
    await page.getByRole('button', { name: '生成交接清单' }).click();
    await page.getByText('等待接班人签字').waitFor();
    await page.getByText('2号消火栓泵检修中').waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
    const sign = async (username: string, password: string): Promise<void> => {
      await page.getByLabel('接班人用户名').fill(username);
      await page.getByLabel('接班人密码').fill(password);
      await page.getByRole('button', { name: '已核对，签字接班' }).click();
    };
    await sign('supervisor', 'not the password');
    await page.getByText('用户名或密码不对').waitFor();
    await sign('guard', PASSWORD);
    await page.getByText('没有有效的消防设施操作员证').waitFor();
    await sign('operator', PASSWORD);
    await page.getByText('交班人不能替接班人签字').waitFor();
    await sign('supervisor', PASSWORD);
    await page.getByText('已交接').waitFor();
    // The desk goes on as theirs.
    await page.getByRole('banner').getByText('消防主管').waitFor();
    expect((await current()).present.map((p) => p.name).toSorted()).toEqual(['消控员乙', '消防主管'].toSorted());
    const operator = await signIn(url, 'operator');
    expect(await operator.good('GET', '/api/session')).toMatchObject({ qualified: false });
    expect(errors).toEqual([]);
  }, 60_000);

  it.each([
    ['phone', 390, 844],
    ['desk', 1366, 768],
    ['large', 1920, 1080],
  ])(
    'fits a %s of %i × %i in both languages without serious breaches of WCAG',
    async (_, width, height) => {
      const { page } = await openDesk(browser, { url }, 'manager', '/duty', { viewport: { width, height } });
      for (const lang of ['zh', 'en'])
        for (const path of ['/duty', '/duty/log', '/duty/roster']) {
          await page.evaluate(`localStorage.setItem('fengsui.language', '${lang}')`);
          await page.goto(url + path);
          await page
            .getByText(/消控员乙/)
            .locator('visible=true')
            .first()
            .waitFor();
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
          expect(await seriousBreaches(page)).toEqual([]);
        }
      await page.context().close();
    },
    120_000,
  );
});
