// What processes cost, as the kernel counts it (/proc, so on Linux): a program with everything that it has started.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { round } from '../helpers/statistics.ts';

export interface Usage {
  /** Processor time so far, s. */
  readonly cpuS: number;
  /** Resident memory of the process itself now, MiB. */
  readonly rssMb: number;
  /** Memory of all of them now, MiB; a page that some share is divided among them. */
  readonly familyMb: number;
}

let ticks = 0;
/** Clock ticks a second, in which /proc counts. */
const ticksPerSecond = (): number => (ticks ||= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })));

interface Stat {
  readonly parent: number;
  readonly ticks: number;
  readonly rssPages: number;
}

/** proc_pid_stat(5): fields after the name in brackets, which may hold anything. */
function statOf(pid: number): Stat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    // User and system time, its own and that of children that have ended.
    const ticks = fields.slice(11, 15).reduce((sum, t) => sum + t, 0);
    return { parent: fields[1] ?? 0, ticks, rssPages: fields[21] ?? 0 };
  } catch {
    return undefined; // Ended while we looked.
  }
}

const PAGE_BYTES = 4_096;

/** Proportional set size, bytes; 0 where the kernel does not tell it or it is not for us to know. */
function sharedFairly(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/** What a process and all its living descendants have cost so far. */
export function usageOf(pid: number): Usage {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat) stats.set(Number(name), stat);
  }
  let cpu = 0;
  let bytes = 0;
  for (const [each, stat] of stats) {
    let above: number | undefined = each;
    while (above !== undefined && above !== pid) above = stats.get(above)?.parent;
    if (above !== pid) continue;
    cpu += stat.ticks;
    bytes += sharedFairly(each);
  }
  const rss = (stats.get(pid)?.rssPages ?? 0) * PAGE_BYTES;
  return { cpuS: cpu / ticksPerSecond(), rssMb: rss / 2 ** 20, familyMb: bytes / 2 ** 20 };
}

export interface Spent {
  /** Cores in use on average. */
  readonly cores: number;
  readonly rssMb: number;
  readonly familyMb: number;
}

/** Starts to measure processes, and the whole machine; the function returned tells what they took since. */
export function watchUsage<Name extends string>(
  pids: Readonly<Record<Name, number>>,
): () => { readonly seconds: number; readonly of: Record<Name, Spent>; readonly machineBusy: number } {
  const names = Object.keys(pids) as Name[];
  const look = (): Record<Name, Usage> =>
    Object.fromEntries(names.map((name) => [name, usageOf(pids[name])])) as Record<Name, Usage>;
  const began = performance.now();
  const [before, machineBefore] = [look(), machine()];
  return () => {
    const seconds = (performance.now() - began) / 1_000;
    const [after, machineAfter] = [look(), machine()];
    const busy = machineAfter.busy - machineBefore.busy;
    const of = Object.fromEntries(
      names.map((name) => {
        const cores = round((after[name].cpuS - before[name].cpuS) / seconds, 3);
        const { rssMb, familyMb } = after[name];
        return [name, { cores, rssMb: round(rssMb, 0), familyMb: round(familyMb, 0) }];
      }),
    ) as Record<Name, Spent>;
    return { seconds, of, machineBusy: round(busy / (busy + machineAfter.idle - machineBefore.idle)) };
  };
}

/** Busy and idle time of all cores together, ms. What others run on the machine is in it. */
function machine(): { readonly busy: number; readonly idle: number } {
  const times = cpus().map((c) => c.times);
  const idle = times.reduce((sum, t) => sum + t.idle, 0);
  return { idle, busy: times.reduce((sum, t) => sum + t.user + t.nice + t.sys + t.irq, 0) };
}
