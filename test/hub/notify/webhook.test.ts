import { describe, expect, test } from 'vitest';
import { HOOK_TARGETS } from '../../../hub/notify/norms.ts';
import { callHook, isPrivateAddress, targetRefused } from '../../../hub/notify/webhook.ts';

const strict = HOOK_TARGETS.value;

describe('a hook may lead', () => {
  const rows: [string, string | undefined][] = [
    ['https://hooks.example.com/x', undefined],
    ['https://93.184.216.34/x', undefined],
    ['http://hooks.example.com/x', 'scheme http'],
    ['ftp://hooks.example.com/x', 'scheme ftp'],
    ['file:///etc/passwd', 'scheme file'],
    ['javascript:alert(1)', 'scheme javascript'],
    ['https://user:secret@hooks.example.com/', 'user and password in the URL'],
    ['https://127.0.0.1/', '127.0.0.1 is a private address'],
    ['https://10.1.2.3/', '10.1.2.3 is a private address'],
    ['https://169.254.169.254/latest/meta-data/', '169.254.169.254 is a private address'],
    ['https://192.168.1.1/', '192.168.1.1 is a private address'],
    ['https://[::1]/', '::1 is a private address'],
    ['https://[fd00::1]/', 'fd00::1 is a private address'],
    ['https://[::ffff:127.0.0.1]/', '::ffff:7f00:1 is a private address'],
    ['https://0x7f000001/', '127.0.0.1 is a private address'],
    ['https://2130706433/', '127.0.0.1 is a private address'],
    ['nonsense', 'not a URL'],
  ];
  test.each(rows)('%s → %s', (url, why) => expect(targetRefused(url, strict)).toBe(why));

  test('to a private address or by plain HTTP only where the site names the host', () => {
    const named = { schemes: ['https'], hosts: ['10.1.2.3:8080'] } as const;
    const targets = { schemes: [...named.schemes], hosts: [...named.hosts] };
    expect(targetRefused('http://10.1.2.3:8080/x', targets)).toBeUndefined();
    expect(targetRefused('http://10.1.2.3:9090/x', targets)).toBe('scheme http');
    expect(targetRefused('ftp://10.1.2.3:8080/x', targets)).toBe('scheme ftp');
  });
});

test.each(['0.0.0.0', '100.64.0.1', '172.16.0.1', '172.31.255.255', '198.18.0.1', '224.0.0.1', '::', 'fe80::1', 'x'])(
  '%s counts as private',
  (address) => expect(isPrivateAddress(address)).toBe(true),
);
test.each(['8.8.8.8', '172.32.0.1', '2400:3200::1'])('%s counts as public', (address) =>
  expect(isPrivateAddress(address)).toBe(false),
);

test('a name that resolves to a private address is refused at the connection', async () => {
  const call = { url: 'https://localhost:1/', secret: 's', body: '{}', id: '1', now: 0, targets: strict };
  await expect(callHook(call)).rejects.toThrow('localhost leads to a private address');
});
