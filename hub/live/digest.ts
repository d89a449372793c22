// The digest by which a screen knows that it shows exactly the open alarms that the hub has, each as last changed.
// Independent of order and kept up alarm by alarm: of every open alarm the FNV-1a hash (32 bit, over UTF-16 units) of
// `id:seq`; digest = 8 hex digits of the sum mod 2³² and 8 of the exclusive or. The dashboard computes the same.

export interface Digestible {
  readonly id: string;
  readonly seq: number;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function hash(text: string): number {
  let h = FNV_OFFSET;
  for (let k = 0; k < text.length; k++) h = Math.imul(h ^ text.charCodeAt(k), FNV_PRIME);
  return h >>> 0;
}

const hex = (n: number): string => n.toString(16).padStart(8, '0');

/** Digest of a whole set. Empty: 16 zeros. */
export function openDigest(open: Iterable<Digestible>): string {
  const digest = new RunningDigest();
  for (const alarm of open) digest.add(alarm);
  return digest.text;
}

/** The same, one alarm at a time. */
export class RunningDigest {
  #sum = 0;
  #xor = 0;

  get text(): string {
    return hex(this.#sum) + hex(this.#xor);
  }
  add({ id, seq }: Digestible): void {
    const h = hash(`${id}:${seq}`);
    this.#sum = (this.#sum + h) >>> 0;
    this.#xor = (this.#xor ^ h) >>> 0;
  }
  remove({ id, seq }: Digestible): void {
    const h = hash(`${id}:${seq}`);
    this.#sum = (this.#sum - h) >>> 0;
    this.#xor = (this.#xor ^ h) >>> 0;
  }
}
