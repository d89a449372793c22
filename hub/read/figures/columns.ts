// The facts of one community by columns, in memory: a year of a million alarms is counted in less than a second, exactly
// as its rows would be, which no sums by hour could (the ten most frequent, chattering, percentiles, any edge of a
// period). A copy of alarms.fact that any hub can make anew: it follows by the number of the last change, and is thrown
// away whenever something goes wrong with it.
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { ALARM_CLASSES } from '../../../device-profiles/contract/signal.ts';
import type { Db } from '../../db/tx.ts';
import { factsAfter, type FactBatch } from './facts.ts';

export const COLUMN_LIMITS = {
  /** What one community's copy may use, about 150 bytes an alarm, and its questions. */
  memoryMiB: 1024,
  /** One, so that counting takes no core from what reports and shows alarms. */
  threads: 1,
  /** Facts taken over at once. */
  batchRows: 10_000,
  /** Questions (of all figures of a period at once) that may wait for the one before them. */
  waitingMax: 16,
  /** One statement. */
  questionMsMax: 15_000,
  /** Rows that were replaced by newer ones, beside as many as are valid, before their room is given back. */
  replacedMax: 100_000,
} as const;
export type ColumnLimits = { readonly [K in keyof typeof COLUMN_LIMITS]: number };

const FACT = `id uuid, source bigint, class kind_of_alarm, device integer, kind integer, building integer,
  received bigint, raised bigint, ended bigint, gone bigint, ack bigint, verdict bigint, apart utinyint, judged utinyint,
  link boolean`;

const SCHEMA = [
  `create type kind_of_alarm as enum (${ALARM_CLASSES.map((c) => `'${c}'`).join(', ')})`,
  // Texts that come again and again, by number.
  'create table word (id integer, text varchar)',
  `create table fact (${FACT})`,
  // When a signal came back within its episode.
  'create table recurred (id uuid, moment bigint)',
];

/** Columns of a batch as from_json takes them; instants in µs, lengths in µs (gone) or ms (ack, verdict). */
const BATCH = {
  id: ['VARCHAR'],
  source: ['BIGINT'],
  class: ['VARCHAR'],
  device: ['VARCHAR'],
  kind: ['VARCHAR'],
  building: ['VARCHAR'],
  received: ['BIGINT'],
  raised: ['BIGINT'],
  ended: ['BIGINT'],
  gone: ['BIGINT'],
  ack: ['BIGINT'],
  verdict: ['BIGINT'],
  apart: ['UTINYINT'],
  judged: ['UTINYINT'],
  link: ['BOOLEAN'],
};
const RECURRED = { id: ['VARCHAR'], moment: ['BIGINT'] };
const unnested = (of: object): string =>
  Object.keys(of)
    .map((name) => `unnest(j.${name}) as ${name}`)
    .join(', ');
const parsed = (of: object): string => `(select from_json($1, '${JSON.stringify(of)}') as j)`;

const RECEIVE = `create or replace temp table batch as select ${unnested(BATCH)} from ${parsed(BATCH)}`;
const ADD_WORDS = `insert into word select (select count(*) from word) + row_number() over (), text
  from (select distinct unnest([device, kind, building]) as text from batch)
  where text is not null and text not in (select text from word)`;
const forget = (table: string): string => `delete from ${table} where id in (select id::uuid from batch)`;
const ADD = `insert into fact select b.id::uuid, source, class, d.id, k.id, w.id, received, raised, ended, gone, ack,
    verdict, apart, judged, link
  from batch b join word d on d.text = b.device join word k on k.text = b.kind left join word w on w.text = b.building`;
const ADD_RECURRED = `insert into recurred select id::uuid, moment from (select ${unnested(RECURRED)} from ${parsed(RECURRED)})`;

export type Ask = <Row extends object>(sql: string) => Promise<Row[]>;

export class Columns {
  readonly #community: string;
  readonly #limits: ColumnLimits;
  #connection: DuckDBConnection | undefined;
  #instance: DuckDBInstance | undefined;
  /** Change up to which facts were taken over. */
  #seq = '-1';
  #rows = 0;
  #replaced = 0;
  #waiting = 0;
  #closing = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(community: string, limits: ColumnLimits = COLUMN_LIMITS) {
    this.#community = community;
    this.#limits = limits;
  }

  /** Whether so many wait already that one more should come back later. */
  get isCrowded(): boolean {
    return this.#waiting > this.#limits.waitingMax;
  }

  /** Takes over what has changed, then lets `work` ask; whoever comes meanwhile waits. @throws what `work` throws */
  async asking<T>(db: Db, work: (ask: Ask) => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const mine = this.#last.then(async () => {
      await this.#follow(db);
      return work((sql) => this.#ask(sql));
    });
    this.#last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Gives its memory back. Whoever is being counted for is refused: a hub that ends waits for no count. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#connection?.interrupt();
    await this.#last;
    this.#drop();
  }

  #drop(): void {
    this.#connection?.closeSync();
    this.#instance?.closeSync();
    this.#connection = undefined;
    this.#instance = undefined;
    this.#seq = '-1';
    this.#rows = 0;
    this.#replaced = 0;
  }

  async #open(): Promise<DuckDBConnection> {
    if (this.#connection) return this.#connection;
    this.#instance = await DuckDBInstance.create(':memory:', {
      threads: String(this.#limits.threads),
      memory_limit: `${this.#limits.memoryMiB}MiB`,
      temp_directory: '',
    });
    this.#connection = await this.#instance.connect();
    for (const statement of SCHEMA) await this.#connection.run(statement);
    return this.#connection;
  }

  async #follow(db: Db): Promise<void> {
    try {
      const connection = await this.#open();
      for (;;) {
        if (this.#closing) throw new Error('figures are being closed');
        const batch = await db.read((tx) => factsAfter(tx, this.#community, this.#seq, this.#limits.batchRows));
        if (!batch) break;
        await this.#take(connection, batch);
        if (batch.count < this.#limits.batchRows) break;
      }
      if (this.#replaced > this.#rows + this.#limits.replacedMax) await this.#compact(connection);
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** A failure in the middle drops the whole copy: it needs no transaction. */
  async #take(connection: DuckDBConnection, batch: FactBatch): Promise<void> {
    await connection.run(RECEIVE, [batch.facts]);
    await connection.run(ADD_WORDS);
    if (this.#rows > 0) {
      const { rowsChanged } = await connection.run(forget('fact'));
      await connection.run(forget('recurred'));
      this.#replaced += rowsChanged;
      this.#rows -= rowsChanged;
    }
    this.#rows += (await connection.run(ADD)).rowsChanged;
    if (batch.recurred !== null) await connection.run(ADD_RECURRED, [batch.recurred]);
    this.#seq = batch.to;
  }

  async #compact(connection: DuckDBConnection): Promise<void> {
    for (const table of ['fact', 'recurred']) {
      await connection.run(`create table ${table}_anew as select * from ${table}`);
      await connection.run(`drop table ${table}`);
      await connection.run(`alter table ${table}_anew rename to ${table}`);
    }
    this.#replaced = 0;
  }

  async #ask<Row extends object>(sql: string): Promise<Row[]> {
    const connection = await this.#open();
    const late = setTimeout(() => connection.interrupt(), this.#limits.questionMsMax);
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJS() as Row[];
    } finally {
      clearTimeout(late);
    }
  }
}
