import { readFileSync } from 'node:fs';
import { openFilesLimit } from '../chaos/open-files.ts';

/**
 * Files that a process of ours may open, and local ports that one address of this machine has for connections to one
 * destination. The usual defaults where the system does not tell (Linux does).
 */
export function machineLimits(): { descriptors: number; ports: number } {
  const [low, high] = read('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number);
  return {
    descriptors: openFilesLimit(),
    ports: low && high ? high - low + 1 : 28_232,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
