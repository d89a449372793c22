// How the gateway is: one object for /health, the same as counters for /metrics.
import { CALL_IN_LIMITS } from '../device-profiles/contract/call-in.ts';
import type { Reason } from '../device-profiles/contract/point.ts';
import { isCallIn } from './call-in/call-in.ts';
import type { Driver } from './drivers/driver.ts';
import type { HistoryWriter } from './history.ts';
import type { Intake } from './intake.ts';
import type { Spool } from './spool.ts';
import type { Uplink } from './uplink.ts';

export interface HealthParts {
  readonly gateway: string;
  readonly spool: Spool;
  readonly intake: Intake;
  readonly uplink: Uplink;
  readonly history: HistoryWriter | undefined;
  readonly drivers: readonly Driver[];
}

export type Status = 'ok' | 'degraded' | 'down';

interface Component {
  readonly status: Status;
  readonly detail: string;
}

export interface Health {
  readonly status: Status;
  readonly gateway: string;
  readonly components: Readonly<Record<'spool' | 'uplink' | 'history' | 'links' | 'devices', Component>>;
}

const ok: Component = { status: 'ok', detail: '' };
const degraded = (detail: string): Component => ({ status: 'degraded', detail });

/** Links that have simply not been tried yet are not a fault. */
const NOT_YET: Reason = 'not-yet-read';

/** Worst component decides: `down` when safety records can't be made durable, which nothing else here outweighs. */
export function healthOf(parts: HealthParts): Health {
  const components = {
    spool: spoolHealth(parts.spool),
    uplink: uplinkHealth(parts.uplink),
    history: parts.history?.stats().fault ? degraded(parts.history.stats().fault) : ok,
    links: linkHealth(parts.intake),
    devices: deviceHealth(parts.intake),
  };
  const all = Object.values(components).map((c) => c.status);
  const status = all.includes('down') ? 'down' : all.includes('degraded') ? 'degraded' : 'ok';
  return { status, gateway: parts.gateway, components };
}

function spoolHealth(spool: Spool): Component {
  const { failing, bytes, maxBytes, dropped, damagedSegments } = spool.stats();
  if (failing.safety) return { status: 'down', detail: `the disk refuses safety records: ${failing.safety}` };
  if (failing.telemetry) return degraded(`the disk refuses telemetry: ${failing.telemetry}`);
  if (dropped > 0) return degraded(`${dropped} records were given up`);
  if (damagedSegments > 0) return degraded(`${damagedSegments} damaged segments were set aside`);
  return { status: 'ok', detail: `${bytes} of ${maxBytes} bytes` };
}

function uplinkHealth(uplink: Uplink): Component {
  const { connected, fault, lanes } = uplink.stats();
  if (!connected || fault) return degraded(fault || 'not connected');
  return lanes.safety.open ? ok : degraded('the hub does not answer');
}

function linkHealth(intake: Intake): Component {
  const wrong = Object.entries(intake.links()).filter(([, reason]) => reason !== '' && reason !== NOT_YET);
  return wrong.length === 0 ? ok : degraded(wrong.map(([id, reason]) => `${id}: ${reason}`).join(', '));
}

function deviceHealth(intake: Intake): Component {
  const { online, offline } = intake.table.counts();
  const detail = `${online} online, ${offline} offline`;
  return offline === 0 ? { status: 'ok', detail } : degraded(detail);
}

/** Text of Prometheus' exposition format, version 0.0.4. */
export function metricsOf(parts: HealthParts): string {
  const spool = parts.spool.stats();
  const uplink = parts.uplink.stats();
  const history = parts.history?.stats();
  const devices = parts.intake.table.counts();
  const lines: string[] = [];
  const add = (name: string, value: number, labels: Readonly<Record<string, string>> = {}): void => {
    const text = Object.entries(labels).map(([k, v]) => `${k}="${v.replace(/["\\\n]/g, '_')}"`);
    lines.push(`fengsui_gateway_${name}${text.length > 0 ? `{${text.join(',')}}` : ''} ${value}`);
  };
  add('spool_bytes', spool.bytes);
  add('spool_max_bytes', spool.maxBytes);
  add('spool_dropped_records', spool.dropped);
  add('spool_damaged_segments', spool.damagedSegments);
  add('spool_torn_writes', spool.tornWrites);
  for (const lane of ['safety', 'telemetry'] as const) {
    add('lane_head', spool.head[lane], { lane });
    add('lane_durable', spool.durable[lane], { lane });
    add('lane_refusing', spool.failing[lane] ? 1 : 0, { lane });
    const { open, acked, inFlight, resent, rewinds, timeouts } = uplink.lanes[lane];
    add('uplink_open', open ? 1 : 0, { lane });
    add('uplink_acked', acked, { lane });
    add('uplink_in_flight', inFlight, { lane });
    add('uplink_resent_total', resent, { lane });
    add('uplink_rewinds_total', rewinds, { lane });
    add('uplink_timeouts_total', timeouts, { lane });
    for (const [consumer, at] of Object.entries(spool.consumers))
      add('consumer_position', at[lane], { consumer, lane });
  }
  add('uplink_connected', uplink.connected ? 1 : 0);
  add('uplink_births_total', uplink.births);
  add('epochs_minted_total', uplink.epochsMinted);
  if (history) {
    add('history_lines_total', history.linesStored);
    add('history_refused_lines_total', history.linesRefused);
    add('history_failed_requests_total', history.requestsFailed);
  }
  add('devices_online', devices.online);
  add('devices_offline', devices.offline);
  // Ports that devices call and of which the beats say nothing.
  add('call_in_ports_not_told', Math.max(0, parts.drivers.filter(isCallIn).length - CALL_IN_LIMITS.listeners));
  for (const driver of parts.drivers)
    for (const [link, counters] of Object.entries(driver.counters?.() ?? {}))
      for (const [counter, value] of Object.entries(counters)) add('link', value, { link, counter });
  return `${lines.join('\n')}\n`;
}
