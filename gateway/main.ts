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
import { NOTHING_LEARNED } from '../device-profiles/gb26875/grow.ts';
import { ConfigError } from '../device-profiles/config-error.ts';
import type { Beat } from '../device-profiles/contract/wire.ts';
import { Annunciator } from './annunciator.ts';
import { annunciatorPage } from './annunciator-page.ts';
import { spoolBeat } from './beat.ts';
import { indexBytes, pointIndex } from './birth.ts';
import { checkSite, helpText, readCommand, summary, warningLines, type CheckedSite } from './cli.ts';
import { CLOCK_LOOK_MS, FollowingClock, systemClock } from './clock.ts';
import { readConfig, SettingsError, type GatewayConfig } from './config.ts';
import type { Logger } from './drivers/driver.ts';
import { Gb26875Driver, type ListedDevice } from './drivers/gb26875.ts';
import { modbusDriver, type ModbusLink } from './drivers/modbus.ts';
import { MqttDriver, type MqttDriverOptions } from './drivers/mqtt.ts';
import type { CallingDevice } from './gb26875/device.ts';
import { Registry, withLearned } from './gb26875/registry.ts';
import { healthOf, metricsOf, type HealthParts } from './health.ts';
import { HISTORY_CONSUMER, HistoryWriter } from './history.ts';
import { Intake } from './intake.ts';
import { LocalServer } from './local-server.ts';
import { Reshaper } from './reshape.ts';
import { SpoolLocked } from './spool/lock.ts';
import { sourceOf, type Site, type SiteDeviceEntry } from './site.ts';
import type { SiteBroker } from './site-links.ts';
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
  stop(): Promise<void>;
}

/** What flows: made in this order, started from the spool outwards, stopped from the devices inwards. */
interface Parts extends HealthParts {
  readonly clock: FollowingClock;
  readonly fields: readonly MqttDriver[];
  readonly callIns: readonly Gb26875Driver[];
  readonly annunciator: Annunciator;
}

async function assemble({ site }: CheckedSite, config: GatewayConfig, log: Logger): Promise<Parts> {
  const { gateway, community } = site;
  const clock = new FollowingClock(systemClock);
  const dir = join(config.dataDir, 'gateway', gateway);
  const registry = new Registry(dir, log);
  const { devices, learned } = await withLearned(site.devices, registry);
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
  const beat = () => beatOf(spool, intake, history);
  const uplink = new Uplink({ ...born, ...config.hub, index, spool, snapshot, beat, clock, log });
  const reshaper = new Reshaper(devices, born, { intake, spool, annunciator, uplink, history });
  intake.replacing((before, after) => reshaper.replace(before, after));

  // Drivers.
  const modbusLinks = site.links.filter(
    (l): l is Extract<typeof l, ModbusLink> => l.type !== 'mqtt' && l.type !== 'gb26875',
  );
  const modbus = modbusDriver({ links: modbusLinks, devices, port: intake });
  const fields = site.links.flatMap((l) => {
    if (l.type !== 'mqtt') return [];
    const broker = brokerOf(l.broker, site, config);
    return [new MqttDriver({ link: l.id, devices, port: intake, broker })];
  });
  const callIns = site.links.flatMap((l) => {
    if (l.type !== 'gb26875') return [];
    const listed = devices.filter(isCalling).flatMap((device): ListedDevice[] => {
      const source = sourceOf(device.vars['address'] ?? '');
      if (device.link !== l.id || source === undefined) return [];
      return [{ device, source, learned: learned.get(device.id) ?? NOTHING_LEARNED }];
    });
    const { host, gb26875Port: port } = config;
    return [new Gb26875Driver({ link: l.id, host, port, devices: listed, intake, registry })];
  });
  return {
    clock,
    gateway,
    spool,
    intake,
    uplink,
    history,
    drivers: [modbus, ...fields, ...callIns],
    fields,
    callIns,
    annunciator,
  };
}

const isCalling = (device: SiteDeviceEntry): device is SiteDeviceEntry & CallingDevice => device.grow !== undefined;

/** What people on site can look at. */
function localServer(parts: Parts, port: number): LocalServer {
  const { clock, gateway, spool, intake, uplink, annunciator, callIns } = parts;
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
  const refused = () => callIns.flatMap((driver) => driver.refusals());
  return new LocalServer(port, { page, health: () => healthOf(parts), metrics: () => metricsOf(parts), refused });
}

async function startGateway(checked: CheckedSite, config: GatewayConfig, log: Logger): Promise<Running> {
  const parts = await assemble(checked, config, log);
  const { clock, gateway, spool, intake, uplink, history, drivers, fields, callIns, annunciator } = parts;
  const local = localServer(parts, config.annunciatorPort);
  const clockTimer = setInterval(() => {
    const jump = clock.look();
    if (jump === 0) return;
    log.warn({ jumpMs: jump }, 'the wall clock has jumped');
    intake.clockJumped(jump);
    annunciator.clockJumped(jump);
  }, CLOCK_LOOK_MS);
  const stop = async (): Promise<void> => {
    clearInterval(clockTimer);
    await Promise.all(drivers.map((d) => d.stop()));
    intake.stop();
    spool.flush().catch(() => undefined);
    await Promise.all([uplink.stop(), history?.stop()]);
    await spool.close();
    await local.stop();
  };
  try {
    const address = await local.start();
    intake.start();
    history?.start();
    uplink.start();
    await Promise.all(drivers.map((d) => d.start()));
    const fieldMqtt = fields.find((f) => f.listening !== 0)?.listening;
    const pages = {
      annunciator: `${address}/`,
      health: `${address}/health`,
      metrics: `${address}/metrics`,
      refused: `${address}/refused`,
    };
    const gb26875 = callIns[0]?.listening;
    const listeners = {
      ...(fieldMqtt === undefined ? {} : { fieldMqtt }),
      ...(gb26875 === undefined ? {} : { gb26875 }),
    };
    return { addresses: { gateway, ...listeners, ...pages }, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Our own field broker, or the one that the site names. */
function brokerOf(named: SiteBroker | undefined, site: Site, config: GatewayConfig): MqttDriverOptions['broker'] {
  if (!named) return { host: config.host, port: config.fieldMqttPort, users: site.mqttUsers };
  const { host, port, username, password } = named;
  const literal = host.includes(':') ? `[${host}]` : host;
  return { url: `mqtt://${literal}:${port}`, username, password, clientId: `fengsui-field-${site.gateway}` };
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
  if (command.check) {
    console.log(summary(checked));
    return 0;
  }
  const config = readConfig(process.env);
  // The log goes to stderr, so that stdout carries the ready line alone.
  const log = pino({ level: config.logLevel, base: { gateway: checked.site.gateway } }, pino.destination(2));
  const running = await startGateway(checked, config, log);
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
