import { expect, test } from 'vitest';
import { nginxConfig } from './config.ts';

const options = {
  listen: { host: '127.0.0.1', port: 8080 },
  status: { host: '127.0.0.1', port: 8081 },
  origin: { host: '127.0.0.1', port: 21003 },
  name: 'edge',
  folder: '/run/shop/edge',
};

test('everything nginx writes is in its folder', () => {
  const config = nginxConfig(options);
  for (const line of config.split('\n').filter((text) => /_temp_path|_cache_path|^pid/.test(text))) {
    expect(line).toContain('/run/shop/edge/');
  }
});

test('an origin with an address is kept connected, one with a changing name is looked up', () => {
  expect(nginxConfig(options)).toContain('server 127.0.0.1:21003 max_fails=0;\n    keepalive 256;');
  const named = nginxConfig({
    ...options,
    origin: { host: 'toxiproxy', port: 21003 },
    resolver: { host: '127.0.0.11', port: 53 },
  });
  expect(named).toContain('resolver 127.0.0.11:53 valid=1s ipv6=off;');
  expect(named).toContain('set $origin toxiproxy:21003;\n      proxy_pass http://$origin;');
  expect(named).not.toContain('upstream origin {');
});

test('only those who may can have a page fetched anew', () => {
  const config = nginxConfig({ ...options, purgers: ['10.0.0.0/8'] });
  expect(config).toContain('::1       1;\n    10.0.0.0/8 1;\n  }');
});
