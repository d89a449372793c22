// npm run device: what a site engineer asks a bus, a device or some registers on the command line. Only reads.
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { ConfigError, nearest } from '../../device-profiles/config-error.ts';
import { compileDevice } from '../../device-profiles/compile.ts';
import { POLL_CLASS_MS } from '../../device-profiles/contract/point.ts';
import { BUILTIN_PROFILES, loadProfiles } from '../../device-profiles/load.ts';
import { checkSite, summary, warningLines } from '../cli.ts';
import { systemClock } from '../clock.ts';
import type { SiteDevice } from '../drivers/driver.ts';
import type { ModbusLink } from '../drivers/modbus.ts';
import { isBitTable } from '../modbus/request.ts';
import { loadSite } from '../site.ts';
import { HELP, readArguments, readHex, UsageError, type Arguments } from './arguments.ts';
import { draftProfile } from './draft.ts';
import { readLink } from './link-text.ts';
import { draw, placeLines, previewLines, scanLine, triedLines } from './print.ts';
import { Reader, readRange, type Place } from './reader.ts';
import { readUnits, scanUnits } from './scan.ts';
import { otherOrders, tryDevice } from './try-profile.ts';

/** Exit codes: 1 what was asked for is not right or not there, 2 the command line is wrong. */
const EXIT = { wrong: 1, usage: 2 } as const;

const say = (lines: readonly string[]): void => lines.forEach((line) => console.log(line));

/** Bus and device of the command line. */
interface Target {
  readonly link: ModbusLink;
  readonly unit: number | undefined;
  /** Of a site file. */
  readonly device?: SiteDevice;
}

function targetOf(a: Arguments): Target {
  if (a.link !== undefined) return { link: readLink(a.link), unit: a.unit };
  if (a.site === undefined || a.device === undefined)
    throw new UsageError('which bus: --link LINK, or --site FILE --device ID');
  const site = loadSite(a.site, { env: process.env });
  const device = site.devices.find((d) => d.id === a.device);
  if (!device) {
    const ids = site.devices.map((d) => d.id);
    const near = nearest(a.device, ids);
    throw new UsageError(
      `no device "${a.device}" in ${a.site}; expected one of ${(near.length > 0 ? near : ids).join(', ')}`,
    );
  }
  const link = site.links.find((l) => l.id === device.link);
  if (!link || link.type === 'mqtt' || link.type === 'gb26875')
    throw new UsageError(`device "${a.device}" speaks by itself (${link?.type ?? 'no link'}): it can't be asked`);
  if (link.type === 'modbus-dtu')
    throw new UsageError(
      `device "${a.device}" stands behind a DTU that calls the gateway: it can't be asked from here`,
    );
  return { link, unit: a.unit ?? device.unit ?? device.model.modbus?.serial?.unit, device };
}

function unitOf({ unit }: Target): number {
  if (unit === undefined) throw new UsageError('which unit: --unit 0 to 255');
  return unit;
}

async function withReader<T>(a: Arguments, { link }: Target, work: (reader: Reader) => Promise<T>): Promise<T> {
  const reader = new Reader({ link, clock: systemClock, timeoutMs: a.timeoutMs });
  try {
    return await work(reader);
  } finally {
    reader.close();
  }
}

const rangeOf = (a: Arguments, target: Target) => ({
  unit: unitOf(target),
  table: a.table,
  address: a.address,
  count: a.count,
});

/** Registers of a range for decoding; a place that has no value ends what can be decoded over it. */
const wordsOf = (places: readonly Place[]): readonly number[] =>
  places.map((p) => (typeof p === 'number' ? p : Number.NaN));

async function scan(a: Arguments): Promise<number> {
  const target = targetOf(a);
  const units = readUnits(a.units);
  const found = await withReader(a, target, (reader) =>
    scanUnits(reader, { units, address: a.address }, (unit) => say([scanLine(unit)])),
  );
  console.log(`${found.length} of ${units.length} units answered`);
  return found.length > 0 ? 0 : EXIT.wrong;
}

async function read(a: Arguments): Promise<number> {
  const target = targetOf(a);
  const places = await withReader(a, target, (reader) => readRange(reader, rangeOf(a, target), a.max));
  say(placeLines(a, places));
  if (a.decode || a.find !== undefined) {
    if (isBitTable(a.table)) throw new UsageError(`--decode and --find are for registers, not for table ${a.table}`);
    say(['', ...previewLines(wordsOf(places), a.address + a.base, a.find)]);
  }
  return places.some((p) => typeof p === 'number') ? 0 : EXIT.wrong;
}

