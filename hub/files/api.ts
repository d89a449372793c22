// What other domains may ask of files: whether the photos that someone names are there.
export { missingFiles } from './store.ts';
