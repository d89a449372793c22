// How a bus is written on the command line, for one that no site file names yet.
import type { ModbusLink } from '../drivers/modbus.ts';

const EXPECTED = 'tcp://HOST[:502], rtu-tcp://HOST:PORT or serial:/dev/ttyUSB0?baud=9600&parity=none&stopBits=1';
const PARITIES = ['none', 'even', 'odd'] as const;

/** @throws Error saying what was expected */
export function readLink(text: string): ModbusLink {
  const wrong = (why: string): Error => new Error(`link "${text}": ${why}; expected ${EXPECTED}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('not understood');
  }
  const id = 'tool';
  const { hostname: host } = url;
  if (url.protocol === 'tcp:' || url.protocol === 'rtu-tcp:') {
    const port = Number(url.port === '' && url.protocol === 'tcp:' ? 502 : url.port);
    if (host === '' || port < 1) throw wrong('host or port is missing');
    return { id, type: url.protocol === 'tcp:' ? 'modbus-tcp' : 'modbus-rtu-tcp', host, port };
  }
  if (url.protocol !== 'serial:') throw wrong(`unknown kind "${url.protocol.slice(0, -1)}"`);
  const baud = Number(url.searchParams.get('baud') ?? 9_600);
  const parity = PARITIES.find((p) => p === (url.searchParams.get('parity') ?? 'none'));
  const stopBits = ([1, 2] as const).find((n) => String(n) === (url.searchParams.get('stopBits') ?? '1'));
  if (url.pathname === '') throw wrong('the device file is missing');
  if (!Number.isInteger(baud) || baud < 300 || baud > 1_000_000) throw wrong('baud is no number from 300 to 1000000');
  if (parity === undefined) throw wrong(`parity is none of ${PARITIES.join(', ')}`);
  if (stopBits === undefined) throw wrong('stopBits is neither 1 nor 2');
  return { id, type: 'modbus-rtu', path: url.pathname, baud, parity, stopBits };
}
