// Facts about a gateway that the hub itself finds out, with their words: each an alarm of `{gateway}.gateway`. Pure.
import type { Note } from '../../device-profiles/contract/wire.ts';
import type { Text } from '../../device-profiles/contract/point.ts';
import type { AlarmClass } from '../../device-profiles/contract/signal.ts';
import { hubDevice, type HubSignal } from './api.ts';

interface Kind {
  readonly point: string;
  readonly pointName: Text;
  readonly class: AlarmClass;
  readonly latch: HubSignal['latch'];
  readonly text: Text;
  readonly advice?: Text;
}

const RECORDS = { zh: '上报记录', en: 'Reported records' };
const STORAGE = { zh: '网关存储', en: 'Storage of the gateway' };
const CONFIG = { zh: '网关配置', en: 'Gateway configuration' };

export const HUB_SIGNALS = {
  silent: {
    point: 'hub-link',
    pointName: { zh: '与中枢的连接', en: 'Connection to the hub' },
    class: 'COMMS',
    latch: 'none',
    text: { zh: '网关失联，其下设备状态未知', en: 'Gateway not heard: the state of its devices is unknown' },
    advice: {
      zh: '到现场查看消防主机；检查网关电源与网络',
      en: 'Look at the fire panel itself; check power and network of the gateway',
    },
  },
  quarantined: {
    point: 'hub-records',
    pointName: RECORDS,
    class: 'FAULT',
    latch: 'manual',
    text: { zh: '有记录无法处理，已隔离', en: 'A record could not be processed and was set aside' },
  },
  'birth-refused': {
    point: 'hub-config',
    pointName: CONFIG,
    class: 'FAULT',
    latch: 'manual',
    text: { zh: '网关配置被拒绝', en: 'The configuration of the gateway was refused' },
  },
  loss: {
    point: 'hub-records',
    pointName: RECORDS,
    class: 'FAULT',
    latch: 'manual',
    text: { zh: '网关丢失了记录', en: 'The gateway lost records' },
    advice: { zh: '核对该时段消防主机的历史记录', en: "Compare with the panel's own log for that time" },
  },
  'corrupt-segment': {
    point: 'hub-records',
    pointName: RECORDS,
    class: 'FAULT',
    latch: 'manual',
    text: { zh: '网关存储有损坏', en: 'Part of the storage of the gateway is corrupt' },
  },
  'clock-jump': {
    point: 'hub-clock',
    pointName: { zh: '网关时钟', en: 'Clock of the gateway' },
    class: 'FAULT',
    latch: 'manual',
    text: { zh: '网关时钟发生跳变', en: 'The clock of the gateway jumped' },
  },
  'clock-wrong': {
    point: 'hub-clock',
    pointName: { zh: '网关时钟', en: 'Clock of the gateway' },
    class: 'FAULT',
    latch: 'none',
    text: { zh: '网关时钟不准', en: 'The clock of the gateway is wrong' },
    advice: {
      zh: '检查网关的校时与电池；在此之前，其报警的设备时间不可信，以中枢收到的时间为准',
      en: 'Check time synchronisation and battery of the gateway; until then go by when the hub received its alarms',
    },
  },
  'safety-not-kept': {
    point: 'hub-storage',
    pointName: STORAGE,
    class: 'FAULT',
    latch: 'none',
    text: {
      zh: '网关磁盘拒绝写入或没有响应，报警记录只在网关内存中',
      en: 'The disk of the gateway refuses or does not answer: alarm records are in its memory alone',
    },
    advice: {
      zh: '不要断电或重启网关；检查其磁盘（空间、只读、故障）',
      en: 'Do not switch the gateway off or restart it; check its disk (space, read-only, defect)',
    },
  },
  'telemetry-not-kept': {
    point: 'hub-storage',
    pointName: STORAGE,
    class: 'FAULT',
    latch: 'none',
    text: {
      zh: '网关磁盘拒绝写入或没有响应，遥测数据只在网关内存中',
      en: 'The disk of the gateway refuses or does not answer: telemetry is in its memory alone',
    },
    advice: {
      zh: '检查网关的磁盘（空间、只读、故障）',
      en: 'Check the disk of the gateway (space, read-only, defect)',
    },
  },
  'refused-history': {
    point: 'hub-history',
    pointName: { zh: '历史数据', en: 'History' },
    class: 'FAULT',
    latch: 'manual',
    text: { zh: '历史库拒收数据', en: 'The history server refused data' },
  },
} as const satisfies Record<string, Kind>;
export type HubSignalId = keyof typeof HUB_SIGNALS;

