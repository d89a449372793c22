// How long is left until a deadline, or how long it is past, in words.
import { formatSpan } from '../kit/age.ts';
import type { Args, Key, Lang } from '../app/words.ts';

/** @param dueAt ISO 8601 */
export function leftWords(
  dueAt: string,
  now: number,
  speech: { readonly t: (key: Key, args?: Args) => string; readonly current: Lang },
): string {
  const left = Date.parse(dueAt) - now;
  return left >= 0
    ? speech.t('ui.scene.left', { time: formatSpan(left, speech.current) })
    : speech.t('ui.scene.over', { time: formatSpan(-left, speech.current) });
}
export const isOver = (dueAt: string, now: number): boolean => Date.parse(dueAt) < now;

/** Phone numbers of a line: "消防 119", one a line. */
export const phonesOf = (text: string): { name: string; number: string }[] =>
  text.split('\n').flatMap((line) => {
    const found = /^\s*(.*?)[\s:：]+([\d+*#-][\d\s+*#-]*)\s*$/u.exec(line);
    const [name, number] = [found?.[1]?.trim() ?? '', found?.[2]?.trim() ?? ''];
    return name === '' || number === '' ? [] : [{ name: name.slice(0, 80), number: number.slice(0, 40) }];
  });
export const phoneLines = (phones: readonly { readonly name: string; readonly number: string }[]): string =>
  phones.map((p) => `${p.name} ${p.number}`).join('\n');
