// Writes what one T1 found out about signals: alarms, panel states, timers, events, in a handful of statements.
import type { Truth } from '../../device-profiles/contract/conditions.ts';
import type { Tx } from '../db/tx.ts';
import type { Actor } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { cancelTimers, setTimers } from '../timers-store.ts';
import { AlarmChanges, type ChangePorts } from './changes.ts';
import type { AlarmEngine, EngineStage, StagedEdge } from './engine.ts';
import type { StepRules } from './machine.ts';
import { modeOver } from './modes.ts';
import { keyOf, type AlarmRow, type Raised } from './row.ts';
import { LIFECYCLE } from './rules.ts';
import { saveSteady } from './steady-store.ts';
import { holdModes, lockOpen, modesInForce, savePanels, type ModeRow, type SignalKey } from './store.ts';

export interface EngineWriter extends ChangePorts {
  /** Whether somebody proved the point on site. */
  readonly proved: (num: number) => boolean;
}

type SignalEdge = Extract<StagedEdge, { to: 'raise' | 'clear' }>;

const partsOf = (key: string): SignalKey => {
  const [device = '', point = '', signal = ''] = key.split('\n');
  return { device, point, signal };
};

interface Book {
  readonly changes: AlarmChanges;
  /** Open alarm by signal key. */
  readonly open: Map<string, string>;
  readonly byDevice: Map<string, Set<string>>;
  readonly rules: ReadonlyMap<string, StepRules>;
  readonly modes: readonly ModeRow[];
  readonly now: number;
}

export async function writeStage(tx: Tx, stage: EngineStage, engine: AlarmEngine): Promise<AlarmRow[]> {
  const { edges, conditions, panels, timers, now } = stage;
  let rows: AlarmRow[] = [];
  if (edges.length > 0 || conditions.size > 0) rows = await writeAlarms(tx, edges, conditions, now, engine.writer);
  if (panels.size > 0) {
    await savePanels(tx, [...panels.values()]);
    const events = [...panels.values()].map((p) => ({
      type: 'panel.state' as const,
      community: p.community,
      subject: p.device,
      payload: { device: p.device, class: p.class, active: p.active, at: p.at },
    }));
    await engine.writer.appendEvents(tx, events, now);
  }
  const steady = [...stage.steady.changes].map(([key, since]) => ({ ...partsOf(key), since }));
  if (steady.length > 0) await saveSteady(tx, steady);
  if (timers.size > 0) {
    await cancelTimers(
      tx,
      [...timers].filter(([, t]) => t === null).map(([key]) => key),
    );
    await setTimers(
      tx,
      [...timers.values()].filter((t) => t !== null),
      now,
    );
  }
  return rows;
}

async function writeAlarms(
  tx: Tx,
  edges: readonly StagedEdge[],
  conditions: ReadonlyMap<string, Truth>,
  now: number,
  ports: EngineWriter,
): Promise<AlarmRow[]> {
  const book = await openBook(tx, edges, conditions, now);
  for (const edge of edges) {
    if (edge.to === 'reset') resetDevice(book, edge.device, edge.at);
    else if (edge.to === 'raise') raise(book, edge);
    else clear(book, edge);
  }
  for (const [key, truth] of conditions) {
    const id = book.open.get(key);
    if (id !== undefined) book.changes.condition(id, truth);
  }
  return book.changes.write(tx, ports);
}

/** Locks the alarms concerned and reads the rules and modes that decide over them. */
async function openBook(
  tx: Tx,
  edges: readonly StagedEdge[],
  conditions: ReadonlyMap<string, Truth>,
  now: number,
): Promise<Book> {
  const keys = new Set(conditions.keys());
  const resets = new Set<string>();
  const communities = new Set<string>();
  for (const edge of edges) {
    if (edge.to === 'reset') {
      resets.add(edge.device);
      continue;
    }
    keys.add(edge.key);
    communities.add(edge.raised.community);
  }
  const modes = edges.some((e) => e.to === 'raise') ? await modesHeld(tx, [...communities]) : [];
  const rows = await lockOpen(tx, [...keys].map(partsOf), [...resets]);
  const book: Book = {
    changes: new AlarmChanges(now),
    open: new Map(),
    byDevice: new Map(),
    rules: await rulesOf(tx, new Set([...communities, ...rows.map((r) => r.community)])),
    modes,
    now,
  };
  for (const row of rows) {
    book.changes.hold(row);
    enter(book, row);
  }
  return book;
}

/** Read in a statement after the lock's own, which therefore sees every mode that changed while it waited. */
async function modesHeld(tx: Tx, communities: readonly string[]): Promise<ModeRow[]> {
  await holdModes(tx, communities);
  return modesInForce(tx, communities);
}

async function rulesOf(tx: Tx, communities: ReadonlySet<string>): Promise<Map<string, StepRules>> {
  const rules = new Map<string, StepRules>();
  for (const community of communities) rules.set(community, (await ruleInForce(tx, community, LIFECYCLE)).value);
  return rules;
}

function enter(book: Book, row: AlarmRow): void {
  book.open.set(keyOf(row.device, row.point, row.signal), row.id);
  const ids = book.byDevice.get(row.device) ?? new Set();
  ids.add(row.id);
  book.byDevice.set(row.device, ids);
}

const actorOf = (r: Raised | AlarmRow): Actor => ({ kind: 'device', id: r.device, community: r.community });
const rulesFor = (book: Book, community: string): StepRules => book.rules.get(community) ?? LIFECYCLE.value;

function raise(book: Book, { key, at, raised, note }: SignalEdge): void {
  const id = book.open.get(key);
  const by = {
    actor: actorOf(raised),
    at,
    rules: rulesFor(book, raised.community),
    ...(note === undefined ? {} : { note }),
  };
  if (id !== undefined) {
    const { value, n } = raised;
    book.changes.step(id, { type: 'raise', at }, by, { condition: 'true', value, ...(n === null ? {} : { n }) });
    return;
  }
  const place = { ...raised, building: raised.building ?? null, floor: raised.floor ?? null };
  const row = book.changes.begin(raised, modeOver(book.modes, place, book.now), by.actor, note);
  enter(book, row);
}

function clear(book: Book, { key, at, raised }: SignalEdge): void {
  const id = book.open.get(key);
  if (id === undefined) return;
  const by = { actor: actorOf(raised), at, rules: rulesFor(book, raised.community) };
  const done = book.changes.step(id, { type: 'clear', at }, by, { condition: 'false' });
  if (done.ok && done.value.state === 'normal') book.open.delete(key);
}

function resetDevice(book: Book, device: string, at: number): void {
  for (const id of book.byDevice.get(device) ?? []) {
    const row = book.changes.row(id);
    const by = { actor: actorOf(row), at, rules: rulesFor(book, row.community) };
    const done = book.changes.step(id, { type: 'reset', at }, by);
    if (done.ok && done.value.state === 'normal') book.open.delete(keyOf(row.device, row.point, row.signal));
  }
}