export const gatewayName = (gateway: string): Text => ({ zh: `网关 ${gateway}`, en: `Gateway ${gateway}` });

export function hubSignal(
  id: HubSignalId,
  of: { readonly gateway: string; readonly community: string },
  note?: string,
): HubSignal {
  const kind: Kind = HUB_SIGNALS[id];
  return {
    community: of.community,
    gateway: of.gateway,
    device: hubDevice(of.gateway),
    deviceKind: 'gateway',
    deviceName: gatewayName(of.gateway),
    point: kind.point,
    pointName: kind.pointName,
    signal: id,
    class: kind.class,
    latch: kind.latch,
    text: kind.text,
    advice: kind.advice,
    building: undefined,
    floor: undefined,
    place: undefined,
    value: null,
    ...(note === undefined ? {} : { note }),
  };
}

/** @param at the gateway's time, `now` the hub's; ms */
export function clockWrong(
  of: { readonly gateway: string; readonly community: string },
  at: number,
  now: number,
): HubSignal {
  const [theirs, ours] = [new Date(at).toISOString(), new Date(now).toISOString()];
  return {
    ...hubSignal('clock-wrong', of, `${theirs} ≠ ${ours}`),
    text: {
      zh: `网关时钟不准：网关 ${theirs}，中枢 ${ours}`,
      en: `The clock of the gateway is wrong: gateway ${theirs}, hub ${ours}`,
    },
  };
}

/** @param to the gateway's time after the jump, `ms` by how much it was set, + is forward; ms */
function clockJumped(
  of: { readonly gateway: string; readonly community: string },
  note: { readonly at: number; readonly count: number },
): HubSignal {
  const [from, to] = [new Date(note.at - note.count).toISOString(), new Date(note.at).toISOString()];
  const seconds = Math.round(note.count / 1_000);
  const by = `${seconds > 0 ? '+' : '−'}${Math.abs(seconds)} s`;
  return {
    ...hubSignal('clock-jump', of, `${from} → ${to} (${by})`),
    text: {
      zh: `网关时钟发生跳变：${from} 改为 ${to}（${by}）`,
      en: `The clock of the gateway jumped: ${from} became ${to} (${by})`,
    },
  };
}

/** The alarm that a gateway's note about itself raises; a start raises none. */
export function signalOfNote(
  note: Note,
  of: { readonly gateway: string; readonly community: string },
): HubSignal | undefined {
  const { kind, at, count } = note;
  if (kind === 'started') return undefined;
  if (kind === 'clock-jump' && count !== undefined) return clockJumped(of, { at, count });
  return hubSignal(kind, of, noteText(note));
}

const time = (ms: number | undefined): string => (ms === undefined ? '?' : new Date(ms).toISOString());

/** A note in words, for the journal. */
export function noteText(note: Note): string {
  const parts: string[] = [note.kind];
  if (note.from !== undefined || note.to !== undefined) parts.push(`${note.from ?? '?'}–${note.to ?? '?'}`);
  if (note.count !== undefined) parts.push(note.kind === 'clock-jump' ? `${note.count} ms` : `× ${note.count}`);
  if (note.fromTime !== undefined || note.toTime !== undefined)
    parts.push(`${time(note.fromTime)} … ${time(note.toTime)}`);
  if (note.text !== undefined) parts.push(note.text);
  return parts.join(' ');
}
