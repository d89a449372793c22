// Installs the parts of others that tests need by the system's package manager, asking nothing; says what it could not.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findPart, MANAGERS, PARTS, program, type Manager, type Part, type PartId } from './parts.ts';

export interface MissingPart {
  readonly id: PartId;
  readonly what: string;
  /** Why it could not be had, with what a person can do. */
  readonly reason: string;
}

export interface Provision {
  readonly installed: readonly PartId[];
  readonly missing: readonly MissingPart[];
}

interface CommandResult {
  readonly ok: boolean;
  /** Last lines of its output, for the reason. */
  readonly tail: string;
}

const INSTALL_MS_MAX = 15 * 60_000;

/** How commands get the rights to install: nothing for root, `sudo -n` where it asks no password, else null. */
function privilege(manager: Manager): readonly string[] | null {
  if (manager === 'brew' || process.getuid?.() === 0) return [];
  const sudo = program('sudo');
  if (!sudo) return null;
  return spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore', timeout: 10_000 }).status === 0 ? [sudo, '-n'] : null;
}

function run(prefix: readonly string[], command: readonly string[]): CommandResult {
  const [file = '', ...args] = [...prefix, ...command];
  const done = spawnSync(file, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: INSTALL_MS_MAX,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', HOMEBREW_NO_AUTO_UPDATE: '1' },
  });
  const text = `${done.stdout ?? ''}\n${done.stderr ?? ''}\n${done.error?.message ?? ''}`;
  return { ok: done.status === 0, tail: text.trim().split('\n').slice(-3).join(' ') };
}

const UPDATE: Readonly<Partial<Record<Manager, readonly string[]>>> = {
  'apt-get': ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120', 'update'],
  apk: ['apk', 'update'],
};

const INSTALL: Readonly<Record<Manager, readonly string[]>> = {
  'apt-get': [
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-q',
    '-y',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=120',
    'install',
  ],
  dnf: ['dnf', '-q', '-y', 'install'],
  apk: ['apk', 'add'],
  brew: ['brew', 'install'],
};

const NO_SERVICES = '/usr/sbin/policy-rc.d';

/**
 * Debian starts a server when its package is installed; tests start their own on free ports, so a machine's ports stay
 * as they were. The policy file is Debian's own way to say so; one that is there already is left alone.
 */
function withoutServices<T>(manager: Manager, prefix: readonly string[], work: () => T): T {
  if (manager !== 'apt-get' || existsSync(NO_SERVICES)) return work();
  run(prefix, ['sh', '-c', `printf '#!/bin/sh\\nexit 101\\n' > ${NO_SERVICES} && chmod 755 ${NO_SERVICES}`]);
  try {
    return work();
  } finally {
    run(prefix, ['rm', '-f', NO_SERVICES]);
  }
}

/** Installs all at once, and one by one where that fails, so that one unknown name doesn't cost the rest. */
function install(manager: Manager, prefix: readonly string[], parts: readonly Part[]): ReadonlyMap<PartId, string> {
  const failures = new Map<PartId, string>();
  const names = [...new Set(parts.flatMap((part) => part.packages[manager] ?? []))];
  if (names.length === 0) return failures;
  const update = UPDATE[manager];
  const updated = update ? run(prefix, update) : { ok: true, tail: '' };
  withoutServices(manager, prefix, () => {
    if (run(prefix, [...INSTALL[manager], ...names]).ok) return;
    for (const part of parts) {
      const name = part.packages[manager];
      const result = name ? run(prefix, [...INSTALL[manager], name]) : null;
      if (result && !result.ok) failures.set(part.id, updated.ok ? result.tail : `${updated.tail} ${result.tail}`);
    }
  });
  return failures;
}

const advice = (part: Part, manager: Manager | undefined): string => {
  const name = manager && part.packages[manager];
  return name ? `install it by hand: ${manager} install ${name}` : 'install it by hand';
};

/** Finds every part, installs what is missing where it may, and gives what could not be had with the reason. */
export function provision(log: (line: string) => void): Provision {
  const absent = PARTS.filter((part) => findPart(part.id) === null);
  if (absent.length === 0) return { installed: [], missing: [] };

  const manager = MANAGERS.find((name) => program(name) !== null);
  const prefix = manager ? privilege(manager) : null;
  let failures: ReadonlyMap<PartId, string> = new Map();
  if (manager && prefix) {
    log(`installing by ${manager} what tests need: ${absent.map((part) => part.id).join(', ')}`);
    failures = install(manager, prefix, absent);
  }

  const reasonOf = (part: Part): string => {
    if (!manager) return `no package manager that this knows (${MANAGERS.join(', ')}); ${advice(part, manager)}`;
    if (!part.packages[manager]) return `no package of ${manager} is known for it; ${advice(part, manager)}`;
    if (!prefix) return `not root and no passwordless sudo; ${advice(part, manager)}`;
    return failures.get(part.id) ?? `${manager} installed its package, but it is still not found`;
  };
  const missing = absent
    .filter((part) => findPart(part.id) === null)
    .map((part) => ({ id: part.id, what: part.what, reason: reasonOf(part) }));
  const gone = new Set(missing.map((part) => part.id));
  return { installed: absent.filter((part) => !gone.has(part.id)).map((part) => part.id), missing };
}
