// The alarm list as the operator handles it: filter, selection, and standing still under pointer or focus.
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { Alarms } from '../live/alarms.svelte.ts';
import { isUnacked } from './classes.ts';
import { arrange, NOTHING, passesFilter, type Arrangement } from './order.ts';

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
  #held = false;
  #activeAt = 0;

  constructor(alarms: Alarms) {
    this.#alarms = alarms;
  }

  get rows(): readonly AlarmView[] {
    return this.#arrangement.rows;
  }
  get waiting(): readonly AlarmView[] {
    return this.#arrangement.waiting;
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

  /** Takes in what has changed; call it after every flush of the alarms. */
  update(sorted: readonly AlarmView[]): void {
    const wanted = this.#filter === null ? sorted : sorted.filter((alarm) => passesFilter(alarm, this.#filter));
    const held = this.#held && performance.now() - this.#activeAt < LIST_LIMITS.idleMs;
    this.#arrangement = arrange(this.#arrangement, wanted, held, (id) => this.#alarms.closed(id));
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
  }

  /** The first that still wants acknowledging, other than the selected one. */
  nextUnacked(): AlarmView | undefined {
    return this.#alarms.sorted.find((alarm) => isUnacked(alarm.state) && alarm.id !== this.#selected);
  }

  #renew(): void {
    this.#arrangement = NOTHING;
    this.update(this.#alarms.sorted);
  }
}
