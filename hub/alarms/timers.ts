// Timers of alarms: delays of signals, the end of shelving, the end of a mode.
import type { Tx } from '../db/tx.ts';
import type { Moment } from '../ingest/api.ts';
import type { TimerKind } from '../timers.ts';
import type { ChangePorts } from './changes.ts';
import { returnShelved, UNSHELVE_TIMER } from './commands.ts';
import { DELAY_TIMER, type AlarmEngine } from './engine.ts';
import { expireMode, MODE_TIMER } from './modes.ts';

/** A delay whose gateway is still telling its backlog is looked at again after this, ms. */
const AGAIN_MS = 2_000;

export interface AlarmTimerParts {
  readonly engine: AlarmEngine;
  readonly ports: ChangePorts;
  /** Runs alone beside T1. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  /** @throws Error when another hub holds the lease */
  readonly assertLease: (tx: Tx) => Promise<void>;
  /** How far a gateway's time has come, where everything it has told is applied, so that time alone may decide. */
  readonly settled: (gateway: string) => Moment | undefined;
}

export function alarmTimers({
  engine,
  ports,
  exclusive,
  assertLease,
  settled,
}: AlarmTimerParts): Record<string, TimerKind> {
  return {
    [DELAY_TIMER]: {
      lane: 'ingest',
      exclusive,
      handle: async (c, timer) => {
        await assertLease(c.tx);
        const stage = engine.begin(c.now);
        if (!stage.elapsed(timer, settled)) {
          const { key, kind, community, payload } = timer;
          c.emit({ effect: 'timer', key, kind, community, dueAt: c.now + AGAIN_MS, basis: 'duration', payload });
          return undefined;
        }
        await stage.write(c.tx);
        return () => stage.commit();
      },
    },
    [UNSHELVE_TIMER]: { handle: (c, timer) => returnShelved(c, ports, String(timer.payload['alarm'])) },
    [MODE_TIMER]: {
      handle: (c, { payload, community }) => expireMode(c, ports, { id: String(payload['mode']), community }),
    },
  };
}
