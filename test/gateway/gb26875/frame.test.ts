// GB/T 26875.3 framing against frames that others published: whole, split, glued, damaged, and with noise around them.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  COMMANDS,
  FRAME_BYTES_MAX,
  Gb26875Framer,
  answerTo,
  encodeFrame,
  type Frame,
  type FrameHead,
  type FrameRefusal,
} from '../../../gateway/gb26875/frame.ts';
import { BAD_SUM, BEIJING, VECTORS, type VectorName } from './vectors.ts';

interface Heard {
  readonly frames: Frame[];
  readonly refused: { readonly reason: FrameRefusal; readonly bytes: Buffer; readonly head: FrameHead | undefined }[];
}

function hear(): Heard & { readonly sink: Parameters<Gb26875Framer['receive']>[1] } {
  const heard: Heard = { frames: [], refused: [] };
  const sink = {
    frame: (frame: Frame) => void heard.frames.push(frame),
    refused: (reason: FrameRefusal, bytes: Buffer, head: FrameHead | undefined) =>
      void heard.refused.push({ reason, bytes, head }),
  };
  return { ...heard, sink };
}

const framesIn = (...chunks: readonly Buffer[]): Heard => {
  const framer = new Gb26875Framer(BEIJING);
  const { sink, ...heard } = hear();
  for (const chunk of chunks) framer.receive(chunk, sink);
  return heard;
};

const names = Object.keys(VECTORS) as VectorName[];
const tags = ({ frames }: Heard): string[] => frames.map((f) => `${f.command} ${f.serial} ${f.adu.toString('hex')}`);
const all = Buffer.concat(names.map((name) => VECTORS[name]));
const allTags = tags(framesIn(...names.map((name) => VECTORS[name])));

describe('published frames', () => {
  test.each(names)('%s is one frame, and encoding what was read gives its bytes again', (name) => {
    const { frames, refused } = framesIn(VECTORS[name]);
    expect(refused).toEqual([]);
    expect(frames).toHaveLength(1);
    const [frame] = frames;
    const again = frame && encodeFrame({ ...frame, time: frame.time ?? Number.NaN }, BEIJING);
    expect(again?.toString('hex')).toBe(VECTORS[name].toString('hex'));
  });

  test('a fire of a smoke detector says its source, destination and moment in Beijing time', () => {
    const [frame] = framesIn(VECTORS.smokeFire).frames;
    expect(frame).toMatchObject({ serial: 1, version: 1, userVersion: 1, command: COMMANDS.send });
    expect(frame).toMatchObject({ source: 889, destination: 88_888 });
    expect(new Date(frame?.time ?? 0).toISOString()).toBe('2012-09-26T01:58:32.000Z');
  });

  test('confirm and deny of that fire are the bytes that were published for it', () => {
    const [fire] = framesIn(VECTORS.smokeFire).frames;
    const at = Date.parse('2012-09-26T01:58:35.000Z');
    const answer = (what: 'confirm' | 'deny'): string | undefined =>
      fire && encodeFrame(answerTo(fire, what, at), BEIJING).toString('hex');
    expect(answer('confirm')).toBe(VECTORS.confirm.toString('hex'));
    expect(answer('deny')?.slice(-6)).toBe('ae2323');
  });

  test('one with a wrong sum is refused, with the head that a denial needs', () => {
    const { frames, refused } = framesIn(BAD_SUM);
    expect(frames).toEqual([]);
    expect(refused.map((r) => r.reason)).toEqual(['checksum']);
    expect(refused[0]?.head).toMatchObject({ serial: 0x9006, command: COMMANDS.confirm });
  });
});

describe('a stream', () => {
  test('cut at any places gives the same frames', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 40 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), all.length];
        const chunks = places.slice(1).map((to, index) => all.subarray(places[index], to));
        const heard = framesIn(...chunks);
        expect(tags(heard)).toEqual(allTags);
        expect(heard.refused).toEqual([]);
      }),
    );
  });

  test('with noise between frames loses no frame, and all noise is told', () => {
    const noise = fc
      .uint8Array({ maxLength: 60 })
      .map((bytes) => Buffer.from(bytes.map((b) => (b === 0x40 ? 0x41 : b))));
    fc.assert(
      fc.property(fc.array(noise, { minLength: names.length, maxLength: names.length }), (noises) => {
        const parts = names.flatMap((name, index) => [noises[index] ?? Buffer.alloc(0), VECTORS[name]]);
        const heard = framesIn(Buffer.concat(parts));
        expect(tags(heard)).toEqual(allTags);
        const told = Buffer.concat(heard.refused.map((r) => r.bytes));
        expect(told.equals(Buffer.concat(noises))).toBe(true);
        expect(heard.refused.every((r) => r.reason === 'noise' && r.head === undefined)).toBe(true);
      }),
    );
  });

  test('in which one frame is damaged anywhere loses that frame at most', () => {
    const damage = fc.record({
      which: fc.nat(names.length - 1),
      at: fc.nat(200),
      to: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(damage, ({ which, at, to }) => {
        const frames = names.map((name) => Buffer.from(VECTORS[name]));
        const hurt = frames[which] ?? Buffer.alloc(1);
        const place = at % hurt.length;
        hurt[place] = (hurt[place] ?? 0) ^ to;
        const framer = new Gb26875Framer(BEIJING);
        const { sink, ...heard } = hear();
        for (const frame of frames) framer.receive(frame, sink);
        framer.expire(sink);
        const others = allTags.filter((_, index) => index !== which);
        expect(tags(heard).filter((tag) => others.includes(tag)).length).toBeGreaterThanOrEqual(others.length);
        expect(framer.waiting).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test('cut off in the middle of a frame goes on with the next whole one at once', () => {
    const half = VECTORS.smokeFire.subarray(0, 40);
    const { frames, refused } = framesIn(half, VECTORS.heartbeat);
    expect(frames.map((f) => f.source)).toEqual([11_111]);
    expect(refused.map((r) => [r.reason, r.bytes.length])).toEqual([['torn', 40]]);
  });

  test('of any bytes never throws, never holds more than a frame, and takes a frame after its time is up', () => {
    const soup = fc.array(
      fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b)),
      { maxLength: 30 },
    );
    const starts = fc.constantFrom(Buffer.from('4040', 'hex'), Buffer.from('40', 'hex'), Buffer.from('2323', 'hex'));
    const mixed = fc.array(
      fc.oneof(
        starts,
        fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(fc.oneof(soup, mixed), (chunks) => {
        const framer = new Gb26875Framer(BEIJING);
        const { sink, ...heard } = hear();
        for (const chunk of chunks) {
          framer.receive(chunk, sink);
          expect(framer.waiting).toBeLessThan(FRAME_BYTES_MAX);
        }
        framer.expire(sink);
        const before = heard.frames.length;
        framer.receive(VECTORS.heartbeat, sink);
        expect(heard.frames.length).toBe(before + 1);
      }),
    );
  });

  test('that says a length beyond the standard is refused at once', () => {
    const long = Buffer.from(VECTORS.heartbeat);
    long.writeUInt16LE(1_025, 24);
    const { refused } = framesIn(long);
    expect(refused[0]?.reason).toBe('length');
    expect(refused[0]?.head?.source).toBe(11_111);
  });
});
