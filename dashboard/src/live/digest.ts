// Digest of the open alarms, to compare with the hub's: see hub/live/digest.ts for what it is. Written a second time on
// purpose: the screen proves itself by its own sum.

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function hash(text: string): number {
  let h = FNV_OFFSET;
  for (let k = 0; k < text.length; k++) h = Math.imul(h ^ text.charCodeAt(k), FNV_PRIME);
  return h >>> 0;
}

const hex = (n: number): string => n.toString(16).padStart(8, '0');

/** 16 hex digits; equal on both sides when the same alarms are open, each at the same change. */
export function openDigest(open: Iterable<{ readonly id: string; readonly seq: number }>): string {
  let [sum, xor] = [0, 0];
  for (const { id, seq } of open) {
    const h = hash(`${id}:${seq}`);
    sum = (sum + h) >>> 0;
    xor = (xor ^ h) >>> 0;
  }
  return hex(sum) + hex(xor);
}
