// Db and Tx: what a transaction keeps and loses, that the pools don't wait for each other, and what is heard.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { DB_LIMITS } from '../../../hub/config.ts';
import { openPools, type Pools } from '../../../hub/db/pool.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { freshDatabase, silentLog } from '../../helpers/database.ts';
import { until } from '../../helpers/wait.ts';

let db: Pools;

beforeAll(async () => {
  ({ db } = await freshDatabase());
  await db.transaction(async (tx) => {
    await tx.run('CREATE TABLE public.thing (id int PRIMARY KEY, day date, big bigint, at timestamptz, doc jsonb)');
    await tx.run('GRANT SELECT ON public.thing TO fengsui_read');
    await tx.run(`CREATE TABLE public.hidden (id int)`);
  });
});

describe('a transaction', () => {
  test('commits when the work resolves and rolls back when it throws', async () => {
    await db.transaction((tx) => tx.run('INSERT INTO thing (id) VALUES ($1)', [1]));
    const failing = db.transaction(async (tx) => {
      await tx.run('INSERT INTO thing (id) VALUES ($1)', [2]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await db.transaction((tx) => tx.query('SELECT id FROM thing WHERE id IN (1, 2)'))).toEqual([{ id: 1 }]);
  });

  test('one and maybe insist on their number of rows', async () => {
    const many = 'SELECT * FROM generate_series(1, 2)';
    await expect(db.read((tx) => tx.one(many))).rejects.toThrow(
      'expected one row, got 2: SELECT * FROM generate_series',
    );
    await expect(db.read((tx) => tx.one('SELECT 1 WHERE false'))).rejects.toThrow('expected one row, got 0');
    await expect(db.read((tx) => tx.maybe(many))).rejects.toThrow('expected at most one row, got 2');
    expect(await db.read((tx) => tx.maybe('SELECT 1 WHERE false'))).toBeUndefined();
  });

  test('run counts the rows it touched', async () => {
    const touched = await db.transaction((tx) =>
      tx.run('INSERT INTO thing (id) SELECT n FROM generate_series($1::int, $2::int) n', [100, 109]),
    );
    expect(touched).toBe(10);
  });

  test('bigint comes back as text, a date as its day, a time as Date, jsonb parsed', async () => {
    const row = await db.transaction(async (tx) => {
      await tx.run('INSERT INTO thing VALUES ($1, $2, $3, $4, $5)', [
        3,
        '2026-03-01',
        '9007199254740993',
        new Date(1_700_000_000_123),
        JSON.stringify({ a: [1] }),
      ]);
      return tx.one('SELECT * FROM thing WHERE id = 3');
    });
    expect(row).toEqual({
      id: 3,
      day: '2026-03-01',
      big: '9007199254740993',
      at: new Date(1_700_000_000_123),
      doc: { a: [1] },
    });
  });
});

describe('the read pool', () => {
  test('cannot write, whatever it says', async () => {
    await expect(db.read((tx) => tx.run('INSERT INTO thing (id) VALUES (9)'))).rejects.toThrow('read-only');
    const talkedInto = db.read(async (tx) => {
      await tx.run('COMMIT');
      await tx.run('SET default_transaction_read_only = off');
      await tx.run('INSERT INTO thing (id) VALUES (9)');
    });
    await expect(talkedInto).rejects.toThrow('permission denied');
  });

  test('sees nothing that was not granted', async () => {
    await expect(db.read((tx) => tx.query('SELECT * FROM hidden'))).rejects.toThrow('permission denied');
  });
});

test('ingest does not wait behind a busy main pool', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const busy = Array.from({ length: DB_LIMITS.mainConnectionsMax + 3 }, () =>
    db.transaction(async (tx) => {
      await tx.query('SELECT 1');
      await held;
    }),
  );
  await until(() => db.stats().main.waiting === 3, { what: 'the main pool is full' });
  expect(await db.ingest((tx) => tx.one('SELECT 1 AS one'))).toEqual({ one: 1 });
  release();
  await Promise.all(busy);
});

describe('listening', () => {
  test('hears what was committed, not what was rolled back', async () => {
    const heard: string[] = [];
    const stop = await db.listen('news', (payload) => heard.push(payload));
    const say = (text: string) => db.transaction((tx) => tx.query('SELECT pg_notify($1, $2)', ['news', text]));
    await expect(
      db.transaction(async (tx) => {
        await tx.query('SELECT pg_notify($1, $2)', ['news', 'lost']);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await say('one');
    await say('two');
    await until(() => heard.length >= 2, { what: 'two messages' });
    expect(heard).toEqual(['one', 'two']);
    await stop();
    await say('three');
    const later: string[] = [];
    const stopLater = await db.listen('later', (payload) => later.push(payload));
    await db.transaction((tx) => tx.query(`SELECT pg_notify('later', 'x')`));
    await until(() => later.length === 1, { what: 'the later message' });
    expect(heard).toEqual(['one', 'two']);
    await stopLater();
  });

  test('comes back after its connection broke and tells everyone to look again', async () => {
    const heard: string[] = [];
    const stop = await db.listen('wake', (payload) => heard.push(payload));
    await db.transaction((tx) =>
      tx.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'fengsui-listen' AND datname = current_database()`,
      ),
    );
    await until(() => heard.includes(''), { what: 'the call to look again' });
    await db.transaction((tx) => tx.query(`SELECT pg_notify('wake', 'up')`));
    await until(() => heard.includes('up'), { what: 'a message after the break' });
    expect(heard).toContain('up');
    await stop();
  });

  test('tries one connection after the other while the server refuses them', async () => {
    // A client knows where it would connect, from a URL or from single settings.
    const { host, port: serverPort, user, password, database } = new Client((await freshDatabase()).connection);
    let refuse = false;
    const tries: number[] = [];
    const passing = new Set<Socket>();
    const door = createServer((socket) => {
      socket.on('error', () => undefined);
      if (refuse) {
        tries.push(performance.now());
        return void socket.destroy();
      }
      // A server on a unix socket has its directory for a host.
      const way = host.startsWith('/')
        ? connect({ path: `${host}/.s.PGSQL.${serverPort}` })
        : connect({ host, port: serverPort });
      way.on('error', () => socket.destroy());
      passing.add(socket);
      socket.pipe(way).pipe(socket);
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    onCleanup(() => void door.close());
    const address = door.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const through = openPools({
      connection: { user, database, host: '127.0.0.1', port, ...(password === undefined ? {} : { password }) },
      log: silentLog,
      readRole: false,
    });
    onCleanup(() => through.close());
    const heard: string[] = [];
    await through.listen('wake', (payload) => heard.push(payload));
    refuse = true;
    for (const socket of passing) socket.destroy();
    await until(() => tries.length >= 4, { what: 'four refused tries' });
    const pauses = tries.slice(1).map((at, k) => at - (tries[k] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThan(DB_LIMITS.relistenMs / 2);
    refuse = false;
    await until(() => heard.includes(''), { what: 'the call to look again' });
    await through.transaction((tx) => tx.query(`SELECT pg_notify('wake', 'up')`));
    await until(() => heard.includes('up'), { what: 'a message after the outage' });
    expect(heard).toEqual(['', 'up']);
  });
});

test('a broken connection fails its transaction and is replaced', async () => {
  const broken = db.transaction((tx) => tx.query('SELECT pg_terminate_backend(pg_backend_pid())'));
  await expect(broken).rejects.toThrow(/terminat/);
  expect(await db.transaction((tx) => tx.one('SELECT 1 AS one'))).toEqual({ one: 1 });
});

test('a server that goes down in the packet in which it says that it is ready fails the transaction, not the process', async () => {
  const message = (type: string, body: string): Buffer => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(4 + Buffer.byteLength(body), 1);
    return Buffer.concat([head, Buffer.from(body)]);
  };
  const dying = Buffer.concat([
    message('R', '\0\0\0\0'),
    message('Z', 'I'),
    message('E', 'SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0'),
  ]);
  const door = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(dying));
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  onCleanup(() => void door.close());
  const { port } = door.address() as AddressInfo;
  const pools = openPools({ connection: { host: '127.0.0.1', port, user: 'u' }, log: silentLog, readRole: false });
  onCleanup(() => pools.close());
  // An error that nobody hears would be reported by the test runner as one outside of tests.
  await expect(pools.transaction((tx) => tx.query('SELECT 1'))).rejects.toThrow(/connection|terminat/i);
  expect(pools.stats().main).toEqual({ total: 0, idle: 0, waiting: 0 });
});
