// Troubles of the hub itself as FAULT alarms of a device of its own: raised through a timer that runs beside T1, because
// the state of signals belongs to T1 and a policy must not hold it.
import type { AlarmEngine } from './alarms/api.ts';
import type { Tx } from './db/tx.ts';
import type { CommandContext } from './events/api.ts';
import { HUB_ID_PREFIX, hubDevice, type HubSignal } from './ingest/api.ts';
import type { HubFault } from './policy-ports.ts';
import type { TimerKind } from './timers.ts';

export const HUB_FAULT_TIMER = 'hub.fault';

const POINTS = {
  policy: { zh: '联动规则', en: 'Policies' },
  page: { zh: '通知', en: 'Pages' },
  audit: { zh: '审计记录', en: 'Audit records' },
  grouping: { zh: '报警归并', en: 'Grouping of alarms' },
  history: { zh: '历史数据', en: 'History' },
  clock: { zh: '时钟', en: 'Clock' },
  rules: { zh: '规则参数', en: 'Rules' },
  duty: { zh: '消防控制室值班', en: 'Control-room duty' },
  records: { zh: '消防控制室记录', en: 'Control-room records' },
} as const satisfies Record<HubFault['signal'], { zh: string; en: string }>;

/** Queues the fault in the caller's transaction. Faults of one signal are one open alarm, whatever their number. */
export function raiseHubFault(c: CommandContext, fault: HubFault): void {
  c.emit({
    effect: 'timer',
    key: `${HUB_FAULT_TIMER}:${fault.community}:${fault.signal}`,
    kind: HUB_FAULT_TIMER,
    community: fault.community,
    dueAt: c.now,
    basis: 'calendar',
    payload: { signal: fault.signal, text: fault.text },
  });
}

type OwnSignal = Pick<HubSignal, 'point' | 'pointName' | 'signal' | 'class' | 'latch' | 'text' | 'advice' | 'note'>;

/** A signal of the hub itself, on the device that stands for it in a community. */
export function ownSignal(community: string, of: OwnSignal): HubSignal {
  const gateway = `${HUB_ID_PREFIX}${community}`;
  return {
    community,
    gateway,
    device: hubDevice(gateway),
    deviceKind: 'gateway',
    deviceName: { zh: '中枢', en: 'Hub' },
    building: undefined,
    floor: undefined,
    place: undefined,
    value: null,
    ...of,
  };
}

const faultSignal = ({ community, signal, text }: HubFault): HubSignal =>
  ownSignal(community, {
    point: signal,
    pointName: POINTS[signal],
    signal,
    class: 'FAULT',
    latch: 'manual',
    text,
    advice: undefined,
    note: text.zh,
  });

export interface HubFaultParts {
  readonly engine: AlarmEngine;
  /** Runs alone beside T1. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  /** @throws Error when another hub holds the lease */
  readonly assertLease: (tx: Tx) => Promise<void>;
}

/** The timer kind that raises queued faults. */
export const hubFaultTimer = ({ engine, exclusive, assertLease }: HubFaultParts): TimerKind => ({
  lane: 'ingest',
  exclusive,
  handle: async (c, timer) => {
    await assertLease(c.tx);
    // The payload is what raiseHubFault stored, gone through JSON.
    const { signal, text } = timer.payload as Pick<HubFault, 'signal' | 'text'>;
    const stage = engine.begin(c.now);
    stage.hubSignal(faultSignal({ community: timer.community, signal, text }), 'raise', c.now);
    await stage.write(c.tx);
    return () => stage.commit();
  },
});
