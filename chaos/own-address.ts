import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Whether a host, as it stands in an address, is this machine. A name is, if it is `localhost`; others are not looked up. */
export function isOwnAddress(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '');
  if (plain === 'localhost') return true;
  if (isIP(plain) === 0) return false;
  if (plain.startsWith('127.') || plain === '::1') return true;
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === plain));
}
