// Alarms for tests of the screen: complete views with only what matters given.
import { CLASS_RANK } from '../../../device-profiles/contract/signal.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';

export function alarm(given: Partial<AlarmView> & { readonly id: string }): AlarmView {
  const c = given.class ?? 'FAULT';
  return {
    device: 'g.panel',
    deviceName: { zh: '主机', en: 'Panel' },
    deviceKind: 'fire-panel',
    point: 'p',
    pointName: { zh: '点', en: 'Point' },
    signal: 's',
    class: c,
    rank: CLASS_RANK[c],
    text: { zh: '文', en: 'Text' },
    state: 'unacked-active',
    condition: 'true',
    raisedAt: '2026-11-21T19:00:00.000Z',
    receivedAt: '2026-11-21T19:00:00.100Z',
    recurrences: 0,
    value: 1,
    proved: true,
    workOrder: null,
    seq: 1,
    ...given,
  };
}

export const second = (n: number): string => new Date(Date.UTC(2026, 10, 21, 19, 0, n)).toISOString();
