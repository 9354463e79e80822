import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';

/** A host and a port, as in `127.0.0.1:8474`, `[::1]:80` or `:80`. An empty host means every interface. */
export interface Address {
  host: string;
  port: number;
}

/** Splits `host:port`; the errors are worded as Go's net package words them, without its `listen tcp: ` in front. */
export function parseAddress(text: string): Address {
  if (text === '') return { host: '', port: 0 };
  const colon = text.lastIndexOf(':');
  if (colon < 0 || (text.startsWith('[') && text.endsWith(']'))) {
    throw new Error(`address ${text}: missing port in address`);
  }
  let host = text.slice(0, colon);
  if (host.startsWith('[') && host.endsWith(']')) host = host.slice(1, -1);
  else if (host.includes(':')) throw new Error(`address ${text}: too many colons in address`);
  return { host, port: parsePort(text.slice(colon + 1)) };
}

/** An address whose host is an IP address (or empty), names looked up with IPv4 first as Go does. */
export async function resolveAddress(text: string): Promise<Address> {
  const { host, port } = parseAddress(text);
  if (host === '' || isIP(host)) return { host, port };
  try {
    const found = await lookup(host, { order: 'ipv4first' });
    return { host: found.address, port };
  } catch {
    throw new Error(`lookup ${host}: no such host`);
  }
}

export function formatAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function parsePort(text: string): number {
  if (text === '') return 0;
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`lookup tcp/${text}: unknown port`);
  const port = Number(text);
  if (port < 0 || port > 65_535) throw new Error(`address ${text}: invalid port`);
  return port;
}
