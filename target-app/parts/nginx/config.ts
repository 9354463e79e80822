import { type Address, addressText } from '../address.ts';

export interface NginxOptions {
  listen: Address;
  /** Where `/stub_status` is answered. */
  status: Address;
  /** The load balancer, as the edge reaches it: through the fault proxy. */
  origin: Address;
  /** The cache's name in `Cache-Status`. */
  name: string;
  /** The folder for the cache, temporary files and the pid. */
  folder: string;
  /** DNS server for an origin whose address changes: `127.0.0.11:53` in a container. Costs the kept-alive connections. */
  resolver?: Address;
  /** Whom its workers run as, when it starts as root. */
  user?: string;
  /** Who may have a page fetched anew with `X-Cache-Refresh: 1`. Loopback is always among them. */
  purgers?: readonly string[];
}

/** The header that has a stored page fetched anew: nginx, as it comes, cannot take one away. */
export const REFRESH_HEADER = 'X-Cache-Refresh';

/**
 * nginx's configuration for the edge of the shop, the alternative to Varnish. It reads `stale-while-revalidate` and
 * `stale-if-error` from the origin's answers by itself.
 */
export function nginxConfig({
  listen,
  status,
  origin,
  name,
  folder,
  resolver,
  user,
  purgers = [],
}: NginxOptions): string {
  const upstream =
    resolver === undefined
      ? `  upstream origin {
    server ${addressText(origin)} max_fails=0;
    keepalive 256;
  }
`
      : `  resolver ${addressText(resolver)} valid=1s ipv6=off;
`;
  const pass =
    resolver === undefined
      ? 'proxy_pass http://origin;'
      : `set $origin ${addressText(origin)};\n      proxy_pass http://$origin;`;
  return `# Made by target-app/parts/nginx/config.ts
${user === undefined ? '' : `user ${user};\n`}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;

events {
  worker_connections 4096;
}

http {
  access_log off;
  server_tokens off;
  default_type application/octet-stream;
  keepalive_timeout 65s;
  keepalive_requests 1000000;
  client_max_body_size 1m;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=shop:8m max_size=64m inactive=10m use_temp_path=off;

${upstream}
  # Cache-Status (RFC 9211).
  map $upstream_cache_status $cache_status {
    HIT         "hit";
    STALE       "hit; detail=stale";
    UPDATING    "hit; detail=stale-while-revalidate";
    REVALIDATED "fwd=stale; fwd-status=304";
    EXPIRED     "fwd=stale";
    MISS        "fwd=uri-miss";
    BYPASS      "fwd=bypass";
    default     "fwd=method";
  }
  # No connection was had, so nothing was sent: the one thing that makes a failure a refusal.
  map "$status:$upstream_connect_time" $outcome {
    "~^50[0-9]:-$" "rejected";
    default        "";
  }
  map $upstream_cache_status $own_request_id {
    ""      $upstream_http_x_request_id;
    default "";
  }
  geo $may_refresh {
    default   0;
    127.0.0.1 1;
    ::1       1;
${purgers.map((purger) => `    ${purger} 1;\n`).join('')}  }
  map "$may_refresh:$http_x_cache_refresh" $refresh {
    "1:1"   1;
    default 0;
  }

  server {
    listen ${addressText(listen)} backlog=4096;

    location = /livez {
      default_type application/json;
      return 200 '{"ready":true}';
    }
    location = /readyz {
      default_type application/json;
      return 200 '{"ready":true}';
    }
    location / {
      ${pass}
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_connect_timeout 2s;
      proxy_read_timeout 10s;
      proxy_next_upstream off;
      proxy_cache shop;
      proxy_cache_key $request_uri;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 5s;
      proxy_cache_background_update on;
      proxy_cache_revalidate on;
      proxy_cache_bypass $http_authorization $refresh;
      proxy_no_cache $http_authorization;
      # Its own, so that the age can be told from it: nginx sends no Age.
      proxy_pass_header Date;
      proxy_hide_header X-Request-Id;
      add_header X-Request-Id $own_request_id always;
      add_header X-Outcome $outcome always;
      add_header Cache-Status "${name}; $cache_status" always;
    }
  }

  server {
    listen ${addressText(status)};
    location = /stub_status {
      stub_status;
    }
    location / {
      return 404;
    }
  }
}
`;
}
