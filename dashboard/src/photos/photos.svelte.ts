// Photos that go with an act: taken, shown, sent once each before the act that names them.
import type { FileView } from '../../../hub/files/contract.ts';
import { newKey, type Api } from '../api/client.ts';
import { asProblem, type Problem } from '../api/problem.ts';
import { sha256 } from '../kit/sha256.ts';
import { takePhoto, type Photo } from './photo.ts';

interface Taken<As extends string> extends Photo {
  /** What it was taken as, where an act tells photos apart. */
  readonly as: As;
  readonly key: string;
  readonly sent: boolean;
  /** What it was called on this machine. */
  readonly name: string;
  /** By what the hub keeps it: it takes metadata out, so a paper may have another hash there. */
  readonly kept: string;
}

/** A paper as it was served: not drawn anew, and without a picture of it. */
const paper = async (file: Blob): Promise<Photo> => ({
  blob: file,
  hash: sha256(new Uint8Array(await file.arrayBuffer())),
  preview: '',
});

export class Photos<As extends string = 'photo'> {
  #taken = $state.raw<readonly Taken<As>[]>([]);
  #sending = $state(false);
  #unreadable = $state(false);
  #problem = $state.raw<Problem | null>(null);
  readonly #countMax: number;

  readonly #asIs: boolean;

  /**
   * @param countMax as many as the hub takes with one act
   * @param asIs pictures too are sent as they are: drawings and scans, whose smallest print must stay readable
   */
  constructor(countMax: number, asIs = false) {
    this.#countMax = countMax;
    this.#asIs = asIs;
  }

  get full(): boolean {
    return this.#taken.length >= this.#countMax;
  }
  get taken(): readonly Taken<As>[] {
    return this.#taken;
  }
  get sending(): boolean {
    return this.#sending;
  }
  get unreadable(): boolean {
    return this.#unreadable;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  get hashes(): string[] {
    return this.#taken.map((photo) => photo.kept);
  }

  async add(file: Blob, as: As): Promise<void> {
    if (this.full) return;
    this.#unreadable = false;
    try {
      const photo = this.#asIs || file.type === 'application/pdf' ? await paper(file) : await takePhoto(file);
      const name = file instanceof File ? file.name : '';
      if (!this.#taken.some((known) => known.hash === photo.hash))
        this.#taken = [...this.#taken, { ...photo, as, key: newKey(), sent: false, name, kept: photo.hash }];
    } catch {
      this.#unreadable = true;
    }
  }

  remove(hash: string): void {
    this.#taken = this.#taken.filter((photo) => photo.hash !== hash);
  }

  /** For the next act. */
  clear(): void {
    this.#taken = [];
    this.#unreadable = false;
    this.#problem = null;
  }

  /** Sends what was not sent yet, each under its own key. False: something failed, and `problem` says what. */
  async send(api: Api): Promise<boolean> {
    if (this.#sending) return false;
    this.#sending = true;
    this.#problem = null;
    try {
      for (const photo of this.#taken) {
        if (photo.sent) continue;
        const ending = photo.blob.type.split(/[/+]/)[1] ?? 'bin';
        const name = `${photo.hash.slice(0, 12)}.${ending}`;
        const { sha256: kept } = await api.upload<FileView>('/api/files', photo.blob, name, { key: photo.key });
        this.#taken = this.#taken.map((known) => (known.hash === photo.hash ? { ...known, sent: true, kept } : known));
      }
      return true;
    } catch (error) {
      this.#problem = asProblem(error);
      return false;
    } finally {
      this.#sending = false;
    }
  }
}
