// What stands on printed papers: a work order, a hand-over list, the duty form, a rescue. Pure.
import type { DutyRecord, HandoverView } from '../duty/contract.ts';
import { FORM_CHECKS, FORM_COUNTS, FORM_SYSTEMS } from '../duty/contract.ts';
import type { Language } from '../http/language.ts';
import { screenText, textOf } from '../messages/text.ts';
import { localTime, type Block } from '../print/api.ts';
import type { PlaceWords } from '../property/api.ts';
import type { OrderView } from '../work-orders/contract.ts';
import { codeKeys, type RescueTimeline } from './contract.ts';

export interface PaperContext {
  readonly language: Language;
  readonly timeZone: string;
  readonly where: PlaceWords;
}
export interface Photo {
  readonly caption: string;
  /** Absent where the picture is of a kind that paper can't show, or gone. */
  readonly base64?: string;
}

const CHART_POINT = 'floor';

export const say =
  ({ language }: PaperContext) =>
  (key: string, args: Readonly<Record<string, string | number>> = {}): string =>
    key.startsWith('ui.') ? screenText(key, language, args) : textOf(key, args)[language];
export const at = ({ timeZone }: PaperContext, time: string | undefined): string =>
  time === undefined ? '' : localTime(Date.parse(time), timeZone);
export const signs = (c: PaperContext, ...who: string[]): Block => ({
  block: 'signatures',
  labels: who.map((one) => say(c)(`print.sign.${one}`)),
});
export const columns = (...titles: (readonly [string, number])[]): Block => ({
  block: 'table',
  columns: titles.map(([title, share]) => ({ title, share })),
});

export function orderBlocks(order: OrderView, photos: readonly Photo[], c: PaperContext): Block[] {
  const t = say(c);
  const facts: [string, string][] = [
    [t('print.order.number'), order.number],
    [t('print.order.state'), t(`ui.order.state.${order.state}`)],
    [t('record.column.where'), [c.where(order.building, order.floor), order.place].filter(Boolean).join(' ')],
    [t('record.column.device'), order.deviceName?.[c.language] ?? order.device ?? ''],
    [t('print.order.opened'), at(c, order.openedAt)],
    [t('print.order.closed'), at(c, order.closedAt)],
    [t('print.order.assignee'), order.assignee?.name ?? ''],
    [t('print.order.result'), order.result ?? ''],
  ];
  const proof = order.verification;
  if (proof) facts.push([t('print.order.verified'), [at(c, proof.at), proof.name, proof.note].join(' ')]);
  return [
    { block: 'heading', level: 2, text: order.title[c.language] },
    { block: 'facts', facts },
    ...(order.detail === '' ? [] : [{ block: 'text', text: order.detail } as const]),
    columns(
      [t('record.column.time'), 2],
      [t('record.column.what'), 2],
      [t('record.column.person'), 2],
      [t('record.column.note'), 5],
    ),
    ...order.events.map((e): Block => ({
      block: 'row',
      cells: [at(c, e.at), t(`record.order.${e.act}`), e.name, e.note ?? ''],
    })),
    ...photos.map(({ caption, base64 }): Block =>
      base64 === undefined ? { block: 'text', text: caption, quiet: true } : { block: 'picture', base64, caption },
    ),
    signs(c, 'repairer', 'verifier', 'manager'),
  ];
}

type ListedAlarm = HandoverView['list']['alarms'][number];

/** A part of the list: its alarms as a table, or that there are none. */
function listedAlarms(
  key: string,
  rows: readonly ListedAlarm[],
  place: (a: ListedAlarm) => string,
  c: PaperContext,
): Block[] {
  const t = say(c);
  return [
    { block: 'heading', level: 2, text: `${t(`ui.handover.list.${key}`)} (${rows.length})` },
    ...(rows.length === 0
      ? [{ block: 'text', text: t('ui.handover.none') } as const]
      : [
          columns(
            [t('record.column.time'), 2],
            [t('record.column.class'), 1],
            [t('record.column.where'), 3],
            [t('record.column.device'), 3],
            [t('record.column.subject'), 3],
            [t('record.column.note'), 3],
          ),
          ...rows.map((a): Block => ({
            block: 'row',
            cells: [
              at(c, a.raisedAt),
              t(`record.class.${a.class}`),
              place(a),
              a.device[c.language],
              a.text[c.language],
              [a.acked ? '' : t('ui.handover.unacked'), a.reason ?? ''].filter(Boolean).join(' '),
            ],
          })),
        ]),
  ];
}

