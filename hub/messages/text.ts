// The hub's own words from its catalogues: Chinese and English by key.
import i18next from 'i18next';
import en from './en.json' with { type: 'json' };
import zh from './zh.json' with { type: 'json' };

export type MessageKey = keyof typeof zh;
export interface Words {
  readonly zh: string;
  readonly en: string;
}
type Args = Readonly<Record<string, string | number>>;

const LANGUAGES = ['zh', 'en'] as const;
const words = i18next.createInstance();
void words.init({
  lng: 'zh',
  fallbackLng: 'zh',
  resources: { zh: { translation: zh }, en: { translation: en } },
  keySeparator: false,
  nsSeparator: false,
  initAsync: false,
  interpolation: { escapeValue: false },
});

/** An argument that differs by language is given twice: `title_zh` and `title_en` fill `{{title}}`. */
function argsFor(language: (typeof LANGUAGES)[number], args: Args): Record<string, string | number> {
  const chosen: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(args)) {
    const own = LANGUAGES.find((l) => name.endsWith(`_${l}`));
    if (own === undefined) chosen[name] = value;
    else if (own === language) chosen[name.slice(0, -own.length - 1)] = value;
  }
  return chosen;
}

/** True for a key of the catalogue. */
export const isMessage = (key: string): key is MessageKey => Object.hasOwn(zh, key);

/** A message in both languages. A key that the catalogue doesn't know is shown as it is, never dropped. */
export function textOf(key: string, args: Args = {}): Words {
  const say = (language: (typeof LANGUAGES)[number]): string =>
    words.t(key, { lng: language, ...argsFor(language, args) });
  return { zh: say('zh'), en: say('en') };
}
