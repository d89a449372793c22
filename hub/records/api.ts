// What other parts may ask of the records.
export { keepRecords, type Blocked, type Round } from './keeping.ts';
export { noteBackup, noteRestored, oldestRunning } from './backup-store.ts';
export { KEEP_RULE } from './norms.ts';
export { countLogs, lastBackup } from './store.ts';
