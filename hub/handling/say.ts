// An entry of a fire in words, for screen and paper: what was chosen, who was meant, what was noted. Pure.
import { screenText, type Words } from '../messages/text.ts';
import type { FireEntry } from './contract.ts';

/** Fields of an entry whose values are words of the catalogue, with where those stand. */
const CHOSEN: Readonly<Record<string, string>> = {
  means: 'means',
  finding: 'answer',
  verdict: 'verdict',
  result: 'linkage',
  clock: 'step',
  via: 'via',
  sight: 'sight',
};
const PLAIN = [
  'whom',
  'address',
  'seat',
  'material',
  'size',
  'trapped',
  'gate',
  'lane',
  'place',
  'callerName',
  'callerNumber',
  'note',
];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sayIn({ kind, body }: Pick<FireEntry, 'kind' | 'body'>, language: 'zh' | 'en'): string {
  // A word that the catalogue does not have is shown as it was written.
  const named = (key: string, value: string): string => {
    const said = screenText(key, language);
    return said === key ? value : said;
  };
  const said: string[] = [];
  for (const [field, at] of Object.entries(CHOSEN)) {
    const value = body[field];
    if (typeof value !== 'string') continue;
    const shelf =
      kind === 'told' && field === 'means' ? 'report' : kind === 'closed' && field === 'result' ? 'verdict' : at;
    said.push(named(shelf === 'verdict' ? `ui.verdict.${value}` : `ui.fire.${shelf}.${value}`, value));
  }
  if (isRecord(body['plan']) && typeof body['plan']['title'] === 'string') said.push(body['plan']['title']);
  if (kind === 'plan' && body['plan'] === null) said.push(named('ui.fire.plan.none', ''));
  if (body['late'] === true) said.push(named('ui.fire.evacuation.late', ''));
  for (const field of PLAIN) {
    const value = body[field];
    if (typeof value === 'string' && value !== '') said.push(value);
  }
  if (isRecord(body['reasons']))
    for (const [step, reason] of Object.entries(body['reasons']))
      said.push(`${named(`ui.fire.step.${step}`, step)}：${String(reason)}`);
  return said.join(' · ');
}

export const sayEntry = (entry: Pick<FireEntry, 'kind' | 'body'>): Words => ({
  zh: sayIn(entry, 'zh'),
  en: sayIn(entry, 'en'),
});
