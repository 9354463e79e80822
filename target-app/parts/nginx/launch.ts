import { join } from 'node:path';
import type { PartLaunch } from '../launch.ts';
import { type NginxOptions, nginxConfig } from './config.ts';

export function nginxLaunch(binary: string, folder: string, options: Omit<NginxOptions, 'folder'>): PartLaunch {
  return {
    command: binary,
    args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'],
    folder,
    // As root its workers would be somebody who may not be able to enter the folder.
    files: { 'nginx.conf': nginxConfig({ ...options, folder, ...(process.getuid?.() === 0 ? { user: 'root' } : {}) }) },
    stopSignal: 'SIGTERM',
  };
}
