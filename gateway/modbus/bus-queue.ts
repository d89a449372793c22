// The reads that wait for one bus: by priority, first come first served within one, with a bound on how long any waits.

/** Index is the priority: 0 goes first. */
export const PRIORITIES = ['safety', 'fast', 'normal', 'slow'] as const;
export type Priority = 0 | 1 | 2 | 3;

interface Waiting<T> {
  readonly item: T;
  readonly order: number;
}

/** First in, first out, without moving what waits on every take. */
class Fifo<T> {
  #items: (Waiting<T> | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): Waiting<T> | undefined {
    return this.#items[this.#head];
  }

  add(waiting: Waiting<T>): void {
    this.#items.push(waiting);
  }

  addFirst(waiting: Waiting<T>): void {
    if (this.#head > 0) this.#items[--this.#head] = waiting;
    else this.#items.unshift(waiting);
  }

  take(): T | undefined {
    const first = this.#items[this.#head];
    if (!first) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return first.item;
  }
}

/**
 * Takes the highest priority first, but never more than `starvationPicks` in a row past a waiting lower one: then the
 * read that has waited longest has its turn. So a read waits for at most (starvationPicks + 1) × (reads queued before
 * it) others, whatever comes after it.
 */
export class BusQueue<T> {
  readonly #classes = [new Fifo<T>(), new Fifo<T>(), new Fifo<T>(), new Fifo<T>()] as const;
  readonly #max: number;
  readonly #starvationPicks: number;
  #size = 0;
  #order = 0;
  #passedOver = 0;

  constructor(max: number, starvationPicks: number) {
    this.#max = max;
    this.#starvationPicks = starvationPicks;
  }

  get size(): number {
    return this.#size;
  }

  /** False when the queue is full: nothing was taken. */
  add(item: T, priority: Priority): boolean {
    if (this.#size >= this.#max) return false;
    this.#classes[priority].add({ item, order: ++this.#order });
    this.#size++;
    return true;
  }

  /** Puts back what was taken before, at the head of its class: it has its place already, so the maximum does not apply. */
  putBack(item: T, priority: Priority): void {
    const first = this.#classes[priority].first;
    this.#classes[priority].addFirst({ item, order: first ? first.order : ++this.#order });
    this.#size++;
  }

  /** As `putBack`, but behind its class. */
  putLast(item: T, priority: Priority): void {
    this.#classes[priority].add({ item, order: ++this.#order });
    this.#size++;
  }

  take(): T | undefined {
    if (this.#size === 0) return undefined;
    const turn = this.#classes.findIndex((c) => c.size > 0);
    const starved = this.#longestWaiting(turn + 1);
    const dueToStarved = starved >= 0 && this.#passedOver >= this.#starvationPicks;
    this.#passedOver = starved < 0 || dueToStarved ? 0 : this.#passedOver + 1;
    this.#size--;
    return this.#classes[dueToStarved ? starved : turn]?.take();
  }

  /** Empties the queue; returns what waited, highest priority first. */
  clear(): T[] {
    const all: T[] = [];
    for (let item = this.take(); item !== undefined; item = this.take()) all.push(item);
    this.#passedOver = 0;
    return all;
  }

  #longestWaiting(from: number): number {
    let found = -1;
    let order = Infinity;
    for (let c = from; c < this.#classes.length; c++) {
      const first = this.#classes[c]?.first;
      if (!first || first.order >= order) continue;
      found = c;
      order = first.order;
    }
    return found;
  }
}
