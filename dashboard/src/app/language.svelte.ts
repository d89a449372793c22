// Chinese first, English second: which of the two is shown, and the words of the shared catalogue in it.
import i18next from 'i18next';
import en from '../../../hub/messages/ui.en.json' with { type: 'json' };
import zh from '../../../hub/messages/ui.zh.json' with { type: 'json' };
import { recall, remember } from './memory.ts';
import type { Args, Key, Lang, Words } from './words.ts';

const isLang = (value: unknown): value is Lang => value === 'zh' || value === 'en';

export class Language {
  #current = $state<Lang>('zh');
  readonly #i18n = i18next.createInstance();
  /** Words without places, as they were said: no more than the catalogue has. */
  readonly #said: Readonly<Record<Lang, Map<Key, string>>> = { zh: new Map(), en: new Map() };

  constructor() {
    const kept = recall('language');
    if (isLang(kept)) this.#current = kept;
    void this.#i18n.init({
      lng: this.#current,
      fallbackLng: 'zh',
      resources: { zh: { translation: zh }, en: { translation: en } },
      keySeparator: false,
      nsSeparator: false,
      initAsync: false,
      interpolation: { escapeValue: false },
    });
    this.#tell();
  }

  get current(): Lang {
    return this.#current;
  }

  set(lang: Lang): void {
    this.#current = lang;
    remember('language', lang);
    this.#tell();
  }

  /** The words of a key; `args` fill its {{places}}. */
  readonly t = (key: Key, args?: Args): string => {
    const lng = this.#current;
    if (args !== undefined) return this.#i18n.t(key, { lng, ...args });
    // The same few hundred words are asked for with every row that is drawn.
    const known = this.#said[lng].get(key);
    if (known !== undefined) return known;
    const said = this.#i18n.t(key, { lng });
    this.#said[lng].set(key, said);
    return said;
  };

  /** Words for a value that the hub may extend: what the catalogue doesn't know yet is shown as it came. */
  readonly named = (key: string, value: string): string =>
    this.#i18n.exists(key, { lng: this.#current }) ? this.#i18n.t(key, { lng: this.#current }) : value;

  /** The hub's words in the language shown. */
  readonly words = (words: Words): string => words[this.#current] || words.zh;

  /** Several names one after the other. */
  readonly list = (names: readonly string[]): string => names.join(this.#current === 'zh' ? '、' : ', ');

  #tell(): void {
    document.documentElement.lang = this.#current === 'zh' ? 'zh-CN' : 'en';
  }
}
