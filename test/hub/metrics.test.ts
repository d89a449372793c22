// What /metrics says of a hub at work: names Prometheus takes, and figures that follow what happened.
import { beforeAll, describe, expect, test } from 'vitest';
import { io } from 'socket.io-client';
import { topics } from '../../device-profiles/contract/wire.ts';
import type { AlarmView } from '../../hub/alarms/contract.ts';
import * as lines from '../../hub/metrics.ts';
import { until } from '../helpers/wait.ts';
import { panel, startSite, type Site } from './alarms/site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite([panel('p1'), panel('p2')]);
}, 60_000);

const scrape = async (): Promise<string> => (await fetch(`${site.hub.hub.url}/metrics`)).text();
/** One figure, with its labels as Prometheus writes them. */
async function figure(name: string): Promise<number> {
  const line = (await scrape()).split('\n').find((l) => l.startsWith(`${name} `));
  return line === undefined ? NaN : Number(line.slice(name.length + 1));
}

test('every figure of the hub has a help, and a name that says what it is', async () => {
  const text = await scrape();
  const own = [...text.matchAll(/^# TYPE (fengsui_\w+) (\w+)$/gm)];
  expect(own.length).toBeGreaterThan(50);
  for (const [, name = '', type] of own) {
    expect(text, name).toMatch(new RegExp(`^# HELP ${name} [A-Z1].{8,}$`, 'm'));
    expect(name).toMatch(/^fengsui_[a-z0-9]+(_[a-z0-9]+)+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(type !== 'histogram' || name.endsWith('_seconds'), name).toBe(true);
  }
});

test('a line of the table names a counter that the part has', () => {
  const { ingest, timers } = site.hub.hub.sensing;
  const parts: readonly (readonly [readonly lines.CounterLine[], Readonly<Record<string, number>>])[] = [
    [lines.INGEST_COUNTERS, ingest.allCounters()],
    [lines.TIMER_COUNTERS, timers.counters()],
    [lines.POLICY_COUNTERS, site.hub.hub.responding.policies.counters()],
  ];
  for (const [table, counters] of parts)
    expect(table.map((l) => l.key).filter((key) => counters[key] === undefined)).toEqual([]);
});

describe('ingest', () => {
  test('counts batches and samples, and measures T1', async () => {
    const names = ['batches_total', 'samples_total', 't1_seconds_count'].map((n) => `fengsui_ingest_${n}`);
    const before = await Promise.all(names.map(figure));
    await site.tell(site.gateway.sample('p1', 'zone', 0), site.gateway.sample('p2', 'zone', 0));
    const after = await Promise.all(names.map(figure));
    expect(after.map((n, k) => n - (before[k] ?? NaN))).toEqual([1, 2, 1]);
  });

  test('says how far each gateway is behind, and whether it is silent', async () => {
    const { gateway } = site;
    const { ingest } = site.hub.hub.sensing;
    const lag = 'fengsui_gateway_lag_records{gateway="gw",lane="safety"}';
    const kept = gateway.batch('safety', [gateway.sample('p1', 'zone', 0), gateway.sample('p1', 'key', 0)]);
    void ingest.receive(topics.beat('gw'), gateway.beat());
    expect(await figure(lag)).toBe(2);
    void ingest.receive(topics.up('gw', 'safety'), kept.bytes);
    await until(async () => (await figure(lag)) === 0, { what: 'the gateway is caught up with' });
    expect(await figure('fengsui_gateway_silent{gateway="gw"}')).toBe(0);
    expect(await figure('fengsui_gateway_unheard_seconds{gateway="gw"}')).toBe(0);
  });

  test('counts what a gateway skipped, and that it was asked to go back', async () => {
    const { gateway } = site;
    const gaps = await figure('fengsui_ingest_gaps_total');
    const rewinds = await figure('fengsui_ingest_rewinds_total');
    const first = gateway.batch('safety', [gateway.sample('p1', 'zone', 0)]);
    const second = gateway.batch('safety', [gateway.sample('p1', 'zone', 0)]);
    const { ingest } = site.hub.hub.sensing;
    void ingest.receive(topics.up('gw', 'safety'), second.bytes);
    await until(async () => (await figure('fengsui_ingest_gaps_total')) === gaps + 1, { what: 'the gap is counted' });
    await until(async () => (await figure('fengsui_ingest_rewinds_total')) > rewinds, {
      what: 'the rewind is counted',
    });
    for (const made of [first, second]) void ingest.receive(topics.up('gw', 'safety'), made.bytes);
    await until(() => ingest.site('gw')?.lanes.safety.seq === gateway.head.safety, { what: 'the lane goes on' });
    expect(await figure('fengsui_ingest_gaps_total')).toBe(gaps + 1);
  });
});

test('the live channel counts its screens and what they report of themselves, within reason', async () => {
  const screen = io(site.hub.hub.url, {
    transports: ['websocket'],
    forceNew: true,
    extraHeaders: { cookie: site.operator.cookie },
  });
  try {
    await until(async () => (await figure('fengsui_live_screens')) === 1, { what: 'the screen is counted' });
    const report = { audio: 'running', visible: true, seq: 0 };
    screen.emit('desk', { ...report, resyncs: 2, mismatches: 1 });
    screen.emit('desk', { ...report, resyncs: 3, mismatches: 1 });
    screen.emit('desk', { ...report, resyncs: 1e300, mismatches: 'many' });
    screen.emit('desk', null);
    await until(async () => (await figure('fengsui_live_resyncs_total')) === 3, { what: 'resyncs are counted' });
    expect(await figure('fengsui_live_digest_mismatches_total')).toBe(1);
  } finally {
    screen.disconnect();
  }
  await until(async () => (await figure('fengsui_live_screens')) === 0, { what: 'the screen is gone' });
});

test('where alarms cannot be grouped they stand alone, and that is counted and a FAULT of the hub', async () => {
  const { db } = site.hub.database;
  const name = 'fengsui_incidents_grouping_failures_total';
  expect(await figure(name)).toBe(0);
  await db.transaction((tx) => tx.run('alter table incidents.incident rename to away'));
  try {
    await site.tell(site.gateway.sample('p2', 'zone', 2));
    const alarm = await site.alarm('p2', 'fault');
    expect(alarm.incident).toBeUndefined();
    const fault = await until(
      async () => (await site.open('?state=open&limit=500')).find((a: AlarmView) => a.signal === 'grouping'),
      { what: 'the FAULT of the hub' },
    );
    expect(fault).toMatchObject({ class: 'FAULT', text: { en: expect.stringContaining('incident') as string } });
    expect(await figure(name)).toBe(2);
  } finally {
    await db.transaction((tx) => tx.run('alter table incidents.away rename to incident'));
  }
});
