// Reads profiles from YAML, checks them whole, freezes them. What is wrong is said with file, line and expectation, all
// of it at once; a broken file does not keep the others from being read.
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Compile } from 'typebox/compile';
import { Point } from './contract/point.ts';
import {
  DEVICE_KINDS,
  Gb26875Section,
  ModbusSection,
  MqttSection,
  ProfileFile,
  Repeat,
  type DeviceKind,
} from './contract/profile.ts';
import { Signal } from './contract/signal.ts';
import { checkPlaces, checkProfile, type CheckedParts } from './check-profile.ts';
import type { PlacedPoint } from './check-points.ts';
import { deepFreeze, type LoadedProfile } from './compile.ts';
import { ConfigError, type Path, type Problem } from './config-error.ts';
import { explain } from './explain.ts';
import { parseYaml } from './yaml-source.ts';

/** The profiles that come with the product. */
export const BUILTIN_PROFILES = fileURLToPath(new URL('.', import.meta.url));
const PROFILE_SUFFIX = '.yaml';
const PROFILE_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/u;
/** Profiles that one folder tree may hold, and its depth. */
export const PROFILES_MAX = 2_000;
const FOLDER_DEPTH_MAX = 6;

const profileCheck = Compile(ProfileFile);
const pointCheck = Compile(Point);
const signalCheck = Compile(Signal);
const repeatCheck = Compile(Repeat);
const modbusCheck = Compile(ModbusSection);
const mqttCheck = Compile(MqttSection);
const gb26875Check = Compile(Gb26875Section);
const paramsCheck = Compile(ProfileFile.properties.params);

/**
 * Reads one profile from its text.
 * @throws ConfigError with every problem of the file.
 */
export function parseProfile(file: string, text: string): LoadedProfile {
  const name = basename(file, PROFILE_SUFFIX);
  const source = parseYaml(file, text);
  const problems: Problem[] = [];
  const report = (path: Path, message: string) => problems.push(source.problem(path, message));
  if (!PROFILE_NAME.test(name))
    report([], `a profile is named by its file: expected lower-case letters, digits and hyphens; found "${name}"`);
  const fits = profileCheck.Check(source.value);
  if (!fits) {
    for (const { path, message } of explain(ProfileFile, source.value)) report(path, message);
    if (problems.length === 0) report([], 'does not fit the schema of profiles');
  }
  const parts = profileParts(source.value);
  checkProfile(parts, fits, report);
  if (problems.length === 0) checkPlaces(parts, report);
  if (!fits || problems.length > 0) throw new ConfigError(inOrder(problems));
  return deepFreeze({ name, file, profile: source.value });
}

/** @throws ConfigError also when the file can't be read. */
export function loadProfile(file: string): LoadedProfile {
  return parseProfile(file, readText(file));
}

export interface LoadedProfiles {
  readonly profiles: ReadonlyMap<string, LoadedProfile>;
  /** Problems by profile name: files that could not be used, and names that stand twice. */
  readonly broken: ReadonlyMap<string, readonly Problem[]>;
}

/**
 * Reads every `*.yaml` below the folders. A name may stand once only: a site's own profile can't silently replace one
 * that comes with the product.
 * @throws ConfigError when a folder can't be read.
 */
export function loadProfiles(folders: readonly string[] = [BUILTIN_PROFILES]): LoadedProfiles {
  const profiles = new Map<string, LoadedProfile>();
  const broken = new Map<string, Problem[]>();
  const files = new Map<string, string>();
  for (const file of folders.flatMap((folder) => profileFiles(folder))) {
    const name = basename(file, PROFILE_SUFFIX);
    const other = files.get(name);
    if (other !== undefined && realpathSync(other) === realpathSync(file)) continue;
    if (other !== undefined) {
      const message = `profile "${name}" is declared twice; the other is ${other}`;
      broken.set(name, [...(broken.get(name) ?? []), { file, path: '', message }]);
      continue;
    }
    files.set(name, file);
    try {
      profiles.set(name, loadProfile(file));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      broken.set(name, [...(broken.get(name) ?? []), ...error.problems]);
    }
  }
  return { profiles, broken };
}

/** Paths of the profile files below a folder, in order of name. @throws ConfigError */
export function profileFiles(folder: string, depth = 0): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError([{ file: folder, path: '', message: `folder of profiles can't be read (${why})` }]);
  }
  const found = entries
    .sort((a, b) => a.name.localeCompare(b.name, 'en'))
    .flatMap((entry) => {
      if (entry.isFile() && entry.name.endsWith(PROFILE_SUFFIX)) return [join(folder, entry.name)];
      const deeper = entry.isDirectory() && entry.name !== 'node_modules' && depth < FOLDER_DEPTH_MAX;
      return deeper ? profileFiles(join(folder, entry.name), depth + 1) : [];
    });
  if (found.length > PROFILES_MAX)
    throw new ConfigError([{ file: folder, path: '', message: `holds more than ${PROFILES_MAX} profiles` }]);
  return found;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError([{ file, path: '', message: `can't be read (${why})` }]);
  }
}

/** By place in the file, each place and message once. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems
    .filter((p) => {
      const key = `${p.line}:${p.column}:${p.path}:${p.message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

// ── Parts that fit, out of a file that may not ──────────────────────────────────────────────────────────────────────

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Object.entries(value).find(([k]) => k === key)?.[1]
    : undefined;

const list = (value: unknown, key: string): readonly unknown[] => {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
};

const isKind = (value: unknown): value is DeviceKind => DEVICE_KINDS.some((k) => k === value);

function profileParts(value: unknown): CheckedParts {
  const points: PlacedPoint[] = [];
  const ids = new Set<string>();
  const take = (raw: unknown, path: Path, repeat: PlacedPoint['repeat']) => {
    const id = field(raw, 'id');
    if (typeof id === 'string') ids.add(id);
    if (pointCheck.Check(raw)) points.push({ point: raw, path, ...(repeat ? { repeat } : {}) });
  };
  list(value, 'points').forEach((raw, k) => take(raw, ['points', k], undefined));
  const repeats: { value: Repeat; path: Path }[] = [];
  list(value, 'repeat').forEach((raw, index) => {
    const path = ['repeat', index];
    const repeat = repeatCheck.Check(raw) ? { value: raw, index } : undefined;
    if (repeat) repeats.push({ value: repeat.value, path });
    list(raw, 'points').forEach((p, k) => {
      if (repeat) take(p, [...path, 'points', k], repeat);
      else if (typeof field(p, 'id') === 'string') ids.add(String(field(p, 'id')));
    });
  });
  const modbus = field(value, 'modbus');
  const mqtt = field(value, 'mqtt');
  const gb26875 = field(value, 'gb26875');
  const params = field(value, 'params');
  return {
    kinds: [field(value, 'kind'), ...list(value, 'alsoKinds')].filter(isKind),
    ...(modbusCheck.Check(modbus) ? { modbus } : {}),
    ...(mqttCheck.Check(mqtt) ? { mqtt } : {}),
    ...(gb26875Check.Check(gb26875) ? { gb26875 } : {}),
    sections: new Set(['modbus', 'mqtt', 'gb26875'].filter((key) => field(value, key) !== undefined)),
    points,
    ids,
    repeats,
    signals: list(value, 'signals').flatMap((signal, k) =>
      signalCheck.Check(signal) ? [{ signal, path: ['signals', k] }] : [],
    ),
    params: paramsCheck.Check(params) ? (params ?? {}) : {},
  };
}
