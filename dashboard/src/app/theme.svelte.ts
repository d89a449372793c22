// Light by day, dim dark by night: as the machine says, or as the operator chose.
import { recall, remember } from './memory.ts';

export type ThemeChoice = 'auto' | 'light' | 'dark';
const CHOICES: readonly ThemeChoice[] = ['auto', 'light', 'dark'];

export class Theme {
  #choice = $state<ThemeChoice>('auto');
  #night = $state(false);

  constructor() {
    const kept = CHOICES.find((choice) => choice === recall('theme'));
    if (kept) this.#choice = kept;
    const query = matchMedia('(prefers-color-scheme: dark)');
    this.#night = query.matches;
    query.addEventListener('change', (event) => {
      this.#night = event.matches;
      this.#show();
    });
    this.#show();
  }

  get choice(): ThemeChoice {
    return this.#choice;
  }
  get dark(): boolean {
    return this.#choice === 'dark' || (this.#choice === 'auto' && this.#night);
  }

  set(choice: ThemeChoice): void {
    this.#choice = choice;
    remember('theme', choice);
    this.#show();
  }

  /** auto → light → dark → auto */
  next(): void {
    this.set(CHOICES[(CHOICES.indexOf(this.#choice) + 1) % CHOICES.length] ?? 'auto');
  }

  #show(): void {
    document.documentElement.dataset['theme'] = this.dark ? 'dark' : 'light';
  }
}
