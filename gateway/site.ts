// The site file: which links, devices and field users a gateway has. Checked whole before anything starts; every
// mistake is named with its line and what was expected.
import { isIP } from 'node:net';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { POLL_CLASS_MS, type PollClass, type Text } from '../device-profiles/contract/point.ts';
import type { DeviceKind, DeviceModel } from '../device-profiles/contract/profile.ts';
import { topicVariables } from '../device-profiles/check-profile.ts';
import { tryCompile, type Compiled, type CompileOptions, type LoadedProfile } from '../device-profiles/compile.ts';
import { ConfigError, nearest, type Path, type Problem } from '../device-profiles/config-error.ts';
import type { Learned } from '../device-profiles/gb26875/grow.ts';
import { BUILTIN_PROFILES, loadProfiles, type LoadedProfiles } from '../device-profiles/load.ts';
import { findOverlaps } from '../device-profiles/overlaps.ts';
import { loadPointList, type PointListRow } from '../device-profiles/point-list.ts';
import { parseYaml, type YamlSource } from '../device-profiles/yaml-source.ts';
import type { SiteDevice } from './drivers/driver.ts';
import { readLinks, type Report, type SiteLink } from './site-links.ts';
import { shapeOf } from './site-shape.ts';
import { readUsers, type MqttUser } from './site-users.ts';
import { SITE_LIMITS, type Name, type SiteDeviceFile, type SiteFile } from './site-schema.ts';

/** A device with what births say of it beside its model. */
export interface SiteDeviceEntry extends SiteDevice {
  readonly name?: Text;
  readonly profile: string;
  readonly kind: DeviceKind;
  readonly building?: string;
  readonly floor?: number;
  readonly place?: string;
  /** Topic on which an MQTT device publishes, variables filled in. */
  readonly topic?: string;
  /** The model of a device that tells of its own points, with what it has told of. */
  readonly grow?: (learned: Learned) => Compiled;
}

export interface Site {
  readonly file: string;
  readonly gateway: string;
  readonly community: string;
  readonly links: readonly SiteLink[];
  readonly devices: readonly SiteDeviceEntry[];
  readonly mqttUsers: readonly MqttUser[];
  /** Every model in use, once. */
  readonly models: readonly DeviceModel[];
  /** What is odd but harmless: broken profiles that nothing uses, links without devices. */
  readonly warnings: readonly Problem[];
}

export interface SiteOptions {
  /** For `passwordEnv`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Profiles that come with the product; another folder in tests. */
  readonly builtin?: string;
}

/** @throws ConfigError also when the file can't be read. */
export function loadSite(file: string, options: SiteOptions = {}): Site {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError([{ file, path: '', message: `site file can't be read (${why})` }]);
  }
  return parseSite(file, text, options);
}

/**
 * Reads a site file; paths in it are relative to it. Places are not checked: the hub makes those it does not know.
 * @throws ConfigError with every problem of the file, its point lists and the profiles it uses.
 */
export function parseSite(file: string, text: string, options: SiteOptions = {}): Site {
  const written = parseYaml(file, text);
  const problems: Problem[] = [];
  const shape = shapeOf(written.value);
  if (!shape) throw new ConfigError([written.problem([], 'does not fit the schema of sites: expected a map')]);
  for (const { path, message } of shape.complaints) problems.push(written.problem(path, message));
  const { site } = shape;
  const source = { ...written, problem: (path: Path, m: string) => written.problem(shape.placeOf(path), m) };
  const report: Report = (path, message) => problems.push(source.problem(path, message));
  for (const [key, max] of [
    ['links', SITE_LIMITS.links],
    ['devices', SITE_LIMITS.devices],
    ['mqttUsers', SITE_LIMITS.mqttUsers],
  ] as const)
    if ((site[key]?.length ?? 0) > max) report([key], `more than ${max}`);
  const folders = [options.builtin ?? BUILTIN_PROFILES, ...(site.profiles ?? []).map((d) => resolve(dirname(file), d))];
  const profiles = readProfiles(folders, report);
  const links = readLinks(site.links, options.env ?? {}, report);
  const context: Context = {
    file,
    source,
    site,
    profiles,
    links,
    report,
    problems,
    models: new Map(),
    lists: new Map(),
    told: new Set(),
    misshapenLinks: shape.misshapenLinks,
  };
  for (const { at, link, profile } of shape.misshapenDevices) {
    const there: Report = (more, message) => problems.push(written.problem(['devices', at, ...more], message));
    if (link !== undefined) linkOf(link, context, there);
    if (profile !== undefined) profileOf(profile, context, there);
  }
  const devices = site.devices.flatMap((d, k) => readDevice(d, k, context) ?? []);
  checkTogether(devices, context);
  const unread = site.devices.length - devices.length + shape.misshapenDevices.length;
  if (unread === 0) checkAbout(devices, context);
  const mqttUsers = readUsers(site.mqttUsers ?? [], devices, { env: options.env ?? {}, unread: unread > 0, report });
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    file,
    gateway: site.gateway,
    community: site.community,
    links: [...links.values()],
    devices,
    mqttUsers,
    models: [...context.models.values()],
    warnings: warningsOf(context, devices),
  };
}

