// Runs in every test file's process before it: what the file started is undone after it.
import { afterAll } from 'vitest';
import { cleanUp } from './cleanup.ts';

afterAll(cleanUp, 60_000);
