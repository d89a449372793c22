// What GET /metrics says of the hub's parts beside the process's own figures: names and helps in one place.
// Counters are kept by the parts themselves and read when Prometheus asks.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

type Counts = Readonly<Record<string, number>>;

/** A counter of one part: the key in the part's own counters, and what it is called outside. */
export interface CounterLine {
  readonly key: string;
  /** Without `fengsui_` and `_total`. */
  readonly name: string;
  readonly help: string;
}

export const INGEST_COUNTERS: readonly CounterLine[] = [
  { key: 'messages', name: 'ingest_messages', help: 'Messages of gateways that came in' },
  { key: 'transactions', name: 'ingest_transactions', help: 'Transactions of T1 that were committed' },
  { key: 'batches', name: 'ingest_batches', help: 'Batches of gateways that were applied' },
  { key: 'records', name: 'ingest_samples', help: 'Samples and notes in the batches that were applied' },
  { key: 'repeats', name: 'ingest_repeats', help: 'Batches that were known already' },
  { key: 'quarantined', name: 'ingest_quarantined', help: 'Records that threw and were set aside' },
  { key: 'losses', name: 'ingest_losses', help: 'Batches by which a gateway owned up to a loss' },
  { key: 'refusedGap', name: 'ingest_gaps', help: 'Batches refused because one before them is missing' },
  { key: 'refusedCrc', name: 'ingest_crc_refused', help: 'Batches refused for their check sum' },
  { key: 'rewinds', name: 'ingest_rewinds', help: 'Receipts that asked a gateway to go back' },
  { key: 'receipts', name: 'ingest_receipts', help: 'Receipts sent to gateways' },
  { key: 'asks', name: 'ingest_birth_asks', help: 'Births asked of gateways' },
  { key: 'birthsTaken', name: 'ingest_births', help: 'Births that were taken' },
  { key: 'birthsRefused', name: 'ingest_births_refused', help: 'Births that were refused' },
  { key: 'birthsReplaced', name: 'ingest_births_replaced', help: 'Births that a newer one of the gateway stood for' },
  { key: 'birthsDropped', name: 'ingest_births_dropped', help: 'Births of older indexes beyond those that may wait' },
  { key: 'unexplained', name: 'ingest_unexplained', help: 'Batches whose birth is not known yet' },
  { key: 'malformed', name: 'ingest_malformed', help: 'Messages that could not be read' },
  { key: 'foreign', name: 'ingest_foreign', help: 'Messages on topics that mean nothing here' },
  { key: 'unknownGateway', name: 'ingest_unknown_gateway', help: 'Messages of gateways that are not enrolled' },
  { key: 'notActive', name: 'ingest_not_active', help: 'Messages dropped while this hub does not hold the lease' },
  { key: 'dropped', name: 'ingest_dropped', help: 'Jobs dropped from the queue, which gateways send again' },
  { key: 'retries', name: 'ingest_retries', help: 'Pauses of T1 because the database refused' },
  { key: 'fenced', name: 'ingest_fenced', help: 'Times this hub found that another one holds the lease' },
  { key: 'historyBusy', name: 'ingest_history_busy', help: 'Batches that history was too busy to take' },
  { key: 'historyFailed', name: 'ingest_history_failed', help: 'Batches that history failed to take' },
  { key: 'historyGaps', name: 'ingest_history_gaps', help: 'Batches that history refused for a gap' },
];

export const LIVE_COUNTERS: readonly CounterLine[] = [
  { key: 'frames', name: 'live_value_frames', help: 'Frames of values sent to screens' },
  { key: 'skipped', name: 'live_value_frames_skipped', help: 'Frames not sent: the one before was not yet taken' },
  { key: 'alarmFrames', name: 'live_alarm_frames', help: 'Frames of alarms sent, once a community' },
  { key: 'refused', name: 'live_refused', help: 'Screens and events that were refused' },
  { key: 'slow', name: 'live_slow', help: 'Screens disconnected because they took no frame' },
  { key: 'noisy', name: 'live_noisy', help: 'Screens disconnected because they sent too much' },
  { key: 'resyncs', name: 'live_resyncs', help: 'Times a screen read all open alarms anew, as screens report it' },
  { key: 'mismatches', name: 'live_digest_mismatches', help: 'Beats whose digest differed from the screen’s own' },
];

export const DESK_COUNTERS: readonly CounterLine[] = [
  { key: 'reports', name: 'desk_reports', help: 'Reports by which control desks say that they are there' },
  { key: 'forgotten', name: 'desk_forgotten', help: 'Desks no longer remembered because there are too many' },
  { key: 'unnoted', name: 'desk_unnoted', help: 'Reports of desks that the database did not take' },
];

export const ALARM_COUNTERS: readonly CounterLine[] = [
  { key: 'groupingFailed', name: 'incidents_grouping_failures', help: 'Alarms that stand alone: grouping failed' },
];

export const POLICY_COUNTERS: readonly CounterLine[] = [
  { key: 'events', name: 'policy_events', help: 'Events that the policy runner has gone through' },
  { key: 'effects', name: 'policy_effects', help: 'Rules that took effect' },
  { key: 'failures', name: 'policy_failures', help: 'Tries of rules that failed' },
  { key: 'setAside', name: 'policy_set_aside', help: 'Rules given up on an event' },
];

export const TIMER_COUNTERS: readonly CounterLine[] = [
  { key: 'run', name: 'timers_run', help: 'Timers that ran' },
  { key: 'failed', name: 'timers_failures', help: 'Tries of timers that failed' },
  { key: 'setAside', name: 'timers_set_aside', help: 'Timers that were given up' },
  { key: 'clockJumps', name: 'clock_jumps', help: 'Jumps of the wall clock' },
];

export const HOUSEKEEPING_COUNTERS: readonly CounterLine[] = [
  { key: 'rounds', name: 'housekeeping_rounds', help: 'Rounds of housekeeping' },
  { key: 'failures', name: 'housekeeping_failures', help: 'Rounds of housekeeping that failed' },
  { key: 'events', name: 'events_pruned', help: 'Events thrown away after their time' },
  { key: 'keys', name: 'event_keys_pruned', help: 'Keys of rules forgotten after their time' },
  { key: 'records', name: 'records_dropped', help: 'Records given up after a backup' },
];

/** Shows counters of a part. A line whose key the part does not have shows 0, so that its name is always there. */
export function watchCounters(registry: Registry, lines: readonly CounterLine[], look: () => Counts): void {
  for (const { key, name, help } of lines) {
    const counter: Counter = new Counter({
      name: `fengsui_${name}_total`,
      help,
      registers: [registry],
      collect: () => {
        counter.reset();
        counter.inc(look()[key] ?? 0);
      },
    });
  }
}

/** Shows figures that go up and down, each set of labels with its value. */
export function watchGauge(
  registry: Registry,
  of: { readonly name: string; readonly help: string; readonly labels?: readonly string[] },
  look: () => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>,
): void {
  const gauge: Gauge = new Gauge({
    name: `fengsui_${of.name}`,
    help: of.help,
    labelNames: [...(of.labels ?? [])],
    registers: [registry],
    collect: () => {
      gauge.reset();
      for (const [labels, value] of look()) gauge.set({ ...labels }, value);
    },
  });
}

/** Seconds that one T1 took, from its first statement to the end of its commit. */
export function t1Times(registry: Registry): (seconds: number) => void {
  const histogram = new Histogram({
    name: 'fengsui_ingest_t1_seconds',
    help: 'Time of one transaction of T1, its commit included',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  return (seconds) => histogram.observe(seconds);
}
