/** Where something listens, or is to be reached: a loopback address and port, or the name of a container. */
export interface Address {
  host: string;
  port: number;
}

export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
