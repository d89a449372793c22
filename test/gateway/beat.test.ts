// A beat says which lanes the gateway's disk refuses, and nothing of it while all is kept.
import { expect, test } from 'vitest';
import { decodeBeat, encodeBeat, WIRE_VERSION, type Beat } from '../../device-profiles/contract/wire.ts';
import { cbor } from '../../device-profiles/contract/cbor.ts';
import { spoolBeat } from '../../gateway/beat.ts';
import { realDisk, type Disk } from '../../gateway/spool/files.ts';
import type { Spool } from '../../gateway/spool.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { open, put, sample } from './spool/rig.ts';

const beatOf = (spool: Spool): Beat => ({
  v: WIRE_VERSION,
  epoch: spool.epoch,
  at: Date.now(),
  birth: 'ab'.repeat(16),
  head: { ...spool.head() },
  devices: { online: 1, offline: 0 },
  links: {},
  ...spoolBeat(spool.stats()),
});
const onTheWire = (spool: Spool): Beat => decodeBeat(encodeBeat(beatOf(spool)));

test('a disk that refuses safety is told with its refusal until it takes again', async () => {
  let refusing = false;
  const disk: Disk = {
    ...realDisk,
    create: async (path) => {
      const file = await realDisk.create(path);
      const refuse = (): Promise<void> => Promise.reject(Object.assign(new Error('refused'), { code: 'EIO' }));
      return { ...file, datasync: () => (refusing ? refuse() : file.datasync()) };
    },
  };
  const spool = await open(tempDir('beat'), { disk });
  await put(spool, 'safety', 1);
  expect(onTheWire(spool)).not.toHaveProperty('failing');
  refusing = true;
  const { done } = spool.append('safety', [sample(spool, 2)]);
  await until(() => spool.stats().failing.safety, { what: 'the disk refuses' });
  expect(onTheWire(spool).failing).toEqual({ safety: 'EIO' });
  refusing = false;
  await done;
  expect(onTheWire(spool)).not.toHaveProperty('failing');
  await spool.close();
});

test('a hub reads the beat of a newer gateway that says more', async () => {
  const spool = await open(tempDir('beat'));
  expect(decodeBeat(cbor.encode({ ...beatOf(spool), later: 1 }))).toMatchObject({ epoch: spool.epoch });
  await spool.close();
});
