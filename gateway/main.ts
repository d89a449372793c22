// The gateway process, put together in the order in which data flows through it.
//
//   devices ──▶ drivers (modbus, mqtt, gb26875) ──▶ intake: report what is worth it, in one order
//                    ▲                        │
//        answer to the device        spool: two lanes on disk, then durable
//                                             ├──▶ history ──▶ InfluxDB (if INFLUX_URL)
//                                             └──▶ uplink  ──▶ broker ──▶ hub
//   intake ──▶ annunciator page, /health, /metrics on loopback
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { ConfigError } from '../device-profiles/config-error.ts';
import type { Beat } from '../device-profiles/contract/wire.ts';
import { Annunciator } from './annunciator.ts';
import { annunciatorPage } from './annunciator-page.ts';
import { callInBeats, spoolBeat } from './beat.ts';
import { indexBytes, pointIndex } from './birth.ts';
import { checkSite, helpText, readCommand, summary, warningLines, type CheckedSite } from './cli.ts';
import { CLOCK_LOOK_MS, FollowingClock, systemClock } from './clock.ts';
import { ClockTrust, systemSynchronised } from './clock-trust.ts';
import { readConfig, SettingsError, type GatewayConfig } from './config.ts';
import type { Logger } from './drivers/driver.ts';
import { Registry, withLearned } from './gb26875/registry.ts';
import { healthOf, metricsOf, type HealthParts } from './health.ts';
import { HISTORY_CONSUMER, HistoryWriter } from './history.ts';
import { Intake } from './intake.ts';
import { forget, ModbusMemory } from './modbus/memory.ts';
import { LocalServer } from './local-server.ts';
import { askToReload, Reloader } from './reload.ts';
import { Reshaper } from './reshape.ts';
import { SiteDrivers } from './site-drivers.ts';
import { holderPid, SpoolLocked } from './spool/lock.ts';
import { Spool } from './spool.ts';
import { Uplink } from './uplink.ts';

/** Everything must be closed by then after SIGTERM, ms; what is not is ended anyway (the spool survives that). */
const STOP_MS = 10_000;
/** Exit codes: 1 the site or settings are wrong, 2 the command line is. */
const EXIT = { wrong: 1, usage: 2 } as const;

const software = (): string => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as { name: string; version: string };
  return `${name} ${version}`;
};

interface Running {
  /** What the ready line tells. */
  readonly addresses: Readonly<Record<string, string | number>>;
  /** Takes the site file anew. */
  reload(): void;
  stop(): Promise<void>;
}

/** What flows: made in this order, started from the spool outwards, stopped from the devices inwards. */
interface Parts extends Omit<HealthParts, 'drivers'> {
  readonly clock: FollowingClock;
  readonly drivers: SiteDrivers;
  readonly reloader: Reloader;
  readonly annunciator: Annunciator;
  readonly trust: ClockTrust;
  readonly memory: ModbusMemory;
}

const gatewayDir = (config: GatewayConfig, gateway: string): string => join(config.dataDir, 'gateway', gateway);

