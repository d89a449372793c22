// One planned read of one device: its ticket on the bus, its last good content, and how its points stand.
import type { Table } from '../../device-profiles/contract/point.ts';
import type { ModelPoint } from '../../device-profiles/contract/profile.ts';
import type { Priority } from './bus-queue.ts';
import type { Ticket } from './link.ts';
import type { PlannedRead } from './plan-reads.ts';
import { dataBytes, isBitTable, type ReadFailure } from './request.ts';

/** `unread`: nothing has been handed over since the device was last lost. '' is good. */
export type SlotState = '' | 'unread' | ReadFailure;

/** What a slot tells its device. */
export interface SlotOwner {
  slotDone(slot: ReadSlot, data: Buffer): void;
  slotFailed(slot: ReadSlot, reason: ReadFailure): void;
  slotInterrupted(slot: ReadSlot): void;
}

export interface SlotSettings {
  readonly unit: number;
  readonly priority: Priority;
  readonly timeoutMs: number;
}

/** Made once and submitted for every poll: polling allocates nothing for a block that stays as it is. */
export class ReadSlot implements Ticket {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  readonly priority: Priority;
  readonly timeoutMs: number;
  readonly read: PlannedRead;
  readonly points: readonly number[];
  /** The cycle it belongs to, as its device counts them. */
  readonly cycle: number;
  attempts = 0;
  state: SlotState = 'unread';
  readonly #owner: SlotOwner;
  readonly #last: Buffer;

  constructor(read: PlannedRead, cycle: number, settings: SlotSettings, owner: SlotOwner) {
    this.unit = settings.unit;
    this.priority = settings.priority;
    this.timeoutMs = settings.timeoutMs;
    this.table = read.table;
    this.address = read.address;
    this.count = read.count;
    this.read = read;
    this.points = read.points;
    this.cycle = cycle;
    this.#owner = owner;
    this.#last = Buffer.alloc(dataBytes(this));
  }

  done(data: Buffer): void {
    this.#owner.slotDone(this, data);
  }

  failed(reason: ReadFailure): void {
    this.#owner.slotFailed(this, reason);
  }

  interrupted(): void {
    this.#owner.slotInterrupted(this);
  }

  /** True when the content is good and just as it was. */
  same(data: Buffer): boolean {
    return this.state === '' && this.#last.equals(data);
  }

  /** Indexes of the points whose raw content differs from what was kept; all of them after anything but good content. */
  changed(data: Buffer, points: readonly ModelPoint[]): number[] {
    if (this.state !== '') return [...this.points];
    return this.points.filter((index) => this.#differs(data, points[index]));
  }

  keep(data: Buffer): void {
    data.copy(this.#last);
    this.state = '';
  }

  holds(table: Table, address: number): boolean {
    return table === this.table && address >= this.address && address < this.address + this.count;
  }

  /** Register (0–65535) or bit (0, 1) at a wire address that it holds. */
  raw(address: number): number {
    const at = address - this.address;
    if (isBitTable(this.table)) return ((this.#last[at >> 3] ?? 0) >> (at & 7)) & 1;
    return this.#last.readUInt16BE(at * 2);
  }

  #differs(data: Buffer, point: ModelPoint | undefined): boolean {
    if (!point?.modbus) return true;
    const at = point.modbus.address - this.address;
    const { length } = point.modbus;
    if (isBitTable(this.table)) {
      for (let bit = at; bit < at + length; bit++)
        if ((((data[bit >> 3] ?? 0) ^ (this.#last[bit >> 3] ?? 0)) >> (bit & 7)) & 1) return true;
      return false;
    }
    for (let byte = at * 2; byte < (at + length) * 2; byte++) if (data[byte] !== this.#last[byte]) return true;
    return false;
  }
}
