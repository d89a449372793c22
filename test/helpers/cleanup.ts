// What a test started is ended: one list of undo steps a process, run newest first after each test file.
type Undo = () => void | Promise<void>;

const undos: Undo[] = [];
const lastResorts = new Set<() => void>();

/** Registers a step that runs after the test file (or when a script calls `cleanUp`). Steps run newest first. */
export function onCleanup(undo: Undo): void {
  undos.push(undo);
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
let watching = false;

/** A signal ends a process without its `exit` event, unless somebody listens. */
function watchTheEnd(): void {
  watching = true;
  process.once('exit', () => {
    // Newest first, as in `cleanUp`: a directory can only be removed after the processes that write into it have ended.
    for (const step of [...lastResorts].toReversed()) {
      try {
        step();
      } catch (error) {
        console.error('a last step of the tests failed:', error);
      }
    }
  });
  for (const [signal, number] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(128 + number));
}

/** Registers a synchronous step for the case that the process ends without `cleanUp`. Returns how to withdraw it. */
export function onExit(step: () => void): () => void {
  if (!watching) watchTheEnd();
  lastResorts.add(step);
  return () => lastResorts.delete(step);
}

/** Runs every registered step, newest first; a failing one doesn't keep the others from running. @throws AggregateError */
export async function cleanUp(): Promise<void> {
  const failures: unknown[] = [];
  for (let undo = undos.pop(); undo; undo = undos.pop()) {
    try {
      await undo();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'cleaning up after the tests failed');
}
