// What this instance is, as its database remembers it.
import type { Tx } from './db/tx.ts';

/** `demo`: holds invented people with a shared password, made by the demo and by nothing else. */
export type InstanceKey = 'demo';

export async function instanceValue(tx: Tx, key: InstanceKey): Promise<string | undefined> {
  return (await tx.maybe<{ value: string }>('SELECT value FROM platform.instance WHERE key = $1', [key]))?.value;
}

export async function setInstanceValue(tx: Tx, key: InstanceKey, value: string): Promise<void> {
  await tx.run(
    `INSERT INTO platform.instance (key, value) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [key, value],
  );
}
