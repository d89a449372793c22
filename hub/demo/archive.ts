// The demo's archive: a few documents with an edition that replaced another, and chapters that are still missing.
import { enterDocument, withdrawDocument } from '../archive/api.ts';
import type { NewDocument } from '../archive/contract.ts';
import type { Past } from './fire-safety.ts';

const DAY = 86_400_000;

/** Writes what was kept before the demo's first start. */
export async function writeArchive(past: Past): Promise<void> {
  const day = (ago: number): string => new Date(past.now - ago * DAY).toISOString().slice(0, 10);
  const enter = async (ago: number, body: Omit<NewDocument, 'files' | 'validFrom'>): Promise<string> => {
    const files = [{ title: body.title, file: await past.picture(`演示：${body.title.slice(0, 10)}`, '#e6e2d6') }];
    const whole = { ...body, files, validFrom: day(ago) };
    return (await past.ago(ago * DAY, 'supervisor', (c) => enterDocument(c, whole))).id;
  };
  await enter(320, {
    chapter: 'overview',
    kind: 'profile',
    title: '幸福里小区消防安全基本概况（演示）',
    edition: '2026 版',
  });
  await enter(320, {
    chapter: 'overview',
    kind: 'key-places',
    title: '消防安全重点部位清单（演示）',
    edition: '2026 版',
  });
  await enter(900, { chapter: 'approvals', kind: 'acceptance', title: '消防验收意见书（演示）', edition: '正本扫描' });
  const chart = await enter(700, {
    chapter: 'organisation',
    kind: 'chart',
    title: '消防组织机构图（演示）',
    edition: '第 1 版',
  });
  await enter(120, {
    chapter: 'organisation',
    kind: 'chart',
    title: '消防组织机构图（演示）',
    edition: '第 2 版',
    note: '项目经理调整后修订',
    replaces: chart,
  });
  await enter(300, { chapter: 'rules', kind: 'rule', title: '消防控制室值班制度（演示）', edition: '2026 版' });
  await enter(300, { chapter: 'rules', kind: 'procedure', title: '消防水泵操作规程（演示）', edition: '2026 版' });
  await enter(500, {
    chapter: 'control-logic',
    kind: 'matrix',
    title: '消防联动逻辑关系表（演示）',
    edition: '竣工版',
  });
  await enter(400, {
    chapter: 'tests',
    kind: 'yearly',
    title: '建筑消防设施年度检测报告（演示）',
    edition: '2025 年度',
    validUntil: day(35),
  });
  const wrong = await enter(90, {
    chapter: 'drawings',
    kind: 'system',
    title: '自动喷水灭火系统图（演示）',
    edition: '误传',
  });
  await past.ago(89 * DAY, 'supervisor', (c) => withdrawDocument(c, wrong, '上传错误，系另一小区图纸'));
}
