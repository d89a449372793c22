// One act of a person against the hub: sent once under one key, sent again while no answer came, refused in words.
import { newKey } from './client.ts';
import { asProblem, isUnanswered, type Problem } from './problem.ts';

export const COMMAND_LIMITS = {
  /** Tries by itself before the person is asked. */
  triesMax: 4,
  /** Pause before the second try, ms; doubles each time. */
  pauseMs: 600,
} as const;

export type CommandState = 'idle' | 'sending' | 'unsent' | 'refused' | 'done';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * `run` starts the act; a second `run` while it is under way is ignored (double tap). `retry` sends the very same act
 * again under the same key after no answer came.
 */
export class Command<Input, Output> {
  #state = $state<CommandState>('idle');
  #problem = $state.raw<Problem | null>(null);
  #pending: { readonly key: string; readonly input: Input } | null = null;
  readonly #send: (input: Input, key: string) => Promise<Output>;
  readonly #done: (output: Output, input: Input) => void;

  constructor(send: (input: Input, key: string) => Promise<Output>, done: (output: Output, input: Input) => void) {
    this.#send = send;
    this.#done = done;
  }

  get state(): CommandState {
    return this.#state;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  get busy(): boolean {
    return this.#state === 'sending';
  }

  /** True when the hub did it. */
  async run(input: Input): Promise<boolean> {
    if (this.#state === 'sending') return false;
    this.#pending = { key: newKey(), input };
    return this.#try();
  }

  async retry(): Promise<boolean> {
    if (this.#state === 'sending' || !this.#pending) return false;
    return this.#try();
  }

  /** Forgets a refusal or an act that could not be sent. */
  reset(): void {
    if (this.#state === 'sending') return;
    this.#pending = null;
    this.#problem = null;
    this.#state = 'idle';
  }

  async #try(): Promise<boolean> {
    const pending = this.#pending;
    if (!pending) return false;
    this.#state = 'sending';
    this.#problem = null;
    for (let n = 1; ; n++) {
      try {
        const output = await this.#send(pending.input, pending.key);
        this.#pending = null;
        this.#state = 'done';
        this.#done(output, pending.input);
        return true;
      } catch (error) {
        const problem = asProblem(error);
        if (isUnanswered(problem) && n < COMMAND_LIMITS.triesMax) {
          await pause(COMMAND_LIMITS.pauseMs * 2 ** (n - 1));
          continue;
        }
        this.#problem = problem;
        this.#state = isUnanswered(problem) ? 'unsent' : 'refused';
        if (this.#state === 'refused') this.#pending = null;
        return false;
      }
    }
  }
}
