import { expect, test } from 'vitest';
import { varnishVcl } from './vcl.ts';

test('the origin is where it was said to be, by address or by name', () => {
  expect(varnishVcl({ origin: { host: '127.0.0.1', port: 8080 }, name: 'edge' })).toContain(
    '.host = "127.0.0.1";\n  .port = "8080";',
  );
  expect(varnishVcl({ origin: { host: 'toxiproxy', port: 21003 }, name: 'edge' })).toContain('.host = "toxiproxy";');
});

test('only those who may can purge', () => {
  const vcl = varnishVcl({
    origin: { host: 'lb', port: 8080 },
    name: 'edge-eu',
    purgers: ['10.0.0.0/8', '192.168.1.7'],
  });
  expect(vcl).toContain('acl purgers {\n  "127.0.0.1";\n  "::1";\n  "10.0.0.0"/8;\n  "192.168.1.7";\n}');
  expect(vcl).toContain('"edge-eu; "');
});

test('regular expressions reach Varnish as they were meant', () => {
  const vcl = varnishVcl({ origin: { host: 'lb', port: 8080 }, name: 'edge' });
  expect(vcl).toContain(String.raw`"\1s"`);
  expect(vcl).toContain(String.raw`"(?i)\b(no-store|no-cache|private)\b"`);
});
