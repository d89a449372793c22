// The audible side of the desk: unlocked by a click, loops that go on by themselves, a state that is told, not assumed.
import { renderTone, TONES, type ToneName } from './tones.ts';

/** What may sound at once: the worst alarm, the screen itself, a roll call. */
type Channel = 'alarm' | 'frozen' | 'call';

/** `none`: nobody has started the sound in this page yet. */
export type AudioState = 'none' | 'suspended' | 'running';

export class Sound {
  #state = $state<AudioState>('none');
  #context: AudioContext | null = null;
  readonly #buffers = new Map<ToneName, AudioBuffer>();
  readonly #loops = new Map<Channel, { name: ToneName; source: AudioBufferSourceNode | null }>();
  /** Called whenever the state changes. */
  changed: () => void = () => undefined;

  get state(): AudioState {
    return this.#state;
  }

  /**
   * Opens the audio device and plays a short test. Browsers allow that only in answer to a click or key press (a kiosk
   * may be started with --autoplay-policy=no-user-gesture-required).
   */
  async start(): Promise<void> {
    const context = this.#open();
    // Without a gesture `resume` never settles, so nothing may wait for it alone.
    await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 500))]);
    this.#look();
    if (this.#state === 'running') this.#once('test');
    this.#restart();
  }

  /** Opens the device without a click: it runs where the browser's policy allows that, else it waits suspended. */
  tryStart(): void {
    this.#open();
    this.#look();
  }

  test(): void {
    if (this.#state === 'running') this.#once('test');
  }

  /** Loops a tone on a channel; null ends it. The same tone again changes nothing. */
  loop(channel: Channel, name: ToneName | null): void {
    const now = this.#loops.get(channel);
    if ((now?.name ?? null) === name) return;
    now?.source?.stop();
    if (name === null) this.#loops.delete(channel);
    else this.#loops.set(channel, { name, source: this.#source(name, true) });
  }

  /** What is looping on a channel, for the lamp. */
  playing(channel: Channel): ToneName | null {
    return this.#loops.get(channel)?.name ?? null;
  }

  #open(): AudioContext {
    if (this.#context) return this.#context;
    const context = new AudioContext({ latencyHint: 'playback' });
    context.addEventListener('statechange', () => {
      this.#look();
      if (this.#state === 'running') this.#restart();
    });
    this.#context = context;
    return context;
  }

  #look(): void {
    const { state } = this.#context ?? { state: 'closed' };
    const next: AudioState = state === 'running' ? 'running' : state === 'closed' ? 'none' : 'suspended';
    if (next === this.#state) return;
    this.#state = next;
    this.changed();
  }

  /** Loops asked for before the device was open begin now. */
  #restart(): void {
    for (const loop of this.#loops.values()) loop.source ??= this.#source(loop.name, true);
  }

  #once(name: ToneName): void {
    this.#source(name, false);
  }

  #source(name: ToneName, loop: boolean): AudioBufferSourceNode | null {
    const context = this.#context;
    if (!context || context.state !== 'running') return null;
    let buffer = this.#buffers.get(name);
    if (!buffer) {
      const samples = renderTone(TONES[name], context.sampleRate);
      buffer = context.createBuffer(1, samples.length, context.sampleRate);
      buffer.copyToChannel(samples, 0);
      this.#buffers.set(name, buffer);
    }
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.loop = loop;
    source.connect(context.destination);
    source.start();
    return source;
  }
}
