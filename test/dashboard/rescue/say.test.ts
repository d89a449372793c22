// Entries of a rescue's timeline in words: codes of the hub are no words for an operator.
import { expect, test } from 'vitest';
import { entryWords } from '../../../dashboard/src/rescue/say.ts';
import zh from '../../../hub/messages/ui.zh.json' with { type: 'json' };
import type { TimelineEntry } from '../../../hub/read/contract.ts';

const words: Readonly<Record<string, string>> = zh;
const speech = {
  current: 'zh',
  t: (key: string, args: Readonly<Record<string, string | number>> = {}) =>
    (words[key] ?? key).replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => String(args[name])),
  named: (key: string, value: string) => words[key] ?? value,
} as const;

test.each([
  ['call', 'inside/reached', '两人', '呼叫轿内人员 已接通 · 两人'],
  ['people', 'count=2 elderly=1 children=? unwell=false', '', '2 人，老人 1，儿童 ? · 无人不适'],
  ['milestone', 'released', '', '人员救出'],
  ['escalation', 'arrive', '', '维保到场'],
  ['step', 'condition', 'unhurt', '人员状况 · 无人受伤'],
  ['act', 'join', '', '报警并入工单'],
  ['act', 'finish', 'done', '完成 · 待验收'],
  ['page', 'notify.entrapment-duty', 'in-app: undelivered', '通知值班员 · 站内 未送达'],
  ['signal', 'raised', '困人 / Entrapment', '报警 · 困人'],
  ['signal', 'closed', '困人 / Entrapment: 人已救出', '报警结束 · 困人: 人已救出'],
  ['telemetry', 'door-closed', '轿门 / Car door', '轿门'],
  // What the catalogue does not know yet is shown as it came.
  ['page', 'notify.something-new', 'pager: lost', 'notify.something-new · pager lost'],
] as const satisfies readonly (readonly [TimelineEntry['kind'], string, string, string])[])(
  '%s %s',
  (kind, code, text, said) => {
    expect(entryWords({ kind, code, text }, speech)).toBe(said);
  },
);
