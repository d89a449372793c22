// The parts of others that tests meet at the edges, and where this machine keeps them. Looking changes nothing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const PART_IDS = [
  'chromium',
  'pymodbus',
  'mosquitto',
  'mosquitto-clients',
  'postgresql',
  'influxdb',
  'cjk-font',
  'socat',
  'poppler',
] as const;
export type PartId = (typeof PART_IDS)[number];

export const MANAGERS = ['apt-get', 'dnf', 'apk', 'brew'] as const;
export type Manager = (typeof MANAGERS)[number];

export interface Part {
  readonly id: PartId;
  /** What tests need it for. */
  readonly what: string;
  /** Package name per package manager; absent where it has none (or none that we know of). */
  readonly packages: Readonly<Partial<Record<Manager, string>>>;
  /** Path of what tests run (a program, a folder of programs, a font), or null. */
  find(): string | null;
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

// Servers often lie in sbin, which is not on an ordinary user's PATH.
const searchPath = (): string[] => [
  ...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean),
  '/usr/sbin',
  '/usr/local/sbin',
  '/sbin',
  '/opt/homebrew/sbin',
];

/** First of the named programs found on PATH or in the usual places of servers. */
export function program(...names: string[]): string | null {
  for (const name of names)
    for (const dir of searchPath()) {
      const path = join(dir, name);
      if (isProgram(path)) return path;
    }
  return null;
}

const succeeds = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;

function postgresBin(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions) {
    const bin = join(debian, version, 'bin');
    if (isProgram(join(bin, 'postgres')) && isProgram(join(bin, 'initdb'))) return bin;
  }
  const onPath = program('postgres');
  return onPath && program('initdb') ? join(onPath, '..') : null;
}

function pythonWithPymodbus(): string | null {
  // Debian's packages belong to the system's own interpreter, which need not be the first on PATH.
  const candidates = ['/usr/bin/python3', program('python3')].filter((p): p is string => p !== null && isProgram(p));
  return candidates.find((python) => succeeds(python, ['-c', 'import pymodbus.server'])) ?? null;
}

const CJK_FONT = /(noto|source|wqy|wenquanyi|droid).*(cjk|han|zenhei|microhei|fallback)|pingfang|simsun|msyh/i;
const FONT_DIRS = ['/usr/share/fonts', '/usr/local/share/fonts', '/System/Library/Fonts', '/Library/Fonts'];

function cjkFont(): string | null {
  for (const dir of FONT_DIRS) {
    if (!existsSync(dir)) continue;
    const file = readdirSync(dir, { recursive: true, encoding: 'utf8' }).find(
      (f) => /\.(ttc|ttf|otf)$/i.test(f) && CJK_FONT.test(f),
    );
    if (file) return join(dir, file);
  }
  return null;
}

const MAC_BROWSERS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export const PARTS: readonly Part[] = [
  {
    id: 'chromium',
    what: 'a browser for the screens',
    packages: { 'apt-get': 'chromium', dnf: 'chromium', apk: 'chromium', brew: 'chromium' },
    find: () =>
      program('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable') ??
      MAC_BROWSERS.find(isProgram) ??
      null,
  },
  {
    id: 'pymodbus',
    what: 'a Modbus server by another author (Python with pymodbus)',
    packages: { 'apt-get': 'python3-pymodbus', dnf: 'python3-pymodbus', apk: 'py3-pymodbus' },
    find: pythonWithPymodbus,
  },
  {
    id: 'mosquitto',
    what: 'a foreign MQTT broker',
    packages: { 'apt-get': 'mosquitto', dnf: 'mosquitto', apk: 'mosquitto', brew: 'mosquitto' },
    find: () => program('mosquitto'),
  },
  {
    id: 'mosquitto-clients',
    what: 'foreign MQTT clients (mosquitto_pub, mosquitto_sub)',
    packages: { 'apt-get': 'mosquitto-clients', dnf: 'mosquitto', apk: 'mosquitto-clients', brew: 'mosquitto' },
    find: () => program('mosquitto_pub'),
  },
  {
    id: 'postgresql',
    what: "the system's PostgreSQL, as a user's own server",
    packages: { 'apt-get': 'postgresql', dnf: 'postgresql-server', apk: 'postgresql', brew: 'postgresql@17' },
    find: postgresBin,
  },
  {
    id: 'influxdb',
    what: 'a real InfluxDB 1.x for history',
    packages: { 'apt-get': 'influxdb', apk: 'influxdb', brew: 'influxdb@1' },
    find: () => program('influxd'),
  },
  {
    id: 'cjk-font',
    what: 'a font with Chinese characters',
    packages: { 'apt-get': 'fonts-noto-cjk', dnf: 'google-noto-sans-cjk-fonts', apk: 'font-noto-cjk' },
    find: cjkFont,
  },
  {
    id: 'socat',
    what: 'a pair of serial lines',
    packages: { 'apt-get': 'socat', dnf: 'socat', apk: 'socat', brew: 'socat' },
    find: () => program('socat'),
  },
  {
    id: 'poppler',
    what: 'a reader of PDF by other authors (pdftotext, pdffonts, pdfinfo)',
    packages: {
      'apt-get': 'poppler-utils',
      dnf: 'poppler-utils',
      apk: 'poppler-utils',
      brew: 'poppler',
    },
    find: () => (program('pdffonts') && program('pdfinfo') ? program('pdftotext') : null),
  },
];

const found = new Map<PartId, string>();

/** Where the part is, or null. What was found once is not looked for again in this process. */
export function findPart(id: PartId): string | null {
  const known = found.get(id);
  if (known) return known;
  const path = PARTS.find((part) => part.id === id)?.find() ?? null;
  if (path) found.set(id, path);
  return path;
}

/** Path of a part that a `describeWith` has made sure of. @throws Error naming it when it is missing */
export function requirePart(id: PartId): string {
  const path = findPart(id);
  if (!path) throw new Error(`${id} is not on this machine (npm test installs it where it may)`);
  return path;
}
