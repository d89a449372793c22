// Who is signed in. Losing the session never takes the alarms off the screen: it asks for the password over them.
import type { SessionView } from '../../../hub/staff/contract.ts';
import type { Api } from '../api/client.ts';
import { asProblem, type Problem } from '../api/problem.ts';

export type SessionState = 'asking' | 'out' | 'in' | 'lapsed' | 'unreachable';

export class Session {
  readonly #api: Api;
  #state = $state<SessionState>('asking');
  #user = $state.raw<SessionView | null>(null);
  #problem = $state.raw<Problem | null>(null);

  constructor(api: Api) {
    this.#api = api;
    api.onSignedOut(() => {
      if (this.#state === 'in') this.#state = 'lapsed';
    });
  }

  get state(): SessionState {
    return this.#state;
  }
  /** Still set while the session has lapsed. */
  get user(): SessionView | null {
    return this.#user;
  }
  get problem(): Problem | null {
    return this.#problem;
  }

  /** Finds out whether this browser is signed in. */
  async ask(): Promise<void> {
    try {
      this.#user = await this.#api.get<SessionView>('/api/session');
      this.#state = 'in';
      this.#problem = null;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 401) {
        this.#state = this.#state === 'in' || this.#state === 'lapsed' ? 'lapsed' : 'out';
        this.#problem = null;
      } else if (this.#state !== 'in' && this.#state !== 'lapsed') {
        this.#state = 'unreachable';
        this.#problem = problem;
      }
    }
  }

  /** @throws ApiError */
  async signIn(username: string, password: string, key: string): Promise<SessionView> {
    const user = await this.#api.post<SessionView>('/api/session', { username, password }, { key });
    this.#user = user;
    this.#state = 'in';
    return user;
  }

  /** @throws ApiError when the hub did not answer: then the cookie is still valid, and saying "signed out" would lie. */
  async signOut(): Promise<void> {
    try {
      await this.#api.delete('/api/session');
    } catch (error) {
      if (asProblem(error).status !== 401) throw error;
    }
    this.#user = null;
    this.#state = 'out';
  }
}
