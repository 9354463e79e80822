import { expect, test } from 'vitest';
import { RABBITMQ_PLUGINS, rabbitmqConfig } from './config.ts';

test('listens where it was told, and names itself to Prometheus queue by queue', () => {
  const config = rabbitmqConfig({
    listen: { host: '127.0.0.1', port: 5672 },
    metrics: { host: '0.0.0.0', port: 15692 },
    user: 'shop',
    password: 'secret',
  });
  expect(config).toContain('listeners.tcp.1 = 127.0.0.1:5672\n');
  expect(config).toContain('prometheus.tcp.ip = 0.0.0.0\nprometheus.tcp.port = 15692\n');
  expect(config).toContain('default_user = shop\ndefault_pass = secret\n');
  expect(RABBITMQ_PLUGINS).toBe('[rabbitmq_prometheus].\n');
});
