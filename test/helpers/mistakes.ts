// Tables of mistakes: a sound file, one change, and the line and words of the problem that must come of it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ConfigError, formatProblem } from '../../device-profiles/config-error.ts';

const folder = new URL('../fixtures/mistakes/', import.meta.url);
const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, folder)), 'utf8');

/** `from` in the sound file becomes `to`; the problem stands at the first line that has `at` and says `says`. */
export interface Mistake {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly at: string;
  readonly says: string;
}

export const soundFile = (name: 'profile' | 'site'): string => read(`sound-${name}.yaml`);
export const mistakes = (name: 'profile' | 'site'): Mistake[] => parse(read(`${name}.yaml`)) as Mistake[];

/** @throws Error when the sound file does not have `from`: the test would prove nothing. */
export function spoil(sound: string, from: string, to: string): string {
  if (!sound.includes(from)) throw new Error(`the sound file has no ${from}`);
  return sound.replace(from, () => to);
}

/** 1-based line of the first occurrence of `text`. */
export const lineOf = (whole: string, text: string): number => whole.slice(0, whole.indexOf(text)).split('\n').length;

/** The problems that `read` is refused with, as they are printed; [] when it is not. Other errors pass through. */
export function problemsOf(readIt: () => unknown): string[] {
  try {
    readIt();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}
