// What other domains may ask of files: whether the photos that someone names are there, what kind they are; and how a
// file is kept that no one uploads (the demo's drawings).
export { examineUpload } from './media.ts';
export { fileType, getFile, missingFiles, putFile } from './store.ts';
