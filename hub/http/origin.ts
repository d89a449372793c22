// Which web pages may speak to us with a user's cookie: our own and the configured ones. Tools send no Origin.

export interface OriginCheck {
  /** Origins from the settings, e.g. `https://hub.example`. */
  readonly trusted: readonly string[];
}

interface Headers {
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/**
 * Whether a request that changes something, or opens the live channel, may come from where it says it comes from.
 * @param own the address the caller used, e.g. `http://127.0.0.1:8080`
 */
export function originAllowed(headers: Headers, own: string, { trusted }: OriginCheck): boolean {
  const { origin } = headers;
  // A browser that hides the origin of a cross-site request still tells that it is one.
  if (origin === undefined) return headers['sec-fetch-site'] !== 'cross-site';
  return origin === own || trusted.includes(origin);
}
