import type { CpuLimitParams } from '../../chaos/faults/cpu-limit.ts';
import type { DisconnectParams } from '../../chaos/faults/disconnect.ts';
import type { DiskWriteLimitParams } from '../../chaos/faults/disk-write-limit.ts';
import type { MemoryLimitParams } from '../../chaos/faults/memory-limit.ts';
import type { OomParams } from '../../chaos/faults/oom.ts';
import type { PacketLossParams } from '../../chaos/faults/packet-loss.ts';
import type { PartitionParams } from '../../chaos/faults/partition.ts';
import type { RateParams } from '../../chaos/faults/rate.ts';
import type { RejectParams } from '../../chaos/faults/reject.ts';
import type { RestartParams } from '../../chaos/faults/restart.ts';
import type { StopParams } from '../../chaos/faults/stop.ts';
import { callSite } from './call-site.ts';
import { AT, type FaultSpec } from './scenario.ts';

/** What scenarios call to break containers; as with all of the scenario API, nothing is checked here. */

/** A container may use so many CPUs and no more. */
export function cpuLimit(params: CpuLimitParams): FaultSpec {
  return { kind: 'cpu-limit', params, [AT]: callSite(cpuLimit) };
}

/** A container is taken out of a network. */
export function disconnect(params: DisconnectParams): FaultSpec {
  return { kind: 'disconnect', params, [AT]: callSite(disconnect) };
}

/** A container writes slowly to its disk. */
export function diskWriteLimit(params: DiskWriteLimitParams): FaultSpec {
  return { kind: 'disk-write-limit', params, [AT]: callSite(diskWriteLimit) };
}

/** A container gets so much memory and no more. */
export function memoryLimit(params: MemoryLimitParams): FaultSpec {
  return { kind: 'memory-limit', params, [AT]: callSite(memoryLimit) };
}

/** A container is ended by the kernel for want of memory. */
export function oom(params: OomParams): FaultSpec {
  return { kind: 'oom', params, [AT]: callSite(oom) };
}

/** A share of the packets to or from a container is lost. */
export function packetLoss(params: PacketLossParams): FaultSpec {
  return { kind: 'packet-loss', params, [AT]: callSite(packetLoss) };
}

/** Two services do not hear each other, or one does not hear the other. */
export function partition(params: PartitionParams): FaultSpec {
  return { kind: 'partition', params, [AT]: callSite(partition) };
}

/** A container sends so much and no more. */
export function rate(params: RateParams): FaultSpec {
  return { kind: 'rate', params, [AT]: callSite(rate) };
}

/** A container cannot be reached over TCP. */
export function reject(params: RejectParams): FaultSpec {
  return { kind: 'reject', params, [AT]: callSite(reject) };
}

/** A container is restarted. */
export function restart(params: RestartParams): FaultSpec {
  return { kind: 'restart', params, [AT]: callSite(restart) };
}

/** A container is asked to end, and killed when it does not. */
export function stop(params: StopParams): FaultSpec {
  return { kind: 'stop', params, [AT]: callSite(stop) };
}
