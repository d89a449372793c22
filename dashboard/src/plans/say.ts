// How something on a plan stands, in words: what the shape says, said.
import type { Args, Key, Lang, Words } from '../app/words.ts';
import { formatSpan } from '../kit/age.ts';
import type { ThingView } from '../../../hub/floor-plans/contract.ts';
import type { Standing } from './standing.ts';

interface Speech {
  readonly t: (key: Key, args?: Args) => string;
  readonly words: (words: Words) => string;
  readonly current: Lang;
}

/** State in a few words: class of the alarm, or how far it can be believed and since when. @param now ms, the hub's */
export function stateWords(standing: Standing, now: number, { t, current }: Speech): string {
  const age = standing.since === null ? '' : ` ${formatSpan(now - standing.since, current)}`;
  const belief =
    standing.belief === 'fresh'
      ? ''
      : standing.belief === 'offline'
        ? t('ui.devices.offline')
        : `${t(`ui.quality.${standing.belief}`)}${standing.belief === 'never' ? '' : age}`;
  const alarm =
    standing.alarm === null
      ? ''
      : standing.alarms > 1
        ? t('ui.section.trouble', { class: t(`ui.class.${standing.alarm}`), n: standing.alarms })
        : t(`ui.class.${standing.alarm}`);
  return [alarm, belief].filter((part) => part !== '').join(' · ') || t('ui.section.normal');
}

/** Name, state and marks of something, for screen readers and tooltips. */
export function thingWords(thing: ThingView, standing: Standing, now: number, speech: Speech): string {
  const { t, words } = speech;
  return [
    words(thing.name),
    stateWords(standing, now, speech),
    ...(standing.unacked ? [t('ui.plans.unacked')] : []),
    ...(standing.proved ? [] : [t('ui.badge.unproved')]),
    ...(thing.place === undefined ? [] : [thing.place]),
  ].join(' · ');
}
