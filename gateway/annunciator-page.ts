// The annunciator as a page without scripts: it must work on whatever browser is at hand, and says what it is not.
import type { AlarmClass } from '../device-profiles/contract/signal.ts';
import type { ActiveSignal } from './annunciator.ts';

export interface PageState {
  readonly gateway: string;
  /** Wall clock, ms. */
  readonly now: number;
  readonly active: readonly ActiveSignal[];
  /** '' or why records can't be made durable. */
  readonly diskFault: string;
  /** '' or why the hub does not hear this gateway. */
  readonly hubFault: string;
  readonly offlineDevices: number;
}

/** Signals shown at most, the gravest first; the rest is counted. */
const SHOWN_MAX = 500;
const REFRESH_S = 3;

const CLASS_NAMES: Readonly<Record<AlarmClass, string>> = {
  FIRE: '火警 Fire',
  ENTRAPMENT: '困人 Entrapment',
  PREALARM: '预警 Pre-alarm',
  SUPERVISORY: '监管 Supervisory',
  ACTION: '启动 Action',
  FEEDBACK: '反馈 Feedback',
  FAULT: '故障 Fault',
  COMMS: '通信中断 No contact',
  PROCESS: '越限 Out of limits',
  DISABLED: '屏蔽 Disabled',
  TEST: '测试 Test',
};

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const esc = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES[c] ?? '');
const time = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
const both = (t: { readonly zh: string; readonly en: string } | undefined): string => (t ? `${t.zh} · ${t.en}` : '');

const STYLE = `body{font:16px/1.5 sans-serif;margin:1.5rem;background:#fff;color:#111}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.3rem .6rem;text-align:left}
.bad{background:#b00020;color:#fff;padding:.6rem 1rem;font-weight:bold}.FIRE,.ENTRAPMENT{background:#fdd8d8;font-weight:bold}
.note{color:#444}`;

export function annunciatorPage(s: PageState): string {
  const rows = s.active.slice(0, SHOWN_MAX).map(row).join('\n');
  const hidden = s.active.length - SHOWN_MAX;
  const none = '没有已知的动作信号 No signal is known to be active.';
  const table = `<table><tr><th>类别 Class</th><th>信号 Signal</th><th>设备 Device</th><th>位置 Place</th><th>点位 Point</th><th>开始 Since (UTC)</th></tr>
${rows}</table>${hidden > 0 ? `<p>另有 ${hidden} 条 and ${hidden} more</p>` : ''}`;
  return `<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta http-equiv="refresh" content="${REFRESH_S}">
<title>${esc(s.gateway)} · 烽燧网关 Fengsui gateway</title><style>${STYLE}</style></head><body>
<h1>烽燧网关 Fengsui gateway ${esc(s.gateway)}</h1>
${warnings(s)}
<p>本页时间 Page time (UTC): <b>${time(s.now)}</b>。时间不走即页面已冻结。If this time stands still, the page is frozen.</p>
${s.active.length === 0 ? `<p>${none}</p>` : table}
<p class="note">本页由网关直接显示其读到的信号，供中枢故障时使用；不能确认、消音或复位，也不代替消防控制器。
This page shows what the gateway itself reads, for when the hub has failed. Nothing can be acknowledged, silenced or reset here, and it does not replace the certified panel.</p>
</body></html>`;
}

function warnings(s: PageState): string {
  const lines: string[] = [];
  if (s.hubFault)
    lines.push(
      `与中枢失联，值班界面没有新信号 The hub does not hear this gateway: its screens get nothing new (${esc(s.hubFault)})`,
    );
  if (s.diskFault) lines.push(`网关磁盘拒绝写入 The disk of this gateway refuses to write (${esc(s.diskFault)})`);
  if (s.offlineDevices > 0)
    lines.push(
      `${s.offlineDevices} 台设备无应答，其状态未知 ${s.offlineDevices} devices are not heard: their state is unknown`,
    );
  return lines.map((line) => `<p class="bad">${line}</p>`).join('\n');
}

function row(a: ActiveSignal): string {
  const { device, point } = a;
  const where = [point?.building ?? device.building, floorOf(a), point?.place ?? device.place];
  const cells = [
    `${CLASS_NAMES[a.alarmClass]}${a.unknown ? '（现状未知 not known now）' : ''}`,
    both(a.text),
    device.name ? both(device.name) : device.id,
    where.filter((w) => w !== undefined).join(' '),
    both(point?.name),
    time(a.since),
  ];
  return `<tr class="${a.alarmClass}">${cells.map((c) => `<td>${esc(c)}</td>`).join('')}</tr>`;
}

function floorOf({ device, point }: ActiveSignal): string | undefined {
  const floor = point?.floor ?? device.floor;
  return floor === undefined ? undefined : `${floor}F`;
}
