import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Collector, Sample } from './sample.ts';

const counterSchema = z.object({ flag: z.string(), value: z.number() });
const statSchema = z.object({ counters: z.record(z.string(), counterSchema) });

/** `folder` is varnishd's `-n`, which must be on this machine: the figures are in shared memory. */
export function varnishCollector(folder: string, varnishstat: string): Collector {
  return {
    up: 'varnish_up',
    async collect() {
      const { stdout } = await promisify(execFile)(varnishstat, ['-j', '-n', folder, '-t', '0'], { timeout: 2_000 });
      return varnishSamples(stdout);
    },
    close: async () => {},
  };
}

/** For a Varnish whose shared memory is out of reach: somebody beside it writes `varnishstat -j` into a file again and again. */
export function varnishFileCollector(file: string): Collector {
  return {
    up: 'varnish_up',
    async collect() {
      const { mtimeMs } = await stat(file);
      if (Date.now() - mtimeMs > STALE_MS) throw new Error(`${file} has not been written for ${STALE_MS / 1_000} s`);
      return varnishSamples(await readFile(file, 'utf8'));
    },
    close: async () => {},
  };
}

const STALE_MS = 30_000;

/** From `varnishstat -j`, under the names of prometheus_varnish_exporter. */
export function varnishSamples(json: string): Sample[] {
  const { counters } = statSchema.parse(JSON.parse(json));
  return Object.entries(counters).flatMap(([path, { flag, value }]): Sample[] => {
    const type = flag === 'c' ? 'counter' : 'gauge';
    const [kind = '', ...rest] = path.split('.');
    const field = rest.at(-1) ?? '';
    switch (kind) {
      case 'MAIN':
        return [{ name: `varnish_main_${field}`, type, value }];
      case 'SMA':
        return [{ name: `varnish_sma_${field}`, type, value, labels: { type: rest[0] ?? '' } }];
      case 'VBE': {
        const labels = { backend: rest.slice(1, -1).join('.') };
        // A history of probes in bits, the latest one last: up is what it said.
        if (field === 'happy') return [{ name: 'varnish_backend_up', type: 'gauge', value: value % 2, labels }];
        return [{ name: `varnish_backend_${field}`, type, value, labels }];
      }
      default:
        return [];
    }
  });
}
