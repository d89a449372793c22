// What stands on the papers of a fire that was dealt with, and of a drill. Pure.
import type { FireRecord, TimelineItem } from '../handling/contract.ts';
import type { DrillView, RunView } from '../plans/contract.ts';
import type { Block } from '../print/api.ts';
import { at, columns, say, signs, type PaperContext } from './papers.ts';

type Row = Extract<Block, { block: 'row' }>;
const row = (...cells: string[]): Row => ({ block: 'row', cells });
const heading = (text: string): Block => ({ block: 'heading', level: 2, text });

function timelineRow(item: TimelineItem, building: string | undefined, c: PaperContext): Row {
  const { at: time, name = '', alarm, entry, said } = item;
  const t = say(c);
  // A word that the catalogue does not have is shown as it was written.
  const named = (key: string, value: string): string => (t(key) === key ? value : t(key));
  if (entry)
    return row(at(c, time), t(`ui.fire.entry.${entry.kind}`), name || t('print.by-itself'), said?.[c.language] ?? '');
  if (!alarm) return row(at(c, time), '', name, '');
  const where = [c.where(building, alarm.floor), alarm.place, alarm.what[c.language]].filter(Boolean).join(' ');
  const what = [where, alarm.text[c.language], alarm.note].filter(Boolean).join(' · ');
  return row(at(c, time), named(`ui.fire.act.${alarm.act}`, alarm.act), name || t('print.by-itself'), what);
}

/** Every step with who and when, what was left out and why, who was told, and all in one order. */
export function fireBlocks({ fire, cause, steps, evacuation, pages, items }: FireRecord, c: PaperContext): Block[] {
  const t = say(c);
  const where = [c.where(fire.building, fire.floor), fire.place, fire.what[c.language]].filter(Boolean).join(' ');
  const facts: [string, string][] = [
    [t('record.column.where'), where],
    [t('record.column.subject'), fire.text[c.language]],
    [t('print.order.opened'), at(c, fire.openedAt)],
    [t('print.fire.found'), fire.result === undefined ? '' : t(`ui.verdict.${fire.result}`)],
    ...(cause === undefined ? [] : [[t('ui.fire.ask.cause'), cause[c.language]] as [string, string]]),
    ...(fire.mode === undefined ? [] : [[t('print.fire.mode'), t(`ui.run.mode.${fire.mode}`)] as [string, string]]),
    ...(evacuation === 'late'
      ? [[t('ui.fire.step.evacuation'), t('ui.fire.evacuation.late')] as [string, string]]
      : []),
    [t('print.order.closed'), at(c, fire.closedAt)],
  ];
  return [
    { block: 'facts', facts },
    heading(t('ui.emergency.steps')),
    columns(
      [t('print.step'), 3],
      [t('print.order.state'), 1.4],
      [t('record.column.time'), 2.4],
      [t('record.column.person'), 1.6],
      [t('record.column.note'), 4],
    ),
    ...steps.map((s) =>
      row(t(`ui.fire.step.${s.step}`), t(`ui.fire.status.${s.status}`), at(c, s.at), s.name ?? '', s.reason ?? ''),
    ),
    ...(pages.length === 0 ? [] : [heading(t('print.fire.pages'))]),
    ...pages.map((page): Block => ({
      block: 'text',
      text: [
        page.name || t('ui.undelivered.nobody'),
        at(c, page.at),
        t(`ui.fire.page.${page.state}`),
        at(c, page.deliveredAt),
      ]
        .filter(Boolean)
        .join(' · '),
    })),
    heading(t('ui.fire.timeline')),
    columns(
      [t('record.column.time'), 2.4],
      [t('record.column.what'), 2],
      [t('record.column.person'), 1.6],
      [t('record.column.note'), 6],
    ),
    ...items.map((item) => timelineRow(item, fire.building, c)),
    signs(c, 'operator', 'supervisor', 'manager'),
  ];
}

const minutes = (seconds: number | undefined): string =>
  seconds === undefined ? '' : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

function stepRows(run: RunView, c: PaperContext): Block[] {
  const t = say(c);
  return [
    heading(t('ui.emergency.steps')),
    columns(
      [t('print.step'), 3.4],
      [t('record.column.person'), 2],
      [t('print.drill.turn'), 2.2],
      [t('print.drill.done'), 2.2],
      [t('print.drill.took'), 1.2],
      [t('record.column.note'), 3],
    ),
    ...run.steps.map((s) =>
      row(
        `${s.order}. ${s.title}`,
        s.finished?.name ?? (s.role === undefined ? (s.post ?? '') : t(`ui.role.${s.role}`)),
        at(c, s.openedAt),
        s.state === 'skipped' ? t('ui.run.step.skipped') : at(c, s.finished?.at),
        minutes(s.seconds),
        [s.lateAt === undefined ? '' : t('print.drill.late'), s.note].filter(Boolean).join(' '),
      ),
    ),
  ];
}

/** What was exercised where and when, each step with its time, who was there, what was found, and the summary. */
export function drillBlocks(drill: DrillView, run: RunView | undefined, c: PaperContext): Block[] {
  const t = say(c);
  const span = [at(c, drill.startedAt ?? drill.at), at(c, drill.ended?.at)].filter(Boolean).join(' – ');
  return [
    {
      block: 'facts',
      facts: [
        [
          t('ui.emergency.plan'),
          run ? `${drill.title} · ${t('ui.fire.plan.version', { n: run.number })}` : drill.title,
        ],
        [t('ui.drill.at'), span],
        [
          t('record.column.where'),
          drill.building === undefined ? t('ui.emergency.whole') : c.where(drill.building, undefined),
        ],
        [t('ui.drill.goal'), drill.goal],
        [
          t('ui.drill.announced'),
          drill.announced ? `${drill.announced.name} ${at(c, drill.announced.at)}` : t('ui.drill.not-announced'),
        ],
      ],
    },
    heading(t('ui.drill.report')),
    { block: 'text', text: drill.report },
    ...(run ? stepRows(run, c) : []),
    heading(t('ui.drill.findings.list')),
    ...(drill.findings.length === 0 ? [{ block: 'text', text: t('ui.drill.findings.none') } as const] : []),
    ...drill.findings.map((f): Block => ({
      block: 'text',
      text: [
        f.text,
        f.place,
        f.name,
        f.hazard ? t('ui.drill.findings.is-hazard', { number: f.hazard.number }) : '',
        f.workOrder === undefined ? '' : t('print.drill.ordered'),
      ]
        .filter(Boolean)
        .join(' · '),
    })),
    heading(`${t('ui.drill.attendance')} (${t('ui.drill.people', { n: drill.attendance.length })})`),
    columns(
      [t('record.column.person'), 2],
      [t('ui.drill.party'), 3],
      [t('record.column.time'), 3],
      [t('record.column.note'), 3],
    ),
    ...drill.attendance.map((a) =>
      row(
        a.name || t('ui.drill.unnamed'),
        a.party,
        at(c, a.at),
        a.how === 'hand' ? `${t('ui.drill.how.hand')} ${a.by}` : t('ui.drill.how.phone'),
      ),
    ),
    signs(c, 'supervisor', 'manager'),
  ];
}
