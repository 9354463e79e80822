import { autocannonCommand, autocannonVersion, readAutocannon } from '../../calibrate/autocannon.ts';
import type { Peer } from './peer.ts';

export function autocannon(): Peer {
  return {
    name: 'autocannon',
    version: autocannonVersion(),
    closedLoop: ({ url, seconds, connections }) => ({
      command: autocannonCommand(url, connections, seconds),
      read: ({ stdout }) => readAutocannon(stdout),
    }),
  };
}