interface Context {
  readonly file: string;
  readonly source: YamlSource;
  readonly site: SiteFile;
  readonly profiles: LoadedProfiles;
  readonly links: ReadonlyMap<string, SiteLink>;
  readonly report: Report;
  readonly problems: Problem[];
  /** Models by hash: equal devices share one. */
  readonly models: Map<string, DeviceModel>;
  /** Point lists by file and profile. */
  readonly lists: Map<string, readonly PointListRow[]>;
  /** Broken profiles whose problems have been reported. */
  readonly told: Set<string>;
  /** Ids of links that have a mistake of their own. */
  readonly misshapenLinks: ReadonlySet<string>;
}

function readProfiles(folders: readonly string[], report: Report): LoadedProfiles {
  try {
    return loadProfiles(folders);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const p of error.problems) report(['profiles'], `${p.file}: ${p.message}`);
    return { profiles: new Map(), broken: new Map() };
  }
}

// ── Devices ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function readDevice(d: SiteDeviceFile, k: number, context: Context): SiteDeviceEntry | undefined {
  const path: Path = ['devices', k];
  const report: Report = (more, message) => context.report([...path, ...more], message);
  if (context.site.devices.findIndex((o) => o.id === d.id) !== k) report(['id'], `device "${d.id}" is declared twice`);
  const link = linkOf(d.link, context, report);
  const loaded = profileOf(d.profile, context, report);
  if (!loaded) return undefined;
  if (link) checkLink(d, loaded, link, report);
  const vars = readVars(d, loaded, link, report);
  const rows = readPoints(d, k, loaded, context);
  const compiled = tryCompile(loaded, { ...optionsOf(d), pointList: rows, models: context.models });
  if (!compiled.model) {
    for (const { option, message, row } of compiled.problems)
      if (row)
        context.problems.push({ file: row.file, line: row.line, path: '', message: `device ${d.id}: ${message}` });
      else report(option, message);
    return undefined;
  }
  const { model } = compiled;
  if (model.points.length <= 1)
    report([], `the device has no points: profile ${loaded.name} makes them from a point list (pointList or points)`);
  return {
    id: d.id,
    link: d.link,
    ...(d.unit === undefined ? {} : { unit: d.unit }),
    vars,
    model,
    pollMs: { ...POLL_CLASS_MS, ...pollOf(context.site.poll), ...pollOf(d.poll) },
    profile: loaded.name,
    kind: model.kind,
    ...(d.name === undefined ? {} : { name: bothWords(d.name) }),
    ...(d.building === undefined ? {} : { building: d.building }),
    ...(d.floor === undefined ? {} : { floor: d.floor }),
    ...(d.place === undefined ? {} : { place: d.place }),
    ...(model.gb26875 ? { grow: (learned: Learned) => tryCompile(loaded, { ...optionsOf(d), learned }) } : {}),
    ...(link?.type === 'mqtt' && model.mqtt ? { topic: fillTopic(model.mqtt.topic, vars) } : {}),
  };
}

function linkOf(id: string, { links, misshapenLinks }: Context, report: Report): SiteLink | undefined {
  const link = links.get(id);
  if (link || misshapenLinks.has(id)) return link;
  const ids = [...links.keys(), ...misshapenLinks];
  const near = nearest(id, ids);
  report(['link'], `unknown link "${id}"; expected one of ${(near.length > 0 ? near : ids).join(', ')}`);
  return undefined;
}

function optionsOf(d: SiteDeviceFile): CompileOptions {
  return {
    ...(d.kind ? { kind: d.kind } : {}),
    ...(d.params ? { params: d.params } : {}),
    ...(d.repeat ? { repeat: d.repeat } : {}),
    ...(d.wordOrder ? { wordOrder: d.wordOrder } : {}),
    ...(d.expectEveryS === undefined ? {} : { expectEveryS: d.expectEveryS }),
  };
}

const pollOf = (poll: SiteFile['poll']): Partial<Record<PollClass, number>> =>
  Object.fromEntries(Object.entries(poll ?? {}).filter(([, ms]) => ms !== undefined));

