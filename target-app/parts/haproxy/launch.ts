import { join } from 'node:path';
import type { PartLaunch } from '../launch.ts';
import { type HaproxyOptions, haproxyConfig } from './config.ts';

export function haproxyLaunch(binary: string, folder: string, options: HaproxyOptions): PartLaunch {
  return {
    command: binary,
    // A master with its worker, as in the official image.
    args: ['-W', '-db', '-f', join(folder, 'haproxy.cfg')],
    folder,
    files: { 'haproxy.cfg': haproxyConfig(options) },
    stopSignal: 'SIGTERM',
  };
}
