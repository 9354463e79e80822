import { join } from 'node:path';
import type { Address } from '../address.ts';
import type { PartLaunch } from '../launch.ts';
import { redisConfig } from './config.ts';

export function redisLaunch(binary: string, folder: string, listen: Address): PartLaunch {
  return {
    command: binary,
    args: [join(folder, 'redis.conf')],
    folder,
    files: { 'redis.conf': redisConfig({ listen, folder }) },
    stopSignal: 'SIGTERM',
  };
}
