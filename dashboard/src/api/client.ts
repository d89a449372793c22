// Talks to the hub's REST interface: JSON in and out, problems as ApiError, a deadline on everything.
import { ApiError, problemOf } from './problem.ts';

export const API_LIMITS = {
  readMs: 15_000,
  writeMs: 15_000,
  uploadMs: 60_000,
  /** Pages of a collection that are followed before giving up: 100 × the hub's page. */
  pagesMax: 100,
} as const;

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  /** Open alarms only: the last change that the list surely holds. */
  readonly seq?: number;
}

export interface WriteOptions {
  /** The same key for every try of the same act, so that the hub does it once. */
  readonly key: string;
}

/** 128 random bits, hex. `crypto.randomUUID` is withheld on plain HTTP. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

export class Api {
  readonly #language: () => string;
  #onSignedOut: () => void = () => undefined;

  constructor(language: () => string) {
    this.#language = language;
  }

  /** Called whenever the hub says that the session is over. */
  onSignedOut(listener: () => void): void {
    this.#onSignedOut = listener;
  }

  /** @throws ApiError */
  get<T>(path: string): Promise<T> {
    return this.#send<T>(path, { method: 'GET' }, API_LIMITS.readMs);
  }

  /** All items of a collection, page by page. @throws ApiError */
  async all<T>(path: string): Promise<readonly T[]> {
    return (await this.allWithSeq<T>(path)).items;
  }

  /** The same, with the `seq` of the first page (0 where there is none). @throws ApiError */
  async allWithSeq<T>(path: string): Promise<{ readonly items: readonly T[]; readonly seq: number }> {
    const items: T[] = [];
    let seq = 0;
    let cursor: string | null = null;
    for (let page = 0; page < API_LIMITS.pagesMax; page++) {
      const joint = path.includes('?') ? '&' : '?';
      const from: string = cursor === null ? path : `${path}${joint}cursor=${encodeURIComponent(cursor)}`;
      const answer: Page<T> = await this.get<Page<T>>(from);
      items.push(...answer.items);
      if (page === 0) seq = answer.seq ?? 0;
      cursor = answer.next ?? null;
      if (cursor === null) return { items, seq };
    }
    throw new ApiError({ code: 'too-large', status: 0, title: '', detail: path });
  }

  /** @throws ApiError */
  post<T>(path: string, body: unknown, options: WriteOptions): Promise<T> {
    return this.#write<T>('POST', path, body, options);
  }

  /** @throws ApiError */
  put<T>(path: string, body: unknown, options: WriteOptions): Promise<T> {
    return this.#write<T>('PUT', path, body, options);
  }

  /** @throws ApiError */
  patch<T>(path: string, body: unknown, options: WriteOptions): Promise<T> {
    return this.#write<T>('PATCH', path, body, options);
  }

  #write<T>(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown, options: WriteOptions): Promise<T> {
    return this.#send<T>(
      path,
      {
        method,
        headers: { 'content-type': 'application/json', 'idempotency-key': options.key },
        body: JSON.stringify(body),
      },
      API_LIMITS.writeMs,
    );
  }

  /** @throws ApiError */
  delete<T>(path: string): Promise<T> {
    return this.#send<T>(path, { method: 'DELETE', headers: { 'idempotency-key': newKey() } }, API_LIMITS.writeMs);
  }

  /** Sends a file as multipart form data. @throws ApiError */
  upload<T>(path: string, file: Blob, name: string, options: WriteOptions): Promise<T> {
    const form = new FormData();
    form.append('file', file, name);
    return this.#send<T>(
      path,
      { method: 'POST', headers: { 'idempotency-key': options.key }, body: form },
      API_LIMITS.uploadMs,
    );
  }

  async #send<T>(path: string, init: RequestInit, ms: number): Promise<T> {
    const headers = new Headers(init.headers);
    headers.set('accept', 'application/json');
    headers.set('accept-language', this.#language());
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(path, { ...init, headers, credentials: 'same-origin', signal: AbortSignal.timeout(ms) });
      const text = await response.text();
      body = text === '' ? undefined : parse(text);
    } catch (error) {
      const code = error instanceof DOMException && error.name === 'TimeoutError' ? 'timeout' : 'network';
      throw new ApiError({ code, status: 0, title: '', detail: '' });
    }
    if (response.ok && body !== NOT_JSON) return body as T;
    const problem = problemOf(response.status, body === NOT_JSON ? undefined : body);
    if (problem.code === 'not-signed-in') this.#onSignedOut();
    throw new ApiError(problem);
  }
}

const NOT_JSON = Symbol('not JSON');
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return NOT_JSON;
  }
}