async function assemble(checked: CheckedSite, config: GatewayConfig, log: Logger): Promise<Parts> {
  const { site } = checked;
  const { gateway, community } = site;
  const clock = new FollowingClock(systemClock);
  const trust = new ClockTrust(clock, config.clockTrusted ? () => Promise.resolve(true) : systemSynchronised);
  const dir = gatewayDir(config, gateway);
  const registry = new Registry(dir, log);
  const memory = new ModbusMemory({ dir, clock, log });
  const known = await withLearned(site.devices, registry);
  const { devices } = known;
  const index = pointIndex(devices);
  const writesHistory = config.influx !== undefined;
  const at = Math.trunc(clock.now());
  const born = { gateway, community, software: software(), writesHistory };

  // The spool first: nothing is heard that could not be kept.
  const spool = await Spool.open({
    dir: join(dir, 'spool'),
    gateway,
    birth: { id: index.id, bytes: indexBytes(index, born, at) },
    consumers: writesHistory ? ['uplink', HISTORY_CONSUMER] : ['uplink'],
    clock,
    log,
    limits: { maxBytes: config.spoolBytes },
  });
  void spool.announce({ kind: 'started', text: born.software });

  // What drivers hand on becomes records.
  const intake = new Intake({ devices, links: site.links.map((l) => l.id), spool, clock, log });
  const annunciator = new Annunciator(devices, intake.table);
  intake.onSamples((samples) => annunciator.take(samples));

  // Consumers of the spool.
  const { influx } = config;
  const history = influx && new HistoryWriter({ target: influx, gateway, community, index, spool, dir, clock, log });
  const snapshot = () => intake.table.snapshot();
  const callIns = callInBeats(() => drivers.callIns);
  const beat = () => ({ ...beatOf(spool, intake, history), ...callIns() });
  const uplink = new Uplink({ ...born, ...config.hub, index, spool, snapshot, beat, clock, log });
  const reshaper = new Reshaper(devices, born, { intake, spool, annunciator, uplink, history });
  intake.replacing((before, after) => reshaper.replace(before, after));

  // Drivers.
  const clockTrusted = (): boolean => trust.sure;
  const drivers = new SiteDrivers(site, known, { intake, registry, memory, config, gateway, clockTrusted });
  const reloader = new Reloader({ dir, running: checked, env: process.env, drivers, reshaper, clock, log });
  return { clock, gateway, spool, intake, uplink, history, drivers, reloader, annunciator, trust, memory };
}

/** What people on site can look at. */
function localServer(parts: Parts, port: number): LocalServer {
  const { clock, gateway, spool, intake, uplink, annunciator, drivers, memory } = parts;
  const page = (): string => {
    const { connected, fault, lanes } = uplink.stats();
    return annunciatorPage({
      gateway,
      now: clock.now(),
      active: annunciator.active(),
      diskFault: spool.stats().failing.safety,
      hubFault: connected && lanes.safety.open ? '' : fault || 'no answer',
      offlineDevices: intake.table.counts().offline,
    });
  };
  const refused = () => drivers.callIns.flatMap((driver) => driver.refusals());
  const now = (): HealthParts => ({ ...parts, drivers: drivers.all });
  const learned = () => memory.all();
  return new LocalServer(port, {
    page,
    health: () => healthOf(now()),
    metrics: () => metricsOf(now()),
    refused,
    learned,
  });
}