function profileOf(name: string, context: Context, report: Report): LoadedProfile | undefined {
  const { profiles, broken } = context.profiles;
  const problems = broken.get(name);
  if (problems) {
    report(['profile'], `profile "${name}" has ${problems.length} problem${problems.length > 1 ? 's' : ''}`);
    if (!context.told.has(name)) context.problems.push(...problems);
    context.told.add(name);
    return undefined;
  }
  const loaded = profiles.get(name);
  // Where no profile at all could be read, that is told already, and not of each device again.
  if (!loaded && profiles.size > 0) {
    const near = nearest(name, profiles.keys());
    const names = near.length > 0 ? near : [...profiles.keys()].sort();
    report(['profile'], `unknown profile "${name}"; expected one of ${names.join(', ')}`);
  }
  return loaded;
}

/** Whether the device can be reached over its link, and how it is addressed there. */
function checkLink(d: SiteDeviceFile, { name, profile }: LoadedProfile, link: SiteLink, report: Report): void {
  const wanted = link.type === 'mqtt' || link.type === 'gb26875' ? link.type : 'modbus';
  if (!profile[wanted]) {
    const other = profile.modbus
      ? 'a modbus-tcp, modbus-rtu-tcp, modbus-rtu or modbus-dtu'
      : profile.mqtt
        ? 'an mqtt'
        : 'a gb26875';
    report(['link'], `link "${link.id}" is ${link.type}, but profile ${name} needs ${other} link`);
    return;
  }
  if (wanted !== 'modbus') {
    if (d.unit !== undefined) report(['unit'], 'only for Modbus');
    if (d.poll) report(['poll'], 'only for Modbus: this device speaks when it likes');
    if (d.wordOrder) report(['wordOrder'], 'only for Modbus');
    return;
  }
  if (d.expectEveryS !== undefined) report(['expectEveryS'], 'only for MQTT and GB/T 26875.3');
  if (d.unit === undefined) report([], 'unit is missing: expected the Modbus unit (slave) address, 0 to 255');
  // Unit 0 is broadcast and 248 to 255 are reserved on a serial bus (Modbus over Serial Line V1.02, 2.2).
  else if (!speaksTcp(link) && (d.unit < 1 || d.unit > 247))
    report(['unit'], `expected 1 to 247 on a serial bus; found ${d.unit}`);
}

const speaksTcp = (link: SiteLink): boolean =>
  link.type === 'modbus-tcp' || (link.type === 'modbus-dtu' && link.framing === 'tcp');

function readVars(
  d: SiteDeviceFile,
  { profile }: LoadedProfile,
  link: SiteLink | undefined,
  report: Report,
): Readonly<Record<string, string>> {
  const vars = d.vars ?? {};
  const identity = profile.mqtt?.identity?.var;
  const wanted = profile.mqtt ? topicVariables(profile.mqtt.topic) : [];
  if (identity !== undefined) wanted.push(identity);
  if (profile.gb26875) wanted.push(SOURCE_VARIABLE);
  const byUdp = link?.type === 'gb26875' && link.transport === 'udp';
  if (profile.gb26875 && byUdp) wanted.push(HOST_VARIABLE);
  for (const name of new Set(wanted))
    if (!Object.hasOwn(vars, name)) {
      const why = profile.mqtt
        ? `topic ${profile.mqtt.topic} needs it`
        : name === HOST_VARIABLE
          ? 'by UDP only IP addresses that the site names are heard and answered'
          : 'the address by which the device calls itself';
      report([], `vars.${name} is missing: ${why}`);
    }
  const address = profile.gb26875 ? vars[SOURCE_VARIABLE] : undefined;
  if (address !== undefined && sourceOf(address) === undefined)
    report(
      ['vars', SOURCE_VARIABLE],
      `expected a whole number below 2^48, as the device is set to; found "${address}"`,
    );
  const host = byUdp ? vars[HOST_VARIABLE] : undefined;
  if (host !== undefined && isIP(host) === 0)
    report(['vars', HOST_VARIABLE], `expected the IP address from which the device sends; found "${host}"`);
  for (const name of Object.keys(vars))
    if (!wanted.includes(name))
      report(
        ['vars', name],
        wanted.length > 0 ? `unknown variable; expected ${wanted.join(', ')}` : 'the profile has no variables',
      );
  return vars;
}

/** Variable of a GB/T 26875.3 device: its 48-bit source address, decimal. */
const SOURCE_VARIABLE = 'address';
/** The IP address of one that sends by UDP. */
export const HOST_VARIABLE = 'host';
const ADDRESS_MAX = 2 ** 48;

