import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../places.ts';

export const COMPOSE_FILE = join(packageRoot, 'docker-compose.yml');

/** Where the committed configuration looks for a run on this machine. */
const USUAL_OBSERVE = 'host.docker.internal:9464';

/** The stack's Prometheus and Alertmanager, told where this checkout's runs serve what they know, and listen to alerts. */
export function prometheusConfig(observePort: number): string {
  return configured('dashboards/prometheus/prometheus.yml', observePort);
}

export function alertmanagerConfig(observePort: number): string {
  return configured('dashboards/alertmanager/alertmanager.yml', observePort);
}

function configured(path: string, observePort: number): string {
  const text = readFileSync(join(packageRoot, path), 'utf8');
  return text.replaceAll(USUAL_OBSERVE, `host.docker.internal:${observePort}`);
}

/** What the profile `full` adds to the command lines of the small stack. */
export function fullVariables(): Record<string, string> {
  const text = readFileSync(join(packageRoot, 'target-app/compose/full.env'), 'utf8');
  const lines = text.split('\n').filter((line) => /^\w+_MORE_SHARDS=/.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
