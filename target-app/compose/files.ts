import { haproxyConfig } from '../parts/haproxy/config.ts';
import { nginxConfig } from '../parts/nginx/config.ts';
import { RABBITMQ_PLUGINS, rabbitmqConfig } from '../parts/rabbitmq/config.ts';
import { redisConfig } from '../parts/redis/config.ts';
import { varnishVcl } from '../parts/varnish/vcl.ts';
import { linkName } from '../supervisor/links.ts';
import {
  AMQP_PORT,
  BROKER_METRICS_PORT,
  BROKER_USER,
  COMPOSE_LINKS,
  EDGES,
  farEnd,
  LB_METRICS_PORT,
  nearEnd,
  REDIS_PORT,
  ROLE_PORT,
} from './layout.ts';

const ANY = '0.0.0.0';
const DOCKER_DNS = { host: '127.0.0.11', port: 53 };

/** Whoever is in the edge's network, and this machine through its published port. */
const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** What docker-compose.yml mounts, by path below `target-app/compose/`. */
export function composeFiles(): Record<string, string> {
  return {
    'toxiproxy/proxies.json': proxies(),
    'haproxy/haproxy.cfg': haproxyConfig({
      listen: { host: ANY, port: ROLE_PORT },
      metrics: { host: ANY, port: LB_METRICS_PORT },
      runtime: { path: '/tmp/haproxy.sock' },
      backends: ['gateway-1', 'gateway-2'].map((name) => ({
        name,
        address: nearEnd('lb', name),
        check: farEnd(name),
      })),
      resolver: DOCKER_DNS,
    }),
    ...Object.fromEntries(
      EDGES.map((name) => [
        `varnish/${name}.vcl`,
        varnishVcl({ origin: nearEnd(name, 'lb'), name, purgers: PRIVATE_NETWORKS }),
      ]),
    ),
    'nginx/nginx.conf': nginxConfig({
      listen: { host: ANY, port: ROLE_PORT },
      status: { host: ANY, port: 8081 },
      origin: nearEnd('edge', 'lb'),
      name: 'edge',
      folder: '/tmp',
      resolver: DOCKER_DNS,
      purgers: PRIVATE_NETWORKS,
    }),
    'rabbitmq/shop.conf': rabbitmqConfig({
      listen: { host: ANY, port: AMQP_PORT },
      metrics: { host: ANY, port: BROKER_METRICS_PORT },
      user: BROKER_USER,
      password: BROKER_USER,
    }),
    'rabbitmq/enabled_plugins': RABBITMQ_PLUGINS,
    'redis/redis.conf': redisConfig({ listen: { host: ANY, port: REDIS_PORT }, folder: '/data' }),
  };
}

/** Toxiproxy reads it at its start, so that a restart brings the links back; toxics are not among it. */
function proxies(): string {
  const routes = COMPOSE_LINKS.map((link) => {
    const { host, port } = farEnd(link.to);
    return { name: linkName(link), listen: `[::]:${link.port}`, upstream: `${host}:${port}`, enabled: true };
  });
  return `${JSON.stringify(routes, null, 2)}\n`;
}
