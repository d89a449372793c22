// Changed points a second through everything: a field's registers → gateway → spool → MQTT → hub → history and one
// screen's live channel. What was told is counted against what history holds in the end, and what the screen was shown.
// Beside it, in the same run: what encoding and decoding the same batches alone would cost.
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { QUALITIES } from '../../device-profiles/contract/point.ts';
import { decodeBatch, encodeBatch, type Batch } from '../../device-profiles/contract/wire.ts';
import { LIVE_LIMITS } from '../../hub/live/limits.ts';
import { cleanUp } from '../helpers/cleanup.ts';
import { round } from '../helpers/statistics.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { behind, Rig, stored } from './rig.ts';
import { watchUsage } from './usage.ts';

const REGISTERS = 100;
const POLL_MS = 1_000;

const print = (line: Record<string, unknown>): void => console.log(JSON.stringify({ bench: 'pipe', ...line }));

/** Points that one core encodes and decodes again in a second, as changed registers of one second are batched. */
function codecPerCore(ms: number): number {
  const now = Date.now();
  const samples: Batch['samples'] = Array.from({ length: 1_000 }, (_, i) => {
    const times = { sourceTime: now + (i >> 4), receivedTime: now + (i >> 4) };
    return {
      i,
      value: i & 0xff,
      quality: 'good',
      reason: '',
      ...times,
      n: i + 1,
      historical: false,
      sourceClock: false,
    };
  });
  const batch: Batch = {
    gateway: 'gw-bench',
    epoch: '0'.repeat(32),
    lane: 'telemetry',
    first: 1,
    birth: '0'.repeat(32),
    prevCrc: 0,
    samples,
    notes: [],
  };
  const cpu = process.cpuUsage();
  let points = 0;
  for (const end = performance.now() + ms; performance.now() < end;)
    points += decodeBatch(encodeBatch(batch)).samples.length;
  const { user, system } = process.cpuUsage(cpu);
  return points / ((user + system) / 1e6);
}

interface Shown {
  /** Values that the screen was sent. */
  count: number;
  readonly last: Map<number, unknown>;
}

/** A screen that watches meters and counts what it is shown. */
async function screen(rig: Rig, meters: number): Promise<Shown> {
  const shown: Shown = { count: 0, last: new Map() };
  const socket = await rig.live(await rig.signIn('operator'));
  socket.on('values', (frame: readonly (number | string | null)[], done: () => void) => {
    for (let k = 0; k < frame.length; k += 4) shown.last.set(Number(frame[k]), frame[k + 1]);
    shown.count += frame.length / 4;
    done();
  });
  const devices = Array.from({ length: meters }, (_, k) => rig.meterDevice(k));
  await socket.timeout(30_000).emitWithAck('watch', { devices });
  return shown;
}

/** Watched points that the screen shows with another value than the hub holds. */
async function shownWrong(rig: Rig, meters: number, shown: Shown): Promise<number> {
  const caller = await rig.signIn('admin');
  let wrong = 0;
  for (let k = 0; k < meters; k++) {
    const path = `/api/devices/${rig.meterDevice(k)}/points`;
    const points = await caller.items<{ id: string; num: number; value: unknown }>(path);
    wrong += points.filter((p) => p.id.startsWith('value-') && shown.last.get(p.num) !== p.value).length;
  }
  return wrong;
}

/** Good values of the meters in the history file of a hub that is not running. */
async function inHistory(dir: string): Promise<number> {
  const file = await DuckDBInstance.create(join(dir, 'hub', 'history', 'history.duckdb'), { access_mode: 'READ_ONLY' });
  const connection = await file.connect();
  const answer = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER FROM (SELECT series, q FROM recent UNION ALL SELECT series, q FROM archive) a
       JOIN series s ON s.id = a.series WHERE s.point LIKE 'value-%' AND a.q = ${QUALITIES.indexOf('good')}`,
  );
  connection.closeSync();
  file.closeSync();
  return Number(answer.getRows()[0]?.[0]);
}

/** Values wait at most one beat of the live channel for their frame; this is ten of them. */
const nextFrames = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10 * LIVE_LIMITS.valuesEveryMs));

async function pipeCase(rate: number, seconds: number): Promise<void> {
  const dir = tempDir('bench-pipe');
  const meters = Math.max(1, Math.round((rate * POLL_MS) / 1_000 / REGISTERS));
  const rig = await Rig.start(dir, {
    meters,
    registers: REGISTERS,
    pollMs: POLL_MS,
    metersPerLink: 10,
    changing: 'all',
  });
  const { hub, gateway, field } = rig;
  if (!hub) throw new Error('a pipe needs a hub');
  const watched = Math.min(meters, LIVE_LIMITS.devicesPerScreenMax);
  const shown = await screen(rig, watched);
  await new Promise((resolve) => setTimeout(resolve, 3_000));

  const spent = watchUsage({ gateway: gateway.pid, hub: hub.pid, field: field.pid });
  const [before, shownBefore] = [await rig.metrics(), shown.count];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const [after, shownAfter] = [await rig.metrics(), shown.count];
  const { seconds: s, of, machineBusy } = spent();
  const codec = codecPerCore(1_000);

  const told = await rig.quiet();
  await until(async () => behind(await rig.metrics()) === 0, {
    ms: 120_000,
    what: 'the hub has everything',
    everyMs: 100,
  });
  await until(() => shown.last.size >= watched * REGISTERS, {
    ms: 30_000,
    what: 'the screen has been shown every point',
  });
  await nextFrames();
  const wrong = await shownWrong(rig, watched, shown);
  await rig.stop();
  const kept = await inHistory(dir);
  const pointsPerSecond = (stored(after, 'uplink_acked') - stored(before, 'uplink_acked')) / s;
  const cores = of.gateway.cores + of.hub.cores;
  print({
    case: 'changed points through the whole pipe',
    offeredPerSecond: rate,
    pointsPerSecond: round(pointsPerSecond, 0),
    shownPerSecond: round((shownAfter - shownBefore) / s, 0),
    pointsBehindAtEnd: behind(after),
    processes: of,
    pointsPerCoreSecond: round(pointsPerSecond / cores, 0),
    codecPerCoreSecond: round(codec, 0),
    ratio: round(pointsPerSecond / cores / codec, 4),
    machineBusy,
    told,
    inHistory: kept,
    lost: told - kept,
    shownWrong: wrong,
  });
}

const quick = process.argv.includes('--quick');
const given = process.argv.find((a) => a.startsWith('--rate='))?.slice('--rate='.length);
const rates = given === undefined ? (quick ? [15_000] : [5_000, 10_000, 15_000, 20_000, 30_000]) : [Number(given)];
try {
  for (const rate of rates) await pipeCase(rate, quick ? 10 : 30);
} finally {
  await cleanUp();
}
