// What a gateway declared at its last birth, for what is asked of the past: it may not have been heard since this hub began.
import { decodeBirth, type Birth } from '../../device-profiles/contract/wire.ts';
import type { Tx } from '../db/tx.ts';
import { currentBirth } from './store.ts';

/** Devices and models of a gateway's last birth; undefined while nothing of it was ever taken. */
export async function lastDeclared(
  tx: Tx,
  gateway: string,
  community: string,
): Promise<Pick<Birth, 'devices' | 'models'> | undefined> {
  const found = await currentBirth(tx, gateway, community);
  return found && decodeBirth(found.content);
}
