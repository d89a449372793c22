// An entry of a rescue's timeline in words: what the hub keeps as codes, said as the screens say it elsewhere. Pure.
import { codeKeys, type TimelineEntry } from '../../../hub/read/contract.ts';
import type { Key, Lang } from '../app/words.ts';

interface Speech {
  readonly current: Lang;
  readonly t: (key: Key, args?: Readonly<Record<string, string | number>>) => string;
  readonly named: (key: string, value: string) => string;
}

const PEOPLE = /^count=(\S+) elderly=(\S+) children=(\S+) unwell=(\S+)$/;

/** Words that the hub keeps in both languages, `zh / en: note`, in the one shown. */
function inOne(text: string, lang: Lang): string {
  const [, zh = '', en = '', note = ''] = /^(.*?) \/ (.*?)(: .*)?$/s.exec(text) ?? [];
  return zh === '' ? text : (lang === 'zh' ? zh : en) + note;
}

/** What an entry says, without its kind, its person and its value. */
export function entryWords(
  entry: Pick<TimelineEntry, 'kind' | 'code' | 'text'>,
  { current, t, named }: Speech,
): string {
  const { kind, code, text } = entry;
  if (kind === 'telemetry') return inOne(text, current) || code;
  const people = kind === 'people' ? PEOPLE.exec(code) : null;
  if (people) {
    const [, count = '?', elderly = '?', children = '?', unwell] = people;
    const known = t('ui.rescue.people.known', { count, elderly, children });
    const ill =
      unwell === 'true' ? t('ui.rescue.people.unwell.yes') : unwell === 'false' ? t('ui.rescue.people.unwell.no') : '';
    return [known, ill, text].filter(Boolean).join(' · ');
  }
  const said = codeKeys(entry)
    .map(({ key, code: own }) => named(key, own))
    .join(' ');
  const more =
    kind === 'page'
      ? text
          .split(': ')
          .map((part) => named(`ui.rescue.page.${part}`, part))
          .join(' ')
      : text;
  const state = kind === 'act' ? named(`ui.order.state.${more}`, more) : named(`ui.rescue.condition.${more}`, more);
  return [said, kind === 'signal' ? inOne(state, current) : state].filter(Boolean).join(' · ');
}
