// Addresses to views and back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { href, match, ROUTES, type RouteName } from '../../dashboard/src/routes.ts';

describe('routes', () => {
  test.each(Object.entries(ROUTES))('%s is found at %s', (name, path) => {
    expect(match(path.replace(':id', 'x')).name).toBe(name);
  });

  test('a device id with a dot, a slash or Chinese survives the address', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (id) => {
        fc.pre(!/[\uD800-\uDFFF]/.test(id));
        expect(match(href('device', { id }))).toEqual({ name: 'device', params: { id }, query: {} });
      }),
    );
    expect(href('device', { id: 'gw1.pump-1' })).toBe('/devices/gw1.pump-1');
  });

  test('the query comes along, empty values don’t', () => {
    expect(href('devices', {}, { building: 'b1', floor: undefined, q: '' })).toBe('/devices?building=b1');
    expect(match('/devices?building=b1&q=%E6%B3%B5').query).toEqual({ building: 'b1', q: '泵' });
  });

  test.each(['/nothing', '/orders/1/2', '/devices/%E0%A4%A/x'])('%s is no view', (path) => {
    expect(match(path).name).toBe('not-found');
  });

  test('broken percent encoding is shown as it is instead of failing', () => {
    expect(match('/orders/%E0%A4%A').params).toEqual({ id: '%E0%A4%A' });
  });

  test('a trailing slash changes nothing', () => {
    const name: RouteName = 'orders';
    expect(match('/orders/').name).toBe(name);
  });
});
