import { expect, test } from 'vitest';
import { haproxyConfig } from './config.ts';

const loopback = (port: number) => ({ host: '127.0.0.1', port });
const options = {
  listen: loopback(8080),
  metrics: loopback(8405),
  runtime: { path: '/run/shop/haproxy.sock' },
  backends: [
    { name: 'gateway-1', address: loopback(21001), check: loopback(9001) },
    { name: 'gateway-2', address: loopback(21002), check: loopback(9002) },
  ],
};

test('requests go through the fault proxy, health checks straight to the gateway', () => {
  const config = haproxyConfig(options);
  expect(config).toContain('server gateway-1 127.0.0.1:21001 track gateway-checks/gateway-1\n');
  expect(config).toContain('server gateway-2 127.0.0.1:9002 check inter 500ms');
  expect(config).toContain('bind 127.0.0.1:8080\n');
  expect(config).toContain('stats socket /run/shop/haproxy.sock mode 600 level admin');
  expect(config).not.toContain('resolvers');
});

test('names of containers are asked for again and again, and none need be known at the start', () => {
  const config = haproxyConfig({
    ...options,
    listen: { host: '0.0.0.0', port: 8080 },
    runtime: { host: '0.0.0.0', port: 9999 },
    backends: [
      {
        name: 'gateway-1',
        address: { host: 'toxiproxy', port: 21001 },
        check: { host: 'gateway-1', port: 8080 },
      },
    ],
    resolver: { host: '127.0.0.11', port: 53 },
  });
  expect(config).toContain('nameserver first 127.0.0.11:53');
  expect(config).toContain(
    'server gateway-1 toxiproxy:21001 track gateway-checks/gateway-1 resolvers dns init-addr none',
  );
  expect(config).toContain(
    'server gateway-1 gateway-1:8080 check inter 500ms downinter 200ms fall 2 rise 1 resolvers dns',
  );
  expect(config).toContain('stats socket ipv4@0.0.0.0:9999 mode 600 level admin');
});

test('only what had no effect, or may be done twice, is sent again', () => {
  const config = haproxyConfig(options);
  expect(config).toContain('disable-l7-retry unless { method GET HEAD }');
  expect(config).toMatch(/http-error status 503 .* hdr X-Outcome rejected/);
  expect(config).not.toMatch(/http-error status 50[24] .* X-Outcome/);
});
