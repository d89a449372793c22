// The gateway's command line: what is asked for, and the check of a site file without starting anything.
import { parseArgs } from 'node:util';
import { formatProblem, ConfigError } from '../device-profiles/config-error.ts';
import { indexBytes, pointIndex, tooLarge, type PointIndex } from './birth.ts';
import { SETTINGS } from './config.ts';
import { loadSite, type Site } from './site.ts';

export type Command =
  | { readonly kind: 'help' }
  /** `check` and `reload` start nothing. */
  | { readonly kind: 'run' | 'check' | 'reload'; readonly site: string }
  /** All devices where none are named. */
  | { readonly kind: 'forget'; readonly site: string; readonly devices: readonly string[] }
  | { readonly kind: 'wrong'; readonly why: string };

export function readCommand(argv: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        site: { type: 'string' },
        check: { type: 'boolean' },
        reload: { type: 'boolean' },
        forget: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return { kind: 'help' };
    if (!values.site) return { kind: 'wrong', why: '--site FILE is missing' };
    if (values.check && values.reload)
      return { kind: 'wrong', why: '--check and --reload are two things: --reload checks' };
    if (values.forget !== undefined) {
      if (values.check || values.reload) return { kind: 'wrong', why: '--forget stands alone' };
      const devices = values.forget === 'all' ? [] : values.forget.split(',');
      return { kind: 'forget', site: values.site, devices };
    }
    return { kind: values.check ? 'check' : values.reload ? 'reload' : 'run', site: values.site };
  } catch (error) {
    return { kind: 'wrong', why: error instanceof Error ? error.message : String(error) };
  }
}

export function helpText(): string {
  const width = Math.max(...SETTINGS.map((s) => s.name.length));
  const settings = SETTINGS.map(
    (s) => `  ${s.name.padEnd(width)}  ${s.help}${s.default === undefined ? '' : ` (default ${s.default})`}`,
  );
  return [
    'npm run gateway -- --site FILE [--check | --reload | --forget DEVICE]',
    '',
    '  --site FILE  the site file: links, devices, field users',
    '  --check      says whether the site file is right, with every mistake and its line, and starts nothing',
    '  --reload     the running gateway of this site takes the file anew; links in which nothing changed run on.',
    '               With a mistake in the file everything goes on as before. SIGUSR2 does the same',
    '  --forget DEVICE  forgets what was learned of a Modbus device by its refusals (more of them with commas, or',
    '               "all"); the gateway must not run',
    '  --help       this text',
    '',
    'Settings (environment):',
    ...settings,
  ].join('\n');
}

export interface CheckedSite {
  readonly site: Site;
  readonly index: PointIndex;
}

/** @throws ConfigError with every problem of the site */
export function checkSite(file: string, env: Readonly<Record<string, string | undefined>>): CheckedSite {
  const site = loadSite(file, { env });
  const index = pointIndex(site.devices);
  const { gateway, community } = site;
  const bytes = indexBytes(index, { gateway, community, software: '', writesHistory: false }, 0);
  const message = tooLarge(index, bytes);
  if (message !== undefined) throw new ConfigError([{ file, path: 'devices', message }]);
  return { site, index };
}

/** One line for a site that is right: what it holds. */
export function summary({ site, index }: CheckedSite): string {
  const points = index.devices.flatMap((d) => d.points);
  const safety = points.filter((p) => p.lane === 'safety').length;
  const counts = [
    `${site.links.length} links`,
    `${site.devices.length} devices`,
    `${index.models.length} models`,
    `${points.length} points (${safety} safety, ${points.length - safety} telemetry)`,
    `${site.mqttUsers.length} field users`,
  ];
  return `OK ${site.gateway}: ${counts.join(', ')}`;
}

export const warningLines = (site: Site): string[] => site.warnings.map((w) => `warning: ${formatProblem(w)}`);