/** What stood in manual or was not known: absent in a list that was signed before it was kept. */
function listedLinkage(list: HandoverView['list'], c: PaperContext): Block[] {
  const t = say(c);
  const { linkage } = list;
  const heading = t('ui.handover.list.linkage');
  return [
    { block: 'heading', level: 2, text: linkage === undefined ? heading : `${heading} (${linkage.length})` },
    ...(linkage === undefined ? [{ block: 'text', text: t('ui.handover.not-kept') } as const] : []),
    ...(linkage?.length === 0 ? [{ block: 'text', text: t('ui.handover.none') } as const] : []),
    ...(linkage ?? []).map((d): Block => ({
      block: 'text',
      text: [
        d.name[c.language],
        d.point?.[c.language] ?? '',
        c.where(d.building, d.floor),
        t(`ui.fire.linkage.${d.state}`),
        d.since === undefined ? '' : t('ui.handover.since', { time: at(c, d.since) }),
      ]
        .filter(Boolean)
        .join(' · '),
    })),
  ];
}

export function handoverBlocks(h: HandoverView, c: PaperContext): Block[] {
  const t = say(c);
  const { list } = h;
  const place = (a: {
    building?: string | undefined;
    floor?: number | undefined;
    place?: string | undefined;
  }): string => [c.where(a.building, a.floor), a.place].filter(Boolean).join(' ');
  const alarms = (key: string, rows: readonly ListedAlarm[]): Block[] => listedAlarms(key, rows, place, c);
  return [
    {
      block: 'facts',
      facts: [
        [t('ui.handover.at'), at(c, list.at)],
        [t('ui.handover.state'), t(`ui.handover.state.${h.state}`)],
        [t('ui.handover.by'), h.preparedBy.name],
        [t('ui.handover.leaving'), h.leaving.map((p) => p.name).join('、')],
        [t('ui.handover.hash'), h.sha256],
        [
          t('ui.handover.gaps'),
          t('ui.handover.gaps.count', { entries: list.entriesMissed, calls: list.rollCallsMissed }),
        ],
      ],
    },
    { block: 'text', text: `${t('ui.handover.note')}: ${h.note}` },
    ...listedLinkage(list, c),
    ...alarms('alarms', list.alarms),
    ...alarms('disabled', list.disabled),
    ...alarms('shelved', list.shelved),
    ...alarms('out-of-service', list.outOfService),
    { block: 'heading', level: 2, text: `${t('ui.handover.list.modes')} (${list.modes.length})` },
    ...list.modes.map((m): Block => ({
      block: 'text',
      text: [place(m), m.by, m.reason, at(c, m.until)].filter(Boolean).join(' · '),
    })),
    { block: 'heading', level: 2, text: `${t('ui.handover.list.orders')} (${list.orders.length})` },
    ...list.orders.map((o): Block => ({
      block: 'text',
      text: [o.number, o.title[c.language], t(`ui.order.state.${o.state}`), o.assignee ?? '']
        .filter(Boolean)
        .join(' · '),
    })),
    ...(list.more > 0 ? [{ block: 'text', text: t('ui.handover.more', { n: list.more }) } as const] : []),
    { block: 'heading', level: 2, text: t('ui.handover.signatures') },
    ...h.signatures.map((s): Block => ({ block: 'text', text: `${s.name} ${at(c, s.at)}` })),
    signs(c, 'leaving', 'coming'),
  ];
}

