// What is to be printed, as data: a head and blocks in order. Writers know nothing of what it is about.
import type { Language } from '../http/language.ts';

export interface PrintHead {
  readonly title: string;
  /** Name of the community. */
  readonly community: string;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  /** The same as people at the site read it. */
  readonly madeAtLocal: string;
  readonly madeBy: string;
  readonly language: Language;
  readonly landscape?: boolean;
  /** Under the title of the first page: what was searched for, a number, a period. */
  readonly subtitle?: readonly string[];
}

export interface Column {
  readonly title: string;
  /** Share of the page's breadth, relative to the other columns. */
  readonly share: number;
}

export interface Series {
  readonly name: string;
  readonly unit: string;
  /** In order of time: ms wall, value. */
  readonly points: readonly (readonly [number, number])[];
}

export type Block =
  /** `contents`: it is listed on the page of contents. */
  | { readonly block: 'heading'; readonly text: string; readonly level: 1 | 2; readonly contents?: boolean }
  | { readonly block: 'text'; readonly text: string; readonly quiet?: boolean }
  | { readonly block: 'facts'; readonly facts: readonly (readonly [string, string])[] }
  /** Rows follow until another block comes; the head is repeated on each page. */
  | { readonly block: 'table'; readonly columns: readonly Column[] }
  | { readonly block: 'row'; readonly cells: readonly string[] }
  /** JPEG, PNG, or a drawing (SVG), which takes what breadth and height a page has. */
  | { readonly block: 'picture'; readonly base64: string; readonly caption: string; readonly drawing?: boolean }
  | {
      readonly block: 'chart';
      readonly title: string;
      readonly series: Series;
      readonly from: number;
      readonly to: number;
      readonly fromText: string;
      readonly toText: string;
      readonly marks: readonly { readonly at: number; readonly text: string }[];
    }
  /** Lines to sign on. */
  | { readonly block: 'signatures'; readonly labels: readonly string[] }
  | { readonly block: 'page' }
  /** A file that travels inside the PDF, in pieces (base64); the last one says so. */
  | {
      readonly block: 'attachment';
      readonly name: string;
      readonly type: string;
      readonly base64: string;
      readonly last: boolean;
    }
  /** Where the list of headings goes: all that will follow with `contents`, in order. */
  | { readonly block: 'contents'; readonly title: string; readonly headings: readonly string[] };

export interface PrintDocument {
  readonly head: PrintHead;
  readonly blocks: Iterable<Block> | AsyncIterable<Block>;
}

/** What the process that draws is told, a line of JSON each. */
export type PrintLine =
  | { readonly line: 'head'; readonly head: PrintHead }
  | { readonly line: 'block'; readonly block: Block }
  | { readonly line: 'end'; readonly sha256: string };
