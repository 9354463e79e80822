/** Kinds that are not in the matrix, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'agent-killed': 'there is nothing to undo: the fleet deals the users of a dead agent out',
  'monitor-cut': 'it harms the harness that is killed, and ends with it',
  stop: 'on containers only: needs an engine',
  restart: 'on containers only: needs an engine',
  disconnect: 'on containers only: needs an engine',
  'cpu-limit': 'on containers only: needs an engine',
  'memory-limit': 'on containers only: needs an engine',
  oom: 'on containers only: needs an engine',
  rate: 'on containers only: needs an engine',
  'packet-loss': 'on containers only: needs an engine',
  reject: 'on containers only: needs an engine',
  partition: 'on containers only: needs an engine',
  'disk-write-limit': 'on containers only: needs an engine',
};

/**
 * A fault of each kind on the reference target, in lanes: what is in one lane happens one after the other, because it has the same
 * targets; lanes go side by side. Kinds that need a Docker engine have their own tests, on a real one.
 */
export const LANES: readonly (readonly string[])[] = [
  [
    'latency link=gateway-1->catalog latencyMs=150',
    'bandwidth link=gateway-1->catalog kbPerSec=20',
    'timeout link=gateway-1->catalog',
    'reset-peer link=gateway-1->catalog',
    'slicer link=gateway-1->catalog sliceBytes=100',
  ],
  [
    'limit-data link=gateway-2->catalog bytes=100',
    'slow-close link=gateway-2->catalog delayMs=300',
    'down link=gateway-2->catalog',
    'flapping link=gateway-2->catalog downMs=200 upMs=200',
    'lost-ack link=gateway-2->catalog',
  ],
  [
    'broker-down',
    'duplicate-delivery',
    'kill node=worker-1',
    'terminate node=worker-1',
    'restart-loop node=worker-1 everyMs=400',
    'slow-start node=worker-1 delayMs=500',
  ],
  [
    'pause node=relay',
    'fd-exhaustion node=relay',
    'event-loop-block node=relay blockMs=300 everyMs=600',
    'clock-skew node=relay skewMs=60000',
    'cpu-hog node=relay loops=1 nice=19',
    'memory-hog node=relay memoryMb=50',
  ],
  ['slow-shard shard=shard-us-0 latencyMs=100', 'replica-lag standby=shard-us-0-standby', 'cache-flush'],
];
