// Waiting in tests: on real conditions and events, always with a deadline that says what did not happen.
export interface WaitOptions {
  /** Deadline, ms. Generous: it is only ever used up by a failure. Default 10 s. */
  readonly ms?: number;
  /** What is waited for, in words; a function is called at the deadline and can tell the state reached. */
  readonly what: string | (() => string);
  /** Pause between two looks at the condition, ms. Default 5. */
  readonly everyMs?: number;
}

const DEFAULT_MS = 10_000;

function missed(options: WaitOptions, cause?: unknown): Error {
  const what = typeof options.what === 'function' ? options.what() : options.what;
  return new Error(`not within ${options.ms ?? DEFAULT_MS} ms: ${what}`, cause === undefined ? {} : { cause });
}

/**
 * Polls until `condition` gives something truthy and returns that. A throwing condition counts as "not yet"; its last
 * error is the cause of the failure. @throws Error naming `what` at the deadline
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + (options.ms ?? DEFAULT_MS);
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw missed(options, cause);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 5));
  }
}

/** The promise's value, or a failure naming `what` at the deadline. */
export async function within<T>(promise: Promise<T>, options: WaitOptions): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(missed(options)), options.ms ?? DEFAULT_MS);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** What an emitter offers at run time, whatever its typing of events. */
interface Listenable {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** Arguments of the next `event` of the emitter for which `accept` holds. Call it before what causes the event. */
export function nextEvent(
  emitter: { readonly on: unknown; readonly off: unknown },
  event: string,
  options: WaitOptions & { readonly accept?: (...args: unknown[]) => boolean },
): Promise<unknown[]> {
  const source = emitter as Listenable;
  let listener: ((...args: unknown[]) => void) | undefined;
  const heard = new Promise<unknown[]>((resolve) => {
    listener = (...args) => {
      if (options.accept?.(...args) ?? true) resolve(args);
    };
    source.on(event, listener);
  });
  return within(heard, options).finally(() => listener && source.off(event, listener));
}
