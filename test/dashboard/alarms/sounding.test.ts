// What must be heard: until all is acknowledged, the worst of it, silence short and ended by anything new.
import { describe, expect, test } from 'vitest';
import { countByClass } from '../../../dashboard/src/alarms/book.ts';
import { silence, SOUND_LIMITS, sounding } from '../../../dashboard/src/alarms/sounding.ts';
import { renderTone, TONE_OF_CLASS, TONES } from '../../../dashboard/src/live/tones.ts';
import { CLASS_ORDER } from '../../../dashboard/src/alarms/classes.ts';
import { alarm } from './alarm.ts';

const fire = alarm({ id: 'f', class: 'FIRE' });
const fault = alarm({ id: 'x', class: 'FAULT' });

describe('[S2] sound', () => {
  test('is the worst unacknowledged class', () => {
    expect(sounding(countByClass([fault, fire]), 2, null, 0).play).toBe('FIRE');
    expect(sounding(countByClass([fault, { ...fire, state: 'acked-active' }]), 2, null, 0).play).toBe('FAULT');
  });

  test('lasts until the last acknowledgement, gone or not', () => {
    expect(sounding(countByClass([{ ...fire, state: 'unacked-cleared' }]), 1, null, 0).play).toBe('FIRE');
    expect(sounding(countByClass([{ ...fire, state: 'latched-acked' }]), 1, null, 0).play).toBeNull();
  });

  test('silence holds for 120 s and no longer', () => {
    const silenced = silence(1_000, 1);
    expect(SOUND_LIMITS.silenceMs).toBe(120_000);
    const before = sounding(countByClass([fire]), 1, silenced, 120_999);
    expect([before.play, before.worst, before.silencedMs]).toEqual([null, 'FIRE', 1]);
    expect(sounding(countByClass([fire]), 1, silenced, 121_000).play).toBe('FIRE');
  });

  test('a new alarm during the silence sounds again, even a lesser one', () => {
    const silenced = silence(0, 1);
    expect(sounding(countByClass([fire, fault]), 2, silenced, 10).play).toBe('FIRE');
  });

  test('a clock that goes back never lengthens the silence', () => {
    expect(sounding(countByClass([fire]), 1, silence(500_000, 1), 0).silencedMs).toBe(SOUND_LIMITS.silenceMs);
  });
});

describe('tones', () => {
  test('every class has one, and life safety shares its tone with nothing', () => {
    const names = CLASS_ORDER.map((c) => TONE_OF_CLASS[c]);
    expect(names.filter((name) => name === 'fire')).toHaveLength(1);
    expect(names.filter((name) => name === 'entrapment')).toHaveLength(1);
    expect(names).not.toContain('frozen');
  });

  test.each(Object.keys(TONES) as (keyof typeof TONES)[])(
    '%s renders within bounds, begins and ends silent',
    (name) => {
      const samples = renderTone(TONES[name], 8_000);
      const ms = TONES[name].reduce((sum, stretch) => sum + stretch.ms, 0);
      expect(Math.abs(samples.length - ms * 8)).toBeLessThan(TONES[name].length);
      expect(Math.max(...samples.map(Math.abs))).toBeGreaterThan(0.3);
      expect(Math.max(...samples.map(Math.abs))).toBeLessThanOrEqual(1);
      expect(samples[0]).toBeCloseTo(0, 5);
      expect(samples.at(-1)).toBeCloseTo(0, 5);
    },
  );
});
