import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rescueBlocks } from '../../../hub/read/papers.ts';
import type { RescueTimeline } from '../../../hub/read/contract.ts';
import { makePrinter } from '../../../hub/print/api.ts';
import { startTestHub, type TestHub } from '../../helpers/hub.ts';
import { describeWith } from '../../helpers/needs.ts';
import { readPdf } from '../../helpers/pdf.ts';

let site: TestHub;
const printer = makePrinter();
beforeAll(async () => {
  site = await startTestHub();
}, 300_000);
afterAll(() => printer.stop());

const TIMELINE: RescueTimeline = {
  format: 'fengsui-rescue-1',
  community: 'test',
  order: {
    id: 'o1',
    number: 'WO-2026-000001',
    state: 'closed',
    openedAt: '2026-11-22T02:00:00.000Z',
    closedAt: '2026-11-22T03:00:00.000Z',
    serviceState: 'out-of-service',
  },
  lift: { device: 'g.lift', name: { zh: '1号梯', en: 'Lift 1' } },
  penalty: { status: 'final', lateMs: 600_000, steps: 1, fen: 20_050, capped: false },
  telemetry: { status: 'ok', from: '2026-11-22T01:50:00.000Z', to: '2026-11-22T02:40:00.000Z', repeats: 0 },
  entries: [
    { n: 1, at: '2026-11-22T01:55:00.000Z', kind: 'telemetry', code: 'floor', who: '', text: '楼层', value: 12 },
    { n: 2, at: '2026-11-22T02:00:00.000Z', kind: 'signal', code: 'raised', who: '', text: '困人' },
    { n: 3, at: '2026-11-22T02:31:00.000Z', kind: 'telemetry', code: 'floor', who: '', text: '楼层', value: 11 },
  ],
};

describeWith(['poppler'], 'papers', () => {
  test('a work order prints with its number, its acts and lines to sign', async () => {
    const supervisor = await site.as('supervisor');
    const made = await supervisor.post<{ id: string; number: string }>('/api/work-orders', {
      title: '更换楼道感烟探测器',
      detail: '三号楼',
      priority: 'normal',
    });
    expect(made.status).toBe(200);
    const url = `/api/work-orders/${made.body.id}/print?language=zh`;
    const answer = await site.hub.app.inject({ url, headers: { cookie: supervisor.cookie } });
    expect(answer.statusCode).toBe(200);
    const { text } = readPdf(answer.rawPayload);
    for (const said of [made.body.number, '更换楼道感烟探测器', '开立维修工单', '维修人', '验收人']) {
      expect(text).toContain(said);
    }
    const owner = await site.as('owner');
    expect((await owner.get(url)).status).toBe(403);
  }, 300_000);

  test('the duty form prints with its columns, and says when nothing was entered', async () => {
    const operator = await site.as('operator');
    const answer = await site.hub.app.inject({
      url: '/api/duty/form/print?from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z&language=zh',
      headers: { cookie: operator.cookie },
    });
    expect(answer.statusCode).toBe(200);
    const { text } = readPdf(answer.rawPayload);
    expect(text).toContain('消防控制室值班记录表');
    expect(text).toContain('没有符合条件的记录');
  }, 300_000);

  test('[X6] a rescue prints its timeline, its telemetry as a chart, and the penalty to the fen', async () => {
    const context = { language: 'zh', timeZone: 'Asia/Shanghai', where: () => '' } as const;
    const blocks = rescueBlocks(TIMELINE, context);
    expect(blocks.find((b) => b.block === 'chart')).toMatchObject({
      series: {
        points: [
          [Date.parse('2026-11-22T01:55:00Z'), 12],
          [Date.parse('2026-11-22T02:31:00Z'), 11],
        ],
      },
      marks: [{ at: Date.parse('2026-11-22T02:00:00Z') }],
    });
    const head = {
      title: '电梯困人处置时间线',
      community: '烽燧花园',
      madeAt: '2026-11-22T04:00:00.000Z',
      madeAtLocal: '2026-11-22 12:00:00',
      madeBy: '消控员',
      language: 'zh',
    } as const;
    const { pdf, sha256 } = await printer.print({ head, blocks });
    const { text } = readPdf(await buffer(pdf));
    expect(text).toContain('WO-2026-000001');
    expect(text).toContain('200.50');
    expect(text).toContain('2026-11-22 10:31:00');
    expect(text).toContain(sha256);
  }, 300_000);
});