async function startGateway(checked: CheckedSite, config: GatewayConfig, log: Logger): Promise<Running> {
  const parts = await assemble(checked, config, log);
  const { clock, gateway, spool, intake, uplink, history, drivers, reloader, annunciator, trust, memory } = parts;
  const local = localServer(parts, config.annunciatorPort);
  const clockTimer = setInterval(() => {
    const jump = clock.look();
    if (jump === 0) return;
    log.warn({ jumpMs: jump }, 'the wall clock has jumped');
    trust.jumped();
    intake.clockJumped(jump);
    annunciator.clockJumped(jump);
  }, CLOCK_LOOK_MS);
  const stop = async (): Promise<void> => {
    clearInterval(clockTimer);
    trust.stop();
    await reloader.stop();
    await drivers.stop();
    await memory.flush();
    intake.stop();
    spool.flush().catch(() => undefined);
    await Promise.all([uplink.stop(), history?.stop()]);
    await spool.close();
    await local.stop();
  };
  try {
    const address = await local.start();
    trust.start();
    intake.start();
    history?.start();
    uplink.start();
    await drivers.start();
    const fieldMqtt = drivers.fields.find((f) => f.listening !== 0)?.listening;
    const pages = {
      annunciator: `${address}/`,
      health: `${address}/health`,
      metrics: `${address}/metrics`,
      refused: `${address}/refused`,
      learned: `${address}/learned`,
    };
    const gb26875 = drivers.gb26875?.listening;
    const listeners = {
      ...(fieldMqtt === undefined ? {} : { fieldMqtt }),
      ...(gb26875 === undefined ? {} : { gb26875 }),
    };
    return { addresses: { gateway, ...listeners, ...pages }, reload: () => void reloader.reload(), stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

function beatOf(
  spool: Spool,
  intake: Intake,
  history: HistoryWriter | undefined,
): Pick<Beat, 'spool' | 'devices' | 'links' | 'history' | 'failing'> {
  return {
    ...spoolBeat(spool.stats()),
    devices: intake.table.counts(),
    links: intake.links(),
    ...(history ? { history: history.position() } : {}),
  };
}

/** What was learned of Modbus devices. A gateway that runs would go on with it, and keep it again. */
async function forgetLearned(devices: readonly string[], dir: string): Promise<number> {
  const pid = await holderPid(join(dir, 'spool', 'lock'));
  if (pid !== undefined) {
    console.error(`the gateway runs (process ${pid}): stop it first, it starts anew without what is forgotten`);
    return EXIT.wrong;
  }
  const gone = forget(dir, devices);
  console.log(gone.length === 0 ? 'nothing was known' : `forgotten: ${gone.join(', ')}`);
  return 0;
}

/** @returns the exit code, or undefined while the gateway runs */
async function main(): Promise<number | undefined> {
  const command = readCommand(process.argv.slice(2));
  if (command.kind === 'help') {
    console.log(helpText());
    return 0;
  }
  if (command.kind === 'wrong') {
    console.error(`${command.why}\n\n${helpText()}`);
    return EXIT.usage;
  }
  const checked = checkSite(command.site, process.env);
  for (const line of warningLines(checked.site)) console.error(line);
  if (command.kind === 'check') {
    console.log(summary(checked));
    return 0;
  }
  const config = readConfig(process.env);
  if (command.kind === 'reload') {
    const { ok, lines } = await askToReload(gatewayDir(config, checked.site.gateway));
    for (const line of lines) (ok ? console.log : console.error)(line);
    return ok ? 0 : EXIT.wrong;
  }
  if (command.kind === 'forget') return forgetLearned(command.devices, gatewayDir(config, checked.site.gateway));
  // The log goes to stderr, so that stdout carries the ready line alone.
  const log = pino({ level: config.logLevel, base: { gateway: checked.site.gateway } }, pino.destination(2));
  // From here on the signal must not end the process, although nothing can be taken anew before the start is done.
  let asked = false;
  const early = (): void => void (asked = true);
  process.on('SIGUSR2', early);
  const running = await startGateway(checked, config, log);
  process.off('SIGUSR2', early).on('SIGUSR2', () => running.reload());
  if (asked) running.reload();
  let stopping = false;
  const onSignal = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    const deadline = setTimeout(() => {
      log.error({}, `not stopped within ${STOP_MS} ms`);
      process.exit(EXIT.wrong);
    }, STOP_MS);
    running.stop().then(
      () => {
        clearTimeout(deadline);
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ error: String(error) }, 'stopping failed');
        process.exit(EXIT.wrong);
      },
    );
  };
  process.on('SIGINT', () => onSignal('SIGINT'));
  process.on('SIGTERM', () => onSignal('SIGTERM'));
  // Started by another program with a channel to it: when that program is gone, so are we.
  process.on('disconnect', () => onSignal('disconnect'));
  console.log(JSON.stringify({ ready: 'gateway', ...running.addresses }));
  return undefined;
}

try {
  const code = await main();
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  // What the user can set right is told without a stack.
  const system = error instanceof Error && 'syscall' in error;
  const known =
    error instanceof ConfigError || error instanceof SettingsError || error instanceof SpoolLocked || system;
  const text = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  console.error(text);
  process.exitCode = EXIT.wrong;
}
