// Encodes a frame of values once, however many screens it goes to: each packet has its own number for the answer, so
// socket.io's encoder would search the whole frame for binary parts and write it out as JSON anew for every screen.
import { Encoder, PacketType, type Packet } from 'socket.io-parser';

export class FrameEncoder extends Encoder {
  /** Text of frames on their way; a frame that nobody holds any more takes its text with it. */
  readonly #texts = new WeakMap<object, string>();
  encoded = 0;

  override encode(packet: Packet): unknown[] {
    const data: unknown = packet.data;
    if (packet.type !== PacketType.EVENT || packet.nsp !== '/' || packet.id === undefined || !isValues(data))
      return super.encode(packet);
    return [`${PacketType.EVENT}${packet.id}["values",${this.#textOf(data[1])}]`];
  }

  #textOf(frame: readonly unknown[]): string {
    const known = this.#texts.get(frame);
    if (known !== undefined) return known;
    const text = JSON.stringify(frame);
    this.#texts.set(frame, text);
    this.encoded += 1;
    return text;
  }
}

const isValues = (data: unknown): data is ['values', readonly unknown[]] =>
  Array.isArray(data) && data.length === 2 && data[0] === 'values' && Array.isArray(data[1]);
