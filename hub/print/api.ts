// What domains may ask of printing.
export type { Block, Column, PrintDocument, PrintHead, Series } from './document.ts';
export { makePrinter, type Made, type Printer } from './printer.ts';
export { printHead, sendPdf } from './answer.ts';
export { localTime } from './times.ts';
