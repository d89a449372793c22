// One InfluxQL request over HTTP `/query`, which InfluxDB 1.x, 2.x (by its DBRP mapping) and 3.x all answer.
import { HistoryError } from './api.ts';
import type { HistoryLimits } from './limits.ts';

export interface InfluxOptions {
  /** Base address; user and password in it (1.x) become basic authentication. */
  readonly url: string;
  /** Token of 2.x or 3.x, or `user:password` of 1.8. */
  readonly token?: string;
  /** Bucket; in 1.x the database. */
  readonly bucket: string;
}

/** One table of a reply: `tags` where the question groups by tags. */
export interface InfluxSeries {
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
  /** The server cut the table. */
  readonly partial?: boolean;
}

interface Statement {
  readonly series?: readonly InfluxSeries[];
  readonly error?: string;
}

interface Reply {
  readonly results?: readonly Statement[];
  readonly error?: string;
}

const DETAIL_CHARS_MAX = 200;

export class InfluxHttp {
  readonly #address: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #limits: HistoryLimits;
  #inFlight = 0;
  readonly counters = { queries: 0, queryTimeouts: 0, queriesRefused: 0, queryFailures: 0 };

  constructor(options: InfluxOptions, limits: HistoryLimits) {
    const base = new URL(options.url);
    const basic = base.username ? `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}` : '';
    base.username = '';
    base.password = '';
    this.#address = new URL(`${base.href.replace(/\/+$/, '')}/query`);
    this.#address.searchParams.set('db', options.bucket);
    const authorization = options.token
      ? `Token ${options.token}`
      : basic && `Basic ${Buffer.from(basic).toString('base64')}`;
    this.#headers = authorization ? { authorization } : {};
    this.#limits = limits;
  }

  /**
   * Runs the statements in one request and gives the tables of each. Times come as RFC 3339 text with ns: as numbers
   * they would be past 2⁵³. @throws HistoryError `unavailable`, or `too-much` when the reply is larger than allowed
   */
  async query(statements: readonly string[]): Promise<readonly (readonly InfluxSeries[])[]> {
    if (this.#inFlight >= this.#limits.waitingQueries) {
      this.counters.queriesRefused += 1;
      throw new HistoryError('unavailable', 'too many history queries wait');
    }
    this.#inFlight += 1;
    try {
      this.counters.queries += 1;
      const reply = await this.#post(statements.join(';'));
      return statements.map((_, k) => tables(reply, k));
    } catch (error) {
      this.counters.queryFailures += 1;
      throw error;
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #post(q: string): Promise<Reply> {
    const text = await this.#fetch(q);
    try {
      return JSON.parse(text) as Reply;
    } catch (error) {
      throw new HistoryError('unavailable', 'the history server answered something that is not JSON', { cause: error });
    }
  }

  async #fetch(q: string): Promise<string> {
    try {
      const reply = await fetch(this.#address, {
        method: 'POST',
        headers: { ...this.#headers, accept: 'application/json' },
        body: new URLSearchParams({ q }),
        redirect: 'error',
        signal: AbortSignal.timeout(this.#limits.requestTimeoutMs),
      });
      const text = await boundedText(reply, this.#limits.replyBytes);
      if (reply.ok) return text;
      throw new HistoryError('unavailable', `the history server refused: ${reply.status} ${excerpt(text)}`);
    } catch (error) {
      if (error instanceof HistoryError) throw error;
      const late = error instanceof Error && error.name === 'TimeoutError';
      if (late) this.counters.queryTimeouts += 1;
      const what = late ? `did not answer within ${this.#limits.requestTimeoutMs} ms` : 'cannot be reached';
      throw new HistoryError('unavailable', `the history server ${what}`, { cause: error });
    }
  }
}

const excerpt = (text: string): string => text.trim().slice(0, DETAIL_CHARS_MAX);

async function boundedText(reply: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of reply.body ?? []) {
    size += part.byteLength;
    if (size > maxBytes) throw new HistoryError('too-much', `the history server's reply exceeds ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function tables(reply: Reply, statement: number): readonly InfluxSeries[] {
  const result = reply.results?.[statement];
  const error = reply.error ?? result?.error;
  if (error !== undefined) throw new HistoryError('unavailable', `the history server refused: ${excerpt(error)}`);
  if (!result) throw new HistoryError('unavailable', 'the history server left a question unanswered');
  const series = result.series ?? [];
  if (series.some((table) => table.partial)) throw new HistoryError('too-much', 'the history server cut its reply');
  return series;
}
