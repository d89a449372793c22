// The hub's own words from its catalogues: Chinese and English by key.
import i18next from 'i18next';
import en from './en.json' with { type: 'json' };
import uiEn from './ui.en.json' with { type: 'json' };
import uiZh from './ui.zh.json' with { type: 'json' };
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
  resources: { zh: { translation: zh, ui: uiZh }, en: { translation: en, ui: uiEn } },
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

/** A text of the screens (`ui.…`) for paper, so that both say the same. An unknown key is shown as it is. */
export const screenText = (key: string, language: 'zh' | 'en', args: Args = {}): string =>
  words.t(key, { lng: language, ns: 'ui', ...argsFor(language, args) });

/** Keys with this beginning whose text in either language holds the given one, whatever the case. */
export function keysSaying(prefix: string, text: string): string[] {
  const wanted = text.toLowerCase();
  return Object.keys(zh).filter((key) => {
    const said = key.startsWith(prefix) ? textOf(key) : undefined;
    return said !== undefined && `${said.zh}\n${said.en}`.toLowerCase().includes(wanted);
  });
}

/** Keys of screens or server with this beginning whose text in either language holds the given one, whatever the case. */
export function screenKeysSaying(prefix: string, text: string): string[] {
  if (!prefix.startsWith('ui.')) return keysSaying(prefix, text);
  const wanted = text.toLowerCase();
  return Object.keys(uiZh).filter(
    (key) =>
      key.startsWith(prefix) && `${screenText(key, 'zh')}\n${screenText(key, 'en')}`.toLowerCase().includes(wanted),
  );
}
