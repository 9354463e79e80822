import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../places.ts';

export const COMPOSE_FILE = join(packageRoot, 'docker-compose.yml');
const PROMETHEUS_FILE = join(packageRoot, 'dashboards/prometheus/prometheus.yml');

/** Where the committed configuration looks for a run on this machine. */
const USUAL_OBSERVE = 'host.docker.internal:9464';

/** The stack's Prometheus, told where this checkout's runs serve what they know. */
export function prometheusConfig(observePort: number): string {
  return readFileSync(PROMETHEUS_FILE, 'utf8').replaceAll(USUAL_OBSERVE, `host.docker.internal:${observePort}`);
}
