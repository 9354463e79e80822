/** Kinds that are not in the matrix, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'agent-killed': 'there is nothing to undo: the fleet deals the users of a dead agent out',
  'monitor-cut': 'it harms the harness that is killed, and ends with it',
};

/**
 * A fault of each kind on the reference target, in lanes: what is in one lane happens one after the other, because it has the same
 * targets; lanes go side by side.
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
    'bad-answer link=gateway-2->catalog answer=503',
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
  [
    'slow-readers connections=10 bytesPerSec=100 path=/v1/products?page=1 ahead=300',
    'hot-key path=/v1/products/1 perSec=50',
    'thundering-herd connections=50 path=/v1/products?page=1',
  ],
];

/** A container for faults to be tried on. In one network with the others, where it is known by its name here. */
interface Guinea {
  options: readonly string[];
  /** A command line of its shell. */
  command: string;
}

const HTTP = 'httpd -f -p 80';

export const CONTAINERS: Readonly<Record<string, Guinea>> = {
  web: { options: ['--expose', '80'], command: HTTP },
  worker: { options: [], command: 'dd if=/dev/zero of=/dev/shm/x bs=1M count=28; while :; do :; done' },
  sink: { options: [], command: 'while :; do nc -l -p 90 >/dev/null; done' },
  sender: {
    options: [],
    command:
      'while :; do ping -A -c 100 sink; sleep 0.1; done & while :; do cat /dev/zero | nc sink 90; sleep 0.1; done',
  },
  shard: { options: ['--expose', '80'], command: HTTP },
  peer: { options: [], command: 'sleep 100000' },
};

/** A fault of each kind that containers have, in lanes as above. */
export const CONTAINER_LANES: readonly (readonly string[])[] = [
  ['kill node=web', 'pause node=web', 'stop node=web graceMs=200', 'restart node=web graceSec=1', 'oom node=web'],
  [
    'cpu-limit node=worker cpus=0.05',
    'memory-limit node=worker memoryMiB=30',
    'disk-write-limit node=worker kbPerSec=1000',
  ],
  ['rate node=sender kbPerSec=400', 'packet-loss node=sender percent=50'],
  ['disconnect node=shard', 'reject node=shard', 'partition from=peer to=shard'],
];