function decode(a: Arguments): number {
  if (a.hex === undefined) throw new UsageError('decode what: --hex "41CB 3333"');
  say(previewLines(readHex(a.hex), a.base, a.find));
  return 0;
}

async function watch(a: Arguments): Promise<number> {
  const target = targetOf(a);
  const range = rangeOf(a, target);
  return withReader(a, target, async (reader) => {
    let before: readonly Place[] = [];
    for (let k = 0; a.times === undefined || k < a.times; k++) {
      if (k > 0) await pause(a.everyMs);
      const places = await readRange(reader, range, a.max);
      const at = new Date(systemClock.now()).toISOString();
      const changed = placeLines(a, places, before).map((line) => `${at}  ${line}`);
      say(changed);
      before = places;
    }
    return 0;
  });
}

function deviceOf(a: Arguments, target: Target): SiteDevice {
  if (a.profile === undefined) {
    if (target.device) return target.device;
    throw new UsageError('which profile: --profile NAME');
  }
  // A file of one's own that no site names yet, or the name of one that comes with the product.
  const isFile = a.profile.endsWith('.yaml');
  const name = isFile ? basename(a.profile, '.yaml') : a.profile;
  const { profiles, broken } = loadProfiles([isFile ? dirname(a.profile) : BUILTIN_PROFILES]);
  const loaded = profiles.get(name);
  const problems = broken.get(name);
  if (problems) throw new ConfigError(problems);
  if (!loaded) {
    const near = nearest(name, profiles.keys());
    const names = near.length > 0 ? near : [...profiles.keys()].sort();
    throw new UsageError(`unknown profile "${a.profile}"; expected one of ${names.join(', ')}`);
  }
  const model = compileDevice(loaded);
  return { id: 'device', link: target.link.id, unit: unitOf(target), vars: {}, model, pollMs: POLL_CLASS_MS };
}

async function tryProfile(a: Arguments): Promise<number> {
  const target = targetOf(a);
  const device = deviceOf(a, target);
  const { link } = target;
  const log = pino({ level: 'silent' });
  const quick = { ...device, link: link.id, pollMs: { safety: 500, fast: 500, normal: 500, slow: 500 } };
  const tried = await tryDevice({ link, device: quick, clock: systemClock, log, forMs: a.seconds * 1_000 });
  const orders = await withReader(a, target, async (reader) => {
    const found = new Map<string, Awaited<ReturnType<typeof otherOrders>>>();
    for (const { point, reading } of tried.points)
      if (reading?.reason === 'nan' || reading?.reason === 'out-of-range')
        found.set(point.id, await otherOrders(reader, unitOf(target), device.model, point));
    return found;
  });
  say(triedLines(device.model.profile, tried, orders));
  return tried.offline === '' && tried.points.every((p) => p.reading?.quality === 'good') ? 0 : EXIT.wrong;
}

async function draft(a: Arguments): Promise<number> {
  const target = targetOf(a);
  const places = await withReader(a, target, (reader) => readRange(reader, rangeOf(a, target), a.max));
  if (!places.some((p) => typeof p === 'number')) {
    say(placeLines(a, places));
    return EXIT.wrong;
  }
  const from = `unit ${unitOf(target)}, ${a.table} ${a.address + a.base} to ${a.address + a.base + a.count - 1}`;
  console.log(draftProfile({ table: a.table, address: a.address, places, from }));
  return 0;
}

function check(a: Arguments): number {
  if (a.site === undefined) throw new UsageError('check what: --site FILE');
  const checked = checkSite(a.site, process.env);
  for (const line of warningLines(checked.site)) console.error(line);
  console.log(summary(checked));
  return 0;
}

const RUN: Readonly<Record<Arguments['command'], (a: Arguments) => number | Promise<number>>> = {
  check,
  scan,
  read,
  decode,
  watch,
  try: tryProfile,
  draft,
};

try {
  const a = readArguments(process.argv.slice(2));
  if (a) process.exitCode = await RUN[a.command](a);
  else console.log(HELP);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  // What a person can set right is told without a stack.
  console.error(error instanceof UsageError ? `${error.message}\n\n${draw.hint}` : error.message);
  process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.wrong;
}