/** The duty form, table A.1 of GB 25201-2010: one row an entry, oldest first. */
export function formBlocks(entries: readonly DutyRecord[], c: PaperContext): Block[] {
  const t = say(c);
  const rows = entries.toReversed().flatMap((entry): Block[] => {
    const { form } = entry;
    if (form === undefined) return [];
    const checks = FORM_CHECKS.map((k) => `${t(`ui.entry.check.${k}`)} ${t(`ui.entry.is.${form.checks[k]}`)}`);
    const systems = FORM_SYSTEMS.map((k) => {
      const { mode, state } = form.systems[k];
      return `${t(`ui.entry.system.${k}`)} ${t(`ui.entry.mode.${mode}`)} ${t(`ui.entry.is.${state}`)}`;
    });
    const changed = entry.correctedBy === undefined ? '' : t('ui.dutylog.corrected', { n: entry.correctedBy });
    return [
      {
        block: 'row',
        cells: [
          at(c, entry.at),
          entry.name ?? '',
          t(`ui.entry.is.${form.panel}`),
          t(`ui.entry.mode.${form.control}`),
          FORM_COUNTS.map((k) => `${t(`ui.entry.count.${k}`)} ${form.counts[k]}`).join('\n'),
          checks.join('\n'),
          systems.join('\n'),
          [form.note, changed, `#${entry.id}`].filter(Boolean).join('\n'),
        ],
      },
    ];
  });
  return [
    columns(
      [t('ui.dutylog.form.time'), 2],
      [t('ui.dutylog.form.person'), 1.6],
      [t('ui.entry.panel'), 1.4],
      [t('ui.entry.control'), 1.4],
      [t('ui.entry.counts'), 2],
      [t('ui.entry.checks'), 2.4],
      [t('ui.entry.systems'), 4.4],
      [t('ui.entry.note'), 4],
    ),
    ...rows,
    ...(rows.length === 0 ? [{ block: 'text', text: t('record.none') } as const] : []),
    signs(c, 'operator', 'supervisor', 'manager'),
  ];
}

const yuan = (fen: number): string => `${Math.trunc(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;

export function rescueBlocks(timeline: RescueTimeline, c: PaperContext): Block[] {
  const t = say(c);
  const { order, lift, penalty, telemetry, entries } = timeline;
  const points = entries.flatMap((e) =>
    e.kind === 'telemetry' && e.code === CHART_POINT && typeof e.value === 'number'
      ? [[Date.parse(e.at), e.value] as const]
      : [],
  );
  const marks = entries
    .filter((e) => e.kind === 'signal' || e.kind === 'milestone')
    .map((e) => ({ at: Date.parse(e.at), text: t(`ui.rescue.kind.${e.kind}`) }));
  const penaltyText = `${t(`ui.rescue.penalty.is.${penalty.status}`)} ${yuan(penalty.fen)}`;
  return [
    {
      block: 'facts',
      facts: [
        [t('print.order.number'), order.number],
        [t('record.column.device'), lift.name[c.language]],
        [t('print.order.opened'), at(c, order.openedAt)],
        [t('print.order.closed'), at(c, order.closedAt ?? undefined)],
        [t('ui.rescue.penalty'), penaltyText],
        [t('ui.rescue.penalty.told'), at(c, penalty.toldAt)],
        [t('ui.rescue.penalty.due'), at(c, penalty.dueAt)],
        [t('ui.rescue.penalty.until'), at(c, penalty.until)],
      ],
    },
    points.length > 0
      ? {
          block: 'chart',
          title: t('ui.rescue.car'),
          series: { name: CHART_POINT, unit: '', points },
          from: Date.parse(telemetry.from),
          to: Date.parse(telemetry.to),
          fromText: at(c, telemetry.from),
          toText: at(c, telemetry.to),
          marks,
        }
      : { block: 'text', text: t('ui.rescue.no-telemetry'), quiet: true },
    columns(
      [t('record.column.time'), 2.4],
      [t('record.column.class'), 1.3],
      [t('record.column.what'), 2.6],
      [t('record.column.person'), 1.6],
      [t('record.column.note'), 4],
    ),
    ...entries.map((e): Block => ({
      block: 'row',
      cells: [
        at(c, e.at),
        t(`ui.rescue.kind.${e.kind}`),
        codeKeys(e)
          .map(({ key, code }) => (t(key) === key ? code : t(key)))
          .join(' '),
        e.who,
        [e.text, e.value === undefined || e.value === null ? '' : `${e.value} ${e.unit ?? ''}`]
          .filter(Boolean)
          .join(' '),
      ],
    })),
    signs(c, 'operator', 'supervisor', 'manager'),
  ];
}
