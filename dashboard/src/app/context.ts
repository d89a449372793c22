// What every view can reach: one object, made in main.ts, handed down by context so that tests can hand in another.
import { createContext } from 'svelte';
import type { Api } from '../api/client.ts';
import type { Duty } from '../duty/duty.svelte.ts';
import type { Scene } from '../emergency/scene.svelte.ts';
import type { Live } from '../live/live.svelte.ts';
import type { Language } from './language.svelte.ts';
import type { Modes } from './modes.svelte.ts';
import type { Router } from './router.svelte.ts';
import type { Session } from './session.svelte.ts';
import type { Theme } from './theme.svelte.ts';

export interface App {
  readonly api: Api;
  readonly duty: Duty;
  readonly live: Live;
  readonly language: Language;
  readonly modes: Modes;
  readonly router: Router;
  readonly scene: Scene;
  readonly session: Session;
  readonly theme: Theme;
}

export const [useApp, provideApp] = createContext<App>();
