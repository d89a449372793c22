// The fault runs in CI size; `npm run faults` runs them in full.
import { expect, test } from 'vitest';
import { describeWith } from '../helpers/needs.ts';
import { runKills } from './kills.ts';
import { freshSeed } from './random.ts';

const CI_KILLS = 5;
const MINUTES = 60_000;
const log = (line: string): void => console.log(line);
const seed = Number(process.env['FAULTS_SEED'] ?? freshSeed());

test(
  `kill -9 of gateway, hub and bundled PostgreSQL: every signal is there once, every order once (seed ${seed})`,
  async () => {
    const kills = { gateway: CI_KILLS, hub: CI_KILLS, 'bundled-postgres': CI_KILLS };
    expect((await runKills({ seed, kills, log })).wrong).toEqual([]);
  },
  15 * MINUTES,
);

describeWith(['postgresql', 'mosquitto'], 'with servers of their own', () => {
  test(
    `kill -9 of PostgreSQL and of the broker: every signal is there once, every order once (seed ${seed})`,
    async () => {
      const kills = { postgres: CI_KILLS, broker: CI_KILLS };
      expect((await runKills({ seed, kills, log })).wrong).toEqual([]);
    },
    15 * MINUTES,
  );
});
