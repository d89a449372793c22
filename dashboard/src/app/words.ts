// What the catalogue is made of: the typed list of its keys, the two languages, and the hub's own words.
import zh from '../../../hub/messages/ui.zh.json' with { type: 'json' };

export type Key = keyof typeof zh;
export type Lang = 'zh' | 'en';
export interface Words {
  readonly zh: string;
  readonly en: string;
}
export type Args = Readonly<Record<string, string | number>>;
