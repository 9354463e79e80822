import type { Address } from '../address.ts';

export interface VarnishOptions {
  /** The load balancer, as the edge reaches it: through the fault proxy. */
  origin: Address;
  /** The cache's name in `Cache-Status`. */
  name: string;
  /** Who may purge, as addresses or networks. Loopback is always among them. */
  purgers?: readonly string[];
}

/**
 * Varnish's configuration for the edge of the shop: a shared cache for GET and HEAD that keeps what says how long it is
 * fresh, and serves it stale for as long as `stale-while-revalidate` and `stale-if-error` allow.
 *
 * Varnish has one span of staleness (grace), we have two. An object is kept for the longer one and knows the shorter:
 *
 *     fresh ──> stale-while-revalidate ──────> stale-if-error ─────────────────────────────> gone
 *     hit       hit, refreshed behind it       restart: fetch now ──5xx──> restart: the stale one
 */
export function varnishVcl({ origin, name, purgers = [] }: VarnishOptions): string {
  return `# Made by target-app/parts/varnish/vcl.ts
vcl 4.1;

import std;

backend origin {
  .host = "${origin.host}";
  .port = "${origin.port}";
  .connect_timeout = 2s;
  .between_bytes_timeout = 10s;
  .max_connections = 1024;
  .probe = {
    .url = "/livez";
    .interval = 500ms;
    # A slow origin is not a dead one.
    .timeout = 3s;
    .window = 2;
    .threshold = 1;
    .initial = 0;
  }
}

acl purgers {
  "127.0.0.1";
  "::1";
${purgers.map((purger) => `  ${aclEntry(purger)};\n`).join('')}}

sub vcl_recv {
  if (req.restarts == 0) {
    unset req.http.X-Fetch;
    unset req.http.X-How;
    if (req.url == "/livez" || req.url == "/readyz") {
      return (synth(200, "ready"));
    }
    if (req.method == "PURGE") {
      if (client.ip !~ purgers) {
        return (synth(403, "not-allowed"));
      }
      return (purge);
    }
  }
  if ((req.method != "GET" && req.method != "HEAD") || req.http.Authorization) {
    # Surely nothing is sent, so it can be said that nothing happened.
    if (!std.healthy(req.backend_hint)) {
      return (synth(503, "origin-unreachable"));
    }
    return (pass);
  }
  if (req.http.X-Fetch == "now") {
    set req.grace = 0s;
  } else {
    set req.grace = 10d;
  }
  return (hash);
}

sub vcl_hash {
  hash_data(req.url);
  return (lookup);
}

sub vcl_hit {
  set req.http.X-How = "hit; ttl=" + std.integer(duration = obj.ttl, fallback = 0);
  if (obj.ttl >= 0s) {
    return (deliver);
  }
  if (obj.ttl + std.duration(obj.http.X-While-Revalidate, 0s) > 0s) {
    set req.http.X-How = req.http.X-How + "; detail=stale-while-revalidate";
    return (deliver);
  }
  if (req.http.X-Fetch == "stale" || !std.healthy(req.backend_hint)) {
    set req.http.X-How = req.http.X-How + "; detail=stale-if-error";
    return (deliver);
  }
  set req.http.X-Fetch = "now";
  return (restart);
}

sub vcl_miss {
  if (req.http.X-Fetch) {
    set req.http.X-How = "fwd=stale";
  } else {
    set req.http.X-How = "fwd=uri-miss";
  }
  return (fetch);
}

sub vcl_pass {
  if (req.http.Authorization) {
    set req.http.X-How = "fwd=bypass";
  } elseif (req.method == "GET" || req.method == "HEAD") {
    set req.http.X-How = "fwd=uri-miss";
  } else {
    set req.http.X-How = "fwd=method";
  }
  return (fetch);
}

sub vcl_backend_fetch {
  # X-Deadline-Ms says how long the user will wait.
  set bereq.first_byte_timeout = std.duration(bereq.http.X-Deadline-Ms + "ms", 5s);
  unset bereq.http.X-How;
  return (fetch);
}

sub vcl_backend_response {
  set beresp.do_gzip = false;
  if (bereq.uncacheable) {
    return (deliver);
  }
  if (beresp.status >= 500) {
    # What is stored is better than this. A fetch that is not abandoned would take its place.
    if (bereq.is_bgfetch || bereq.http.X-Fetch == "now") {
      return (abandon);
    }
    set beresp.ttl = 0s;
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    return (deliver);
  }
  if (beresp.status != 200
      || beresp.http.Set-Cookie
      || beresp.http.Cache-Control !~ "(?i)(s-maxage|max-age)=[0-9]"
      || beresp.http.Cache-Control ~ "(?i)\\b(no-store|no-cache|private)\\b") {
    # Remembered, so that requests for it do not wait for each other.
    set beresp.uncacheable = true;
    set beresp.ttl = 10s;
    return (deliver);
  }
  unset beresp.http.X-Request-Id;
  set beresp.http.X-While-Revalidate = "0s";
  set beresp.grace = 0s;
  set beresp.keep = 60s;
  if (beresp.http.Cache-Control !~ "(?i)(must|proxy)-revalidate") {
    # As text: Varnish writes a duration without its unit, and then cannot read it.
    set beresp.http.X-While-Revalidate = regsub(beresp.http.Cache-Control, "(?i)^.*stale-while-revalidate=([0-9]+).*$", "\\1s");
    set beresp.grace = std.duration(beresp.http.X-While-Revalidate, 0s);
    if (std.duration(regsub(beresp.http.Cache-Control, "(?i)^.*stale-if-error=([0-9]+).*$", "\\1s"), 0s) > beresp.grace) {
      set beresp.grace = std.duration(regsub(beresp.http.Cache-Control, "(?i)^.*stale-if-error=([0-9]+).*$", "\\1s"), 0s);
    }
  }
  return (deliver);
}

sub vcl_backend_error {
  if (bereq.is_bgfetch || bereq.http.X-Fetch == "now") {
    return (abandon);
  }
  set beresp.ttl = 0s;
  set beresp.grace = 0s;
  set beresp.keep = 0s;
  set beresp.http.Content-Type = "application/json";
  synthetic("""{"error":"origin-unreachable","message":"the origin did not answer"}""");
  return (deliver);
}

sub vcl_deliver {
  unset resp.http.X-While-Revalidate;
  unset resp.http.X-Varnish;
  unset resp.http.Via;
  set resp.http.Cache-Status = "${name}; " + req.http.X-How;
  return (deliver);
}

sub vcl_purge {
  return (synth(200, "purged"));
}

sub vcl_synth {
  # The fetch was abandoned.
  if (req.http.X-Fetch == "now") {
    set req.http.X-Fetch = "stale";
    return (restart);
  }
  set resp.http.Content-Type = "application/json";
  if (resp.status == 503) {
    set resp.http.X-Outcome = "rejected";
    set resp.http.Retry-After = "1";
    synthetic("""{"error":"origin-unreachable","message":"the origin cannot be reached"}""");
  } elseif (resp.status == 403) {
    synthetic("""{"error":"not-allowed","message":"this address may not purge"}""");
  } elseif (req.method == "PURGE") {
    synthetic("""{"purged":true}""");
  } else {
    synthetic("""{"ready":true}""");
  }
  return (deliver);
}
`;
}

/** `10.0.0.0/8` as VCL writes it: the address quoted, the mask not. */
function aclEntry(network: string): string {
  const [address = '', mask] = network.split('/');
  return mask === undefined ? `"${address}"` : `"${address}"/${mask}`;
}
