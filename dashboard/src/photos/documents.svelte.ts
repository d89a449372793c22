// Papers with their titles: those that were kept before, and those that are added now and sent with the act.
import { Photos } from './photos.svelte.ts';

export interface NamedFile {
  readonly title: string;
  /** SHA-256, hex. */
  readonly file: string;
}

/** A title for a paper until somebody writes a better one: its name without the ending. */
const titleOf = (name: string): string => name.replace(/\.[A-Za-z0-9]{1,5}$/, '').slice(0, 120);

export class Documents {
  /** What is added now. */
  readonly files: Photos<'paper'>;
  #kept = $state.raw<readonly NamedFile[]>([]);
  readonly #titles = $state<Record<string, string>>({});
  readonly #countMax: number;

  /** @param before what was there before: stays unless it is taken away */
  constructor(countMax: number, before: readonly NamedFile[] = []) {
    this.#countMax = countMax;
    this.files = new Photos(countMax, true);
    this.#kept = before;
  }

  get kept(): readonly NamedFile[] {
    return this.#kept;
  }
  get full(): boolean {
    return this.#kept.length + this.files.taken.length >= this.#countMax;
  }
  /** One of those that are added has no title. */
  get untitled(): boolean {
    return this.files.taken.some((one) => this.title(one.hash) === '');
  }
  /** All of them, as the act names them; after the files were sent. */
  get named(): NamedFile[] {
    return [...this.#kept, ...this.files.taken.map((one) => ({ title: this.title(one.hash), file: one.kept }))];
  }

  title(hash: string): string {
    const name = this.files.taken.find((one) => one.hash === hash)?.name ?? '';
    return (this.#titles[hash] ?? titleOf(name)).trim();
  }
  /** As it is being written, blanks included. */
  written(hash: string): string {
    return this.#titles[hash] ?? this.title(hash);
  }
  write(hash: string, title: string): void {
    this.#titles[hash] = title;
  }
  drop(file: string): void {
    this.#kept = this.#kept.filter((one) => one.file !== file);
  }
}
