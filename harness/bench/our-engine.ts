import { startClock } from '../clock.ts';
import type { Driver, DriverOptions } from '../load/driver.ts';
import { LoadEngine, type LoadGroup } from '../load/engine.ts';
import { Histogram } from '../load/histogram.ts';
import { wireDriver } from '../load/http1/wire-driver.ts';
import { Recorder } from '../load/recorder.ts';
import type { User } from '../load/user.ts';
import { type EngineReport, type EngineSpec, type Quantiles, thinkingOf } from './our-engine-spec.ts';

/**
 * A program that is nothing but the load engine, as an agent runs it, taking in its own figures once a second: what it
 * costs is what an agent costs. Its argument is an EngineSpec, its output an EngineReport.
 */

/** After the ramp, until what it stirred up has gone. */
const SETTLE_MS = 2_000;

const spec = JSON.parse(process.argv[2] ?? '') as EngineSpec;
const report = await run(spec);
process.stdout.write(`${JSON.stringify(report)}\n`);

async function run(asked: EngineSpec): Promise<EngineReport> {
  const { url, durationMs, rampMs } = asked;
  const clock = startClock();
  const recorder = new Recorder();
  const options = { connections: asked.connections, nowMs: clock.nowMs };
  const driver = asked.driver === 'wire' ? wireDriver(options) : await overUndici(options);
  const startMs = 50;
  const engine = new LoadEngine({
    groups: [groupOf(asked)],
    share: { index: 0, of: 1 },
    seed: 1,
    nonce: 'bench',
    baseUrl: new URL(url),
    driver,
    recorder,
    nowMs: clock.nowMs,
    startMs,
    durationMs,
  });
  const response = new Histogram();
  const service = new Histogram();
  const lateness = { ramp: new Histogram(), steady: new Histogram() };
  const steady = { requests: 0, cpuMs: 0, tookMs: 0 };
  let ok = 0;
  let peakRssBytes = 0;
  let restRssBytes = 0;
  const troubles: string[] = [];
  let last = { tMs: startMs, requests: 0, cpu: process.cpuUsage() };
  const take = () => {
    const tMs = clock.nowMs();
    const cpu = process.cpuUsage();
    const { requests } = engine.state;
    const taken = recorder.take();
    for (const slice of taken.slices) {
      response.mergeEncoded(slice.response);
      service.mergeEncoded(slice.service);
      ok += slice.endings.ok ?? 0;
    }
    for (const trouble of taken.troubles) troubles.push(`${trouble.what} (${trouble.count} x)`);
    // Two seconds after the ramp the first of its users have settled.
    const isSteady = last.tMs >= startMs + rampMs + SETTLE_MS && tMs <= startMs + durationMs + 50;
    (last.tMs < startMs + rampMs ? lateness.ramp : lateness.steady).mergeEncoded(taken.lateness);
    if (isSteady) {
      steady.requests += requests - last.requests;
      steady.cpuMs += (cpu.user - last.cpu.user + cpu.system - last.cpu.system) / 1_000;
      steady.tookMs += tMs - last.tMs;
    }
    restRssBytes = process.memoryUsage.rss();
    peakRssBytes = Math.max(peakRssBytes, restRssBytes);
    last = { tMs, requests, cpu };
  };
  const reporting = setInterval(take, 1_000);
  engine.start();
  await engine.finished;
  clearInterval(reporting);
  const tookMs = clock.nowMs() - startMs;
  take();
  const { requests, dropped, failedIterations } = engine.state;
  await driver.close();
  return {
    requests,
    ok,
    dropped,
    failedIterations,
    tookMs,
    response: quantiles(response),
    service: quantiles(service),
    rampLateness: quantiles(lateness.ramp),
    steadyLateness: quantiles(lateness.steady),
    steadyRatePerSec: steady.tookMs > 0 ? (steady.requests / steady.tookMs) * 1_000 : null,
    steadyCores: steady.tookMs > 0 ? steady.cpuMs / steady.tookMs : null,
    cpuSec: (last.cpu.user + last.cpu.system) / 1e6,
    peakRssBytes,
    lastRssBytes: restRssBytes,
    troubles: troubles.slice(0, 5),
  };
}

/** Loaded only when it is asked for: what is measured is one driver, and its start is part of it. */
async function overUndici(options: DriverOptions): Promise<Driver> {
  const { undiciDriver } = await import('../load/undici-driver.ts');
  return undiciDriver(options);
}

function groupOf({ load, durationMs, rampMs }: EngineSpec): LoadGroup {
  switch (load.model) {
    case 'users': {
      const ramp = { tMs: rampMs, value: load.users };
      const first = rampMs > 0 ? [{ tMs: 0, value: 0 }, ramp] : [{ ...ramp, tMs: 0 }];
      const curve = [...first, { tMs: durationMs, value: load.users }];
      const group = { model: 'users', name: 'bench', curve, graceMs: 1_000 } as const;
      const { thinkMeanMs } = load;
      if (thinkMeanMs === 0) return { ...group, flow: get };
      if (thinkingOf(load) === 'in-flow') return { ...group, flow: thinkingFlow(thinkMeanMs) };
      return { ...group, think: { meanMs: thinkMeanMs }, flow: get };
    }
    case 'arrivals': {
      const curve = [
        { tMs: 0, value: load.ratePerSec },
        { tMs: durationMs, value: load.ratePerSec },
      ];
      return { model: 'arrivals', name: 'bench', curve, process: 'even', maxInFlight: 100_000, flow: get };
    }
    default:
      return load satisfies never;
  }
}

async function get(user: User): Promise<void> {
  await user.get('/');
}

/**
 * Thinking times drawn from an exponential distribution: the rate of a population that thinks so is what it will be
 * from the first moment on, and has no waves. From its middle 500-quantiles, so that no text is made for each.
 */
function thinkingFlow(thinkMeanMs: number): (user: User) => Promise<void> {
  const durations = Array.from({ length: 500 }, (_, index) => {
    const quantile = -Math.log(1 - (index + 0.5) / 500);
    return `${Math.max(1, Math.round(quantile * thinkMeanMs))}ms`;
  });
  return async (user) => {
    await user.think(user.pick(durations));
    await user.get('/');
  };
}

function quantiles(histogram: Histogram): Quantiles | null {
  const at = (q: number) => histogram.quantile(q) ?? 0;
  if (histogram.count === 0) return null;
  return { count: histogram.count, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: histogram.maxMs };
}