/** Source address of a GB/T 26875.3 device; undefined where it is none. */
export function sourceOf(address: string): number | undefined {
  const value = /^\d{1,15}$/.test(address) ? Number(address) : Number.NaN;
  return value < ADDRESS_MAX ? value : undefined;
}

const fillTopic = (topic: string, vars: Readonly<Record<string, string>>): string =>
  topic.replace(/\{([a-z][A-Za-z0-9]*)\}/g, (whole, name: string) =>
    Object.hasOwn(vars, name) ? (vars[name] ?? whole) : whole,
  );

/** Rows of the CSV, then those written in the site file. */
function readPoints(d: SiteDeviceFile, k: number, loaded: LoadedProfile, context: Context): PointListRow[] {
  const { file, source } = context;
  const inline = (d.points ?? []).map(({ indices, name, ...row }, i): PointListRow => {
    const line = source.problem(['devices', k, 'points', i], '').line ?? 1;
    const named = name === undefined ? {} : { name: bothWords(name) };
    return { ...definedOnly(row), ...named, file, line, indices: indices ?? {} };
  });
  if (d.pointList === undefined) return inline;
  const path = resolve(dirname(file), d.pointList);
  const key = `${path}|${loaded.name}`;
  const known = context.lists.get(key);
  if (known) return [...known, ...inline];
  const indexNames = [...new Set((loaded.profile.repeat ?? []).flatMap((r) => Object.keys(r.over)))];
  try {
    const rows = loadPointList(path, indexNames);
    context.lists.set(key, rows);
    return [...rows, ...inline];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.report(['devices', k, 'pointList'], `point list ${d.pointList} has problems`);
    context.problems.push(...error.problems);
    context.lists.set(key, []);
    return inline;
  }
}

const bothWords = (name: Name): Text => (typeof name === 'string' ? { zh: name, en: name } : name);

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Optional keys of a checked YAML value are absent or have a value; this says so to the compiler. */
function definedOnly<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>;
}

// ── Devices among each other ─────────────────────────────────────────────────────────────────────────────────

/**
 * Two devices may share a unit only if they read different things there (the contacts of one module that belong to two
 * pumps); two MQTT devices can't share a topic, nor two transmission devices an address.
 */
function checkTogether(devices: readonly SiteDeviceEntry[], { site, report }: Context): void {
  const pathOf = (id: string): Path => ['devices', site.devices.findIndex((d) => d.id === id)];
  const units = new Map<string, SiteDeviceEntry[]>();
  const topics = new Map<string, SiteDeviceEntry>();
  const sources = new Map<number, SiteDeviceEntry>();
  for (const d of devices) {
    if (d.topic !== undefined) {
      const other = topics.get(d.topic);
      if (other) report(pathOf(d.id), `devices "${other.id}" and "${d.id}" have the same topic ${d.topic}`);
      topics.set(d.topic, d);
    }
    const source = d.grow && sourceOf(d.vars[SOURCE_VARIABLE] ?? '');
    if (source !== undefined) {
      const other = sources.get(source);
      if (other) report(pathOf(d.id), `devices "${other.id}" and "${d.id}" have the same address ${source}`);
      sources.set(source, d);
    }
    if (d.unit === undefined) continue;
    const key = `${d.link}|${d.unit}`;
    for (const other of units.get(key) ?? []) {
      const [clash] = findOverlaps([...other.model.points, ...d.model.points]);
      if (clash)
        report(
          [...pathOf(d.id), 'unit'],
          `devices "${other.id}" and "${d.id}" share unit ${d.unit} of link "${d.link}" and read the same there (${clash.a.id} and ${clash.b.id})`,
        );
    }
    units.set(key, [...(units.get(key) ?? []), d]);
  }
}

/** A contact that tells another device's state names one that the site has. */
function checkAbout(devices: readonly SiteDeviceEntry[], { site, report }: Context): void {
  const ids = site.devices.map((d) => d.id);
  devices.forEach((d, k) => {
    const told = new Set(d.model.points.flatMap((p) => p.about ?? []));
    for (const about of told) {
      if (ids.includes(about)) continue;
      const near = nearest(about, ids);
      report(
        ['devices', k],
        `a point is about unknown device "${about}"; expected one of ${(near.length > 0 ? near : ids).join(', ')}`,
      );
    }
  });
}

function warningsOf(context: Context, devices: readonly SiteDeviceEntry[]): Problem[] {
  const { site, source, profiles } = context;
  const idle = site.links.flatMap((link, k) =>
    devices.some((d) => d.link === link.id) ? [] : [source.problem(['links', k], `link "${link.id}" has no devices`)],
  );
  return [...idle, ...[...profiles.broken.values()].flat()];
}
