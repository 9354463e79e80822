import { join } from 'node:path';
import { type Address, addressText } from '../address.ts';
import type { PartLaunch } from '../launch.ts';
import { type VarnishOptions, varnishVcl } from './vcl.ts';

/** Of `varnishd` for a small machine, but for where it listens and what it reads. */
export const VARNISH_SETTINGS = [
  ['-s', 'malloc,64m'],
  ['-p', 'thread_pools=1'],
  ['-p', 'thread_pool_min=20'],
  ['-p', 'timeout_idle=65'],
  ['-p', 'vsl_space=16M'],
].flat();

export function varnishLaunch(
  binary: string,
  folder: string,
  { listen, ...options }: VarnishOptions & { listen: Address },
): PartLaunch {
  const vcl = join(folder, 'default.vcl');
  return {
    command: binary,
    // Without a jail: it runs as whoever started it, and need not be root.
    args: ['-j', 'none', '-F', '-n', folder, '-a', addressText(listen), '-T', 'none', '-f', vcl, ...VARNISH_SETTINGS],
    folder,
    files: { 'default.vcl': varnishVcl(options) },
    stopSignal: 'SIGTERM',
  };
}
