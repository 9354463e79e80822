import { expect, test } from 'vitest';
import { redisConfig } from './config.ts';

test('a full cache makes room, and nothing is written to disk', () => {
  const config = redisConfig({ listen: { host: '127.0.0.1', port: 6379 }, folder: '/run/shop/cache' });
  expect(config).toContain('bind 127.0.0.1\nport 6379\n');
  expect(config).toContain('maxmemory 64mb\nmaxmemory-policy allkeys-lru\n');
  expect(config).toContain('save ""\nappendonly no\n');
});
