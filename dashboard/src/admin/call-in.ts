// Keys of the words for what GB/T 26875.3 calls by numbers, and the address in the id of a component's point.
const COMMANDS = [1, 2, 3, 4, 5, 6] as const;
const FLAGS = [
  1, 2, 3, 4, 5, 6, 7, 8, 21, 24, 25, 26, 28, 61, 62, 63, 64, 65, 66, 67, 68, 81, 84, 85, 86, 88, 90, 91,
] as const;
const REASONS = [
  'noise',
  'torn',
  'length',
  'end',
  'checksum',
  'unknown-source',
  'stranger',
  'command',
  'unknown-registration',
  'no-registration',
  'too-many',
] as const;

/** What the standard does not name is told by its number. */
export function commandKey(command: number): `ui.callin.command.${(typeof COMMANDS)[number] | 'other'}` {
  return `ui.callin.command.${COMMANDS.find((c) => c === command) ?? 'other'}`;
}
export function flagKey(flag: number): `ui.callin.flag.${(typeof FLAGS)[number] | 'other'}` {
  return `ui.callin.flag.${FLAGS.find((f) => f === flag) ?? 'other'}`;
}
/** Why something was refused; a reason of a newer gateway is told as it says it. */
export function reasonKey(reason: string): `ui.callin.why.${(typeof REASONS)[number] | 'other'}` {
  return `ui.callin.why.${REASONS.find((r) => r === reason) ?? 'other'}`;
}

/** System, component type and loop address of a component's point; undefined for any other point. */
export function loopAddress(point: string): { system: string; type: string; address: string } | undefined {
  const found = /^part-(\d+-\d+)-(\d+)-(\d+-\d+)$/.exec(point);
  const [, system, type, address] = found ?? [];
  return system && type && address ? { system, type, address } : undefined;
}
