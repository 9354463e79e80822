import type { PartChoice } from '../parts/choice.ts';
import type { TopologyLink } from '../topology.ts';

/** A connection of the target that runs through the fault proxy. */
export interface PlannedLink {
  from: string;
  to: string;
  protocol: TopologyLink['protocol'];
}

/** All links, with the parts that were chosen. */
export function linksOf({ queue }: PartChoice): PlannedLink[] {
  const rabbitmq = queue === 'rabbitmq';
  // Who tells what became of a job: RabbitMQ forgets it, so a worker does.
  const jobs = rabbitmq ? 'worker-1' : 'broker';
  const toQueue = rabbitmq ? 'amqp' : 'http';
  return [
    { from: 'edge', to: 'lb', protocol: 'http' },
    { from: 'lb', to: 'gateway-1', protocol: 'http' },
    { from: 'lb', to: 'gateway-2', protocol: 'http' },
    { from: 'gateway-1', to: 'orders', protocol: 'http' },
    { from: 'gateway-1', to: 'catalog', protocol: 'http' },
    { from: 'gateway-1', to: jobs, protocol: 'http' },
    { from: 'gateway-2', to: 'orders', protocol: 'http' },
    { from: 'gateway-2', to: 'catalog', protocol: 'http' },
    { from: 'gateway-2', to: jobs, protocol: 'http' },
    { from: 'catalog', to: 'cache', protocol: 'redis' },
    { from: 'catalog', to: 'core-db', protocol: 'postgres' },
    { from: 'orders', to: 'shard-eu-0', protocol: 'postgres' },
    { from: 'orders', to: 'shard-us-0', protocol: 'postgres' },
    { from: 'relay', to: 'shard-eu-0', protocol: 'postgres' },
    { from: 'relay', to: 'shard-us-0', protocol: 'postgres' },
    { from: 'relay', to: 'broker', protocol: toQueue },
    ...(rabbitmq ? [] : [{ from: 'broker', to: 'core-db', protocol: 'postgres' } as const]),
    { from: 'worker-1', to: 'broker', protocol: toQueue },
    { from: 'worker-1', to: 'core-db', protocol: 'postgres' },
    { from: 'shard-eu-0-standby', to: 'shard-eu-0', protocol: 'postgres' },
    { from: 'shard-us-0-standby', to: 'shard-us-0', protocol: 'postgres' },
  ];
}

export function linkName({ from, to }: { from: string; to: string }): string {
  return `${from}->${to}`;
}
