// Where a text is broken so that it fits a breadth: between any two Han characters, else at spaces; no line begins with
// a closing mark. Pure: breadths come from the caller.

/** Marks that must not begin a line, and that must not end one. */
const NOT_FIRST = /^[，。、；：！？）】》」』’”…％℃,.;:!?)\]}%]$/u;
const NOT_LAST = /^[（【《「『‘“([{]$/u;
/** Letters and digits keep together. */
const WORD = /^[\p{Script=Latin}\p{Nd}_./:@#+-]$/u;

export type BreadthOf = (character: string) => number;

/** True where a line may end between two neighbours. */
const mayBreak = (left: string, right: string): boolean =>
  !NOT_FIRST.test(right) && !NOT_LAST.test(left) && !(WORD.test(left) && WORD.test(right));

interface Line {
  text: string;
  breadth: number;
}

/** Splits one paragraph; a word longer than a whole line is cut. */
function breakParagraph(paragraph: string, breadth: number, of: BreadthOf): string[] {
  const lines: string[] = [];
  let line: Line = { text: '', breadth: 0 };
  /** What follows the last place at which the line may end. */
  let tail: Line = { text: '', breadth: 0 };
  let last = '';
  for (const character of paragraph) {
    if (last !== '' && mayBreak(last, character)) {
      line = { text: line.text + tail.text, breadth: line.breadth + tail.breadth };
      tail = { text: '', breadth: 0 };
    }
    const own = of(character);
    if (line.breadth + tail.breadth + own > breadth && character !== ' ') {
      if (line.text !== '') {
        lines.push(line.text.trimEnd());
        line = { text: '', breadth: 0 };
        const kept = tail.text.trimStart();
        tail = { text: kept, breadth: [...kept].reduce((sum, c) => sum + of(c), 0) };
      }
      if (tail.breadth + own > breadth && tail.text !== '') {
        lines.push(tail.text);
        tail = { text: '', breadth: 0 };
      }
    }
    tail = { text: tail.text + character, breadth: tail.breadth + own };
    last = character;
  }
  lines.push((line.text + tail.text).trimEnd());
  return lines;
}

/**
 * Lines of a text for a breadth, in the unit of `of`.
 * @param max characters; what is longer is cut and ends with "…"
 */
export function breakLines(text: string, breadth: number, of: BreadthOf, max: number): string[] {
  const characters = [...text];
  const cut = characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : text;
  return cut.split(/\r\n|[\r\n\u2028\u2029]/u).flatMap((paragraph) => breakParagraph(paragraph, breadth, of));
}
