import { createServer } from 'node:http';
import { EXIT, messageOf, StampedeError } from '../../errors.ts';
import type { ScrapeTarget } from '../scrape.ts';

/** Targets as Prometheus' file and HTTP service discovery take them. */
export interface TargetGroup {
  targets: [hostAndPort: string];
  labels: Record<string, string>;
}

export function targetGroups(targets: readonly ScrapeTarget[]): TargetGroup[] {
  return targets.map(({ job, url, labels }) => {
    const { host, pathname, protocol } = new URL(url);
    const own = { job, __scheme__: protocol.slice(0, -1), __metrics_path__: pathname };
    return { targets: [host], labels: { ...labels, ...own } };
  });
}

/** Publishes the targets on 127.0.0.1 for a Prometheus with an `http_sd_configs` entry that names this address. */
export async function publishTargets(
  targets: readonly ScrapeTarget[],
  port: number,
): Promise<{ url: string; close(): void }> {
  const text = JSON.stringify(targetGroups(targets));
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  }).catch((error: unknown) => {
    throw new StampedeError('monitor/discovery', `Cannot publish targets on 127.0.0.1:${port}: ${messageOf(error)}`, {
      exitCode: EXIT.environment,
      hint: 'is another run on? Its targets are published there',
      cause: error,
    });
  });
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${actual}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
