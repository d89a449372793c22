// The command line of the engineer's tools: which command, on which bus and unit, over which places.
import { parseArgs } from 'node:util';
import { TABLES, type Table } from '../../device-profiles/contract/point.ts';

export const COMMANDS = ['check', 'scan', 'read', 'decode', 'watch', 'try', 'draft'] as const;
export type CommandName = (typeof COMMANDS)[number];

/** What is wrong with the command line, in words. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const OPTIONS = {
  site: { type: 'string' },
  device: { type: 'string' },
  link: { type: 'string' },
  unit: { type: 'string' },
  units: { type: 'string' },
  profile: { type: 'string' },
  table: { type: 'string' },
  from: { type: 'string' },
  count: { type: 'string' },
  base: { type: 'string' },
  max: { type: 'string' },
  hex: { type: 'string' },
  find: { type: 'string' },
  decode: { type: 'boolean' },
  timeout: { type: 'string' },
  every: { type: 'string' },
  times: { type: 'string' },
  seconds: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface Arguments {
  readonly command: CommandName;
  readonly site: string | undefined;
  readonly device: string | undefined;
  readonly link: string | undefined;
  readonly unit: number | undefined;
  readonly units: string;
  readonly profile: string | undefined;
  readonly table: Table;
  /** Wire address, 0-based: `--from` less `--base`. */
  readonly address: number;
  readonly count: number;
  readonly base: number;
  /** Most places in one read. */
  readonly max: number | undefined;
  readonly hex: string | undefined;
  readonly find: number | undefined;
  readonly decode: boolean;
  readonly timeoutMs: number;
  readonly everyMs: number;
  /** Rounds of `watch`; for ever when undefined. */
  readonly times: number | undefined;
  readonly seconds: number;
}

export const HELP = `npm run device -- COMMAND …

  check   --site FILE                     whether a site file is right, every mistake with its line
  scan    BUS [--units 1-247] [--from 0]  which units answer, and to which tables
  read    BUS PLACES [--decode]           what stands there; holes are found around what the device refuses
          [--find 25.3]                   where a number stands that the device's display shows
  decode  --hex "41CB 3333" [--find 25.4] registers in every type and order at once, without a device
  watch   BUS PLACES [--every 1000]       what changes
  try     BUS --profile NAME | FILE.yaml  a profile against a device, point by point [--seconds 10]
  draft   BUS PLACES                      the beginning of a profile from what answers

  BUS     --link tcp://HOST:502 --unit 1  also rtu-tcp://HOST:PORT, serial:/dev/ttyUSB0?baud=9600&parity=none&stopBits=1
          --site FILE --device ID         the link, unit and profile of a device of a site file
  PLACES  --table holding --from 0 --count 20   tables: ${TABLES.join(', ')}; --base 40001 for addresses as printed

  --timeout MS   how long an answer may take (default 1000; scan 300)     --max N   most places in one read
Everything only reads (functions 1 to 4). A device that takes one master at a time answers only while its gateway is
stopped.`;

/** @returns undefined where help was asked for. @throws UsageError naming what is wrong */
export function readArguments(argv: readonly string[]): Arguments | undefined {
  const { values, positionals } = parse(argv);
  if (values.help || positionals.length === 0) return undefined;
  const [name = '', ...more] = positionals;
  const command = COMMANDS.find((c) => c === name);
  if (command === undefined) throw new UsageError(`unknown command "${name}"; expected ${COMMANDS.join(', ')}`);
  if (more.length > 0) throw new UsageError(`"${more[0]}" is one word too many after ${command}`);
  const table = TABLES.find((t) => t === (values.table ?? 'holding'));
  if (table === undefined) throw new UsageError(`--table "${values.table}": expected ${TABLES.join(', ')}`);
  const base = whole('base', values.base ?? '0', 0, 499_999);
  const from = whole('from', values.from ?? String(base), base, base + 65_535);
  return {
    command,
    site: values.site,
    device: values.device,
    link: values.link,
    unit: values.unit === undefined ? undefined : whole('unit', values.unit, 0, 255),
    units: values.units ?? '1-247',
    profile: values.profile,
    table,
    address: from - base,
    count: whole('count', values.count ?? '10', 1, 65_536 - (from - base)),
    base,
    max: values.max === undefined ? undefined : whole('max', values.max, 1, 2_000),
    hex: values.hex,
    find: values.find === undefined ? undefined : real('find', values.find),
    decode: values.decode ?? false,
    timeoutMs: whole('timeout', values.timeout ?? (command === 'scan' ? '300' : '1000'), 20, 60_000),
    everyMs: whole('every', values.every ?? '1000', 50, 3_600_000),
    times: values.times === undefined ? undefined : whole('times', values.times, 1, 1_000_000),
    seconds: whole('seconds', values.seconds ?? '10', 1, 3_600),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} "${text}": expected a whole number from ${min} to ${max}`);
}

function real(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new UsageError(`--${name} "${text}": expected a number`);
}

/** `41CB 3333`, `0x41CB,0x3333` → registers. @throws UsageError when these are no whole registers */
export function readHex(text: string): readonly number[] {
  const digits = text.replaceAll(/0x|[\s,:-]/gi, '');
  if (!/^[0-9a-f]+$/i.test(digits) || digits.length % 4 !== 0)
    throw new UsageError(`--hex "${text}": expected whole registers, 4 hex digits each`);
  return Array.from({ length: digits.length / 4 }, (_, k) => Number.parseInt(digits.slice(k * 4, k * 4 + 4), 16));
}
