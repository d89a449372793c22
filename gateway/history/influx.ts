// InfluxDB as the history writer needs it: write these lines and say whether they are stored, refused or not taken.
import { HttpError, InfluxDB, type WriteApi } from '@influxdata/influxdb-client';

export interface InfluxTarget {
  /** May carry `?db=NAME` (InfluxDB 1.x) and user:password@ (1.x with authentication). */
  readonly url: string;
  readonly token?: string | undefined;
  readonly org?: string | undefined;
  /** Bucket of 2.x and later; the database of 1.x when no token is given. */
  readonly bucket?: string | undefined;
}

/** stored: durable. refused: the server will never take one of these lines. Otherwise: try again later. */
export type WriteResult = { stored: true } | { refused: string } | { later: string };

export const DEFAULT_DATABASE = 'fengsui';

/** Codes with which the server says that a line, not the moment, is wrong (or, 413, that there are too many). */
const REFUSALS = new Set([400, 413, 422]);

export class InfluxWriter {
  readonly #api: WriteApi;
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  /** Database of InfluxDB 1.x, which is made when it is missing. */
  readonly #database: string | undefined;

  /** @param limits `lines`: most lines of one write */
  constructor(target: InfluxTarget, limits: { timeoutMs: number; lines: number }) {
    const url = new URL(target.url);
    const database = url.searchParams.get('db') ?? (target.token ? undefined : (target.bucket ?? DEFAULT_DATABASE));
    const headers: Record<string, string> = {};
    if (url.username) {
      const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      headers.authorization = `Basic ${Buffer.from(login).toString('base64')}`;
    }
    url.username = url.password = url.search = '';
    this.#base = url;
    this.#headers = headers;
    this.#database = database;
    const client = new InfluxDB({
      url: url.href,
      timeout: limits.timeoutMs,
      headers,
      ...(target.token ? { token: target.token } : {}),
    });
    this.#api = client.getWriteApi(target.org ?? '', target.bucket ?? DEFAULT_DATABASE, 'ns', {
      // Batches, retries and their memory are ours: the spool is the buffer.
      batchSize: limits.lines + 1,
      maxBatchBytes: Number.MAX_SAFE_INTEGER,
      flushInterval: 0,
      maxRetries: 0,
      gzipThreshold: Number.MAX_SAFE_INTEGER,
      writeFailed: (error) => Promise.reject(error),
    });
    // InfluxDB 1.x before 1.8 has only this path; its later versions and 2.x answer it too.
    if (database !== undefined) this.#api.path = `/write?db=${encodeURIComponent(database)}&precision=ns`;
  }

  async write(lines: string[]): Promise<WriteResult> {
    try {
      this.#api.writeRecords(lines);
      await this.#api.flush();
      return { stored: true };
    } catch (error) {
      if (!(error instanceof HttpError)) return { later: error instanceof Error ? error.message : String(error) };
      const said = serverWords(error);
      if (this.#database !== undefined && /database not found/i.test(said)) return this.#createDatabase();
      if (REFUSALS.has(error.statusCode)) return { refused: said };
      return { later: `${error.statusCode} ${said}` };
    }
  }

  async #createDatabase(): Promise<WriteResult> {
    const name = (this.#database ?? '').replace(/["\\]/g, '');
    const url = new URL('query', this.#base);
    const body = new URLSearchParams({ q: `CREATE DATABASE "${name}"` });
    try {
      const reply = await fetch(url, { method: 'POST', headers: this.#headers, body });
      await reply.arrayBuffer();
      return { later: reply.ok ? 'the database has just been made' : `${reply.status} for CREATE DATABASE` };
    } catch (error) {
      return { later: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** What the server says is wrong, without the line that it repeats (it may be long). */
function serverWords(error: HttpError): string {
  const json: unknown = error.json;
  if (typeof json === 'object' && json !== null)
    for (const key of ['error', 'message'] as const)
      if (key in json) {
        const said: unknown = Reflect.get(json, key);
        if (typeof said === 'string') return said.slice(0, 300);
      }
  return (error.body ?? error.message).slice(0, 300);
}
