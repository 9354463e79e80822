import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { bytes, startRig, until } from './test-rig.ts';

describe('metrics', () => {
  it('count bytes while the connection is open, and connections and toxics as they are', async () => {
    await using rig = await startRig();
    expect(await rig.metric('toxiproxy_proxy_received_bytes_total', { direction: 'upstream', proxy: 'p' })).toBe(0);
    const { client, upstream } = await rig.pair();
    client.write('12345');
    await bytes(upstream, 5);
    upstream.write('123');
    await bytes(client, 3);
    for (const name of ['received', 'sent']) {
      const metric = `toxiproxy_proxy_${name}_bytes_total`;
      expect(await rig.metric(metric, { direction: 'upstream', proxy: 'p' })).toBe(5);
      expect(await rig.metric(metric, { direction: 'downstream', proxy: 'p' })).toBe(3);
    }
    expect(await rig.metric('toxiproxy_proxy_connections', { proxy: 'p' })).toBe(1);
    expect(await rig.metric('toxiproxy_proxy_toxics', { proxy: 'p' })).toBe(0);
    await rig.add('noop');
    expect(await rig.metric('toxiproxy_proxy_toxics', { proxy: 'p' })).toBe(1);
    client.end();
    upstream.end();
    await until('the connection is forgotten', async () => {
      return (await rig.metric('toxiproxy_proxy_connections', { proxy: 'p' })) === 0;
    });
    expect(await rig.metric('toxiproxy_proxy_sent_bytes_total', { direction: 'upstream' })).toBe(5);
  });

  it('are Prometheus text', () => {
    const metrics = new Metrics();
    const counters = metrics.counters({ direction: 'upstream', listener: 'l', proxy: 'a"\\\n', upstream: 'u' });
    counters.receivedBytes = 7;
    counters.sentBytes = 6;
    expect(metrics.text([{ proxy: 'x', connections: 2, toxics: 1 }])).toBe(`\
# HELP toxiproxy_proxy_connections Connections open now.
# TYPE toxiproxy_proxy_connections gauge
toxiproxy_proxy_connections{proxy="x"} 2
# HELP toxiproxy_proxy_received_bytes_total Bytes read from the sending side, as they come.
# TYPE toxiproxy_proxy_received_bytes_total counter
toxiproxy_proxy_received_bytes_total{direction="upstream",listener="l",proxy="a\\"\\\\\\n",upstream="u"} 7
# HELP toxiproxy_proxy_sent_bytes_total Bytes passed to the receiving side, as they go.
# TYPE toxiproxy_proxy_sent_bytes_total counter
toxiproxy_proxy_sent_bytes_total{direction="upstream",listener="l",proxy="a\\"\\\\\\n",upstream="u"} 6
# HELP toxiproxy_proxy_toxics Toxics on the proxy.
# TYPE toxiproxy_proxy_toxics gauge
toxiproxy_proxy_toxics{proxy="x"} 1
`);
  });
});
