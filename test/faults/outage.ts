// The hub is gone for a while: the gateway goes on, and afterwards everything is caught up, faster than it came.
import { until } from '../helpers/wait.ts';
import { FaultCompound, type Metrics } from './compound.ts';
import { prefill } from './prefill.ts';
import { judge, type Verdict } from './verdict.ts';

/** The load that a day of outage is reckoned at (changes/s). */
const NOMINAL = 500;
/** Records left at which catching up is over: what is new in a second or two is always on its way. */
const LIVE_SECONDS = 2;
const WAIT_MS = 600_000;

export interface OutagePlan {
  /** Outage to stand for, in seconds at 500 changes/s. */
  readonly seconds: number;
  /** Changes are made this many times faster than that, and the outage is shorter by as much. */
  readonly speed: number;
  /** Most of what waits is written by the gateway's spool at once, instead of being waited for. */
  readonly written: boolean;
  readonly log: (line: string) => void;
}

export interface OutageResult extends Verdict {
  readonly outageSeconds: number;
  readonly recordsBehind: number;
  /** Room that a waiting record takes in the spool, bytes; the safety records kept for 30 days are counted in. */
  readonly bytesPerRecord: number;
  /** Until alarms, orders and screens know everything. */
  readonly catchUpSeconds: number;
  /** Until history holds everything too. */
  readonly historySeconds: number;
  /** Records caught up a second, history included, against 500; from the hub's ready line on. */
  readonly timesRealTime: number;
}

const head = (m: Metrics): number => m.get('lane_head{lane="telemetry"}') ?? 0;
const behind = (m: Metrics): number => head(m) - (m.get('uplink_acked{lane="telemetry"}') ?? 0);
/** How far the gateway no longer has to keep its records: the hub knows them, and they are in its history. */
const kept = (m: Metrics): number => m.get('consumer_position{consumer="uplink",lane="telemetry"}') ?? 0;

export async function runOutage(plan: OutagePlan): Promise<OutageResult> {
  const field = { meters: 100, registers: 5 * plan.speed, meterMs: 1_000, pumps: 4, detectors: 4 };
  const compound = await FaultCompound.start({ field });
  try {
    await compound.kill('hub');
    const before = behind(await compound.metrics());
    const shorts = [compound.field.raiseFault(), compound.field.raiseFire()];
    compound.field.raiseFault();
    await until(() => shorts.every((s) => s.told >= 3), { ms: WAIT_MS, what: 'the gateway reads the short signals' });
    const wanted = plan.seconds * NOMINAL;
    if (plan.written) await prefill(compound, { records: wanted, batch: NOMINAL, log: plan.log });
    await until(async () => behind(await compound.metrics()) - before >= wanted, {
      ms: WAIT_MS + plan.seconds * 1_000,
      what: `${wanted} records wait in the gateway`,
      everyMs: 250,
    });
    for (const short of shorts) compound.field.clear(short);
    // What comes meanwhile comes as it would in life, whatever hurry the outage was made in.
    compound.field.calm(plan.speed);
    const first = await compound.metrics();
    await compound.revive('hub');
    // From the hub's ready line on: reconnecting and the birth are part of catching up.
    const from = performance.now();
    const reached = async (what: string, left: (m: Metrics) => number): Promise<{ seconds: number; m: Metrics }> => {
      let state = '';
      const m = await until(
        async () => {
          const now = await compound.metrics();
          state = `${left(now)} records behind`;
          return left(now) <= NOMINAL * LIVE_SECONDS ? now : undefined;
        },
        { ms: WAIT_MS + plan.seconds * 1_000, what: () => `${what}: ${state}`, everyMs: 50 },
      );
      return { seconds: (performance.now() - from) / 1_000, m };
    };
    const { seconds: catchUpSeconds } = await reached('the hub has caught up', behind);
    plan.log(`${behind(first)} records known after ${catchUpSeconds.toFixed(1)} s`);
    const { seconds: historySeconds, m: last } = await reached('history has caught up', (m) => head(m) - kept(m));
    const timesRealTime = (kept(last) - kept(first)) / historySeconds / NOMINAL;
    plan.log(`all in history after ${historySeconds.toFixed(1)} s: ${timesRealTime.toFixed(1)} ×`);
    const verdict = await judge(compound, new Set(), 0);
    const bytesPerRecord = (first.get('spool_bytes') ?? NaN) / behind(first);
    const counts = { recordsBehind: behind(first), bytesPerRecord, catchUpSeconds, historySeconds, timesRealTime };
    return { ...verdict, outageSeconds: plan.seconds, ...counts };
  } catch (error) {
    throw new Error(`outage: ${String(error)}\n${await compound.voices()}`, { cause: error });
  } finally {
    await compound.stop();
  }
}
