import { type Address, addressText } from '../address.ts';

/** The names the runtime API and the metrics know the parts of the configuration by. */
export const GATEWAYS = 'gateways';
export const CHECKS = 'gateway-checks';

/** What every server that is checked, at the start or added later, is checked like. */
export const CHECK_SETTINGS = 'inter 500ms downinter 200ms fall 2 rise 1';

export interface HaproxyOptions {
  listen: Address;
  /** Where Prometheus finds `/metrics`. */
  metrics: Address;
  /** The runtime API: the path of a Unix socket, or a TCP address. Whoever reaches it may do anything. */
  runtime: { path: string } | Address;
  backends: readonly HaproxyBackend[];
  /** DNS server asked again and again, for hosts whose addresses change: `127.0.0.11:53` in a container. */
  resolver?: Address;
  /** A process needs two descriptors for each, and HAProxy does not start when it may not have them. */
  maxConnections?: number;
}

export interface HaproxyBackend {
  name: string;
  /** Where its requests go: through the fault proxy. */
  address: Address;
  /** Where its health is asked for: straight at the gateway. */
  check: Address;
}

/**
 * HAProxy's configuration for the load balancer of the shop.
 *
 * A server tracks the health of its twin in a backend that gets no traffic: so a health check goes past the fault proxy,
 * and both addresses can be names that change. Only what surely had no effect, or may be done twice, is sent again.
 * `X-Outcome: rejected` can stand on every 503 of its own: HAProxy answers 503 only when it sent the request to nobody,
 * and 502 or 504 when it did.
 */
export function haproxyConfig(options: HaproxyOptions): string {
  const { listen, metrics, runtime, backends, resolver, maxConnections = 4_000 } = options;
  // Servers behind one fault proxy have one address, which HAProxy would otherwise give to the first of them only.
  const resolved = resolver === undefined ? '' : ' resolvers dns init-addr none resolve-opts allow-dup-ip';
  const socket = 'path' in runtime ? runtime.path : `ipv4@${addressText(runtime)}`;
  return `# Made by target-app/parts/haproxy/config.ts
global
  maxconn ${maxConnections}
  stats socket ${socket} mode 600 level admin
  stats timeout 1m
  log stdout format raw local0 warning

defaults
  mode http
  log global
  timeout connect 2s
  timeout queue 2s
  timeout client 70s
  timeout server 61s
  timeout http-request 10s
  timeout http-keep-alive 65s
  timeout check 1s
  # Its first repetition goes to another server, and at once.
  retries 1
  option redispatch 1
${resolver === undefined ? '' : resolversSection(resolver)}
frontend shop
  bind ${addressText(listen)}
  http-request return status 200 content-type application/json string '{"alive":true}' if { path /livez }
  http-request return status 503 content-type application/json string '{"ready":false}' if { path /readyz } { nbsrv(${GATEWAYS}) eq 0 }
  http-request return status 200 content-type application/json string '{"ready":true}' if { path /readyz }
  http-error status 503 content-type application/json string '{"error":"no-gateway","message":"no gateway accepts connections"}' hdr X-Outcome rejected hdr Retry-After 1
  http-error status 502 content-type application/json string '{"error":"gateway-broken","message":"the gateway broke off"}'
  http-error status 504 content-type application/json string '{"error":"gateway-timeout","message":"no gateway answered before the deadline"}'
  default_backend ${GATEWAYS}

backend ${GATEWAYS}
  balance leastconn
  retry-on conn-failure empty-response
  http-request disable-l7-retry unless { method GET HEAD }
  http-request set-timeout server req.hdr(x-deadline-ms) if { req.hdr(x-deadline-ms) -m int 1:60000 }
${backends.map(({ name, address }) => `  server ${name} ${addressText(address)} track ${CHECKS}/${name}${resolved}`).join('\n')}

backend ${CHECKS}
  option httpchk GET /readyz
  http-check expect status 200
${backends.map(({ name, check }) => `  server ${name} ${addressText(check)} check ${CHECK_SETTINGS}${resolved}`).join('\n')}

frontend metrics
  bind ${addressText(metrics)}
  http-request use-service prometheus-exporter if { path /metrics }
  http-request return status 404 content-type text/plain string "here is only /metrics"
`;
}

function resolversSection(resolver: Address): string {
  return `
resolvers dns
  nameserver first ${addressText(resolver)}
  hold valid 1s
  hold nx 1s
  timeout resolve 1s
  timeout retry 500ms
  resolve_retries 3
`;
}
