// A metronome in a worker: pages in hidden tabs get their timers throttled to once a minute, workers don't.
import { LINK_LIMITS } from './link-state.ts';

setInterval(() => self.postMessage(0), LINK_LIMITS.lookEveryMs);
