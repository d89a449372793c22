// Chinese text in two bytes a character, as components carry their names (GB 18030, the part that GBK has).

const LEAD = { from: 0x81, to: 0xfe } as const;
const TRAIL = { from: 0x40, to: 0xfe, never: 0x7f } as const;
const UNKNOWN = '?'.charCodeAt(0);
const ASCII = 0x80;

let codes: ReadonlyMap<string, number> | undefined;

/** Made once from the platform's own decoder: it knows every pair, and no encoder comes with the platform. */
function pairs(): ReadonlyMap<string, number> {
  if (codes) return codes;
  const decoder = new TextDecoder('gb18030');
  const found = new Map<string, number>();
  for (let lead: number = LEAD.from; lead <= LEAD.to; lead++)
    for (let trail: number = TRAIL.from; trail <= TRAIL.to; trail++) {
      if (trail === TRAIL.never) continue;
      const text = decoder.decode(Uint8Array.of(lead, trail));
      if (text.length === 1 && text !== '\uFFFD') found.set(text, (lead << 8) | trail);
    }
  codes = found;
  return found;
}

/** `size` bytes: the text as far as whole characters fit, then NUL. A character without a pair becomes a question mark. */
export function textBytes(text: string, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  for (const letter of text) {
    const plain = letter.charCodeAt(0);
    const code = plain < ASCII ? plain : (pairs().get(letter) ?? UNKNOWN);
    const wide = code > 0xff;
    if (at + (wide ? 2 : 1) > size) break;
    if (wide) out[at++] = code >> 8;
    out[at++] = code & 0xff;
  }
  return out;
}
