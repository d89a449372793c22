// An entry of a fire in words: what was chosen, who was meant, what was noted. Pure.
import type { FireEntry } from '../../../hub/handling/contract.ts';

interface Speech {
  /** The catalogue's word for a key, else the value itself. */
  readonly named: (key: string, value: string) => string;
}

/** Fields whose values are words of the catalogue, with where those stand. */
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

export function sayEntry({ kind, body }: Pick<FireEntry, 'kind' | 'body'>, speech: Speech): string {
  const said: string[] = [];
  for (const [field, at] of Object.entries(CHOSEN)) {
    const value = body[field];
    if (typeof value !== 'string') continue;
    const shelf =
      kind === 'told' && field === 'means' ? 'report' : kind === 'closed' && field === 'result' ? 'verdict' : at;
    said.push(speech.named(shelf === 'verdict' ? `ui.verdict.${value}` : `ui.fire.${shelf}.${value}`, value));
  }
  if (isRecord(body['plan']) && typeof body['plan']['title'] === 'string') said.push(body['plan']['title']);
  if (kind === 'plan' && body['plan'] === null) said.push(speech.named('ui.fire.plan.none', ''));
  if (body['late'] === true) said.push(speech.named('ui.fire.evacuation.late', ''));
  for (const field of PLAIN) {
    const value = body[field];
    if (typeof value === 'string' && value !== '') said.push(value);
  }
  if (isRecord(body['reasons']))
    for (const [step, reason] of Object.entries(body['reasons']))
      said.push(`${speech.named(`ui.fire.step.${step}`, step)}：${String(reason)}`);
  return said.join(' · ');
}
