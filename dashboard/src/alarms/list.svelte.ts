// The alarm list as the operator handles it: filter, selection, zones opened, and standing still under pointer or focus.
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';
import type { AlarmView, RollUp } from '../../../hub/alarms/contract.ts';
import type { Alarms } from '../live/alarms.svelte.ts';
import { arrange, NOTHING, type Arrangement } from './arrange.ts';
import { isUnacked } from './classes.ts';
import { passesFilter } from './order.ts';
import { alarmOf, isFlood, zoneKey, type Line } from './zones.ts';

export const LIST_LIMITS = {
  /**
   * A pointer or focus that rests in the list without a sign of life this long no longer holds it: an unattended desk
   * must show what is true. Selecting is all that a click does, so a row that moved can't be acted on by mistake. ms
   */
  idleMs: 30_000,
} as const;

export class AlarmListState {
  readonly #alarms: Alarms;
  #arrangement = $state.raw<Arrangement>(NOTHING);
  #filter = $state<AlarmClass | null>(null);
  #selected = $state<string | null>(null);
  /** The line that was chosen, where several speak of the selected alarm. */
  #aimed = $state.raw<Line | null>(null);
  #flood = $state(false);
  #opened: ReadonlySet<string> = new Set();
  #held = false;
  /** As the site has set it; undefined until the hub has told it: then each alarm has its row. */
  #rollUp: RollUp | undefined;
  #activeAt = 0;

  constructor(alarms: Alarms) {
    this.#alarms = alarms;
  }

  /** Everything that is shown; the first `pinned` of them on top whatever is scrolled. */
  readonly lines: readonly Line[] = $derived.by(() => [...this.#arrangement.pinned, ...this.#arrangement.lines]);
  get pinned(): number {
    return this.#arrangement.pinned.length;
  }
  get waiting(): readonly AlarmView[] {
    return this.#arrangement.waiting;
  }
  /** Alarms of one class and place are one row. */
  get flood(): boolean {
    return this.#flood;
  }
  get filter(): AlarmClass | null {
    return this.#filter;
  }
  get selectedId(): string | null {
    return this.#selected;
  }
  /** The selected alarm as it is now, also after it was closed. Follows the list's flushes. */
  get selected(): AlarmView | null {
    // Read for its dependency: the book itself is not state.
    void this.#alarms.sorted;
    return this.#selected === null ? null : (this.#alarms.find(this.#selected) ?? null);
  }

  /** Key of the line that stands for the selection: the one chosen, else the alarm's own, else the zone that has it. */
  readonly cursor: string | null = $derived.by(() => {
    const id = this.#selected;
    if (id === null) return null;
    const aimed = this.#aimed;
    if (aimed && this.lines.some(({ key }) => key === aimed.key)) return aimed.key;
    const own = this.lines.find((line) => line.kind === 'alarm' && line.key === id);
    const alarm = this.selected;
    const zone = own || !alarm ? undefined : zoneKey(alarm);
    return own?.key ?? this.lines.find(({ key }) => key === zone)?.key ?? null;
  });

  /** Takes in how the site wants a flood rolled up. */
  setRollUp(rule: RollUp): void {
    const known = this.#rollUp;
    this.#rollUp = rule;
    const same = (['rollAbove', 'rollUntil', 'zoneMin'] as const).every((name) => known?.[name] === rule[name]);
    if (!same) this.update(this.#alarms.sorted);
  }

  /** Takes in what has changed; call it after every flush of the alarms. */
  update(sorted: readonly AlarmView[]): void {
    this.#arrange(sorted, this.#held && performance.now() - this.#activeAt < LIST_LIMITS.idleMs);
  }

  hold(held: boolean): void {
    this.#held = held;
    this.touch();
    if (!held) this.#renew();
  }

  /** A sign of life of the operator within the list. */
  touch(): void {
    this.#activeAt = performance.now();
  }

  /** Shows what waits behind the "+n new" bar. */
  showWaiting(): void {
    this.#renew();
  }

  setFilter(filter: AlarmClass | null): void {
    this.#filter = filter;
    this.#renew();
  }

  select(id: string | null): void {
    this.#selected = id;
    if (this.#aimed && alarmOf(this.#aimed).id !== id) this.#aimed = null;
  }

  /** Selects by a line: a zone stands for its first alarm. Answers the alarm's id. */
  aim(line: Line): string {
    this.#aimed = line;
    return alarmOf(line).id;
  }

  /** Opens or closes a zone; nothing above it moves, and what waits goes on waiting. */
  open(zone: string, open: boolean): void {
    const opened = new Set(this.#opened);
    if (open) opened.add(zone);
    else opened.delete(zone);
    this.#opened = opened;
    this.#arrange(this.#alarms.sorted, true);
  }

  /** The first that still wants acknowledging, other than the selected one. */
  nextUnacked(): AlarmView | undefined {
    return this.#alarms.sorted.find((alarm) => isUnacked(alarm.state) && alarm.id !== this.#selected);
  }

  #renew(): void {
    this.#arrange(this.#alarms.sorted, false);
  }

  #arrange(sorted: readonly AlarmView[], held: boolean): void {
    const wanted = this.#filter === null ? sorted : sorted.filter((alarm) => passesFilter(alarm, this.#filter));
    const rule = this.#rollUp;
    this.#flood = rule !== undefined && isFlood(wanted.length, this.#flood, rule);
    const closed = (id: string): AlarmView | undefined => this.#alarms.closed(id);
    this.#arrangement = arrange(this.#arrangement, wanted, {
      held,
      flood: this.#flood,
      zoneMin: rule?.zoneMin ?? Infinity,
      opened: this.#opened,
      closed,
    });
  }
}
