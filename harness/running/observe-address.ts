import { EXIT, StampedeError } from '../errors.ts';

/** Where a run can be observed from. */
export interface ObserveAddress {
  host: string;
  /** 0 for a free one. */
  port: number;
}

/** Whoever is not told otherwise is seen from this machine only. */
export const OBSERVE_DEFAULT: ObserveAddress = { host: '127.0.0.1', port: 0 };

/** Reads `9464` or `172.17.0.1:9464`, as `--observe` and STAMPEDE_OBSERVE take it. Throws StampedeError. */
export function parseObserveAddress(text: string): ObserveAddress {
  const [, host = OBSERVE_DEFAULT.host, digits = ''] = /^(?:(\[[0-9a-f:]+\]|[^:\s]+):)?(\d+)$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== '' && port <= 65_535) return { host: host.replace(/^\[|\]$/g, ''), port };
  throw new StampedeError('run/observe', `Expected PORT or HOST:PORT for --observe, got '${text}'.`, {
    exitCode: EXIT.usage,
    hint: '--observe 9464, or --observe 172.17.0.1:9464 for a Prometheus in a container',
  });
}
