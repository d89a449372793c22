// An entrapment on the console in a real browser: from the lift's own signal to the closing, every refusal on the way.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EscortList } from '../../../hub/escorts/contract.ts';
import type { RescueView } from '../../../hub/read/contract.ts';
import { launchBrowser } from '../../helpers/chromium.ts';
import { describeWith } from '../../helpers/needs.ts';
import { until } from '../../helpers/wait.ts';
import { jpeg } from '../../hub/files/pictures.ts';
import { Compound, GATEWAY, openAlarms, type Caller } from '../compound.ts';
import { openDesk, seriousBreaches, type Desk } from './desk.ts';

const LIFT_DEVICE = `${GATEWAY}.lift-1`;

describeWith(['pymodbus', 'mosquitto-clients', 'chromium'], 'entrapment console', () => {
  let compound: Compound;
  let operator: Caller;
  let contractor: Caller;
  let browser: Browser;
  let desk: Desk;
  let page: Page;
  let id: string;
  const view = (): Promise<RescueView> => operator.good<RescueView>('GET', `/api/rescues/${id}`);
  const next = (text: RegExp) => page.getByRole('region', { name: '下一步' }).getByText(text).first();
  const button = (name: string) =>
    page.getByRole('region', { name: '下一步' }).getByRole('button', { name, exact: true });
  const save = () => page.getByRole('dialog').getByRole('button', { name: '保存', exact: true });

  beforeAll(async () => {
    compound = await Compound.start();
    [operator, contractor] = [await compound.signIn('operator'), await compound.signIn('contractor')];
    const manager = await compound.signIn('manager');
    const penalty = { arriveMs: 1_800_000, stepMs: 600_000, perStepFen: 50_000, capFen: 500_000 };
    const company = { zh: '维保单位', en: 'Lift company' };
    const contracts = [{ id: 'C-1', company, phone: '4000000000', lifts: [LIFT_DEVICE], penalty }];
    await manager.good('PUT', '/api/rules/work-orders.lift-contracts', { value: { contracts }, reason: 'signed' });
    browser = await launchBrowser();
    await compound.lift({});
    await until(
      async () => {
        const devices = await operator.items<{ id: string; online: boolean }>('/api/devices');
        return devices.some((d) => d.id === LIFT_DEVICE && d.online);
      },
      { ms: 60_000, what: 'the lift online', everyMs: 200 },
    );
    desk = await openDesk(browser, compound, 'operator');
    page = desk.page;
    // The button alone: the terminal's own entrapment signal would join a minute later and begin the rescue anew.
    await compound.lift({ Alarm: 90, Door_Zone: false });
    await openAlarms(operator, `class=ENTRAPMENT&device=${LIFT_DEVICE}`, 1, 'the entrapment');
  }, 240_000);

  afterAll(async () => {
    await compound?.stop();
  });

  it('[S5] is one click from the lamp, and says what comes next in one line', async () => {
    await page.getByRole('link', { name: '困人处置台' }).first().click();
    await next(/接通对讲/).waitFor();
    id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await page.getByText('请不要扒门').waitFor();
    await page.getByText('请先照顾老人和孩子').waitFor();
    await page.getByText('3110001001').waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
  });

  it('[S5] takes call by call by keyboard, each with its outcome, and leads on', async () => {
    await button('接通对讲').focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: '呼叫轿内人员' });
    await save().click();
    await dialog.getByText('请选择').waitFor();
    await dialog.getByLabel('未接通').check();
    await save().click();
    await next(/无人应答/).waitFor();
    await button('再次呼叫').click();
    await dialog.getByLabel('已接通').focus();
    await page.keyboard.press('Space');
    await save().focus();
    await page.keyboard.press('Enter');
    await next(/立即通知维保单位/).waitFor();
    await page.getByRole('button', { name: '登记轿内人员' }).click();
    await page.getByLabel('人数').fill('2');
    await page.getByLabel('老人').fill('1');
    await save().click();
    // Where the people stand, and the entry of the time-line.
    await page.getByText('2 人，老人 1').first().waitFor();
    await button('通知维保单位').click();
    const called = page.getByRole('dialog', { name: '维保单位' });
    await called.getByText('4000000000').waitFor();
    await called.getByLabel('已接通').check();
    await save().click();
    await next(/请领导到现场/).waitFor();
    const { calls } = await view();
    expect(calls.map((c) => `${c.party} ${c.outcome}`)).toEqual([
      'inside not-reached',
      'inside reached',
      'contractor reached',
    ]);
  });

  it('[S5] its timer follows the hub: neither a reload nor the browser’s clock moves it', async () => {
    const seconds = async (): Promise<number> => {
      const [m = '0', s = '0'] = ((await page.getByRole('timer').textContent()) ?? '').trim().split(':');
      return Number(m) * 60 + Number(s);
    };
    const truth = async (): Promise<number> => {
      const shown = await view();
      return (Date.parse(shown.now) - Date.parse(shown.beganAt)) / 1_000;
    };
    // The browser's clock is set three hours ahead, and stays so over a reload.
    await page.addInitScript('{ const now = Date.now; Date.now = () => now.call(Date) + 3 * 3600 * 1000; }');
    await page.evaluate('{ const now = Date.now; Date.now = () => now.call(Date) + 3 * 3600 * 1000; }');
    expect(Math.abs((await seconds()) - (await truth()))).toBeLessThan(5);
    await page.reload();
    await page.getByRole('timer').waitFor();
    expect(Math.abs((await seconds()) - (await truth()))).toBeLessThan(5);
  });

  it('[S5] can’t be closed until the release and the lift’s state are on record; screen and hub say which is missing', async () => {
    const closing = page.getByRole('region', { name: '结案条件' });
    const refused = async (code: string): Promise<void> => {
      const answer = await operator.ask('POST', `/api/work-orders/${id}/close`, {});
      expect(answer).toMatchObject({ status: code === 'wrong-state' ? 409 : 422, body: { code } });
    };
    expect(await closing.getByRole('button', { name: '结案' }).isDisabled()).toBe(true);
    await closing.getByText('未记录人员救出').waitFor();
    await refused('wrong-state');
    const order = `/api/work-orders/${id}`;
    for (const act of ['accept', 'arrive', 'start']) await contractor.good('POST', `${order}/${act}`, {});
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(jpeg())], { type: 'image/jpeg' }), 'a.jpg');
    const file = await fetch(`${compound.url}/api/files`, {
      method: 'POST',
      headers: { cookie: contractor.cookie },
      body: form,
    });
    const { sha256 } = (await file.json()) as { sha256: string };
    const photos = [{ file: sha256, phase: 'after' }];
    await contractor.good('POST', `${order}/finish`, { result: '更换门机皮带', photos });
    const manager = await compound.signIn('manager');
    await manager.good('POST', `${order}/verify`, { waiver: '现场查看' });
    await refused('release-required');
    await next(/救援中/).waitFor();
    await button('人员已救出').first().click();
    await save().click();
    await next(/人员状况/).waitFor();
    await refused('service-state-required');
    await button('记录人员状况').click();
    await page.getByLabel('无人受伤').check();
    await save().click();
    await button('已向被困人员说明').click();
    await save().click();
    await button('记录电梯状态').click();
    await page.getByLabel('恢复运行').check();
    await save().click();
    await closing.getByText('恢复运行但没有检查记录').waitFor();
    await refused('inspection-required');
    await button('记录检查').click();
    await save().click();
    await page.getByText('请填写说明').waitFor();
    await page.getByLabel(/说明（必填/).fill('维保单位：往返运行十次正常');
    await save().click();
    await closing.getByText('条件齐全').waitFor();
    await button('结案').click();
    await next(/困人原因/).waitFor();
    expect((await view()).order.state).toBe('closed');
  }, 60_000);

  it('[S5] [X6] exports the timeline with its hash; the same file is known, a changed one is not', async () => {
    const timeline = page.getByRole('region', { name: '时间线' }).first();
    const download = page.waitForEvent('download');
    await timeline.getByRole('button', { name: '导出 JSON' }).click();
    const path = await (await download).path();
    const bytes = readFileSync(path);
    const hash = createHash('sha256').update(bytes).digest('hex');
    await timeline.getByText(hash).waitFor();
    const text = bytes.toString('utf8');
    expect(text).toContain('"kind":"telemetry"');
    expect(text).toContain('"code":"inside/reached"');
    const check = timeline.locator('input[type=file]');
    await check.setInputFiles({ name: 'same.json', mimeType: 'application/json', buffer: bytes });
    await timeline.getByText(/与 WO-.* 的导出一致/).waitFor();
    const changed = Buffer.from(text.replace('inside/reached', 'inside/refused'));
    await check.setInputFiles({ name: 'changed.json', mimeType: 'application/json', buffer: changed });
    await timeline.getByText('已被改动').waitFor();
    await page.getByRole('region', { name: '合同违约金' }).getByText('按时到场').waitFor();
  });

  it('[S5] is replayed from the console: what was done in its turn, the car and its floor as they were then', async () => {
    await page.getByRole('link', { name: '回放' }).click();
    await page.getByRole('heading', { name: /不是现在/ }).waitFor();
    const moments = page.getByRole('region', { name: '经过' });
    const call = moments.getByRole('listitem').filter({ hasText: /通话 · 呼叫轿内人员 已接通/ });
    await call.waitFor();
    await moments.getByText(/人员 · 2 人，老人 1/).waitFor();
    await call.getByRole('button').click();
    const position = page.getByRole('region', { name: /^轿厢/ }).locator('dl > div').filter({ hasText: '轿厢位置' });
    await position.getByText('5', { exact: true }).waitFor();
    await page.getByRole('button', { name: /1号楼 5 ?层.*困人/, pressed: true }).waitFor();
    expect(await seriousBreaches(page)).toEqual([]);
    await page.goto(`${compound.url}/rescue/${id}`);
    await page.getByRole('timer').waitFor();
  }, 60_000);

  it('[S8] a lift is held for an ambulance by somebody who says so, and stays held until it is given back', async () => {
    const { services } = await operator.good<EscortList>('GET', '/api/escorts');
    const service = services.find((one) => one.lift)?.id;
    const escort = await operator.good<{ id: string }>('POST', '/api/escorts', {
      service,
      reason: '老人胸痛',
      building: 'b1',
    });
    const at = `/escorts/${escort.id}`;
    const viewport = { width: 390, height: 844 };
    const screens = [
      await openDesk(browser, compound, 'operator', at),
      await openDesk(browser, compound, 'guard', at, { viewport, hasTouch: true }),
    ];
    const [atDesk, phone] = screens.map((screen) => screen.page) as [Page, Page];
    const lift = (of: Page) => of.getByRole('region', { name: '留梯', exact: true });
    const held = async (): Promise<string | undefined> =>
      (await operator.good<EscortList>('GET', '/api/escorts')).items.find((one) => one.id === escort.id)?.lift?.held
        ?.name;
    const choice = lift(atDesk).getByLabel('电梯', { exact: true });
    await choice.locator('option', { hasText: '1号电梯' }).waitFor({ state: 'attached' });
    await choice.selectOption(LIFT_DEVICE);
    await lift(atDesk).getByRole('button', { name: '请求留梯' }).click();
    await lift(phone).getByText('尚未到位').waitFor();
    await lift(phone).getByText('系统不控制电梯').waitFor();
    expect(await held()).toBeUndefined();
    await lift(phone).getByRole('button', { name: '我已留住电梯' }).click();
    for (const of of [atDesk, phone])
      await lift(of)
        .getByText(/保安 .*已留住/)
        .waitFor();
    expect(await held()).toBe('保安');
    expect(await seriousBreaches(phone)).toEqual([]);
    await lift(atDesk).getByRole('button', { name: '恢复公用' }).click();
    for (const of of [atDesk, phone])
      await lift(of)
        .getByText(/已留住/)
        .waitFor({ state: 'detached' });
    for (const screen of screens) {
      expect(screen.errors).toEqual([]);
      await screen.page.context().close();
    }
  }, 60_000);

  it.each([
    ['phone', 390, 844],
    ['desk', 1366, 768],
    ['large', 1920, 1080],
  ])(
    'fits a %s of %i × %i in both languages without serious breaches of WCAG',
    async (_name, width, height) => {
      await page.setViewportSize({ width, height });
      for (const lang of ['zh', 'en']) {
        await page.evaluate(`localStorage.setItem('fengsui.language', '${lang}')`);
        await page.reload();
        await page.getByRole('timer').waitFor();
        const shown: unknown = await page.evaluate('document.documentElement.scrollWidth');
        expect(shown).toBeLessThanOrEqual(width);
        expect(await seriousBreaches(page)).toEqual([]);
      }
      expect(desk.errors).toEqual([]);
    },
    60_000,
  );
});
