// Lengths of time in two units at most: 3 min 12 s, 5 h 12 min; in Chinese 3分12秒, 5小时12分.
import type { Lang } from '../app/words.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Unit = 'd' | 'h' | 'min' | 's';
const CHINESE: Readonly<Record<Unit, string>> = { d: '天', h: '小时', min: '分', s: '秒' };

const one = (n: number | string, unit: Unit, lang: Lang): string =>
  lang === 'zh' ? `${n}${CHINESE[unit]}` : `${n} ${unit}`;

/** A minute alone is 分钟 in Chinese, before seconds 分. */
function two(big: number, bigUnit: Unit, small: number, smallUnit: Unit, lang: Lang): string {
  if (small === 0) return one(big, bigUnit, lang) + (lang === 'zh' && bigUnit === 'min' ? '钟' : '');
  return `${one(big, bigUnit, lang)}${lang === 'zh' ? '' : ' '}${one(small, smallUnit, lang)}`;
}

/** A length of time, ms; negative counts as 0. Always rounded down: an age is never shown as more than it is. */
export function formatAge(ms: number, lang: Lang): string {
  const t = Math.max(0, ms);
  if (t < 10 * SECOND) return one((Math.floor(t / 100) / 10).toFixed(1), 's', lang);
  if (t < MINUTE) return one(Math.floor(t / SECOND), 's', lang);
  if (t < HOUR) return two(Math.floor(t / MINUTE), 'min', Math.floor((t % MINUTE) / SECOND), 's', lang);
  if (t < DAY) return two(Math.floor(t / HOUR), 'h', Math.floor((t % HOUR) / MINUTE), 'min', lang);
  return two(Math.floor(t / DAY), 'd', Math.floor((t % DAY) / HOUR), 'h', lang);
}

/** Like formatAge in whole seconds, for clocks that tick once a second. */
export const formatSpan = (ms: number, lang: Lang): string => {
  const t = Math.max(0, ms);
  return t < 10 * SECOND ? one(Math.floor(t / SECOND), 's', lang) : formatAge(t, lang);
};
