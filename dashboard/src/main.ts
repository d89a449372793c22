// Where the dashboard starts: makes the parts, joins them, shows them.
import './kit/tokens.css';
import './kit/base.css';
import { mount } from 'svelte';
import { Api } from './api/client.ts';
import App from './App.svelte';
import type { App as Parts } from './app/context.ts';
import { Language } from './app/language.svelte.ts';
import { Modes } from './app/modes.svelte.ts';
import { Router } from './app/router.svelte.ts';
import { Session } from './app/session.svelte.ts';
import { Theme } from './app/theme.svelte.ts';
import { Duty } from './duty/duty.svelte.ts';
import { Scene } from './emergency/scene.svelte.ts';
import { Live } from './live/live.svelte.ts';

const language = new Language();
const api = new Api(() => language.current);
const parts: Parts = {
  api,
  duty: new Duty(api),
  language,
  live: new Live(api),
  modes: new Modes(api),
  router: new Router(),
  scene: new Scene(api),
  session: new Session(api),
  theme: new Theme(),
};

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element #app');
mount(App, { target, props: { parts } });
